import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Test, test } from 'tap'
import { parse } from 'yaml'
import { ROOT, runService, temporary, until } from '../helpers/service.ts'

/*
 * A real Prometheus with the files of deploy/prometheus scrapes a real service. It asks for OpenMetrics; a second job
 * goes through a proxy that asks for the old text format, and both must tell Prometheus the same.
 */

const DEPLOYED = join(ROOT, 'deploy/prometheus')
const RULES = join(DEPLOYED, 'stashwatch.rules.yml')

const missing = spawnSync('prometheus', ['--version']).error !== undefined
const skip = missing && "there is no prometheus on this machine; Debian's package prometheus has it"

interface ScrapeJob {
  readonly job_name: string
}

/** The part of `prometheus.yml` that changes here: how often, and which port. The path and the rest stay as deployed. */
function configOf(target: number, proxy: string): string {
  const text = readFileSync(join(DEPLOYED, 'prometheus.yml'), 'utf8')
  const deployed = parse(text) as { readonly scrape_configs: readonly [ScrapeJob] }
  const [job] = deployed.scrape_configs
  const here = { ...job, static_configs: [{ targets: [`127.0.0.1:${target}`] }] }
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [RULES],
    scrape_configs: [here, { ...here, job_name: 'plain', proxy_url: proxy }],
  })
}

/** A proxy that passes requests on as an older Prometheus would make them; keeps the content types of the answers. */
async function startOldClient(t: Test): Promise<{ readonly url: string; readonly types: ReadonlySet<string> }> {
  const types = new Set<string>()
  const pass = async ({ url = '' }: IncomingMessage, to: ServerResponse): Promise<void> => {
    const answer = await fetch(url, { headers: { accept: 'text/plain;version=0.0.4;q=1,*/*;q=0.1' } })
    const type = answer.headers.get('content-type') ?? ''
    const body = await answer.text()
    types.add(type)
    to.writeHead(answer.status, { 'content-type': type }).end(body)
  }
  // The service goes away before the proxy does, at the end of the test.
  const server = createServer((from, to) => void pass(from, to).catch(() => to.writeHead(502).end()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, types }
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [at: number, value: string]
}

interface Rule {
  readonly name: string
  readonly health: string
  readonly lastError?: string
  readonly state: string
}

interface Target {
  readonly labels: Readonly<Record<string, string>>
  readonly health: string
  readonly lastError: string
}

interface Prometheus {
  readonly process: ChildProcess
  readonly log: readonly string[]
  /** The `data` of an answer of its HTTP API. */
  get<T>(path: string, query?: Record<string, string>): Promise<T>
  /** The value of an expression that has one sample, or undefined when it has none or more. */
  value(expression: string): Promise<number | undefined>
  rules(): Promise<readonly Rule[]>
}

async function startPrometheus(t: Test, config: string): Promise<Prometheus> {
  const folder = temporary(t)
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, config)
  const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`]
  const child = spawn('prometheus', [...args, '--web.listen-address=127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const closed = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  const log: string[] = []
  createInterface(child.stderr).on('line', (line) => log.push(line))
  const address = await until('Prometheus listens and has read its configuration', () => {
    if (child.exitCode !== null) throw new Error(`Prometheus closeReason: ${log.join('\n')}`)
    return (
      log.some((line) => line.includes('Server is ready')) && /"Listening on" address=(\S+)/.exec(log.join('\n'))?.[1]
    )
  })
  const get = async <T>(path: string, query: Record<string, string> = {}): Promise<T> => {
    const answer = await fetch(`http://${address}/api/v1/${path}?${new URLSearchParams(query).toString()}`)
    const { data, error } = (await answer.json()) as { readonly data: T; readonly error?: string }
    if (error !== undefined) throw new Error(`${path}: ${error}`)
    return data
  }
  return {
    process: child,
    log,
    get,
    async value(query) {
      const { result } = await get<{ readonly result: readonly Sample[] }>('query', { query })
      return result.length === 1 ? Number(result[0]?.value[1]) : undefined
    },
    async rules() {
      const { groups } = await get<{ readonly groups: readonly { readonly rules: readonly Rule[] }[] }>('rules')
      return groups.flatMap(({ rules }) => rules)
    },
  }
}

const cpuEvents = (count: number): object[] =>
  Array.from({ length: count }, (_, i) => ({
    '@timestamp': new Date().toISOString(),
    host: { name: `node-${i}` },
    event: { dataset: 'system.cpu' },
    system: { cpu: { total: { norm: { pct: i / count } } } },
  }))

const JOBS = ['stashwatch', 'plain']

test(
  'a real Prometheus scrapes the service in both formats and judges it by the deployed rules',
  { skip },
  async (t) => {
    const service = await runService(t, { yaml: 'data: ./data\n' })
    const old = await startOldClient(t)
    const prometheus = await startPrometheus(t, configOf(service.port, old.url))
    const shows = (expression: string, expected: number): Promise<true> =>
      until(`${expression} is ${expected}`, async () => (await prometheus.value(expression)) === expected || undefined)

    for (const job of JOBS) await shows(`up{job="${job}"}`, 1)
    const accepted = (job: string): string => `stashwatch_events_total{job="${job}",result="accepted"}`
    t.match(await service.post(cpuEvents(40)), { status: 200, accepted: 40 })
    for (const job of JOBS) await shows(accepted(job), 40)
    t.match(await service.post([...cpuEvents(60), 'no event']), { accepted: 60, rejected: 1 })
    for (const job of JOBS) await shows(accepted(job), 100)
    await shows('stashwatch_events_total{job="stashwatch",result="rejected"}', 1)
    await shows('increase(stashwatch_events_total{job="stashwatch",result="accepted"}[1m]) > bool 0', 1)

    await t.test('each scrape is read to its end, and both formats say the same', async (t) => {
      const { activeTargets } = await prometheus.get<{ readonly activeTargets: readonly Target[] }>('targets')
      t.strictSame(
        new Set(activeTargets.map(({ labels, health, lastError }) => `${labels['job']} ${health} ${lastError}`)),
        new Set(JOBS.map((job) => `${job} up `)),
      )
      const names = async (job: string): Promise<readonly string[]> => {
        const query = { query: `count by (__name__) ({job="${job}",__name__=~"stashwatch_.+"})` }
        const { result } = await prometheus.get<{ readonly result: readonly Sample[] }>('query', query)
        return result.map(({ metric, value: [, count] }) => `${metric['__name__']} ${count}`).sort()
      }
      const [open, plain] = [await names('stashwatch'), await names('plain')]
      t.ok(open.length > 30, `${open.length} names`)
      t.strictSame(open, plain)
    })

    await t.test('OpenMetrics is what Prometheus gets of its own accord', async (t) => {
      const families = async (job: string): Promise<ReadonlyMap<string, string>> => {
        const query = { match_target: `{job="${job}"}` }
        const found = await prometheus.get<readonly { metric: string; type: string }[]>('targets/metadata', query)
        return new Map(found.map(({ metric, type }) => [metric, type]))
      }
      const [open, plain] = [await families('stashwatch'), await families('plain')]
      t.equal(open.get('stashwatch_events'), 'counter', 'a family of OpenMetrics goes without the suffix')
      t.equal(open.has('stashwatch_events_total'), false)
      t.equal(
        plain.get('stashwatch_events_total'),
        'counter',
        'a family of the text format goes by the name of its samples',
      )
      t.equal(plain.has('stashwatch_events'), false)
      t.strictSame([...old.types], ['text/plain; version=0.0.4; charset=utf-8'])
      t.strictSame(
        [...open.values()].filter((type) => type === 'unknown'),
        [],
      )
    })

    await t.test('the deployed rules are loaded and evaluated without an error', async (t) => {
      const written = [...readFileSync(RULES, 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
      const rules = await until('every rule is evaluated', async () => {
        const all = await prometheus.rules()
        return all.length > 0 && all.every(({ health }) => health !== 'unknown') && all
      })
      t.strictSame(
        rules.map(({ name }) => name),
        written,
      )
      t.strictSame(
        rules.filter(({ health, lastError }) => health !== 'ok' || lastError !== undefined),
        [],
      )
      t.equal(rules.find(({ name }) => name === 'StashwatchDown')?.state, 'inactive')
    })

    t.strictSame(
      prometheus.log.filter((line) => /level=(?:warn|error)/.test(line)),
      [],
      'Prometheus has nothing to complain of',
    )

    await service.stop()
    await shows('up{job="stashwatch"}', 0)
    await until('the alert on a service that is gone', async () =>
      (await prometheus.rules()).some(({ name, state }) => name === 'StashwatchDown' && state === 'pending'),
    )
  },
)
