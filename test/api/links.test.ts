import { createHash } from 'node:crypto'
import { mock } from 'node:test'
import { test } from 'tap'
import type { AlertView, Command, CommandReply, Query, SendRecord, SilenceView } from '../../src/model.ts'
import { LINK_LIFE, type LinkAction, signLink } from '../../src/links/signature.ts'
import { alertView, because, identityOf, LINK_KEY, type Running, serve } from './service.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const HOUR = 3_600_000
const ACTION: LinkAction = {
  do: 'ack',
  episode: 'e1',
  rule: 'cpu-high',
  host: 'web-1',
  exp: NOW + LINK_LIFE,
  to: 'ada@example.org',
}
const ACK = signLink(LINK_KEY, ACTION)
const SILENCE = signLink(LINK_KEY, { ...ACTION, do: 'silence' })
const FIRING = alertView({
  identity: identityOf({ labels: { 'mount.point': '/"><script>' } }),
  evaluatedAt: NOW - 10_000,
  evidence: { ...because('breached'), why: { code: 'breached', params: { samples: 12 } } },
})

/** An engine with one alert, which records its commands. */
function engine(first: Partial<AlertView> = {}) {
  const silences = new Map<string, SilenceView>()
  let { ack: _, ...alert }: AlertView = { ...FIRING, ...first }
  let ack: AlertView['ack']
  const answers = ({ kind }: Query): unknown =>
    kind === 'silences' ? [...silences.values()] : { ...alert, ...(ack === undefined ? {} : { ack }) }
  const obeys = (command: Command): CommandReply => {
    if (command.kind === 'acknowledge') ack = { note: '', ...command.ack }
    if (command.kind === 'unacknowledge') ack = undefined
    if (command.kind === 'silence')
      silences.set(command.silence.id, { ...command.silence, state: 'active', matchedAlerts: 1 })
    const ended = command.kind === 'expire' ? silences.get(command.id) : undefined
    if (ended !== undefined) silences.set(ended.id, { ...ended, endsAt: command.now })
    return { kind: 'done', value: null }
  }
  return { answers, obeys, silences, end: () => void (alert = { ...alert, state: 'resolved', resolvedAt: NOW }) }
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded', origin: 'null' }
const post = ({ send }: Running, path: string, form: string) => send('POST', path, form, FORM)

test('looking at a link changes nothing and says what it would do, however often it is fetched', async (t) => {
  const { get, send, commands } = await serve(t, engine())
  for (const path of [ACK, SILENCE]) {
    for (const method of ['GET', 'HEAD', 'GET'])
      t.equal((await get(path, { 'user-agent': 'scanner' }, method)).status, 200)
  }
  const { body, headers } = await get(ACK)
  for (const words of [
    'Acknowledge',
    'cpu-high',
    'web-1',
    'firing, warning, for 1 h',
    '95%',
    'above 90%',
    'cpu averaged 95% over 2 min (12 samples): above 90%',
  ]) {
    t.ok(body.includes(words), words)
  }
  t.match(body, /Stops reminders and escalations until/)
  t.strictSame(
    [...body.matchAll(/name="duration" value="(\w+)"/g)].map(([, value]) => value),
    ['1h', '4h', '24h', '365d'],
  )
  const silence = await get(SILENCE)
  t.match(silence.body, /Stops notifications of this rule on this host/)
  t.strictSame(
    [...silence.body.matchAll(/name="duration" value="(\w+)"/g)].map(([, value]) => value),
    ['1h', '4h', '24h', '7d'],
  )
  t.notMatch(body, /<script|src=|url\(|@import|style="|\son\w+="|https?:/, 'nothing that runs or loads')
  const hash = createHash('sha256')
    .update(/<style>([^]*)<\/style>/.exec(body)?.[1] ?? '')
    .digest('base64')
  const policy = String(headers['content-security-policy'])
  t.match(policy, /^default-src 'none';.*form-action 'self'; frame-ancestors 'none'/)
  t.ok(policy.endsWith(`style-src 'sha256-${hash}'`))
  t.match(headers, {
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  t.equal(headers['set-cookie'], undefined)
  for (const method of ['PUT', 'DELETE', 'PATCH']) t.ok([404, 405].includes((await send(method, ACK)).status), method)
  t.strictSame(commands, [])
})

test('the form of an acknowledgement takes the episode on, and its page gives it back', async (t) => {
  const service = await serve(t, engine())
  const { get, commands } = service
  const sent = await post(service, ACK, 'duration=4h&author=Ada+Lovelace&note=a+runaway+job')
  t.equal(sent.status, 303)
  t.equal(sent.headers.location, ACK.slice('/act/'.length), 'relative, and to the page of the same link')
  const ack = { at: NOW, until: NOW + 4 * HOUR, author: 'Ada Lovelace (ada@example.org)', note: 'a runaway job' }
  t.strictSame(commands, [{ kind: 'acknowledge', episode: 'e1', ack, now: NOW }])
  const page = (await get(ACK)).body
  t.match(
    page,
    /Acknowledged<\/strong> by <bdi>Ada Lovelace \(ada@example\.org\)<\/bdi>, for another 4 h, until 2026-11-22 16:00:00 UTC/,
  )
  t.match(page, /“<bdi>a runaway job<\/bdi>”/)
  t.match(page, /name="undo"/)
  t.equal((await post(service, ACK, 'undo=yes')).status, 303)
  t.strictSame(commands.at(-1), { kind: 'unacknowledge', episode: 'e1', now: NOW })
  t.notMatch((await get(ACK)).body, /name="undo"/)
  t.equal((await post(service, ACK, 'undo=yes')).status, 303)
  t.equal(commands.length, 2, 'undoing twice is undoing once')
  await post(service, ACK, 'duration=1h')
  await service.clock.advance(HOUR)
  t.notMatch((await get(ACK)).body, /name="undo"/, 'what is over is not shown as if it held')
  await post(service, ACK, 'duration=365d&author=&note=')
  t.match(commands.at(-1), { ack: { author: 'ada@example.org', note: '' } })
  t.match((await get(ACK)).body, /by <bdi>ada@example\.org<\/bdi>, until the alert resolves\./)
})

test('a silence by link is one silence of that rule on that host, however often it is sent', async (t) => {
  const fake = engine()
  const service = await serve(t, fake)
  for (const _ of [1, 2, 3]) t.equal((await post(service, SILENCE, 'duration=7d&author=ada@example.org')).status, 303)
  t.equal(fake.silences.size, 1)
  const [silence] = fake.silences.values()
  t.match(silence, {
    id: /^link-/,
    matchers: [
      { label: 'rule', op: '=', value: 'cpu-high' },
      { label: 'host', op: '=', value: 'web-1' },
    ],
    startsAt: NOW,
    endsAt: NOW + 7 * 24 * HOUR,
    createdBy: 'ada@example.org',
    comment: 'from the link in a mail',
  })
  t.match((await service.get(SILENCE)).body, /Silenced<\/strong>.*for another 7 d, until 2026-11-29/)
  await post(service, SILENCE, 'undo=yes')
  t.strictSame(service.commands.at(-1), { kind: 'expire', id: silence?.id, now: NOW })
  t.notMatch((await service.get(SILENCE)).body, /Silenced<\/strong>/)
})

/** An engine with several alerts, and a mail that lists the first three. */
function fleet() {
  const acks = new Map<string, AlertView['ack']>()
  const over = new Set<string>()
  const hosts = ['web-1', 'web-2', 'web-3', 'web-4']
  const show = (host: string): AlertView => {
    const ack = acks.get(host)
    const alert = alertView({ episode: host, identity: identityOf({ host }), ...(ack === undefined ? {} : { ack }) })
    return over.has(host) ? { ...alert, state: 'resolved', resolvedAt: NOW } : alert
  }
  const answers = ({ kind }: Query): unknown => (kind === 'alerts' ? hosts.map(show) : null)
  const obeys = (command: Command): CommandReply => {
    if (!('episode' in command)) throw new Error(command.kind)
    if (over.has(command.episode)) return { kind: 'refused', code: 'unknown-episode', value: command.episode }
    if (command.kind === 'acknowledge') acks.set(command.episode, { note: '', ...command.ack })
    else acks.delete(command.episode)
    return { kind: 'done', value: null as never }
  }
  const data = JSON.stringify({ alerts: hosts.slice(0, 3).map((host) => ({ ...show(host), code: host })) })
  const sends: readonly SendRecord[] = [{ id: 'mail-1', data, state: 'sent', attempts: 1, createdAt: NOW }]
  return { answers, obeys, sends, acks, over }
}

const LIST: LinkAction = { do: 'ack_all', notification: 'mail-1', exp: NOW + LINK_LIFE, to: 'ada@example.org' }
const ALL = signLink(LINK_KEY, LIST)

test('acting on all alerts of a list takes one link, and leaves other alerts and other acknowledgements alone', async (t) => {
  const fake = fleet()
  const service = await serve(t, fake)
  const theirs = { at: NOW - HOUR, until: NOW + 9 * HOUR, author: 'Grace', note: 'mine' }
  fake.acks.set('web-2', theirs)
  const before = (await service.get(ALL)).body
  t.match(before, /<h1>Acknowledge 2 alerts<\/h1>.*Acknowledged 1 alert<\/strong> by <bdi>Grace/s)
  for (const host of ['web-1', 'web-2', 'web-3']) t.match(before, `cpu-high on ${host}`)
  t.notMatch(before, /web-4|href="[^d]/, 'only what the mail lists, and no way beyond it')
  t.strictSame(service.commands, [], 'looking changes nothing')

  t.equal((await post(service, ALL, 'duration=4h&author=Ada&note=moving+the+rack')).status, 303)
  const ack = { at: NOW, until: NOW + 4 * HOUR, author: 'Ada (ada@example.org)', note: 'moving the rack' }
  t.strictSame(
    service.commands,
    ['web-1', 'web-3'].map((episode) => ({ kind: 'acknowledge', episode, ack, now: NOW })),
  )
  const done = (await service.get(ALL)).body
  t.match(done, /Acknowledged 2 alerts<\/strong> by <bdi>Ada \(ada@example\.org\)<\/bdi>, for another 4 h/)
  t.match(done, /nothing to acknowledge/)
  t.equal((await post(service, ALL, 'duration=4h')).status, 303)
  t.equal(service.commands.length, 2, 'pressed twice is pressed once')

  await service.clock.advance(HOUR)
  t.equal((await post(service, ALL, `undo=${NOW}`)).status, 303)
  t.strictSame([...fake.acks], [['web-2', theirs]], 'what was acknowledged together is undone together')
  t.match((await service.get(ALL)).body, /<h1>Acknowledge 2 alerts/)
})

test('a link to a list acknowledges what is left of it', async (t) => {
  const fake = fleet()
  const service = await serve(t, fake)
  fake.over.add('web-3')
  t.match((await service.get(ALL)).body, /<h1>Acknowledge 2 alerts/)
  t.equal((await post(service, ALL, 'duration=48h')).status, 400)
  t.equal((await post(service, ALL, 'duration=365d')).status, 303)
  t.strictSame([...fake.acks.keys()], ['web-1', 'web-2'])
  const late = await serve(t, {
    ...fleet(),
    obeys: () => ({ kind: 'refused', code: 'unknown-episode', value: 'web-1' }),
  })
  t.equal((await post(late, ALL, 'duration=1h')).status, 303, 'what resolves in the meantime is no error')
  const pruned = await serve(t, { ...fleet(), sends: [] })
  t.match((await pruned.get(ALL)).body, /record of this mail was deleted/)
  t.equal((await post(pruned, ALL, 'duration=1h')).status, 303)
  t.strictSame(pruned.commands, [])
  const old = signLink(LINK_KEY, { ...LIST, exp: NOW + 1000 })
  await pruned.clock.advance(1000)
  t.match(await pruned.get(old), { status: 410, body: /and this one is older. Nothing was changed/ })
})

test('a link that is forged, cut or old does nothing and says what to do instead', async (t) => {
  const fake = engine()
  const service = await serve(t, fake)
  const { get, clock, commands, queries } = service
  const [payload = '', signature = ''] = SILENCE.slice(5).split('.')
  const other = Buffer.from(JSON.stringify({ ...ACTION, host: 'web-2' })).toString('base64url')
  const forged = [
    `/act/${other}.${signature}`,
    ACK.slice(0, -9),
    `/act/${payload}`,
    '/act/',
    '/act/x',
    signLink(Buffer.alloc(32), ACTION),
  ]
  for (const path of forged) {
    for (const { status, body, headers } of [await get(path), await post(service, path, 'duration=1h')]) {
      t.equal(status, 403, path)
      t.match(headers['content-type'], /^text\/html/)
      t.match(body, /<h1>Invalid link<\/h1>.*Copy the whole link from the mail/s)
    }
  }
  const old = signLink(LINK_KEY, { ...ACTION, exp: NOW + 1000 })
  await clock.advance(1000)
  for (const { status, body } of [await get(old), await post(service, old, 'duration=1h')]) {
    t.equal(status, 410)
    t.match(body, /Link expired.*cpu-high on web-1.*Nothing was changed.*latest mail/s)
  }
  t.strictSame([commands, queries], [[], []])
})

test('what is over or forgotten is not acknowledged, and a wrong form says what was wrong', async (t) => {
  const fake = engine()
  const service = await serve(t, fake)
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['', /did not say for how long: expected one of 1h, 4h, 24h, 365d/],
    ['duration=7d', /did not say for how long/],
    [`duration=1h&author=${'x'.repeat(101)}`, /your name, one line of at most 100/],
    [`duration=1h&note=${'x'.repeat(501)}`, /at most 500/],
    ['duration=1h&note=a%0D%0Ab', /one line/],
  ]
  for (const [form, says] of wrong) {
    const { status, body } = await post(service, ACK, form)
    t.equal(status, 400, form)
    t.match(body, says)
  }
  t.equal((await post(service, ACK, `note=${'x'.repeat(9000)}`)).status, 413)
  fake.end()
  t.match((await service.get(ACK)).body, /resolved, warning, 0 s ago.*nothing to acknowledge/s)
  t.equal((await post(service, ACK, 'duration=1h')).status, 303, 'the page says the rest')
  t.strictSame(service.commands, [])
  t.equal((await post(service, SILENCE, 'duration=1h')).status, 303, 'the rule can be silenced all the same')
  const gone = await serve(t, { answers: ({ kind }) => (kind === 'silences' ? [] : null) })
  t.match((await gone.get(ACK)).body, /its record was deleted/)
  const refused = await serve(t, {
    ...engine(),
    obeys: () => ({ kind: 'refused', code: 'too-many-silences', value: 9 }),
  })
  t.match(await post(refused, SILENCE, 'duration=1h'), { status: 409, body: /The limit of silences is reached/ })
})

test('a link needs no token and no name of this machine, and opens nothing else', async (t) => {
  const tokens = [{ name: 'a', token: 'a-long-secret-token' }]
  const closed = await serve(t, { ...engine(), tokens, checkToken: () => undefined, listensBeyondLoopback: true })
  t.equal((await closed.get(ACK, { host: 'stashwatch.example.org' })).status, 200)
  t.equal((await post(closed, ACK, 'duration=1h')).status, 303)
  t.equal((await closed.send('DELETE', ACK)).status, 405)
  for (const path of ['/api/v1/alerts', `/api/v1/silences`]) t.equal((await closed.get(path)).status, 401)
})

test('each link may be asked so often a minute, whatever is done with forged ones', async (t) => {
  mock.timers.enable({ apis: ['Date'], now: NOW })
  t.teardown(() => mock.timers.reset())
  const { get } = await serve(t, engine())
  for (let i = 0; i < 30; i += 1) t.equal((await get(`/act/forged-${i}`)).status, 403)
  const late = await get('/act/forged')
  t.match([late.status, late.headers['retry-after'], late.body], [429, '60', /Wait a minute/])
  t.equal((await get(ACK)).status, 200, 'a valid link is not kept from working by others')
  for (let i = 1; i < 30; i += 1) await get(ACK)
  t.equal((await get(ACK)).status, 429)
  t.equal((await get(SILENCE)).status, 200)
  mock.timers.tick(59_999)
  t.equal((await get(ACK)).status, 429)
  mock.timers.tick(1)
  t.equal((await get(ACK)).status, 200)
})

test("a link's GETs do not use up its POSTs", async (t) => {
  const service = await serve(t, engine())
  const look = (i: number) => service.get(ACK, { 'user-agent': 'scanner' }, i % 2 === 0 ? 'GET' : 'HEAD')
  const looks = Array.from({ length: 40 }, (_, i) => i)
  const statuses: number[] = []
  for (const i of looks) statuses.push((await look(i)).status)
  t.strictSame(
    statuses,
    looks.map((i) => (i < 30 ? 200 : 429)),
    'HEAD counts as GET does',
  )
  t.equal((await post(service, ACK, 'duration=1h')).status, 303, 'forty scanners leave the button to people')
  t.match(service.commands, [{ kind: 'acknowledge', episode: 'e1' }])
  for (let i = 1; i < 30; i += 1) t.equal((await post(service, ACK, 'duration=1h')).status, 303)
  const late = await post(service, ACK, 'duration=1h')
  t.match([late.status, late.headers['retry-after'], late.body], [429, '60', /Wait a minute/])
})
