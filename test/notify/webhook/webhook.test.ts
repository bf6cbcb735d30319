import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import { Ajv } from 'ajv'
import { type Test, test } from 'tap'
import type { CloseReason, Notice, Notification, NotificationReason, WebhookTarget } from '../../../src/model.ts'
import { isPrivate } from '../../../src/net/private-address.ts'
import type { Delivery, Notifier } from '../../../src/notify/notifier.ts'
import { createWebhookNotifier } from '../../../src/notify/webhook/webhook.ts'
import { conform, jsonForm } from '../conformance.ts'
import { hostileNames } from '../hostile.ts'
import { type Answer, startWebServer, type WebServer } from '../http.ts'
import { as, at, facts, heartbeat, notification, resolved, storm } from '../samples.ts'

interface Schema {
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
}

const never = new AbortController().signal
const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/webhook.schema.json', import.meta.url), 'utf8'),
) as Schema & { readonly definitions: Readonly<Record<string, Schema>> }
const isValid = new Ajv({ allErrors: true }).compile(schema)

const HEADERS = 'connection content-length content-type host user-agent x-stashwatch-id'.split(' ')

function open(t: Test, target: Partial<WebhookTarget>, resolve?: LookupFunction): Notifier {
  const base = { url: 'http://127.0.0.1:9/', headers: {}, allowPrivate: true, timeout: 2_000 }
  const targets = new Map([['ops', { webhook: { ...base, ...target } }]])
  const way = createWebhookNotifier({
    targets,
    url: 'https://s.example.org',
    apiUrl: 'https://s.example.org',
    ...(resolve && { resolve }),
  })
  t.teardown(() => way.close())
  return way
}

const notified = (change: Partial<Notification> = {}): Notification =>
  notification({ channel: 'webhook', to: { address: 'webhook:ops' }, ...change })

async function sendOne(way: Notifier, one = notified()): Promise<Delivery> {
  return way.send(await way.render(one), one, never)
}

async function answered(
  t: Test,
  answer: Answer,
  target: Partial<WebhookTarget> = {},
): Promise<Delivery & { server: WebServer }> {
  const server = await startWebServer(t, answer)
  return { ...(await sendOne(open(t, { url: `${server.url}/hook`, ...target }))), server }
}

conform(
  'the webhook',
  jsonForm('webhook', HEADERS, (raw) => (JSON.parse(raw) as { groupKey: string }).groupKey),
  async (t) => {
    const server = await startWebServer(t)
    const received = async () =>
      server.posted.map(({ raw, path, headers }) => ({ raw, to: [path.slice(1)], headers: Object.keys(headers) }))
    return { way: open(t, { url: `${server.url}/webhook:ops` }), received }
  },
)

test('an alert that was closed does not pass for one that got better', async (t) => {
  const reason = 'the rule cpu-high was removed from the configuration'
  const evidence = { why: { code: 'rule_removed', params: {} } }
  const closed = facts({
    state: 'resolved',
    value: 0.99,
    resolvedAt: at('12:12:35'),
    closeReason: 'rule_changed',
    evidence,
  })
  const body = JSON.parse(Buffer.from(await open(t, {}).render(notified({ alerts: [closed] }))).toString()) as object
  t.ok(isValid(body), JSON.stringify(isValid.errors))
  t.match(body, {
    alerts: [
      {
        status: 'resolved',
        annotations: {
          closeReason: 'rule_changed',
          description: `Closed without recovery at 2026-11-22 12:12:35 UTC, after 8 min 35 s: ${reason}.`,
        },
      },
    ],
    stashwatch: { alerts: [{ closeReason: 'rule_changed', reason: { code: 'rule_removed' } }] },
  })
  const better = Buffer.from(await open(t, {}).render(resolved())).toString()
  t.notMatch(better, /"closeReason"/)
})

test('every kind of notification is what the schema says', async (t) => {
  const way = open(t, {})
  const kinds: readonly Notification[] = [
    notified(),
    resolved(),
    storm(12),
    storm(5000),
    notified({ replaces: { at: at('10:02:10'), reason: 'fired' }, newCount: 1, nextRepeatAt: at('16:00:00') }),
    notified({
      kind: 'notice',
      alerts: [],
      reason: 'scheduled',
      thread: 'x',
      notice: heartbeat().notice!,
    }),
    notified({ alerts: [facts({ value: null, peak: null, startsAt: Number.NaN, evaluatedAt: 8.65e15 })] }),
    notified({
      alerts: hostileNames.map((host) => facts({ host, labels: { [host]: host }, ruleLabels: { [host]: host } })),
    }),
  ]
  for (const kind of kinds) {
    const body: unknown = JSON.parse(Buffer.from(await way.render(kind)).toString())
    t.ok(isValid(body), JSON.stringify(isValid.errors?.slice(0, 3)))
  }
  t.notOk(isValid({}), 'and the schema can be missed')
})

/** All values of these types; the compiler finds one that is missing. */
const NOTIFICATION_REASONS: Readonly<Record<NotificationReason, true>> = {
  fired: true,
  severity_raised: true,
  severity_lowered: true,
  resolved: true,
  flapping_started: true,
  flapping_stopped: true,
  repeat_interval: true,
  silence_ended: true,
  escalated: true,
  rate_limited: true,
  backlog: true,
  hosts_retired: true,
  rules_unmatched: true,
  undelivered: true,
  scheduled: true,
}
const NOTICES: Readonly<Record<Notice['kind'], true>> = {
  hosts_retired: true,
  rules_unmatched: true,
  heartbeat: true,
  undelivered: true,
}
const CLOSE_REASONS: Readonly<Record<CloseReason, true>> = {
  host_retired: true,
  series_gone: true,
  rule_changed: true,
  baseline_accepted: true,
}

test('the schema of a webhook has every reason, every kind of notice and every close reason', (t) => {
  const { reason, closeReason, stashwatch } = schema.definitions
  t.strictSame(reason?.enum?.toSorted(), Object.keys(NOTIFICATION_REASONS).toSorted())
  t.strictSame(closeReason?.enum?.toSorted(), Object.keys(CLOSE_REASONS).toSorted())
  const { kind } = stashwatch?.properties?.['notice']?.properties ?? {}
  t.strictSame(kind?.enum?.toSorted(), Object.keys(NOTICES).toSorted())
  t.end()
})

test('the body is what listens to Alertmanager expects, and more under a name of its own', async (t) => {
  const way = open(t, {})
  const disk = facts({
    rule: 'disk-full',
    labels: { 'system.filesystem.mount_point': '/var', host: 'shadow', '2nd': 'x', __name__: 'y' },
    ruleLabels: { team: 'storage' },
  })
  const body = JSON.parse(
    Buffer.from(await way.render(notified({ alerts: [disk, as(disk, { host: 'web-8' })] }))).toString(),
  )
  t.match(body, {
    version: '4',
    groupKey: '4f1c0a9b2e7d5c31',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'ops',
    groupLabels: {},
    externalURL: 'https://s.example.org',
    stashwatch: { id: '4f1c0a9b2e7d5c31.0.ada', reason: 'fired', alerts: [{ value: 0.942, code: 'K7X2' }, {}] },
  })
  t.same(body.alerts[0].labels, {
    alertname: 'disk-full',
    host: 'web-7',
    severity: 'warning',
    team: 'storage',
    system_filesystem_mount_point: '/var',
    exported_host: 'shadow',
    field_2nd: 'x',
    field___name__: 'y',
  })
  t.equal(body.commonLabels.host, undefined)
  t.match(body.alerts[0], {
    status: 'firing',
    annotations: { value: '94.2%', threshold: 'above 90%', reason: /94\.2%/, summary: /disk-full on web-7/ },
    startsAt: '2026-11-22T12:04:00.000Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'https://s.example.org/api/v1/alerts/4f1c0a9b2e7d5c31',
  })
  t.not(body.alerts[0].fingerprint, body.alerts[1].fingerprint)
  const over = JSON.parse(Buffer.from(await way.render(resolved())).toString())
  t.match(over, { status: 'resolved', alerts: [{ status: 'resolved', endsAt: '2026-11-22T12:19:00.000Z' }] })
})

test('the labels of a group are those of its group_by, and its key is the same over all episodes', async (t) => {
  const way = open(t, {})
  const read = async (one: Notification) =>
    JSON.parse(Buffer.from(await way.render(one)).toString()) as { groupKey: string; groupLabels: object }
  const group = { key: 'ops:rule=cpu-high', labels: { rule: 'cpu-high', 'system.disk': '/var' } }
  const first = await read(notified({ thread: 'episode-1', group, alerts: [facts(), facts({ host: 'web-8' })] }))
  const second = await read(notified({ thread: 'episode-2', group, alerts: [facts({ episode: 'e2' })] }))
  t.equal(first.groupKey, 'ops:rule=cpu-high')
  t.equal(second.groupKey, first.groupKey)
  t.strictSame(first.groupLabels, { alertname: 'cpu-high', system_disk: '/var' })
  t.strictSame(second.groupLabels, first.groupLabels, 'not what its alerts happen to share')
})

test('the body that docs/webhook.md shows is what is posted', async (t) => {
  const page = readFileSync(new URL('../../../docs/webhook.md', import.meta.url), 'utf8')
  const shown: unknown = JSON.parse(/```json\n([^]*?)```/.exec(page)?.[1] ?? '')
  const url = 'https://stashwatch.example.org'
  const way = createWebhookNotifier({ targets: new Map(), url, apiUrl: url })
  const labels = { rule: 'cpu-high', host: 'web-7' }
  const group = { key: JSON.stringify(['ops', labels]), labels }
  const bytes = await way.render(notified({ group, alerts: [facts({ ruleLabels: { team: 'web' } })] }))
  t.same(shown, JSON.parse(Buffer.from(bytes).toString()))
  const code = /```js\n([^]*?)```/.exec(page)?.[1] ?? ''
  const { isGenuine } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    isGenuine: (bytes: Uint8Array, header: string | undefined, secret: string) => boolean
  }
  const { server } = await answered(t, (_, response) => response.end(), { secret: 'open sesame' })
  const [posted] = server.posted
  const header = String(posted?.headers['x-stashwatch-signature'])
  const raw = posted?.raw ?? Buffer.alloc(0)
  t.same(
    [isGenuine(raw, header, 'open sesame'), isGenuine(raw, header, 'other'), isGenuine(raw, undefined, 'x')],
    [true, false, false],
  )
})

test('the body for 5,000 alerts has a limited size and counts the alerts it omits', async (t) => {
  const way = open(t, {})
  const long = 'x'.repeat(10_000)
  const huge = {
    ...storm(5000),
    alerts: storm(5000).alerts.map((one) => ({
      ...as(one, { host: long }),
      source: long,
      evidence: { ...one.evidence, why: { code: 'absent', params: { source: long } } },
    })),
  }
  for (const [one, limit] of [
    [storm(5000), 1e6],
    [huge, 5e6],
  ] as const) {
    const bytes = await way.render(one)
    const { alerts, truncatedAlerts } = JSON.parse(Buffer.from(bytes).toString()) as {
      alerts: []
      truncatedAlerts: number
    }
    t.same([alerts.length, truncatedAlerts], [500, 4500])
    t.ok(bytes.length < limit, `${bytes.length} bytes`)
    t.comment(`${bytes.length} bytes`)
  }
})

test('the bytes are signed, the id repeats, and configured headers come along without taking the place of ours', async (t) => {
  const headers = { 'X-Team': 'storage', 'content-type': 'text/evil', 'x-stashwatch-id': 'forged' }
  const { server, state } = await answered(t, (_, response) => response.end(), { secret: 'open sesame', headers })
  t.equal(state, 'sent')
  const [posted] = server.posted
  const signature = createHmac('sha256', 'open sesame')
    .update(posted?.raw ?? '')
    .digest('hex')
  t.match(posted?.headers, {
    'x-stashwatch-signature': `sha256=${signature}`,
    'x-stashwatch-id': '4f1c0a9b2e7d5c31.0.ada',
    'x-team': 'storage',
    'content-type': 'application/json',
  })
  await sendOne(open(t, { url: server.url }), notified({ id: 'ü\r\nX-Evil: 1' }))
  t.equal(server.posted[1]?.headers['x-stashwatch-id'], '%C3%BC%0D%0AX-Evil%3A%201')
})

test('each status means what it should', async (t) => {
  const of = async (status: number): Promise<string> =>
    (await answered(t, (_, response) => response.writeHead(status).end())).state
  for (const status of [200, 201, 202, 204]) t.equal(await of(status), 'sent', `${status}`)
  for (const status of [408, 425, 429, 500, 502, 503, 599]) t.equal(await of(status), 'retry', `${status}`)
  for (const status of [300, 304, 400, 401, 403, 404, 410, 413, 422]) t.equal(await of(status), 'failed', `${status}`)
})

test('a redirect is not followed, and the answer says what to do', async (t) => {
  const other = await startWebServer(t)
  const delivery = await answered(t, (_, response) => response.writeHead(307, { Location: other.url }).end())
  t.match(delivery, { state: 'failed', response: '307 Temporary Redirect', why: { code: 'redirected' } })
  t.equal(other.posted.length, 0)
})

test('an answer is kept in one clean, short line without secrets', async (t) => {
  const words = `no such hook /hook/s3cret-path, key hunter22\n\u202e<b>${'x'.repeat(100_000)}`
  const target = { headers: { Authorization: 'hunter22' } }
  const server = await startWebServer(t, (_, response) => response.writeHead(404).end(words))
  const { state, response: answer } = await sendOne(open(t, { ...target, url: `${server.url}/hook/s3cret-path` }))
  t.equal(state, 'failed')
  t.match(answer, /^404 Not Found: no such hook \*\*\*, key \*\*\* \\u\{202E\}<b>x+…x+$/)
  t.equal(answer?.length, 200)
})

test('Retry-After is read in seconds and as a date', async (t) => {
  const wait = async (headers: Record<string, string>): Promise<unknown> =>
    (await answered(t, (_, response) => response.writeHead(503, headers).end())).retryAfter
  t.equal(await wait({ 'Retry-After': '120' }), 120_000)
  t.equal(await wait({ 'Retry-After': '99999' }), 300_000)
  const date = 'Sun, 22 Nov 2026 12:00:00 GMT'
  t.equal(await wait({ Date: date, 'Retry-After': 'Sun, 22 Nov 2026 12:01:30 GMT' }), 90_000)
  t.equal(await wait({ Date: date, 'Retry-After': 'Sun, 22 Nov 2026 11:00:00 GMT' }), undefined)
  t.equal(await wait({ 'Retry-After': 'soon' }), undefined)
})

test('network errors are retried, and described with the host but without the path', async (t) => {
  const way = (url: string, timeout = 200): Promise<Delivery> => sendOne(open(t, { url, timeout }))
  t.match(await way('http://127.0.0.1:9/s3cret-path'), {
    state: 'retry',
    why: { code: 'connection_failed', params: { server: '127.0.0.1:9', error: /^connect ECONNREFUSED/ } },
  })
  t.match(await way('http://no-such-host.invalid/s3cret-path', 5000), {
    state: 'retry',
    why: { code: 'connection_failed', params: { server: 'no-such-host.invalid', error: /^getaddrinfo / } },
  })
  const hangs = await startWebServer(t, () => {})
  const silent = { code: 'no_response', params: { server: new URL(hangs.url).host, within: 200 } }
  t.strictSame(await way(hangs.url), { state: 'retry', why: silent })
  const cut = await startWebServer(t, (request) => request.socket.destroy())
  t.match(await way(cut.url), { state: 'retry', why: { params: { error: /socket hang up|ECONNRESET/ } } })
  const plain = await startWebServer(t)
  t.match(await way(plain.url.replace('http:', 'https:')), {
    state: 'retry',
    why: { code: 'connection_failed', params: { server: new URL(plain.url).host, error: /\S/ } },
  })
})

test('a status that is there counts, whatever becomes of the body', async (t) => {
  const half = await answered(t, (_, response) => {
    response.writeHead(202, { 'Content-Length': 100 })
    response.write('half', () => response.destroy())
  })
  t.match(half, { state: 'sent', response: '202 Accepted: half' })
})

test('a receiver that has no webhook yet is tried again', async (t) => {
  t.match(await sendOne(open(t, {}), notified({ receiver: 'gone' })), {
    state: 'retry',
    why: { code: 'no_target', params: { receiver: 'gone', channel: 'webhook' } },
  })
})

test('private addresses are refused in any notation, before anything is sent', async (t) => {
  const { port, posted } = await startWebServer(t)
  const four = '127.0.0.1 127.1 0x7f.1 2130706433 017700000001 0.0.0.0 127.0.0.1. localhost LOCALHOST １２７.0.0.1'
  const six = '[::1] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:0:0:1] [::] [64:ff9b::7f00:1]'
  for (const name of `${four} ${six}`.split(' ')) {
    const delivery = await sendOne(open(t, { url: `http://${name}:${port}/`, allowPrivate: false }))
    t.match(delivery, { state: 'failed', why: { code: 'private_address', params: { host: /\S/ } } }, name)
  }
  t.equal(posted.length, 0)
  t.match(await sendOne(open(t, { url: `http://localhost:${port}/` })), { state: 'sent' }, 'allowed, it is posted to')
})

test('a name that leads to a public address first and to a private one then gains nothing', async (t) => {
  const { port, posted } = await startWebServer(t)
  const asked: unknown[] = []
  let answers = [
    { address: '192.0.2.1', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ]
  const resolve: LookupFunction = (name, options, answer) => {
    asked.push([name, options.all])
    answer(null, answers)
  }
  const url = `http://rebind.example.org:${port}/`
  const send = (): Promise<Delivery> => sendOne(open(t, { url, allowPrivate: false, timeout: 300 }, resolve))
  t.match(await send(), {
    state: 'failed',
    why: { code: 'private_address', params: { host: 'rebind.example.org', address: '192.0.2.1' } },
  })
  t.same(asked, [['rebind.example.org', true]], 'asked once; the addresses that were judged are those that are used')
  // The public address leads nowhere from a test; what matters is that the private one beside it is not tried.
  answers = [
    { address: '127.0.0.1', family: 4 },
    { address: '192.88.99.1', family: 4 },
  ]
  t.match(await send(), { state: 'retry' })
  t.equal(asked.length, 2)
  answers = []
  t.match(await send(), { state: 'failed', why: { code: 'no_address' } })
  t.equal(posted.length, 0)
})

test('the list of private networks has its edges where they belong', (t) => {
  const inside = `0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.254
    169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.1 192.168.0.1 192.168.255.255 198.18.0.1 224.0.0.1 239.255.255.255
    240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:10.0.0.1 ::ffff:a00:1 64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe
    64:ff9b:1::1 2002:7f00:1:: 2001::1 fc00::1 fdff::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 100::1 nonsense 1.2.3`
  const outside = `1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 172.15.255.255
    172.32.0.0 192.167.255.255 192.169.0.0 223.255.255.255 2606:4700::1111 2a00:1450::1 ::ffff:1.1.1.1
    64:ff9b::1.1.1.1`
  for (const address of inside.split(/\s+/)) t.ok(isPrivate(address), address)
  for (const address of outside.split(/\s+/)) t.notOk(isPrivate(address), address)
  t.end()
})
