import type { Socket } from 'node:net'
import type { SMTPServerOptions } from 'smtp-server'
import { type Test, test } from 'tap'
import { openMemoryJournal } from '../../../src/journal/index.ts'
import type { Log, Notification, SendRecord, SmtpConfig } from '../../../src/model.ts'
import { createSender } from '../../../src/notify/send/sender.ts'
import { createEmailNotifier } from '../../../src/notify/email/failover.ts'
import type { Delivery, Notifier } from '../../../src/notify/notifier.ts'
import { createVirtualClock, type VirtualClock } from '../../helpers/clock.ts'
import { compose, conform, MAIL } from '../conformance.ts'
import { at, effectOf, facts, notification } from '../samples.ts'
import { mailConfig, type MailServer, refusal, smtpConfig, startMailServer, startOddServer } from './smtp-server.ts'
import { until } from '../../helpers/service.ts'
import { silentObserver } from '../../helpers/log.ts'

const never = new AbortController().signal
const MINUTE = 60_000

conform('SMTP past a server that is down', MAIL, async (t) => {
  const down = await startMailServer(t)
  await down.close()
  const server = await startMailServer(t)
  return {
    way: open(t, [smtpConfig(down.port), smtpConfig(server.port)]).way,
    received: async () => server.arrived,
  }
})

interface Opened {
  readonly way: Notifier
  readonly clock: VirtualClock
  readonly said: string[]
}

function open(t: Test, servers: readonly SmtpConfig[], timeout = 120_000): Opened {
  const clock = createVirtualClock(at('12:05:12'))
  const said: string[] = []
  const say = (_: object, message: string): void => void said.push(message)
  const log: Log = { debug() {}, info: say, warn: say, error: say }
  const way = createEmailNotifier(mailConfig(servers), { compose, clock, log, timeout })
  t.teardown(() => way.close())
  return { way, clock, said }
}

async function sendTo(way: Notifier, address = 'ada@example.org', signal = never): Promise<Delivery> {
  const mail = notification({ to: { address } })
  return way.send(await way.render(mail), mail, signal)
}

/** A sender over servers, with a journal of its own, whose time stands still while an attempt is under way. */
function startPost(t: Test, servers: readonly SmtpConfig[]) {
  const { way, clock, said } = open(t, servers)
  const journal = openMemoryJournal()
  const { outbox } = journal
  const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
  let underway = 0
  const email: Notifier = {
    ...way,
    async send(...letter): Promise<Delivery> {
      underway += 1
      return way.send(...letter).finally(() => (underway -= 1))
    },
  }
  const sender = createSender({
    outbox,
    notifiers: { email, webhook: email, alertmanager: email },
    clock,
    log,
    observer: silentObserver,
  })
  t.teardown(() => Promise.all([sender.stop(0), clock.advance(5_000)]))
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i += 1) await new Promise((done) => setImmediate(done))
    await until('nothing is under way', () => underway === 0)
  }
  return {
    said,
    async add(...mails: readonly Notification[]): Promise<void> {
      const effects = mails.map((mail) => effectOf({ ...mail, decidedAt: clock.now() }))
      await journal.commit(0, effects, clock.now())
      sender.wake()
      const ids = new Set(mails.map(({ id }) => id))
      await until('all were tried', async () =>
        (await outbox.list(1000)).every(({ id, attempts }) => !ids.has(id) || attempts > 0),
      )
      await settle()
    },
    async pass(span: number): Promise<void> {
      for (let passed = 0; passed < span; passed += 5000) {
        await clock.advance(5000)
        await settle()
      }
    },
    records: async (): Promise<readonly SendRecord[]> => (await outbox.list(1000)).toReversed(),
  }
}

const mailTo = (name: string, id = name): Notification =>
  notification({ id, thread: id, to: { address: `${name}@example.org` }, alerts: [facts({ host: id })] })

const idsOf = (...servers: readonly MailServer[]): readonly string[] =>
  servers.flatMap(({ arrived }) => arrived.map(({ raw }) => /^Message-ID: <([^.@]+)/m.exec(raw.toString())?.[1] ?? ''))

test('while the preferred server is down for an hour the next one takes the mails, then the preferred one again', async (t) => {
  const gone = await startMailServer(t)
  await gone.close()
  const second = await startMailServer(t)
  const post = startPost(t, [smtpConfig(gone.port), smtpConfig(second.port)])
  for (let i = 0; i < 12; i += 1) {
    await post.add(mailTo('ada', `early${i}`))
    await post.pass(5 * MINUTE)
  }
  const early = await post.records()
  t.same(new Set(early.map(({ state, attempts }) => `${state} ${attempts}`)), new Set(['sent 1']), 'none had to wait')
  const asked = (port: number) => [{ server: `127.0.0.1:${port}`, response: /^250 / }]
  t.match(early[0]?.replies, asked(second.port), 'the registry names the server')
  const first = await startMailServer(t, {}, gone.port)
  for (let i = 0; i < 3; i += 1) {
    await post.add(mailTo('ada', `late${i}`))
    await post.pass(5 * MINUTE)
  }
  t.equal(second.arrived.length, 12)
  t.same(idsOf(first).length, 3)
  t.equal(new Set(idsOf(first, second)).size, 15, 'each once')
  const late = await post.records()
  t.match(late.at(-1)?.replies, asked(first.port))
  t.same(post.said, ['mail server unavailable; mails go to the next server', 'mail server accepts mails again'])
})

test('when all servers are down for an hour every mail arrives once they are back, and none twice', async (t) => {
  const gone = await Promise.all([startMailServer(t), startMailServer(t)])
  await Promise.all(gone.map((server) => server.close()))
  const post = startPost(
    t,
    gone.map(({ port }) => smtpConfig(port)),
  )
  const ids = Array.from({ length: 20 }, (_, i) => `mail${i}`)
  for (const id of ids) {
    await post.add(mailTo('ada', id))
    await post.pass(3 * MINUTE)
  }
  t.same(new Set((await post.records()).map(({ state }) => state)), new Set(['pending']))
  const back = await Promise.all(gone.map(({ port }) => startMailServer(t, {}, port)))
  await post.pass(6 * MINUTE)
  t.same(new Set((await post.records()).map(({ state }) => state)), new Set(['sent']))
  t.equal(idsOf(...back).length, 20)
  t.equal(new Set(idsOf(...back)).size, 20)
})

test('a recipient who is refused for good costs no other one the mail, and is asked of no other server', async (t) => {
  const first = await startMailServer(t, {
    onRcptTo: ({ address }, _session, callback) =>
      callback(address.startsWith('nobody') ? refusal(550, 'no such user') : null),
  })
  const second = await startMailServer(t)
  const post = startPost(t, [smtpConfig(first.port), smtpConfig(second.port)])
  await post.add(mailTo('nobody'), mailTo('ada'), mailTo('grace'))
  await until('nothing is pending', async () => (await post.records()).every(({ state }) => state !== 'pending'))
  t.match(await post.records(), [
    {
      id: 'nobody',
      state: 'failed',
      attempts: 1,
      replies: [{ server: `127.0.0.1:${first.port}`, response: /550 no such user/ }],
    },
    { id: 'ada', state: 'sent' },
    { id: 'grace', state: 'sent' },
  ])
  t.same([first.arrived.length, second.arrived.length], [2, 0])
})

/** One way to be in trouble, and how often a mail was tried on it. */
interface Trouble {
  readonly name: string
  start(t: Test): Promise<{ readonly config: SmtpConfig; readonly count: () => number }>
}

const odd = (name: string, greet: (socket: Socket) => void): Trouble => ({
  name,
  async start(t) {
    const { port, count } = await startOddServer(t, greet)
    return { config: smtpConfig(port, { timeout: 150 }), count }
  },
})

const real = (name: string, change: SMTPServerOptions, config: Partial<SmtpConfig> = {}): Trouble => ({
  name,
  async start(t) {
    let count = 0
    const { port } = await startMailServer(t, {
      ...change,
      onConnect(_session, callback) {
        count += 1
        callback()
      },
      onMailFrom(address, session, callback) {
        count += 1
        if (change.onMailFrom === undefined) callback()
        else change.onMailFrom(address, session, callback)
      },
    })
    return { config: smtpConfig(port, config), count: () => count }
  },
})

const troubles: readonly Trouble[] = [
  odd('hangs up', (socket) => socket.destroy()),
  odd('hangs', () => {}),
  odd('is busy', (socket) => socket.end('421 too busy\r\n')),
  odd('turns everyone away', (socket) => socket.end('554 go away\r\n')),
  odd('is no mail server', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  real('has no STARTTLS', { disabledCommands: ['STARTTLS'] }, { requireTls: true }),
  real('has a certificate that nobody trusts', { disabledCommands: [] }, { requireTls: true }),
  real(
    'refuses the login',
    {
      authOptional: false,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      onAuth: (_auth, _session, callback) => callback(refusal(535, 'no such login')),
    },
    { user: 'alerts', password: 'geheim-7' },
  ),
  real('refuses the sender', { onMailFrom: (_address, _session, callback) => callback(refusal(550, 'not you')) }),
  real('is full', { onMailFrom: (_address, _session, callback) => callback(refusal(452, 'disk full')) }),
  real('defers every mail', { onData: (_stream, _session, callback) => callback(refusal(451, 'later')) }),
]

for (const trouble of troubles) {
  test(`a server that ${trouble.name} is passed over at once, and rests`, async (t) => {
    const { config, count } = await trouble.start(t)
    const second = await startMailServer(t)
    const { way, clock, said } = open(t, [config, smtpConfig(second.port)])
    t.match(await sendTo(way), { state: 'sent', replies: [{ server: `127.0.0.1:${second.port}`, response: /^250 / }] })
    const asked = count()
    t.match(await sendTo(way), { state: 'sent' })
    t.equal(count(), asked, 'the next mail does not try it')
    t.equal(said.length, 1)
    await clock.advance(5_000)
    t.match(await sendTo(way), { state: 'sent' })
    t.ok(count() > asked, 'one after the rest does')
    t.equal(second.arrived.length, 3)
  })
}

test('a recipient who is deferred is offered to the next server, and the first one goes on for others', async (t) => {
  const first = await startMailServer(t, {
    onRcptTo: ({ address }, _session, callback) =>
      callback(address.startsWith('full') ? refusal(450, 'mailbox full') : null),
  })
  const second = await startMailServer(t)
  const { way, said } = open(t, [smtpConfig(first.port), smtpConfig(second.port)])
  t.match(await sendTo(way, 'full@example.org'), { state: 'sent', replies: [{ server: `127.0.0.1:${second.port}` }] })
  t.match(await sendTo(way), { state: 'sent', replies: [{ server: `127.0.0.1:${first.port}` }] })
  t.same(said, [])
})

test('a deferred mail is accepted at the next attempt, and the replies of both servers are shown until then', async (t) => {
  let left = 2
  const busy: SMTPServerOptions = {
    onData: (_stream, _session, callback) => callback((left -= 1) >= 0 ? refusal(451, `later ${left}`) : null),
  }
  const servers = [await startMailServer(t, busy), await startMailServer(t, busy)] as const
  const post = startPost(
    t,
    servers.map(({ port }) => smtpConfig(port)),
  )
  await post.add(mailTo('ada'))
  const replies = servers.map(({ port }, i) => ({
    server: `127.0.0.1:${port}`,
    response: new RegExp(`451 later ${1 - i}$`),
  }))
  t.match(await post.records(), [{ state: 'pending', attempts: 1, replies }])
  await post.pass(10_000)
  t.match(await post.records(), [{ state: 'sent', attempts: 2 }])
  t.same(idsOf(...servers).length, 1)
})

test('a server in trouble rests for 5 s, then twice as long each time, at last for 5 minutes', async (t) => {
  const down = await startOddServer(t, (socket) => socket.end('421 too busy\r\n'))
  const second = await startMailServer(t)
  const { way, clock } = open(t, [smtpConfig(down.port), smtpConfig(second.port)])
  const tries: number[] = []
  for (let second = 0; second < 1000; second += 1) {
    const before = down.count()
    if (second % 5 === 0) await sendTo(way)
    if (down.count() > before) tries.push(second)
    await clock.advance(1000)
  }
  t.same(tries, [0, 5, 15, 35, 75, 155, 315, 615, 915])
  t.equal(second.arrived.length, 200)
})

test('a server that rests is asked again after the clock was set back by 25 hours', async (t) => {
  const gone = await startMailServer(t)
  await gone.close()
  const second = await startMailServer(t)
  const { way, clock } = open(t, [smtpConfig(gone.port), smtpConfig(second.port)])
  await sendTo(way)
  const first = await startMailServer(t, {}, gone.port)
  await clock.advance(-25 * 60 * MINUTE)
  await sendTo(way)
  t.same([first.arrived.length, second.arrived.length], [1, 1])
})

test('of many mails at once only one tries a server after its rest, and one trouble counts once', async (t) => {
  const down = await startOddServer(t, (socket) => socket.destroy())
  const second = await startMailServer(t)
  const { way, clock } = open(t, [smtpConfig(down.port), smtpConfig(second.port)])
  const mail = notification()
  const bytes = await way.render(mail)
  // All are under way before the first connection can fail.
  const burst = (): Promise<readonly Delivery[]> =>
    Promise.all(Array.from({ length: 5 }, () => way.send(bytes, mail, never)))
  await burst()
  const asked = down.count()
  await clock.advance(5_000)
  await burst()
  t.ok(down.count() - asked <= 2, 'one mail, whose connection the pool tries twice')
  t.ok(down.count() > asked)
  t.equal(second.arrived.length, 10)
})

test('a server that trickles its answers leaves time for the next one', async (t) => {
  const slow = await startOddServer(t, (socket) => {
    socket.write('220-patience\r\n')
    socket.on('data', () => socket.write('250-more\r\n'))
  })
  const second = await startMailServer(t)
  const { way, clock } = open(t, [smtpConfig(slow.port, { timeout: 60_000 }), smtpConfig(second.port)], 10_000)
  const delivery = sendTo(way)
  await until('the slow server is asked', () => slow.count() === 1)
  await clock.advance(5_000)
  t.match(await delivery, { state: 'sent', replies: [{ server: `127.0.0.1:${second.port}`, response: /^250 / }] })
})

test('an attempt that is cut off asks no further server, and blames none', async (t) => {
  const slow = await startOddServer(t, () => {})
  const second = await startMailServer(t)
  const { way, said } = open(t, [smtpConfig(slow.port, { timeout: 60_000 }), smtpConfig(second.port)])
  const cut = new AbortController()
  const delivery = sendTo(way, 'ada@example.org', cut.signal)
  await until('the slow server is asked', () => slow.count() === 1)
  cut.abort()
  t.match(await delivery, { state: 'retry', replies: [{ why: { code: 'aborted' } }] })
  t.same([second.arrived.length, said.length], [0, 0])
})

test('with one server its answer stands alone, and it is asked however often it fails', async (t) => {
  const gone = await startMailServer(t)
  await gone.close()
  const { way } = open(t, [smtpConfig(gone.port)])
  t.match(await sendTo(way), {
    state: 'retry',
    why: { code: 'connection_failed', params: { error: /ECONNREFUSED/ } },
  })
  await startMailServer(t, {}, gone.port)
  t.match(await sendTo(way), { state: 'sent', response: /^250 / })
})

const policies: readonly (readonly [string, SMTPServerOptions])[] = [
  ['our name, in the answer to RCPT', refuse('rcpt', 554, '5.7.1 <localhost>: Helo command rejected')],
  ['our quota', refuse('rcpt', 550, '5.4.5 Daily user sending limit exceeded')],
  ['the content', refuse('data', 554, '5.7.1 looks like spam')],
  ['the size', refuse('data', 552, '5.3.4 too large')],
]

function refuse(stage: 'rcpt' | 'data', code: number, text: string): SMTPServerOptions {
  const no = refusal(code, text)
  return {
    onRcptTo: (_address, _session, callback) => callback(stage === 'rcpt' ? no : null),
    onData: (_stream, _session, callback) => callback(stage === 'data' ? no : null),
  }
}

for (const [what, options] of policies) {
  test(`a server that refuses ${what} does not decide for the next one, which gets the mail`, async (t) => {
    const first = await startMailServer(t, options)
    const second = await startMailServer(t)
    const { way } = open(t, [smtpConfig(first.port), smtpConfig(second.port)])
    t.match(await sendTo(way), { state: 'sent', replies: [{ server: `127.0.0.1:${second.port}`, response: /^250 / }] })
    t.equal(second.arrived.length, 1)
  })
}

test('a mail that every server refuses for a reason of its own waits, one that is too large for all does not', async (t) => {
  const at = async (options: SMTPServerOptions): Promise<SmtpConfig> =>
    smtpConfig((await startMailServer(t, options)).port)
  const spam = await at(refuse('data', 554, '5.7.1 looks like spam'))
  const helo = await at(refuse('rcpt', 554, '5.7.1 Helo command rejected'))
  const small = [await at(refuse('data', 552, '5.3.4 too large')), await at(refuse('data', 552, 'too large'))] as const
  t.match(await sendTo(open(t, [spam, helo]).way), {
    state: 'retry',
    replies: [{ response: /looks like spam/ }, { response: /Helo command/ }],
  })
  t.match(await sendTo(open(t, small).way), {
    state: 'failed',
    replies: [{ response: /too large/ }, { response: /too large/ }],
  })
  t.match(await sendTo(open(t, [small[0], helo]).way), { state: 'retry' })
})

/** A server that takes mails, and replies when `answer` is called. */
async function startSlowServer(t: Test): Promise<{ readonly server: MailServer; readonly held: (() => void)[] }> {
  const held: (() => void)[] = []
  const server = await startMailServer(t, { onData: (_stream, _session, callback) => void held.push(() => callback()) })
  return { server, held }
}

test('a server that looks at a mail for nine minutes gets it once, whatever the timeout', async (t) => {
  const { server, held } = await startSlowServer(t)
  const post = await startSender(t, [smtpConfig(server.port)], [mailTo('ada')])
  await until('it has the mail', () => held.length === 1)
  await post.clock.advance(9 * MINUTE)
  held[0]?.()
  await until('it was tried', async () => ((await post.outbox.list(1))[0]?.attempts ?? 0) > 0)
  t.match(await post.outbox.list(1), [{ state: 'sent', attempts: 1 }])
  t.equal(server.arrived.length, 1)
})

test('of two servers the first one has as long to look at a mail, and after ten minutes the second one gets it', async (t) => {
  const { server, held } = await startSlowServer(t)
  const second = await startMailServer(t)
  const { way, clock } = open(t, [smtpConfig(server.port), smtpConfig(second.port)])
  const delivery = sendTo(way)
  await until('it has the mail', () => held.length === 1)
  await clock.advance(10 * MINUTE - 1)
  t.equal(second.arrived.length, 0)
  await clock.advance(1)
  t.match(await delivery, { state: 'sent', replies: [{ server: `127.0.0.1:${second.port}` }] })
})

test('a server that never answers after the mail is given up after ten minutes, and the answer says why', async (t) => {
  const { server, held } = await startSlowServer(t)
  const { way, clock } = open(t, [smtpConfig(server.port)])
  const delivery = sendTo(way)
  await until('it has the mail', () => held.length === 1)
  await clock.advance(10 * MINUTE)
  const why = { code: 'slow_after_data', params: { server: `127.0.0.1:${server.port}`, within: 600_000 } }
  t.strictSame(await delivery, { state: 'retry', fault: 'server', why })
})

test('a timeout of five minutes is waited for in full', async (t) => {
  const held: (() => void)[] = []
  const server = await startMailServer(t, {
    onRcptTo: (_address, _session, callback) => void held.push(() => callback()),
  })
  for (const others of [[], [smtpConfig((await startMailServer(t)).port)]]) {
    const { way, clock } = openByDefault(t, [smtpConfig(server.port, { timeout: 5 * MINUTE }), ...others])
    const delivery = sendTo(way)
    await until('it was asked', () => held.length === 1)
    await clock.advance(5 * MINUTE - 1)
    held.pop()?.()
    t.match(
      await delivery,
      others.length === 0
        ? { state: 'sent', response: /^250/ }
        : { state: 'sent', replies: [{ server: `127.0.0.1:${server.port}` }] },
    )
  }
})

test('mails to others go on while a server looks at mails for long, and the stop does not wait for it', async (t) => {
  const held: (() => void)[] = []
  const server = await startMailServer(t, {
    onData: (_stream, session, callback) => {
      const [first] = session.envelope.rcptTo
      if (first?.address.startsWith('slow') === true) held.push(() => callback())
      else callback()
    },
  })
  const mails = [...Array.from({ length: 6 }, (_, i) => mailTo(`slow${i}`)), mailTo('ada')]
  const { sender, clock, outbox } = await startSender(t, [smtpConfig(server.port)], mails)
  await until('all connections are taken', () => held.length === 5)
  t.equal(server.arrived.length, 0)
  await clock.advance(10_000)
  await until('the others go on', () => held.length === 6 && server.arrived.length === 1)
  const stopped = sender.stop(5_000)
  await clock.advance(5_000)
  await stopped
  const records = await outbox.list(10)
  t.strictSame(new Set(records.filter(({ id }) => id !== 'ada').map(({ state }) => state)), new Set(['pending']))
})

function openByDefault(
  t: Test,
  servers: readonly SmtpConfig[],
): { readonly way: Notifier; readonly clock: VirtualClock } {
  const clock = createVirtualClock(at('12:05:12'))
  const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
  const way = createEmailNotifier(mailConfig(servers), { compose, clock, log })
  t.teardown(() => way.close())
  return { way, clock }
}

async function startSender(t: Test, servers: readonly SmtpConfig[], mails: readonly Notification[]) {
  const { way, clock } = openByDefault(t, servers)
  const { outbox, ...journal } = openMemoryJournal()
  const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
  const effects = mails.map((mail) => effectOf({ ...mail, decidedAt: clock.now() }))
  await journal.commit(0, effects, clock.now())
  const sender = createSender({
    outbox,
    notifiers: { email: way, webhook: way, alertmanager: way },
    clock,
    log,
    observer: silentObserver,
  })
  t.teardown(() => Promise.all([sender.stop(0), clock.advance(5_000)]))
  return { sender, clock, outbox }
}
