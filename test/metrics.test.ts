import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { REJECT_CODES } from '../src/metrics/ingest.ts'
import { createMetrics } from '../src/metrics.ts'
import { COUNTERS, type EngineStats } from '../src/model.ts'
import { createVirtualClock } from './helpers/clock.ts'

const NOTHING = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as EngineStats['counters']

const STATS: EngineStats = {
  hosts: 3,
  series: 12,
  sources: 1,
  alerts: { pending: 1, firing: 2, recovering: 0, resolved: 4 },
  counters: NOTHING,
  outbox: { pending: 0 },
  lag: 7,
  commits: [],
}

function setUp() {
  const clock = createVirtualClock()
  const metrics = createMetrics({ version: '1.2.3', clock })
  const scrape = async (accept?: string): Promise<string> => (await metrics.render(accept)).body
  /** The value on the line of a sample; undefined when there is no such line. */
  const value = async (sample: string): Promise<number | undefined> => {
    const line = (await scrape()).split('\n').find((line) => line.startsWith(`stashwatch_${sample} `))
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')))
  }
  return { clock, ...metrics, scrape, value }
}

test('every label value of a counter is there from the start, so that rates work', async (t) => {
  const { scrape } = setUp()
  const text = await scrape()
  for (const sample of [
    'events_total{result="duplicate"}',
    'events_rejected_total{reason="schema"}',
    'ingest_requests_total{status="503"}',
    'alert_transitions_total{state="recovering"}',
    'notification_attempts_total{integration="mailbox",outcome="failed"}',
    'limit_exceeded_total{limit="sources"}',
    'alerts{state="firing"}',
    'samples_total',
    'samples_late_total{result="dropped"}',
    'samples_dropped_total{reason="non_numeric"}',
    'samples_dropped_total{reason="no_metric"}',
    'samples_dropped_total{reason="out_of_range"}',
  ]) {
    t.ok(text.includes(`\nstashwatch_${sample} 0\n`), sample)
  }
  t.ok(text.includes('\nstashwatch_build_info{version="1.2.3"} 1\n'))
})

test('what the ingest route reports is counted under bounded labels', async (t) => {
  const { observer, scrape, value } = setUp()
  observer.events('accepted', 124)
  observer.events('rejected', 1)
  observer.rejects('schema', 2)
  observer.nonNumeric(3)
  observer.rejects('web-1.example.org"} 1\nevil 1', 3)
  observer.answered(200, 0.003, 40_000)
  observer.answered(418, Number.NaN, -1)
  t.equal(await value('events_total{result="accepted"}'), 124)
  t.equal(await value('events_rejected_total{reason="schema"}'), 2)
  t.equal(await value('events_rejected_total{reason="other"}'), 3)
  t.equal(await value('samples_dropped_total{reason="non_numeric"}'), 3)
  t.equal(await value('ingest_requests_total{status="200"}'), 1)
  t.equal(await value('ingest_requests_total{status="other"}'), 1)
  t.equal(await value('ingest_request_duration_seconds_bucket{le="0.005"}'), 1)
  t.equal(await value('ingest_request_duration_seconds_count'), 1, 'a time that is no number is left out')
  t.equal(await value('ingest_body_bytes_bucket{le="65536"}'), 2)
  t.notOk((await scrape()).includes('evil'))
})

test('the figures of the engine become gauges, and its counters by difference', async (t) => {
  const { observer, value } = setUp()
  const first = {
    ...NOTHING,
    samples: 100,
    samples_late_merged: 6,
    samples_no_metric: 7,
    samples_out_of_range: 8,
    transitions_firing: 1,
    hosts_refused: 4,
  }
  observer.engine({ ...STATS, counters: first, commits: [0.0002, 2] })
  observer.engine({ ...STATS, counters: { ...first, samples: 150 } })
  t.equal(await value('hosts'), 3)
  t.equal(await value('series'), 12)
  t.equal(await value('sources'), 1)
  t.equal(await value('journal_lag_entries'), 7)
  t.equal(await value('alerts{state="firing"}'), 2)
  t.equal(await value('samples_total'), 150)
  t.equal(await value('samples_late_total{result="merged"}'), 6)
  t.equal(await value('samples_late_total{result="dropped"}'), 0)
  t.equal(await value('samples_dropped_total{reason="no_metric"}'), 7)
  t.equal(await value('samples_dropped_total{reason="out_of_range"}'), 8)
  t.equal(await value('alert_transitions_total{state="firing"}'), 1)
  t.equal(await value('limit_exceeded_total{limit="hosts"}'), 4)
  t.equal(await value('journal_commit_duration_seconds_count'), 2)
  observer.engine({ ...STATS, counters: { ...NOTHING, samples: 5 } })
  t.equal(await value('samples_total'), 155, 'a tally that starts anew adds what it has')
})

test('the age of the oldest waiting mail grows between the reports of the engine', async (t) => {
  const { clock, observer, value } = setUp()
  t.equal(await value('notifications_oldest_pending_age_seconds'), 0)
  observer.engine({ ...STATS, outbox: { pending: 2, oldest: clock.now() - 1000 } })
  await clock.advance(60_000)
  t.equal(await value('notifications_pending'), 2)
  t.equal(await value('notifications_oldest_pending_age_seconds'), 61)
  t.equal(await value('engine_last_report_timestamp_seconds'), (clock.now() - 60_000) / 1000)
  observer.engine(STATS)
  t.equal(await value('notifications_oldest_pending_age_seconds'), 0)
})

test('a mail that is accepted shows its latency, and a failed reload shows until the next good one', async (t) => {
  const { clock, observer, reloaded, value } = setUp()
  observer.notified('email', 'retry', 3)
  observer.notified('email', 'sent', 4)
  observer.notified('email', 'sent', -0.5)
  t.equal(await value('notification_attempts_total{integration="email",outcome="sent"}'), 2)
  t.equal(await value('notification_latency_seconds_count'), 2)
  t.equal(await value('notification_latency_seconds_sum'), 4, 'a clock that went back makes no negative time')
  const loaded = clock.now() / 1000
  await clock.advance(1000)
  reloaded(false)
  t.equal(await value('config_last_reload_successful'), 0)
  t.equal(await value('config_last_reload_success_timestamp_seconds'), loaded)
  reloaded(true)
  t.equal(await value('config_last_reload_successful'), 1)
  t.equal(await value('config_last_reload_success_timestamp_seconds'), loaded + 1)
})

const OPENMETRICS = 'application/openmetrics-text'

test('OpenMetrics is spoken to those who prefer it, and leaves the next plain scrape as it was', async (t) => {
  const { render, scrape } = setUp()
  const plain = 'text/plain; version=0.0.4; charset=utf-8'
  const open = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
  const cases: readonly (readonly [string | undefined, string])[] = [
    [undefined, plain],
    ['', plain],
    ['*/*', plain],
    ['text/html,application/xhtml+xml,*/*;q=0.8', plain],
    [OPENMETRICS, open],
    [`${OPENMETRICS}; version=0.0.1`, plain],
    [`${OPENMETRICS}; version="1.0.0"; q=0`, plain],
    [`${OPENMETRICS};q=0.2,text/plain;q=0.9`, plain],
    [`${OPENMETRICS};version=1.0.0;q=0.8,${OPENMETRICS};version=0.0.1;q=0.75,text/plain;q=0.5,*/*;q=0.1`, open],
    [
      `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,` +
        `${OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.5,${OPENMETRICS};version=0.0.1;q=0.4,` +
        `text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
      open,
    ],
    [';q=x,,;', plain],
  ]
  for (const [accept, contentType] of cases) t.equal((await render(accept)).contentType, contentType, accept ?? 'none')
  const text = await scrape(OPENMETRICS)
  t.ok(text.endsWith('\n# EOF\n'))
  t.ok(text.includes('\n# TYPE stashwatch_events counter\n'))
  t.ok(text.includes('\nstashwatch_events_total{result="accepted"} 0\n'))
  t.ok(text.includes('\n# TYPE nodejs_heap_size_total_bytes gauge\n'), 'only counters lose the suffix')
  t.notMatch(text, /\n\n/)
  t.notMatch((await scrape()) + (await scrape(OPENMETRICS)), / Nan$/m, 'a missing number is NaN to strict readers')
  t.ok((await scrape()).includes('\n# TYPE stashwatch_events_total counter\n'))
})

const promtoolMissing = spawnSync('promtool', ['--version']).error !== undefined
const skip = promtoolMissing && "there is no promtool on this machine; Debian's package prometheus has it"

test('promtool has nothing to say against the metrics', { skip }, async (t) => {
  const { observer, scrape } = setUp()
  observer.engine(STATS)
  const input = await scrape()
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
  t.equal(stdout + stderr, '')
  t.equal(status, 0)
})

interface Family {
  readonly name: string
  readonly type: string
  readonly labels: string
}

/** The families of an exposition, with the names of their labels; a histogram's own `le` left out. */
function familiesOf(text: string): readonly Family[] {
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => {
    const sample = new RegExp(`^${name}(?:_bucket)?\\{(.*)\\} `, 'm').exec(text)?.[1] ?? ''
    const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le')
    return { name, type, labels: labels.join(', ') }
  })
}

test('docs/metrics.md lists the metrics that are exposed, with their types and labels', async (t) => {
  const { scrape } = setUp()
  const docs = readFileSync(new URL('../docs/metrics.md', import.meta.url), 'utf8')
  const row = /^\| `(\w+)` \| (\w+) \| (?:([^|]*) )?\|/gm
  const rows = [...docs.matchAll(row)].map(([, name = '', type = '', labels = '']) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).join(', '),
  }))
  const ours = (family: Family): boolean => family.name.startsWith('stashwatch_')
  const byName = (a: Family, b: Family): number => (a.name < b.name ? -1 : 1)
  const exposed = familiesOf(await scrape())
  t.same(rows.filter(ours).sort(byName), exposed.filter(ours).sort(byName))
  const documented = new Set(rows.map((row) => row.name))
  t.same(
    exposed.filter((family) => !documented.has(family.name)),
    [],
    'those of the process too',
  )
  const reasons = /`reason` in `stashwatch_events_rejected_total`, for events: ([^.]*)\./
    .exec(docs)?.[1]
    ?.match(/\w+(?=[,;.]|$)/g)
  t.same([...new Set(reasons)].sort(), [...REJECT_CODES].sort())
})

test('every code that a refusal is made with has a label of its own', (t) => {
  const codes = ['ingest', 'extract'].flatMap((folder) => {
    const url = new URL(`../src/${folder}/`, import.meta.url)
    const files = readdirSync(url, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
    const text = files.map((file) => readFileSync(new URL(file, url), 'utf8'))
    return [...text.join('\n').matchAll(/(?:Refusal\(\d+, |\bcode: )'(\w+)'/g)].map(([, code = '']) => code)
  })
  t.ok(codes.length > 8, 'they are found')
  t.same(
    codes.filter((code) => !REJECT_CODES.includes(code)),
    [],
  )
  t.end()
})

test('a scrape stays small and names no host, however many there are', async (t) => {
  const { observer, scrape } = setUp()
  observer.engine({ ...STATS, hosts: 100_000, series: 1_000_000, counters: { ...NOTHING, hosts_refused: 1e9 } })
  const text = await scrape()
  t.ok(Buffer.byteLength(text) < 256 * 1024)
  t.notMatch(text, /web-1/)
})
