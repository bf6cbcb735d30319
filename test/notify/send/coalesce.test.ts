import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import PostalMime from 'postal-mime'
import { type Test, test } from 'tap'
import { openSqliteJournal } from '../../../src/journal/index.ts'
import { createOutbox, type Journal, type Log, type Notification, type SendRecord } from '../../../src/model.ts'
import { coalesce } from '../../../src/notify/send/coalesce.ts'
import { createSender, createNotifiers, type Sender, type Notifiers } from '../../../src/notify/index.ts'
import type { Notifier } from '../../../src/notify/notifier.ts'
import { until } from '../../helpers/service.ts'
import { createVirtualClock, type VirtualClock } from '../../helpers/clock.ts'
import { startWebServer } from '../http.ts'
import { at, effectOf, facts, notification } from '../samples.ts'
import { mailConfig, type MailServer, refusal, smtpConfig, startMailServer } from '../email/smtp-server.ts'
import { silentObserver } from '../../helpers/log.ts'

const quiet = (): void => {}
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet }

const MINUTE = 60_000
const AGAIN = 'repeat_interval'
const began = at('10:02:10')

const to = { name: 'Ada Lovelace', address: 'ada@example.org' }
const firing = (change: Partial<Notification> = {}): Notification =>
  notification({
    id: 'firing',
    decidedAt: began,
    to,
    thread: 'one',
    alerts: [facts({ startsAt: at('10:01:00'), evaluatedAt: at('10:02:00') })],
    ...change,
  })
const over = (change: Partial<Notification> = {}): Notification => {
  const alert = facts({
    state: 'resolved',
    startsAt: at('10:01:00'),
    evaluatedAt: at('10:12:00'),
    resolvedAt: at('10:12:00'),
    value: 0.4,
  })
  return notification({
    id: 'over',
    decidedAt: at('10:12:10'),
    reason: 'resolved',
    to,
    thread: 'one',
    seq: 1,
    alerts: [alert],
    ...change,
  })
}

/** A service's memory and sender, which can be stopped and started again on the same file. */
interface Play {
  readonly clock: VirtualClock
  start(): Promise<void>
  stop(): Promise<void>
  /** Commits notifications, and waits until the sender has nothing to do. */
  decide(...notifications: readonly Notification[]): Promise<void>
  /** The same, without waiting for the attempts that are under way. */
  commit(...notifications: readonly Notification[]): Promise<void>
  records(): Promise<Record<string, SendRecord>>
  /** Lets time pass in steps, and waits after each until no attempt is under way. */
  pass(minutes: number): Promise<void>
  /** Waits in real time until something is not pending any more. */
  done(id: string): Promise<void>
}

interface Tracker {
  track<T>(promise: Promise<T>): Promise<T>
  readonly open: ReadonlySet<Promise<unknown>>
  started: number
}

/** Knows which calls are under way, and how many there were. */
function createTracker(): Tracker {
  const open = new Set<Promise<unknown>>()
  const tracker: Tracker = {
    open,
    started: 0,
    track(promise) {
      tracker.started += 1
      open.add(promise)
      return promise.finally(() => open.delete(promise))
    },
  }
  return tracker
}

/** Waits until nothing is under way and nothing more is begun in several turns of the event loop. */
async function idle(...trackers: readonly Tracker[]): Promise<void> {
  const count = (): number => trackers.reduce((sum, { started }) => sum + started, 0)
  for (let calm = 0; calm < 5; calm += 1) {
    const before = count()
    const open = trackers.flatMap((tracker) => [...tracker.open])
    await Promise.allSettled(open)
    await turn()
    if (open.length > 0 || count() !== before) calm = -1
  }
}

function play(t: Test, openNotifiers: () => Promise<Notifiers>): Play {
  const clock = createVirtualClock(began)
  const file = join(t.testdir({}), 'journal.db')
  let journal: Journal | undefined
  let sender: Sender | undefined
  const open = (): Journal => journal ?? (t.fail('it does not run') as never)
  const stop = async (): Promise<void> => {
    // Closing connections takes real time, the limits of the stop are virtual.
    const stopped = sender?.stop(1_000)
    await clock.advance(5_000)
    await stopped
    await journal?.close()
    journal = sender = undefined
  }
  t.teardown(stop)
  const [calls, sends] = [createTracker(), createTracker()]
  const watchSends = (notifiers: Notifiers): Notifiers => {
    const watch = (one: Notifier): Notifier => ({ ...one, send: (...mail) => sends.track(one.send(...mail)) })
    const { email, webhook, alertmanager } = notifiers
    return { email: watch(email), webhook: watch(webhook), alertmanager: watch(alertmanager) }
  }
  const commit = async (...all: readonly Notification[]): Promise<void> => {
    await open().commit(1, all.map(effectOf), clock.now())
    sender?.wake()
    await idle(calls)
  }
  const records: Play['records'] = async () =>
    Object.fromEntries((await open().outbox.list(99)).map((record) => [record.id, record]))
  return {
    clock,
    records,
    async done(id) {
      await until(`the outcome of ${id}`, async () => (await records())[id]?.state !== 'pending')
    },
    async start() {
      journal = openSqliteJournal({ file })
      if ((await journal.read(0, 1)).length === 0) await journal.append([{ kind: 'tick', data: new Uint8Array(0) }])
      const { outbox } = journal
      sender = createSender({
        outbox: createOutbox((method, args) => calls.track(outbox[method](...args))),
        notifiers: watchSends(await openNotifiers()),
        clock,
        log,
        observer: silentObserver,
        timeout: 1e9,
      })
    },
    stop,
    async decide(...all) {
      await commit(...all)
      await idle(calls, sends)
    },
    commit,
    async pass(minutes) {
      for (let i = 0; i < minutes * 6; i += 1) {
        await clock.advance(MINUTE / 6)
        await idle(calls, sends)
      }
    },
  }
}

const mailNotifiers =
  (t: Test, port: number): (() => Promise<Notifiers>) =>
  async () => {
    const base = { data: join(t.testdirName, 'data'), targets: new Map(), engine: { mailsPerMinute: 5 } }
    return (
      await createNotifiers(
        { ...base, smtp: mailConfig([smtpConfig(port)]) },
        { clock: createVirtualClock(began), log },
      )
    ).notifiers
  }

async function downServer(t: Test): Promise<MailServer> {
  const server = await startMailServer(t)
  await server.close()
  return server
}

for (const restarts of [false, true]) {
  const name = restarts ? ', also over restarts' : ''
  test(`a mail server that was down for 20 minutes gets one mail about an alert that is over by then${name}`, async (t) => {
    const { port } = await downServer(t)
    const one = play(t, mailNotifiers(t, port))
    const again = async (): Promise<void> => {
      if (!restarts) return
      await one.stop()
      await one.start()
    }
    await one.start()
    await one.decide(firing())
    await one.pass(5)
    await again()
    await one.pass(5)
    t.match(await one.records(), { firing: { state: 'pending', why: { params: { error: /ECONNREFUSED/ } } } })
    await one.decide(over())
    await again()
    await one.pass(10)
    t.match(await one.records(), {
      firing: { state: 'merged', mergedInto: 'over' },
      over: { state: 'pending', why: { params: { error: /ECONNREFUSED/ } } },
    })
    const server = await startMailServer(t, {}, port)
    await again()
    await one.pass(6)
    await one.done('over')
    t.match(await one.records(), { firing: { state: 'merged' }, over: { state: 'sent' } })
    t.equal(server.arrived.length, 1, 'one mail')
    const mail = await PostalMime.parse(server.arrived[0]?.raw ?? '')
    t.match(mail.text, /^\[Fired and resolved\] /)
    t.notMatch(mail.subject, /^Re:/)
    t.match(mail.text, 'This mail replaces the one from 2026-11-22 10:02:10 UTC, which could not be sent.')
    t.match(mail.html, /replaces the one from/)
    t.match(JSON.parse((await one.records())['over']?.data ?? ''), { replaces: { at: began, reason: 'fired' } })
  })
}

test('after an outage the mails of one conversation arrive in the order of their decisions', async (t) => {
  const { port } = await downServer(t)
  const one = play(t, mailNotifiers(t, port))
  await one.start()
  await one.decide(firing({ reason: 'silence_ended' }))
  await one.pass(1)
  const server = await startMailServer(t, {}, port)
  await one.decide(firing({ id: 'worse', reason: 'severity_raised', seq: 1 }))
  t.match(await one.records(), { firing: { state: 'pending' }, worse: { state: 'pending', attempts: 0 } })
  await one.pass(3)
  await one.done('worse')
  const mails = await Promise.all(server.arrived.map(({ raw }) => PostalMime.parse(raw)))
  t.strictSame(
    mails.map(({ text = '' }) => /^\[.*?\]/.exec(text)?.[0]),
    ['[Warning: suppressed until now]', '[Escalated to critical]'],
  )
  t.equal(mails[1]?.inReplyTo, mails[0]?.messageId)
})

test('after an outage the end of an episode comes before the next one of the same rule and host', async (t) => {
  const up = await startMailServer(t)
  const one = play(t, mailNotifiers(t, up.port))
  await one.start()
  await one.decide(firing())
  await one.done('firing')
  await up.close()
  await one.decide(over())
  await one.pass(1)
  t.match(await one.records(), { over: { state: 'pending', why: { params: { error: /ECONNREFUSED/ } } } })
  const server = await startMailServer(t, {}, up.port)
  await one.decide(firing({ id: 'again', thread: 'two', alerts: [facts({ episode: 'two' })] }))
  t.match(await one.records(), { again: { state: 'pending', attempts: 0 } })
  await one.pass(3)
  await one.done('again')
  const mails = await Promise.all(server.arrived.map(({ raw }) => PostalMime.parse(raw)))
  t.strictSame(
    mails.map(({ text = '' }) => /^\[.*?\]/.exec(text)?.[0]),
    ['[Resolved]', '[Warning]'],
  )
  t.match(mails[0]?.text, 'This is the last mail about it.')
})

test('once the mail server is back all that waited for it leaves at once, and who is deferred keeps waiting', async (t) => {
  const { port } = await downServer(t)
  const one = play(t, mailNotifiers(t, port))
  await one.start()
  const hosts = Array.from({ length: 12 }, (_, i) => `web-${i}`)
  for (const host of hosts) {
    await one.decide(firing({ id: host, thread: host, alerts: [facts({ host, episode: host })] }))
    await one.pass(0.5)
  }
  const full = { name: 'Full', address: 'full@example.org' }
  await one.pass(4)
  const server = await startMailServer(
    t,
    {
      onRcptTo: ({ address }, _session, callback) =>
        callback(address.startsWith('full') ? refusal(450, 'greylisted') : null),
    },
    port,
  )
  await one.decide(firing({ id: 'full', thread: 'full', to: full }))
  for (let i = 0; i < 30 && server.arrived.length === 0; i += 1) await one.pass(1 / 6)
  for (const host of hosts) await one.done(host)
  t.equal(server.arrived.length, 12, 'no time passes between the first and the last')
  const deferred = async (): Promise<SendRecord | undefined> => (await one.records())['full']
  // An attempt may be under way; afterwards the next one lies ahead.
  await until('a deferral', async () => ((await deferred())?.nextAttemptAt ?? 0) > one.clock.now())
  const { attempts = 0, ...waiting } = (await deferred()) ?? {}
  t.match(waiting, { state: 'pending', response: /greylisted/ })
  await one.decide(firing({ id: 'next', thread: 'next' }))
  await one.done('next')
  t.match(await deferred(), { state: 'pending', attempts })
})

test('what is due at once is one mail too, although the server is up', async (t) => {
  const server = await startMailServer(t)
  const one = play(t, mailNotifiers(t, server.port))
  await one.start()
  await one.decide(firing(), over({ id: 'x', thread: 'other', seq: 0 }), over())
  for (const id of ['x', 'over']) await one.done(id)
  t.match(await one.records(), { firing: { state: 'merged' }, over: { state: 'sent' }, x: { state: 'sent' } })
  t.equal(server.arrived.length, 2)
})

test('a mail that is being sent right now is left alone, and the one about the end follows it', async (t) => {
  const accept: (() => void)[] = []
  const server = await startMailServer(t, {
    onData: (_stream, _session, callback) => void accept.push(() => callback()),
  })
  const one = play(t, mailNotifiers(t, server.port))
  await one.start()
  await one.commit(firing())
  await until('the first mail', () => accept.length > 0)
  await one.commit(over())
  t.match(await one.records(), { over: { state: 'pending', attempts: 0 } }, 'the second waits for the first')
  t.equal(accept.length, 1)
  accept.shift()?.()
  await until('the second mail', () => accept.length > 0)
  accept.shift()?.()
  await one.done('over')
  t.match(await one.records(), { firing: { state: 'sent' }, over: { state: 'sent' } })
  t.same(
    server.arrived.map(({ raw }) => /^\[?(?:Resolved|Warning)/m.exec(raw.toString())?.[0]),
    ['[Warning', '[Resolved'],
  )
})

test('a webhook that was down gets one body, which says what it stands for', async (t) => {
  const down = await startWebServer(t)
  await down.close()
  const webhook = { url: down.url, headers: {}, allowPrivate: true, timeout: 2_000 }
  const base = {
    data: join(t.testdirName, 'data'),
    targets: new Map([['ops', { webhook }]]),
    engine: { mailsPerMinute: 5 },
  }
  const one = play(t, async () => (await createNotifiers(base, { clock: createVirtualClock(began), log })).notifiers)
  const change: Partial<Notification> = { channel: 'webhook', to: { address: 'webhook:ops' } }
  await one.start()
  await one.decide(firing(change))
  await one.pass(5)
  await one.decide(over(change))
  const up = await startWebServer(t, undefined, down.port)
  await one.pass(6)
  await one.done('over')
  t.equal(up.posted.length, 1)
  const body: unknown = JSON.parse(String(up.posted[0]?.raw))
  t.match(body, {
    status: 'resolved',
    stashwatch: { replaces: { decidedAt: '2026-11-22T10:02:10.000Z', reason: 'fired' } },
  })
})

test('after an outage a thread gets one mail with the current state, which lists undelivered ones', async (t) => {
  const { port } = await downServer(t)
  const one = play(t, mailNotifiers(t, port))
  await one.start()
  await one.decide(firing())
  for (const [i, time] of ['11:02:10', '12:02:10', '13:02:10'].entries()) {
    await one.pass(1)
    const alerts = [facts({ startsAt: at('10:01:00'), evaluatedAt: at(time), value: 0.93 + i / 100, reason: AGAIN })]
    await one.decide(firing({ id: `again${i}`, seq: i + 1, decidedAt: at(time), reason: AGAIN, alerts }))
  }
  const server = await startMailServer(t, {}, port)
  await one.pass(3)
  await one.done('again2')
  t.equal(server.arrived.length, 1)
  const { text, subject = '' } = await PostalMime.parse(server.arrived[0]?.raw ?? '')
  t.match(text, /^\[Warning\] .*95%/)
  t.match(text, 'Rule cpu-high fired')
  t.match(text?.replaceAll(/\s+/g, ' '), 'replaces the 3 mails from 2026-11-22 10:02:10 UTC to 2026-11-22 12:02:10 UTC')
  t.notMatch(subject, /^Re:/)
})

test('a repeated notification is replaced by a later one, which takes over the undelivered ones', (t) => {
  const pending = (...all: readonly Notification[]): ReturnType<typeof coalesce> =>
    coalesce(all.map((one) => ({ id: one.id, notification: one })))
  const mergedOf = (...all: readonly Notification[]): Partial<Notification> =>
    JSON.parse(pending(...all)?.data ?? '{}') as Partial<Notification>
  const again = (id: string, change: Partial<Notification> = {}): Notification =>
    firing({ id, reason: AGAIN, decidedAt: began + 60_000, alerts: [facts({ reason: AGAIN, value: 0.99 })], ...change })
  const worse = firing({ id: 'worse', reason: 'severity_raised', decidedAt: began + 120_000 })
  t.match(pending(again('a'), again('b')), { into: 'b', of: ['a'] })
  t.match(mergedOf(again('a'), again('b')), { reason: AGAIN, replaces: { reason: AGAIN } })
  t.match(pending(again('a'), worse), { into: 'worse', of: ['a'] }, 'also to what is new')
  t.match(pending(firing(), again('a'), worse), { into: 'worse', of: ['a'] }, 'that it fired is told by itself')
  const rose = mergedOf(firing(), worse, again('a'))
  t.match(rose, { reason: 'severity_raised', alerts: [{ reason: 'severity_raised', value: 0.99 }] })
  t.match(pending(firing(), worse, again('a')), { of: ['worse'] }, 'one takes over one piece of news')
  t.match(mergedOf(firing({ reason: 'escalated' }), again('a')), { reason: 'escalated' })
  const [a, b] = [facts({ episode: 'a' }), facts({ episode: 'b' })]
  t.equal(
    pending(firing({ alerts: [a, b], newCount: 1 }), again('both', { alerts: [a, b] })),
    undefined,
    'b has not fired now',
  )
  t.equal(pending(again('both', { alerts: [a, b] }), again('a', { alerts: [a] })), undefined, 'nobody would hear of b')
  const two = mergedOf(firing(), again('a'), again('b'))
  t.match(two, { reason: 'fired', replaces: { at: began, reason: 'fired', count: 2, last: began + 60_000 } })
  const more = mergedOf(two as Notification, again('c', { decidedAt: began + 90_000 }))
  t.match(more.replaces, { at: began, reason: 'fired', count: 3, last: began + 60_000 })
  t.end()
})

test('only notifications that the newest one covers are omitted', (t) => {
  const pending = (...all: readonly Notification[]): ReturnType<typeof coalesce> =>
    coalesce(all.map((one) => ({ id: one.id, notification: one })))
  const [a, b] = [facts({ episode: 'a' }), facts({ episode: 'b' })]
  const end = (...alerts: readonly (typeof a)[]): Notification =>
    over({ alerts: alerts.map((one) => ({ ...one, state: 'resolved' as const })) })
  t.equal(pending(), undefined)
  t.equal(pending(over()), undefined)
  t.equal(pending(firing(), firing({ id: 'worse', reason: 'severity_raised' })), undefined, 'it goes on')
  t.equal(pending(firing({ alerts: [a, b] }), end(b)), undefined, 'nobody would hear of a')
  t.equal(pending(firing({ alerts: [a] }), over({ alerts: [{ ...a, state: 'resolved' }, b] })), undefined, 'b goes on')
  t.equal(pending(firing({ alerts: [], kind: 'notice' }), end(a)), undefined)
  t.match(pending(firing({ alerts: [a] }), firing({ id: 'worse', alerts: [a, b] }), end(a, b)), {
    into: 'over',
    of: ['firing', 'worse'],
  })
  const twice = pending({ ...firing(), id: 'end', replaces: { at: 7, reason: 'escalated' } }, over())
  t.match(JSON.parse(twice?.data ?? ''), { id: 'over', replaces: { at: 7, reason: 'escalated' } }, 'the oldest counts')
  const state = { channel: 'alertmanager' as const }
  t.match(
    pending(firing(state), firing({ ...state, id: 'again' })),
    { into: 'again', of: ['firing'] },
    'an Alertmanager is told how things are',
  )
  t.end()
})
