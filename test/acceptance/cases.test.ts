import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { clockFrom, runService, type Running, type Taken } from '../helpers/service.ts'

/*
 * Inputs of real senders, and what is expected of them: the folders of ../shared/cases/ingest, posted to a running
 * service.
 */

const CASES = fileURLToPath(new URL('../../../shared/cases/ingest/', import.meta.url))
const skip = existsSync(CASES) ? false : `no cases at ${CASES}: NO input of a real sender was posted`

const NOW = Date.parse('2026-11-22T12:00:00Z')
const PLACE = /"?@(NOW|EPOCH)([+-]\d+)?@"?/g

/** The lines of a case, with times around now. */
function readLines(name: string): readonly string[] {
  const text = readFileSync(`${CASES}${name}/input.ndjson`, 'utf8').replaceAll(PLACE, (_, unit, seconds = '0') => {
    const at = NOW + Number(seconds) * 1000
    return unit === 'EPOCH' ? String(at / 1000) : JSON.stringify(new Date(at).toISOString())
  })
  return text.trim().split('\n')
}

async function start(t: Test, name: string): Promise<Running> {
  const file = `${CASES}${name}/config.yaml`
  const yaml = existsSync(file) ? readFileSync(file, 'utf8') : 'rules: []\n'
  return runService(t, { yaml, clock: clockFrom(NOW) })
}

/** Posts the lines of a case in one request. */
async function postAll(service: Running, name: string): Promise<Taken> {
  return service.post(readLines(name).join('\n'))
}

/** The hosts that the lines of each case belong to, in one request and in one request for each. */
const HOSTS: Readonly<Record<string, readonly string[]>> = {
  '05-vhost-as-host': ['proxy-1'],
  '06-host-spelling': ['NODE-A'],
  '08-syslog-nil': ['10.0.0.5', '10.0.0.6'],
  '11-numeric-host': ['app-1'],
  '12-stock-relay': ['db-9'],
}

for (const [name, hosts] of Object.entries(HOSTS)) {
  test(`${name}: the events belong to ${hosts.join(', ')}`, { skip }, async (t) => {
    const service = await start(t, name)
    const lines = readLines(name)
    t.match(await postAll(service, name), { status: 200, accepted: lines.length, rejected: 0 })
    for (const line of lines) t.match(await service.post(line), { status: 200, accepted: 1 })
    t.strictSame([...(await service.hosts())].sort(), hosts)
  })
}
