import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { createExtractor } from '../../src/extract/samples.ts'
import { createSchemas } from '../../src/ingest/schema/index.ts'
import { UNKNOWN_HOST } from '../../src/model.ts'
import { runService } from '../helpers/service.ts'
import { open, post, startServer, type Answer } from '../ingest/http-helper.ts'

const CORPORA = fileURLToPath(new URL('../../../shared/corpora/', import.meta.url))
const skip = existsSync(CORPORA) ? false : `no corpora at ${CORPORA}: real events were NOT posted`
const FILES = skip === false ? readdirSync(CORPORA).filter((name) => /^(beats|filebeat).*\.ndjson$/.test(name)) : []
const BATCH = 125
/** So many events of a file are posted one by one. */
const SINGLES = 12
const GZIP = 'Content-Encoding: gzip'

type Fields = Readonly<Record<string, unknown>>

/*
 * Whom an event is about, read off the contract's list in the plainest way, and sharing no code with the service.
 */
const SYSLOG_FIRST = ['log.syslog.hostname', 'logsource', 'host.hostname', 'host.name']
const ELSEWHERE = ['host', 'agent.hostname', 'beat.hostname', 'agent.name', 'logsource', 'host.ip', 'hostname', 'HOST']

function hostOf(event: Fields): string {
  const paths = isMachine(event)
    ? ['machine.id']
    : isSyslog(event)
      ? [...SYSLOG_FIRST, ...ELSEWHERE]
      : ['host.name', 'host.hostname', ...ELSEWHERE]
  for (const path of paths) {
    const found = [at(event, path.split('.'))].flat().filter((name) => typeof name === 'string')
    const names = found.filter((name) => name.trim() !== '' && !name.includes('%{'))
    const name = path === 'host.ip' ? names[0] : names.at(-1)
    if (name !== undefined) return name
  }
  return UNKNOWN_HOST
}

const has = (event: Fields, ...paths: readonly string[]): boolean =>
  paths.every((path) => (at(event, path.split('.')) ?? null) !== null)
const isMachine = (event: Fields): boolean =>
  ['id', 'cpu_usage', 'memory_usage'].some((key) => has(event, `machine.${key}`))

function isSyslog(event: Fields): boolean {
  const dataset = at(event, ['event', 'dataset'])
  if (dataset === 'system.syslog' || dataset === 'syslog' || dataset === 'system.auth') return true
  const fileset = at(event, ['fileset', 'name'])
  if (at(event, ['fileset', 'module']) === 'system' && (fileset === 'syslog' || fileset === 'auth')) return true
  if (['hostname', 'priority', 'severity.code'].some((key) => has(event, `log.syslog.${key}`))) return true
  return has(event, 'logsource', 'program') || has(event, 'facility_label', 'severity_label')
}

/** The value at a path, of which any part may be one dotted key; what is nested counts before what is dotted. */
function at(node: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return node
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return undefined
  for (let length = 1; length <= path.length; length++) {
    const key = path.slice(0, length).join('.')
    const found = Object.hasOwn(node, key) ? at((node as Fields)[key], path.slice(length)) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

interface Body {
  readonly name: string
  readonly text: string
  readonly hosts: readonly string[]
}

/** The bodies of a file: all of it as lines, all of it in batches, and some of its events one by one. */
function bodiesOf(file: string): readonly Body[] {
  const whole = readFileSync(CORPORA + file, 'utf8')
  const lines = whole.split('\n').filter((line) => line !== '')
  const hosts = lines.map((line) => hostOf(JSON.parse(line) as Fields))
  const bodies: Body[] = [{ name: `${file} as lines`, text: whole, hosts }]
  for (let from = 0; from < lines.length; from += BATCH) {
    const text = `[${lines.slice(from, from + BATCH).join(',')}]`
    bodies.push({ name: `${file} from ${from}`, text, hosts: hosts.slice(from, from + BATCH) })
  }
  const step = Math.max(1, Math.ceil(lines.length / SINGLES))
  for (let i = 0; i < lines.length; i += step) {
    bodies.push({ name: `${file}:${i + 1}`, text: lines[i] ?? '', hosts: hosts.slice(i, i + 1) })
  }
  return bodies
}

/** Every body twice: plain, and packed. */
function requestsOf(file: string): readonly (Body & { readonly request: Buffer })[] {
  return bodiesOf(file).flatMap((body) => [
    { ...body, request: post(body.text, ['Content-Type: application/json']) },
    { ...body, name: `${body.name}, gzip`, request: post(gzipSync(body.text, { level: 1 }), [GZIP]) },
  ])
}

test('every real event is accepted and stands under the host that the contract names', { skip }, async (t) => {
  const schemas = createSchemas(new URL('../../schemas/events/', import.meta.url))
  const extract = createExtractor({ metrics: [], rules: [], host: {} })
  const server = await startServer(t, { deps: { schemas, extract } })
  const client = await open(t, server.port)
  const seen = new Set<string>()
  t.equal(FILES.length, 12)
  for (const file of FILES) {
    const wrong: unknown[] = []
    for (const { name, request, hosts } of requestsOf(file)) {
      client.send(request)
      const answer = await client.answer()
      const found = server.frames.pop()?.events.map(({ host }) => host)
      for (const host of hosts) seen.add(host)
      const { accepted, rejected, errors } = answer?.json() ?? {}
      const isRight = answer?.status === 200 && accepted === hosts.length && rejected === 0
      if (!isRight || JSON.stringify(found) !== JSON.stringify(hosts))
        wrong.push({ name, accepted, rejected, errors, different: differences(hosts, found) })
    }
    t.strictSame(wrong, [], file)
  }
  t.ok(seen.has(UNKNOWN_HOST) && seen.size > 30, `${seen.size} hosts, and events of none`)
})

function differences(expected: readonly string[], found: readonly string[] = []): string[] {
  return expected
    .flatMap((host, i) => (host === found[i] ? [] : [`${i}: expected ${host}, found ${found[i]}`]))
    .slice(0, 5)
}

test(
  'the service takes the whole corpora, counts every event once, and knows exactly its hosts',
  { skip },
  async (t) => {
    const service = await runService(t, { yaml: 'rules: []\n' })
    const client = await open(t, service.port)
    const known = new Set<string>()
    let sent = 0
    const statuses = new Map<number | undefined, number>()
    for (const file of FILES) {
      for (const { name, request, hosts } of requestsOf(file)) {
        client.send(request)
        const answer = await client.answer()
        statuses.set(answer?.status, (statuses.get(answer?.status) ?? 0) + 1)
        const { accepted, rejected } = (answer?.json() ?? {}) as Record<string, number>
        if (Number(accepted) + Number(rejected) !== hosts.length) t.fail(`${name}: ${answer?.body}`)
        for (const host of hosts) known.add(host)
        sent += hosts.length
      }
    }
    t.strictSame([...statuses.keys()], [200])
    t.strictSame([...(await service.hosts())].sort(), [...known].sort())
    const scrape = await service.metrics()
    const count = (result: string): number => scrape.get(`stashwatch_events_total{result="${result}"}`) ?? Number.NaN
    t.equal(count('rejected'), 0)
    t.equal(count('accepted') + count('duplicate'), sent)
    t.equal(service.lines.filter(({ level }) => level === 'error').length, 0)
  },
)

test(
  'what is broken upstream is refused with a reason, under every label, and nothing of it arrives',
  { skip },
  async (t) => {
    const service = await runService(t, { yaml: 'rules: []\n' })
    const client = await open(t, service.port)
    const folder = `${CORPORA}malformed/`
    const files = readdirSync(folder)
    t.equal(files.length, 4)
    for (const file of files) {
      const bytes = readFileSync(folder + file)
      const answers: (Answer | undefined)[] = []
      for (const label of [
        'application/json',
        'application/x-ndjson',
        'text/plain',
        'application/x-www-form-urlencoded',
      ]) {
        for (const request of [
          post(bytes, [`Content-Type: ${label}`]),
          post(gzipSync(bytes), [`Content-Type: ${label}`, GZIP]),
        ]) {
          client.send(request)
          answers.push(await client.answer())
        }
      }
      for (const answer of answers) {
        t.match(answer, { status: 400, headers: { connection: 'keep-alive' } }, file)
        t.match(answer?.json().error, /^the body is not JSON: .{10}/)
      }
    }
    t.strictSame(await service.hosts(), [])
    const scrape = await service.metrics()
    t.equal(scrape.get('stashwatch_events_rejected_total{reason="json"}'), files.length * 8)
    t.match((await service.get('/api/v1/rejects')).text, /the body is not JSON/)
  },
)
