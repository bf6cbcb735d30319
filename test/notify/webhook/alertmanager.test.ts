import { type Test, test } from 'tap'
import type { AlertSnapshot, AlertmanagerTarget, Notification } from '../../../src/model.ts'
import { createAlertmanagerNotifier } from '../../../src/notify/webhook/alertmanager.ts'
import type { Delivery, Notifier } from '../../../src/notify/notifier.ts'
import { conform, jsonForm } from '../conformance.ts'
import { hostileNames } from '../hostile.ts'
import { startWebServer } from '../http.ts'
import { as, at, facts, notification, resolved } from '../samples.ts'
import { startAlertmanager, whereItIs } from '../../helpers/alertmanager.ts'
import { until } from '../../helpers/service.ts'

const never = new AbortController().signal
const HEADERS = 'connection content-length content-type host user-agent'.split(' ')

const real = { now: () => Date.now() }

function open(
  t: Test,
  urls: readonly string[],
  change: Partial<AlertmanagerTarget> = {},
  clock = { now: () => at('12:05:12') },
): Notifier {
  const targets = new Map([['ops', { alertmanager: { urls, timeout: 2_000, ...change } }]])
  const way = createAlertmanagerNotifier({ targets, clock, apiUrl: 'https://s.example.org' })
  t.teardown(() => way.close())
  return way
}

const notified = (change: Partial<Notification> = {}): Notification =>
  notification({ channel: 'alertmanager', to: { address: 'alertmanager:ops' }, ...change })

async function send(way: Notifier, one: Notification): Promise<Delivery> {
  return way.send(await way.render(one), one, never)
}

interface Posted {
  readonly labels: Record<string, string>
  readonly startsAt: string
  readonly endsAt: string
}

const read = (bytes: Uint8Array): readonly Posted[] => JSON.parse(Buffer.from(bytes).toString()) as Posted[]

conform(
  'an Alertmanager',
  jsonForm('alertmanager', HEADERS, (raw) => read(Buffer.from(raw))[0]?.labels['host']),
  async (t) => {
    const server = await startWebServer(t)
    const received = async () =>
      server.posted.map(({ raw, headers }) => ({ raw, to: ['alertmanager:ops'], headers: Object.keys(headers) }))
    return { way: open(t, [server.url]), received }
  },
)

test('endsAt of a firing alert is 15 minutes after its notification, that of a resolved one its end', async (t) => {
  const way = open(t, [])
  t.same(read(await way.render(notified())), [
    {
      labels: { alertname: 'cpu-high', host: 'web-7', severity: 'warning' },
      annotations: {
        summary: 'cpu-high on web-7',
        description: 'CPU averaged 94.2% over 2 min on web-7 (threshold 90%), since 2026-11-22 12:04:00 UTC.',
        value: '94.2%',
        threshold: 'above 90%',
        reason: 'cpu averaged 94.2% over 2 min (24 samples): above 90%',
      },
      startsAt: '2026-11-22T12:05:12.000Z',
      endsAt: '2026-11-22T12:20:12.000Z',
      generatorURL: 'https://s.example.org/api/v1/alerts/4f1c0a9b2e7d5c31',
    },
  ])
  const again = notified({ reason: 'repeat_interval', decidedAt: at('12:30:00') })
  t.match(read(await way.render(again)), [{ startsAt: '2026-11-22T12:04:00.000Z', endsAt: '2026-11-22T12:45:00.000Z' }])
  t.match(read(await way.render(resolved())), [
    { startsAt: '2026-11-22T12:04:00.000Z', endsAt: '2026-11-22T12:19:00.000Z' },
  ])
  const ahead = facts({ state: 'resolved', startsAt: at('14:00:00'), resolvedAt: at('15:00:00') })
  const early = read(await way.render(notified({ alerts: [ahead] })))
  t.match(
    early,
    [{ startsAt: '2026-11-22T12:05:12.000Z', endsAt: '2026-11-22T12:05:12.000Z' }],
    'a clock ahead ends nothing later',
  )
})

test('where the severity rose, the warning ends and the critical alert begins', async (t) => {
  const worse = notified({
    reason: 'severity_raised',
    newCount: 1,
    alerts: [facts({ severity: 'critical' }), facts({ host: 'web-8', severity: 'critical' })],
  })
  const posted = read(await open(t, []).render(worse)).map(({ labels, endsAt }) => [
    labels['host'],
    labels['severity'],
    endsAt.slice(11, 19),
  ])
  t.same(posted, [
    ['web-7', 'critical', '12:20:12'],
    ['web-8', 'critical', '12:20:12'],
    ['web-7', 'warning', '12:05:12'],
  ])
})

test('alerts are posted to every member of a cluster, one that accepts is enough, and the result names those that failed', async (t) => {
  const [one, two] = [
    await startWebServer(t),
    await startWebServer(t, (_, response) => response.writeHead(503).end('starting')),
  ]
  const down = await startWebServer(t)
  await down.close()
  const some = await send(open(t, [one.url, `${two.url}/prefix/`, down.url]), notified())
  t.match(some, {
    state: 'sent',
    replies: [
      { server: new URL(one.url).host, response: /^200 OK/ },
      { server: new URL(two.url).host, response: /^503 .*starting$/ },
      { server: new URL(down.url).host, why: { code: 'connection_failed', params: { error: /ECONNREFUSED/ } } },
    ],
  })
  t.same([one.posted[0]?.path, two.posted[0]?.path], ['/api/v2/alerts', '/prefix/api/v2/alerts'])
  t.match(await send(open(t, [two.url, down.url]), notified()), {
    state: 'retry',
    replies: [{ response: /^503 / }, { why: { code: 'connection_failed' } }],
  })
  const bad = await startWebServer(t, (_, response) => response.writeHead(400).end('bad label'))
  t.match(await send(open(t, [bad.url, down.url]), notified()), { state: 'retry' }, 'the other may still take it')
  t.match(await send(open(t, [bad.url]), notified()), {
    state: 'failed',
    replies: [{ response: '400 Bad Request: bad label' }],
  })
})

test('news that something fires is not posted once it is out of date, news of an end is', async (t) => {
  const server = await startWebServer(t)
  const later = (time: string): Notifier => open(t, [server.url], {}, { now: () => at(time) })
  t.match(await send(later('12:20:11'), notified()), { state: 'sent' })
  t.match(await send(later('12:20:12'), notified()), {
    state: 'failed',
    why: { code: 'out_of_date', params: { after: 15 * 60_000 } },
  })
  t.match(await send(later('23:00:00'), resolved()), { state: 'sent' })
  t.equal(server.posted.length, 2)
})

test('it says who it is, and keeps that to itself', async (t) => {
  const echo = await startWebServer(t, ({ headers }, response) =>
    response.writeHead(401).end(`who is ${headers.authorization}?`),
  )
  t.match(await send(open(t, [echo.url], { user: 'ops', password: 'pass:wörd' }), notified()), {
    replies: [{ response: /who is Basic \*\*\*\?/ }],
  })
  t.match(await send(open(t, [echo.url], { token: 'abcdef' }), notified()), {
    replies: [{ response: /who is Bearer \*\*\*\?/ }],
  })
  const [basic, bearer] = echo.posted.map(({ headers }) => headers.authorization?.split(' '))
  t.equal(Buffer.from(basic?.[1] ?? '', 'base64').toString(), 'ops:pass:wörd')
  t.same(bearer, ['Bearer', 'abcdef'])
})

test('what is about no alert is no business of an Alertmanager', async (t) => {
  const server = await startWebServer(t)
  t.match(await send(open(t, [server.url]), notified({ alerts: [], kind: 'notice', thread: 'x' })), {
    state: 'sent',
    why: { code: 'alerts_only' },
  })
  t.equal(server.posted.length, 0)
  t.match(await send(open(t, [server.url]), notified({ receiver: 'gone' })), {
    state: 'retry',
    why: { code: 'no_target', params: { receiver: 'gone', channel: 'alertmanager' } },
  })
})

// ------------------------------------------------------------------------------------- the real one, where it is there

interface Manager {
  readonly url: string
  get<T>(path: string): Promise<T>
  post(path: string, body: unknown): Promise<void>
}

interface SeenAlert {
  readonly labels: Record<string, string>
  readonly annotations: Record<string, string>
  readonly startsAt: string
  readonly endsAt: string
  readonly status: { readonly state: string; readonly silencedBy: readonly string[] }
}

/** A real Alertmanager, and the door to its API. */
async function openManager(t: Test, webhook: string): Promise<Manager> {
  const url = await startAlertmanager(t, webhook)
  return {
    url,
    get: async <T>(path: string) => (await (await fetch(`${url}/api/v2${path}`)).json()) as T,
    async post(path, body) {
      const headers = { 'Content-Type': 'application/json' }
      const response = await fetch(`${url}/api/v2${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      if (!response.ok) throw new Error(await response.text())
    },
  }
}

/** An alert of now: Alertmanager lives by the real clock. */
function current(host: string, change: Partial<AlertSnapshot> = {}): Notification {
  const now = Date.now()
  const alert = facts({ host, episode: host, startsAt: now - 60_000, evaluatedAt: now - 1_000, ...change })
  return notified({ id: `${host}.${now}`, thread: host, decidedAt: now, alerts: [alert] })
}

test('a real Alertmanager shows the alerts, groups and silences them, and ends them', whereItIs, async (t) => {
  const hook = await startWebServer(t)
  const manager = await openManager(t, hook.url)
  const way = open(t, [manager.url], {}, real)
  const state = async (host: string): Promise<string | undefined> =>
    (await manager.get<SeenAlert[]>('/alerts')).find(({ labels }) => labels['host'] === host)?.status.state
  for (const host of ['web-7', 'web-8']) t.match(await send(way, current(host)), { state: 'sent' })

  await until(
    'both alerts are active',
    async () => (await state('web-7')) === 'active' && (await state('web-8')) === 'active',
  )
  const [alert] = await manager.get<SeenAlert[]>('/alerts?filter=host="web-7"')
  t.match(alert, {
    labels: { alertname: 'cpu-high', severity: 'warning' },
    annotations: { value: '94.2%', summary: 'cpu-high on web-7' },
    generatorURL: /^https:\/\/s\.example\.org\/api\/v1\/alerts\/web-7$/,
  })
  const holds = (Date.parse(alert?.endsAt ?? '') - Date.now()) / 60_000
  t.ok(holds > 14 && holds <= 15, `it holds for ${holds} minutes more`)
  const groups = await manager.get<{ labels: object; alerts: unknown[] }[]>('/alerts/groups')
  t.match(groups, [{ labels: { alertname: 'cpu-high' }, alerts: [{}, {}] }])
  t.equal(groups.length, 1)

  await until('the webhook is called', async () => hook.posted.length > 0)
  const first = JSON.parse(String(hook.posted[0]?.raw)) as { alerts: { labels: { host: string } }[] }
  t.same(first.alerts.map(({ labels }) => labels.host).sort(), ['web-7', 'web-8'], 'two hosts arrive as one group')

  const again = current('web-8')
  await send(way, { ...again, reason: 'repeat_interval' })
  const since = new Date(again.alerts[0]?.startsAt ?? 0).toISOString()
  await until('told again, it begins when it did', async () =>
    (await manager.get<SeenAlert[]>('/alerts')).some((one) => one.startsAt === since),
  )

  const now = Date.now()
  const matchers = [{ name: 'host', value: 'web-7', isRegex: false, isEqual: true }]
  const span = { startsAt: new Date(now).toISOString(), endsAt: new Date(now + 60_000).toISOString() }
  await manager.post('/silences', { matchers, ...span, createdBy: 'ada', comment: 'known' })
  await until('the silence mutes', async () => (await state('web-7')) === 'suppressed')
  t.equal(await state('web-8'), 'active')

  const end = Date.now()
  t.match(await send(way, current('web-8', { state: 'resolved', resolvedAt: end - 500 })), { state: 'sent' })
  await until('the alert is over', async () => (await state('web-8')) === undefined)
  await until('the webhook hears of the end', async () =>
    hook.posted.some(({ raw }) => {
      const { alerts } = JSON.parse(String(raw)) as { alerts: { status: string; labels: { host: string } }[] }
      return alerts.some(({ status, labels }) => status === 'resolved' && labels.host === 'web-8')
    }),
  )
  t.equal(await state('web-7'), 'suppressed', 'the other goes on')
})

test('a real Alertmanager takes hostile names, a risen severity, and 5,000 alerts at once', whereItIs, async (t) => {
  const hook = await startWebServer(t)
  const manager = await openManager(t, hook.url)
  const way = open(t, [manager.url], {}, real)
  const base = current('web').alerts[0] ?? facts()
  const hostile = hostileNames.map((host) => ({
    ...as(base, { host, labels: { [`by ${host}`]: host } }),
    evidence: { ...base.evidence, why: { code: 'absent', params: { source: host } } },
    ruleLabels: { [host]: 'x' },
  }))
  t.match(await send(way, { ...current('web'), alerts: hostile }), { state: 'sent' })
  await until('all are there', async () => (await manager.get<unknown[]>('/alerts')).length === hostileNames.length)

  await send(way, current('db-1'))
  await send(way, { ...current('db-1', { severity: 'critical' }), reason: 'severity_raised' })
  const severities = async (): Promise<unknown[]> =>
    (await manager.get<SeenAlert[]>('/alerts?filter=host="db-1"')).map(({ labels }) => labels['severity'])
  await until('the warning has made room', async () => String(await severities()) === 'critical')

  const storm = Array.from({ length: 5000 }, (_, i) => as(base, { rule: 'storm', host: `web-${i}` }))
  const began = Date.now()
  t.match(await send(way, { ...current('web'), alerts: storm }), { state: 'sent' })
  t.comment(`5,000 alerts taken in ${Date.now() - began} ms`)
  await until(
    'all are there',
    async () => (await manager.get<unknown[]>('/alerts?filter=alertname=storm')).length === 5000,
  )
})
