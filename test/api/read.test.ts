import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { PROBLEMS } from '../../src/api/problem.ts'
import type { HostDetail, Notification, Query, RuleView, SendRecord } from '../../src/model.ts'
import { alertView, identityOf, serve } from './service.ts'

const NOON = Date.parse('2026-11-22T12:00:00Z')
const SUMMARY = { count: 2, sum: 1.5, mean: 0.75, min: 0.5, max: 1, last: 1 }

const detailOf = (host: string): HostDetail => ({
  host,
  lastSeenAt: NOON,
  source: 'logstash-a',
  state: 'live',
  series: [{ metric: 'cpu', labels: {}, unit: 'ratio', buckets: 12, newest: NOON - 1, window: SUMMARY }],
})

const LIMITS = { limit: { op: 'above', value: 0.9 }, clear: { op: 'at_most', value: 0.85 } } as const
/** The same as the API shows them. */
const SHOWN_LIMITS = { threshold: LIMITS.limit, clear: LIMITS.clear }
const BREACHED = { code: 'breached', params: { samples: 24 } }
const SAID = 'cpu averaged 95% over 2 min (24 samples): above 90%'

const ALERT = alertView({
  episode: 'e/1',
  code: 'K7QM',
  startsAt: NOON,
  firedAt: NOON + 60_000,
  evaluatedAt: NOON + 120_000,
  evidence: { ...LIMITS, why: BREACHED },
  peak: 0.99,
  muted: { by: 'silence', id: 's1', until: NOON + 1000, author: 'Ada', comment: 'moved' },
  decisions: [
    { at: NOON, kind: 'evaluated', event: 'fired', value: 0.95, evidence: { ...LIMITS, why: BREACHED } },
    { at: NOON, kind: 'notified', to: 'ada@example.org', event: 'fired' },
    { at: NOON, kind: 'suppressed', event: 'resolved', why: { by: 'receiver_removed', at: NOON } },
    { at: NOON, kind: 'acknowledged', author: 'Ada', until: NOON + 1000, note: '' },
    { at: NOON, kind: 'unacknowledged', author: 'Ada', reason: 'expired' },
  ],
  pending: [{ to: 'grace@example.org', event: 'fired', reason: 'group_wait', until: NOON + 30_000 }],
  transitions: [{ to: 'firing', at: NOON + 60_000, value: 0.95, evidence: { ...LIMITS, why: BREACHED } }],
})

/** The same as users see it. */
const SHOWN = {
  rule: 'cpu-high',
  host: 'web-1',
  labels: {},
  metric: 'cpu',
  unit: 'ratio',
  state: 'firing',
  severity: 'warning',
  episode: 'e/1',
  code: 'K7QM',
  startsAt: '2026-11-22T12:00:00.000Z',
  firedAt: '2026-11-22T12:01:00.000Z',
  evaluatedAt: '2026-11-22T12:02:00.000Z',
  value: 0.95,
  peak: 0.99,
  ...SHOWN_LIMITS,
  reason: BREACHED,
  summary: SAID,
  muted: {
    by: 'silence',
    id: 's1',
    endsAt: '2026-11-22T12:00:01.000Z',
    createdBy: 'Ada',
    comment: 'moved',
    summary: 'silenced by Ada until 2026-11-22 12:00:01 UTC: moved',
  },
  decisions: [
    {
      decidedAt: '2026-11-22T12:00:00.000Z',
      kind: 'evaluated',
      event: 'fired',
      value: 0.95,
      ...SHOWN_LIMITS,
      reason: BREACHED,
      summary: `fired: ${SAID}`,
    },
    {
      decidedAt: '2026-11-22T12:00:00.000Z',
      kind: 'notified',
      to: 'ada@example.org',
      event: 'fired',
      summary: 'fired',
    },
    {
      decidedAt: '2026-11-22T12:00:00.000Z',
      kind: 'suppressed',
      event: 'resolved',
      suppression: { by: 'receiver_removed', removedAt: '2026-11-22T12:00:00.000Z' },
      summary: "'resolved', its receiver was removed from the configuration at 2026-11-22 12:00:00 UTC",
    },
    {
      decidedAt: '2026-11-22T12:00:00.000Z',
      kind: 'acknowledged',
      author: 'Ada',
      until: '2026-11-22T12:00:01.000Z',
      note: '',
      summary: 'acknowledged by Ada until 2026-11-22 12:00:01 UTC',
    },
    {
      decidedAt: '2026-11-22T12:00:00.000Z',
      kind: 'unacknowledged',
      author: 'Ada',
      reason: 'expired',
      summary: 'acknowledgement expired: acknowledged by Ada until now',
    },
  ],
  pending: [
    {
      to: 'grace@example.org',
      event: 'fired',
      reason: 'group_wait',
      until: '2026-11-22T12:00:30.000Z',
      summary: "'fired' waits for its group (group_wait) until 2026-11-22 12:00:30 UTC",
    },
  ],
  transitions: [
    { state: 'firing', changedAt: '2026-11-22T12:01:00.000Z', value: 0.95, reason: BREACHED, summary: SAID },
  ],
}

function sendOf(id: string, episode: string): SendRecord {
  const notification: Pick<Notification, 'receiver' | 'to' | 'reason' | 'kind' | 'thread'> & { alerts: object[] } = {
    receiver: 'ops',
    to: { name: 'Ada Lovelace', address: 'ada@example.org' },
    reason: 'fired',
    kind: 'alert',
    thread: episode,
    alerts: [{ episode, code: 'K7QM', identity: identityOf(), state: 'firing' }],
  }
  return {
    id,
    data: JSON.stringify(notification),
    state: 'sent',
    attempts: 1,
    createdAt: NOON,
    finishedAt: NOON + 250,
    response: '250 OK',
  }
}

test('hosts are listed with times that people read', async (t) => {
  const host = {
    host: 'web-1',
    lastSeenAt: NOON,
    source: 'logstash-a',
    clockSkewSeconds: null,
    state: 'live',
    expected: false,
    series: 3,
  }
  const { series: seriesCount, ...rest } = host
  const shown = { ...rest, seriesCount }
  const { get } = await serve(t, { answers: () => [host, { ...host, host: 'new', lastSeenAt: Number.NaN }] })
  const answer = await get('/api/v1/hosts')
  t.equal(answer.status, 200)
  t.match(answer.headers['content-type'], /^application\/json/)
  t.same(answer.json, [
    { ...shown, lastSeenAt: '2026-11-22T12:00:00.000Z' },
    { ...shown, host: 'new', lastSeenAt: null },
  ])
  const head = await get('/api/v1/hosts', {}, 'HEAD')
  t.equal(head.status, 200)
  t.equal(head.body, '')
})

test('a host may have any name', async (t) => {
  const { get, queries } = await serve(t, {
    answers: (query) => (query.kind === 'host' && query.host !== 'absent' ? detailOf(query.host) : null),
  })
  const names = [
    'web-1.example.org',
    'a/b',
    '../../etc/passwd',
    '..',
    '100%',
    '%2F',
    'two words',
    'a?b#c;d&e=f',
    '__proto__',
    'constructor',
    '<script>alert(1)</script>',
    '"\'`\r\nSet-Cookie: a=b',
    '\u0000\u001b[31m',
    'h\u00f6st-\u96ea-\ud83d\udd25',
    '\u202Egnp.exe',
    'x'.repeat(1000),
    '雪'.repeat(300),
  ]
  for (const name of names) {
    const answer = await get(`/api/v1/hosts/${encodeURIComponent(name)}`)
    t.equal(answer.status, 200, JSON.stringify(name).slice(0, 60))
    t.equal(answer.json.host, name)
    t.same(queries.pop(), { kind: 'host', host: name })
    t.equal(answer.headers['set-cookie'], undefined)
  }
  const absent = await get('/api/v1/hosts/absent')
  t.equal(absent.status, 404)
  t.equal(absent.headers['content-type']?.split(';')[0], 'application/problem+json')
  t.match(absent.json, { type: 'urn:stashwatch:problem:unknown-host', status: 404, parameter: 'host', found: 'absent' })
  const { series } = (await get('/api/v1/hosts/web-1')).json as { series: unknown }
  const { newest: _, ...plain } = detailOf('web-1').series[0]!
  t.strictSame(series, [{ ...plain, lastSampleAt: '2026-11-22T11:59:59.999Z' }])
})

test('an aggregate takes epoch milliseconds and ISO times, and passes the metric through', async (t) => {
  const metric = 'disk{mount_point="/home"}'
  const { get, queries } = await serve(t, {
    answers: (query) => {
      if (query.kind !== 'aggregate') return null
      const { kind: _, ...asked } = query
      return { ...asked, ...SUMMARY, min: null }
    },
  })
  const base = `/api/v1/aggregate?host=web-1&metric=${encodeURIComponent(metric)}`
  const spans: readonly (readonly [string, string, number, number])[] = [
    [`${NOON}`, `${NOON + 1}`, NOON, NOON + 1],
    ['0', `${NOON}.5`, 0, NOON + 0.5],
    ['2026-11-22T12:00:00Z', '2026-11-22T12:02:00.123456Z', NOON, NOON + 120_123],
    ['2026-11-22T13:00%2B01:00', '2026-11-22T13:00:30+01:00', NOON, NOON + 30_000],
  ]
  for (const [from, to, fromMs, toMs] of spans) {
    const answer = await get(`${base}&from=${from}&to=${to}`)
    t.same(answer.json, { host: 'web-1', metric, from: fromMs, to: toMs, ...SUMMARY, min: null }, `${from} ${to}`)
    t.match(queries.pop(), { kind: 'aggregate', host: 'web-1', metric, from: fromMs, to: toMs })
  }
})

test('an aggregate that cannot be answered says which parameter is at fault, and why', async (t) => {
  const known = (query: Query) => (query.kind === 'host' && query.host === 'web-1' ? detailOf('web-1') : null)
  const { get, queries } = await serve(t, { answers: known })
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['metric=cpu&from=0&to=1', 'host', null],
    ['host=a&metric=cpu&from=0&to=1795348800', 'to', '1795348800'],
    ['host=&metric=cpu&from=0&to=1', 'host', ''],
    ['host=a&host=b&metric=cpu&from=0&to=1', 'host', '["a","b"]'],
    ['host=a&from=0&to=1', 'metric', null],
    ['host=a&metric=cpu&to=1', 'from', null],
    ['host=a&metric=cpu&from=yesterday&to=1', 'from', 'yesterday'],
    ['host=a&metric=cpu&from=2026-13-45T00:00:00Z&to=1', 'from', '2026-13-45T00:00:00Z'],
    ['host=a&metric=cpu&from=2026-11-22T12:00:00&to=1', 'from', '2026-11-22T12:00:00'],
    ['host=a&metric=cpu&from=0&to=1e999', 'to', '1e999'],
    ['host=a&metric=cpu&from=0&to=99999999999999999999', 'to', '99999999999999999999'],
    ['host=a&metric=cpu&from=5&to=5', 'to', '5'],
  ]
  for (const [query, parameter, found] of cases) {
    const answer = await get(`/api/v1/aggregate?${query}`)
    t.equal(answer.status, 400, query)
    t.equal(answer.headers['content-type']?.split(';')[0], 'application/problem+json')
    t.match(answer.json, { type: /:invalid-parameter$/, title: String, status: 400, parameter, found })
    t.type(answer.json.expected, 'string')
  }
  t.same(queries, [], 'the engine is not asked')

  const host = await get('/api/v1/aggregate?host=absent&metric=cpu&from=0&to=1')
  t.match(host.json, { status: 404, parameter: 'host', found: 'absent' })
  const metric = await get('/api/v1/aggregate?host=web-1&metric=cpuu&from=0&to=1')
  t.match(metric.json, { status: 404, parameter: 'metric', found: 'cpuu', expected: 'one of cpu' })
})

test('what a problem repeats of a request is bounded', async (t) => {
  const { get } = await serve(t)
  const answer = await get(`/api/v1/aggregate?host=${'a'.repeat(5000)}&metric=cpu&from=0&to=1`)
  t.equal(answer.status, 404)
  t.ok(String(answer.json.found).length < 250)
})

test('an episode is shown with its transitions and the addresses that were notified', async (t) => {
  const broken: SendRecord = {
    id: 'm0',
    data: 'no JSON',
    state: 'failed',
    attempts: 3,
    createdAt: NOON,
    why: { code: 'given_up', params: { after: 86_400_000 } },
    replies: [
      { server: 'a:25', response: '451 later' },
      { server: 'b:25', why: { code: 'connection_closed', params: { server: 'b:25' } } },
    ],
  }
  const { get } = await serve(t, {
    answers: (query) => {
      if (query.kind === 'alerts') return [ALERT]
      return query.kind === 'alert' && query.episode === 'e/1' ? ALERT : null
    },
    sends: [sendOf('m2', 'e/2'), broken, sendOf('m1', 'e/1')],
  })
  const alert = await get('/api/v1/alerts/e%2F1')
  t.equal(alert.status, 200)
  const { notifications, ...rest } = alert.json
  t.strictSame(rest, SHOWN)
  t.match(notifications, [{ id: 'm1', state: 'sent', to: { address: 'ada@example.org' }, response: '250 OK' }])
  t.equal((notifications as unknown[]).length, 1)
  t.strictSame((await get('/api/v1/alerts')).json, [SHOWN])
  t.match((await get('/api/v1/alerts/none')).json, { status: 404, parameter: 'episode', found: 'none' })

  const all = (await get('/api/v1/notifications')).json as unknown as readonly object[]
  t.match(all, [
    { id: 'm2', reason: 'fired', createdAt: '2026-11-22T12:00:00.000Z', finishedAt: '2026-11-22T12:00:00.250Z' },
    {
      id: 'm0',
      state: 'failed',
      attempts: 3,
      outcome: { code: 'given_up', params: { after: 86_400_000 } },
      replies: [
        { server: 'a:25', response: '451 later' },
        { server: 'b:25', outcome: { code: 'connection_closed', params: { server: 'b:25' } } },
      ],
      summary: 'given up after 1 d: a:25: 451 later; b:25 closed the connection',
      alerts: [],
    },
    { id: 'm1', alerts: [{ episode: 'e/1', rule: 'cpu-high', host: 'web-1' }] },
  ])
  t.equal(((await get('/api/v1/notifications?limit=1')).json as unknown as unknown[]).length, 1)
  for (const limit of ['0', '-1', '1001', '1.5', 'all', '']) {
    const answer = await get(`/api/v1/notifications?limit=${limit}`)
    t.match(answer.json, { status: 400, parameter: 'limit', found: limit, expected: 'a whole number from 1 to 1000' })
  }
})

test('rules are shown with their evaluations and what the next one waits for, and rejects as they are', async (t) => {
  const { measure } = identityOf()
  const evidence = { ...LIMITS, why: BREACHED }
  const rule: RuleView = {
    name: 'cpu-high',
    kind: 'metric',
    severity: 'warning',
    severities: ['warning'],
    notify: ['ops'],
    evaluations: [
      { host: 'web-1', labels: {}, measure, value: 95, evidence, evaluatedAt: NOON, hint: 'ratio_above_one' },
    ],
    nextEvaluation: { kind: 'window', end: NOON, wait: 10_000, sources: [{ source: 'logstash-a', clock: null }] },
  }
  const other: RuleView = { ...rule, evaluations: [], nextEvaluation: { kind: 'not_applicable', hosts: ['db-*'] } }
  const rejects = { counts: { schema: 2 }, last: [{ reason: 'must be a number', path: '/system/cpu' }] }
  const { get } = await serve(t, { answers: () => [rule, other], rejects: { list: () => rejects } })
  const { evaluations: _, nextEvaluation: __, ...plain } = rule
  t.strictSame((await get('/api/v1/rules')).json, [
    {
      ...plain,
      evaluations: [
        {
          host: 'web-1',
          labels: {},
          metric: 'cpu',
          unit: 'ratio',
          value: 95,
          evaluatedAt: '2026-11-22T12:00:00.000Z',
          ...SHOWN_LIMITS,
          reason: BREACHED,
          summary: 'cpu averaged 9500% over 2 min (24 samples): above 90%',
          hint: {
            code: 'ratio_above_one',
            summary:
              'cpu is a ratio, so 95 means 9500%. Is unit: percent meant? Only CPU that is not divided by the number of cores exceeds 1.',
          },
        },
      ],
      nextEvaluation: {
        kind: 'window',
        windowEnd: '2026-11-22T12:00:00.000Z',
        waitSeconds: 10,
        sources: [{ source: 'logstash-a', clock: null }],
        summary: 'window 12:00:00 closes 10 s after the clock of its source passes it; logstash-a is at no time yet',
      },
    },
    {
      ...plain,
      evaluations: [],
      nextEvaluation: {
        kind: 'not_applicable',
        hosts: ['db-*'],
        summary: 'none: cpu-high applies to db-*, not to this host',
      },
      notApplicable: 'cpu-high applies to db-*, not to this host',
    },
  ])
  t.same((await get('/api/v1/rejects')).json, rejects)
})

test('unknown or unsupported query parameters under /api/v1 are answered 400 with the known ones', async (t) => {
  const { get, queries, commands } = await serve(t, { answers: () => [] })
  const cases: readonly (readonly [method: string, path: string, parameter: string, expected: string])[] = [
    ['GET', '/alerts?stat=firing', 'stat', 'one of state'],
    ['GET', '/alerts?state=firing&limit=5', 'limit', 'one of state'],
    ['GET', '/alerts/e1?state=firing', 'state', 'no query parameters'],
    ['GET', '/hosts?state=absent', 'state', 'no query parameters'],
    ['GET', '/hosts/web-1?force=true', 'force', 'no query parameters'],
    ['HEAD', '/hosts?state=absent', 'state', ''],
    ['DELETE', '/hosts/web-1?forced=true', 'forced', 'one of force'],
    ['GET', '/aggregate?host=a&metric=cpu&from=0&until=1', 'until', 'one of host, metric, from, to'],
    ['GET', '/why?rule=a&host=b&since=0', 'since', 'one of rule, host'],
    ['GET', '/rules?host=a', 'host', 'no query parameters'],
    ['GET', '/rejects?limit=1', 'limit', 'no query parameters'],
    ['GET', '/silences?state=active', 'state', 'no query parameters'],
    ['POST', '/silences?duration=2h', 'duration', 'no query parameters'],
    ['DELETE', '/silences/s1?force=true', 'force', 'no query parameters'],
    ['POST', '/alerts/e1/acknowledge?duration=2h', 'duration', 'no query parameters'],
    ['DELETE', '/alerts/e1/acknowledge?note=x', 'note', 'no query parameters'],
    ['GET', '/notifications?limit=1&offset=2', 'offset', 'one of limit'],
    ['GET', '/notifications?__proto__=2', '__proto__', 'one of limit'],
  ]
  for (const [method, path, parameter, expected] of cases) {
    const { status, json } = await get(`/api/v1${path}`, {}, method)
    t.equal(status, 400, `${method} ${path}`)
    if (method !== 'HEAD') t.match(json, { type: /:invalid-parameter$/, parameter, expected }, path)
  }
  t.match((await get('/api/v1/alerts?stat=firing')).json, { found: 'firing', detail: /"stat".*Did you mean "state"\?/ })
  t.strictSame([queries, commands], [[], []], 'the engine is not asked')
})

test('gateways may append parameters to the links that mails have, and to no other request', async (t) => {
  const { get } = await serve(t, {
    answers: ({ kind }) => (kind === 'alert' ? ALERT : kind === 'host' ? detailOf('web-1') : []),
  })
  const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
  for (const path of ['alerts', 'alerts/e1', 'hosts', 'hosts/web-1']) {
    t.equal((await get(`/api/v1/${path}?utm_source=mail`, browser)).status, 200, path)
    t.equal((await get(`/api/v1/${path}?utm_source=mail`)).status, 400, `${path} for a program`)
  }
  t.equal((await get('/api/v1/rules?utm_source=mail', browser)).status, 400, 'no mail links there')
  t.equal((await get('/api/v1/alerts?state=fring', browser)).status, 400, 'a known parameter is still checked')
})

test('alerts are listed by state, several of them at once', async (t) => {
  const states = ['pending', 'firing', 'recovering', 'resolved'] as const
  const { get } = await serve(t, { answers: () => states.map((state) => alertView({ state, episode: state })) })
  const listed = async (query: string): Promise<unknown> =>
    ((await get(`/api/v1/alerts${query}`)).json as unknown as readonly { state: string }[]).map(({ state }) => state)
  t.strictSame(await listed(''), states)
  for (const state of states) t.strictSame(await listed(`?state=${state}`), [state])
  t.strictSame(await listed('?state=resolved&state=firing'), ['firing', 'resolved'])
  for (const wrong of ['closed', '', 'firing,resolved', 'Firing']) {
    t.match((await get(`/api/v1/alerts?state=pending&state=${wrong}`)).json, {
      status: 400,
      parameter: 'state',
      found: wrong,
      expected: 'one of pending, firing, recovering, resolved',
    })
  }
})

test('an engine that fails or is stuck costs no more than a 503 in time, and shows no insides', async (t) => {
  const failing = await serve(t, {
    answers: () => {
      throw new Error('/var/lib/secret: disk full')
    },
  })
  const failed = await failing.get('/api/v1/hosts')
  t.equal(failed.status, 503)
  t.equal(failed.headers['retry-after'], '1')
  t.equal(failed.json.type, 'urn:stashwatch:problem:unavailable')
  t.notMatch(failed.body, /secret/)
  t.equal(failing.errors.length, 1, 'the log says it')

  const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>()
  const stuck = await serve(t, {
    answers: () => {
      isAsked()
      return new Promise(() => {})
    },
  })
  const waiting = stuck.get('/api/v1/alerts')
  await asked
  await stuck.clock.advance(4000)
  t.equal((await waiting).status, 503)

  const broken = await serve(t, { answers: () => 'no list' })
  const internal = await broken.get('/api/v1/hosts')
  t.equal(internal.status, 500)
  t.notMatch(internal.body, /map|function/)
  t.equal(broken.errors.length, 1)
})

test('paths and methods that are not served are refused as problems too', async (t) => {
  const { get } = await serve(t)
  const cases: readonly (readonly [string, string, number])[] = [
    ['GET', '/api/v1', 404],
    ['GET', '/api/v2/hosts', 404],
    ['DELETE', '/api/v1/hosts', 405],
    ['OPTIONS', '/api/v1/hosts', 405],
    ['GET', '/api/v1/hosts/%zz', 400],
  ]
  for (const [method, path, status] of cases) {
    const answer = await get(path, {}, method)
    t.equal(answer.status, status, `${method} ${path}`)
    t.equal(answer.json.status, status)
  }
})

test('docs/api.md lists the endpoints that are served, and every type of problem', async (t) => {
  const docs = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
  const mailbox = { list: async () => [], read: async () => undefined }
  const { get } = await serve(t, { mailbox, answers: ({ kind }) => (kind.endsWith('s') ? [] : null) })
  const rows = docs.split('\n').filter((line) => line.startsWith('| `GET '))
  const paths = [...rows.join('\n').matchAll(/`GET (\/[^`?{]*)/g)].map(([, path = '']) => path)
  t.equal(paths.length, 17)
  // A path that the server does not know is answered without the headers that every answer of this plugin has.
  for (const path of paths) t.equal((await get(path)).headers['cache-control'], 'no-store', path)
  const listed = [...docs.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, kind, status]) => `${kind} ${status}`)
  const known = Object.entries(PROBLEMS).map(([kind, { status }]) => `${kind} ${status}`)
  t.same(listed, known)
})
