import { test } from 'tap'
import { openMemoryJournal } from '../../../src/journal/index.ts'
import {
  type Channel,
  deliveryResult,
  type Log,
  type Notification,
  type Observer,
  type Outbox,
  type OutboxItem,
  type Outcome,
} from '../../../src/model.ts'
import { buildMime } from '../../../src/notify/email/smtp.ts'
import { renderMessage } from '../../../src/notify/mail/message.ts'
import { createSender, type Sender, type SenderParts } from '../../../src/notify/send/sender.ts'
import { retryDelay } from '../../../src/notify/send/retry.ts'
import { createEmailNotifier } from '../../../src/notify/email/failover.ts'
import { ATTEMPT_TIMEOUT, type Delivery, type Notifier, type Notifiers } from '../../../src/notify/notifier.ts'
import { createVirtualClock, type VirtualClock } from '../../helpers/clock.ts'
import { at, effectOf, notification } from '../samples.ts'
import { mailConfig, refusal, silent, smtpConfig, startMailServer } from '../email/smtp-server.ts'
import { until } from '../../helpers/service.ts'
import { silentObserver } from '../../helpers/log.ts'

const mailOptions = { from: { name: 'Stashwatch', address: 'alerts@example.org' }, domain: 'example.org' }
const compose = (mail: Notification): ReturnType<typeof renderMessage> => renderMessage(mail, mailOptions)

interface Row {
  data: string
  attempts: number
  rendered?: Uint8Array
  outcome?: Outcome
  nextAt: number
}

interface Box extends Outbox {
  readonly rows: Map<string, Row>
  /** What does not work for now. */
  readonly broken: Set<'due' | 'rendered' | 'outcome'>
  add(...mails: readonly Notification[]): void
}

function createBox(): Box {
  const rows = new Map<string, Row>()
  const broken: Box['broken'] = new Set()
  const work = async (step: 'due' | 'rendered' | 'outcome'): Promise<void> => {
    if (broken.has(step)) throw new Error('disk full')
  }
  return {
    rows,
    broken,
    add: (...mails) =>
      mails.forEach((mail) => rows.set(mail.id, { data: JSON.stringify(mail), attempts: 0, nextAt: 0 })),
    async due(now, limit): Promise<OutboxItem[]> {
      await work('due')
      const pending = [...rows].filter(([, row]) => (row.outcome?.state ?? 'retry') === 'retry')
      const first = new Map(pending.map(([id, { data }]) => [threadOf(data), id] as const).reverse())
      return pending
        .filter(([id, { data, nextAt }]) => nextAt <= now && first.get(threadOf(data)) === id)
        .slice(0, limit)
        .map(([id, { data, attempts, rendered }]) => ({ id, data, attempts, ...(rendered ? { rendered } : {}) }))
    },
    async pendingInThread(id): Promise<OutboxItem[]> {
      const row = rows.get(id)
      return row === undefined ? [] : [{ ...row, id }]
    },
    history: async () => ({ undelivered: [] }),
    find: async () => null,
    merge: async () => false,
    retryNow: async () => {},
    async rendered(id, bytes): Promise<void> {
      await work('rendered')
      rows.get(id)!.rendered = bytes
    },
    async outcome(id, outcome): Promise<void> {
      await work('outcome')
      const row = rows.get(id)!
      row.outcome = outcome
      row.attempts += 1
      if (outcome.state === 'retry') row.nextAt = outcome.at
    },
    list: async () =>
      [...rows].map(([id, row]) => ({
        id,
        data: row.data,
        state: 'pending',
        attempts: row.attempts,
        createdAt: 0,
        ...deliveryResult(row.outcome ?? {}),
      })),
    stats: async () => ({ pending: rows.size, oldest: at('12:00:00') }),
  }
}

/** What is no notification has no thread. */
function threadOf(data: string): string {
  try {
    const { channel, to, thread } = JSON.parse(data) as Notification
    return JSON.stringify([channel, to.address, thread])
  } catch {
    return data
  }
}

interface Scripted extends Notifier {
  readonly sent: { readonly to: string; readonly bytes: string }[]
}

function scripted(answer: (to: string, n: number, signal: AbortSignal) => Delivery | Promise<Delivery>): Scripted {
  const sent: { to: string; bytes: string }[] = []
  return {
    type: 'email',
    timeout: ATTEMPT_TIMEOUT,
    sent,
    render: async (mail) => Buffer.from(`${compose(mail).messageId} ${compose(mail).subject}`),
    async send(bytes, { to }, signal): Promise<Delivery> {
      sent.push({ to: to.address, bytes: Buffer.from(bytes).toString() })
      return answer(to.address, sent.length, signal)
    },
    close: async () => {},
  }
}

const accepted: Delivery = { state: 'sent', response: '250 ok' }
const busy: Delivery = { state: 'retry', response: '451 later' }
const GIVEN_UP = { code: 'given_up', params: { after: 86_400_000 } }

interface Play extends SenderParts {
  readonly outbox: Box
  readonly clock: VirtualClock
  readonly said: string[]
  readonly reports: unknown[][]
}

/** Mails leave by this way; nothing leaves by the others. */
function ways(email: Notifier, change: Partial<Notifiers> = {}): Notifiers {
  const none = (type: Notifier['type']): Notifier => ({ ...scripted(() => busy), type })
  return { email, webhook: none('webhook'), alertmanager: none('alertmanager'), ...change }
}

function play(email: Notifier, change: Partial<Play> = {}): Play {
  const said: string[] = []
  const reports: unknown[][] = []
  const say =
    (level: string) =>
    (_: object, message: string): void =>
      void said.push(`${level}: ${message}`)
  const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
  const notified: Observer['notified'] = (...report) => void reports.push(report)
  const observer: Observer = { ...silentObserver, notified }
  return {
    outbox: createBox(),
    clock: createVirtualClock(at('12:05:12')),
    log,
    observer,
    said,
    reports,
    notifiers: ways(email),
    ...change,
  }
}

const mailTo = (name: string, id = name): Notification =>
  notification({ id, thread: id, to: { address: `${name}@example.org` } })
const state = (box: Box, id: string): string | undefined => box.rows.get(id)?.outcome?.state
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await new Promise((done) => setImmediate(done))
}
test('a mail is sent as soon as the sender is woken, with its outcome and latency as metrics', async (t) => {
  const parts = play(scripted(() => accepted))
  const sender = createSender(parts)
  await settle()
  parts.outbox.add(mailTo('ada'))
  sender.wake()
  await settle()
  t.match(parts.outbox.rows.get('ada'), { attempts: 1, outcome: { state: 'sent', response: '250 ok' } })
  t.same(parts.reports, [['email', 'sent', 12]])
  t.match(parts.said, ['info: mail sent'])
  await sender.stop(1000)
})

test('pending mails to a removed address are withdrawn once, with that reason, except the end of notified alerts', async (t) => {
  const gone = new Set<string>()
  const transport = scripted(() => busy)
  const removedAt = ({ to }: Notification) => (gone.has(to.address) ? at('12:05:20') : undefined)
  const [ada, grace, hook] = [mailTo('ada'), mailTo('grace'), { ...mailTo('hook'), channel: 'webhook' as const }]
  const over = mailTo('over')
  const end = { ...over, alerts: over.alerts.map((one) => ({ ...one, state: 'resolved' as const })) }
  const parts = play(transport, {
    removedAt,
    notifiers: ways(transport, { webhook: { ...transport, type: 'webhook' } }),
  })
  parts.outbox.add(ada, grace, hook, end, {
    ...end,
    id: 'late',
    thread: 'late',
    replaces: { at: 0, reason: 'fired' },
  })
  const sender = createSender(parts)
  await settle()
  const tries = transport.sent.length
  for (const { to } of [ada, hook, over]) gone.add(to.address)
  for (let i = 0; i < 30; i += 1) {
    await parts.clock.advance(1000)
    await settle()
  }
  const withdrawn = { state: 'withdrawn', why: { code: 'receiver_removed', params: { at: at('12:05:20') } } }
  for (const id of ['ada', 'hook', 'late']) t.strictSame(parts.outbox.rows.get(id)?.outcome, withdrawn, id)
  for (const id of ['grace', 'over']) t.equal(state(parts.outbox, id), 'retry', id)
  t.equal(tries, 5)
  t.equal(parts.reports.filter(([, outcome]) => outcome === 'withdrawn').length, 3)
  t.equal(parts.said.filter((line) => line.includes('withdrawn')).length, 3)
  await sender.stop(1000)
})

test('a mail is rendered once, kept before the first attempt, and tried unchanged until it is accepted', async (t) => {
  let renders = 0
  const tries: number[] = []
  const transport: Scripted = scripted((_, n) => {
    tries.push(parts.clock.now())
    return n < 10 ? busy : accepted
  })
  const parts = play(transport)
  const box = parts.outbox
  const render: Notifier['render'] = (mail) => transport.render({ ...mail, seq: renders++ })
  const start = (): Sender => createSender({ ...parts, notifiers: ways({ ...transport, render }) })
  box.add(mailTo('ada'))
  const first = start()
  await settle()
  const kept = Buffer.from(box.rows.get('ada')?.rendered ?? []).toString()
  t.same(transport.sent, [{ to: 'ada@example.org', bytes: kept }])
  await parts.clock.advance(100_000)
  await first.stop(1000)
  const second = start()
  await parts.clock.advance(3_600_000)
  t.equal(state(box, 'ada'), 'sent', 'after a restart and many attempts')
  t.equal(renders, 1)
  t.same(new Set(transport.sent.map(({ bytes }) => bytes)), new Set([kept]))
  const waits = tries.slice(1).map((time, i) => time - (tries[i] ?? 0))
  const least = [5, 10, 20, 40, 80, 160, 240, 240, 240].map((seconds) => seconds * 1000)
  t.equal(waits.length, 9)
  for (const [i, wait] of waits.entries()) {
    const low = least[i] ?? 0
    t.ok(wait >= low && wait <= low * 1.25 + 1000, `attempt ${i + 2} came after ${wait} ms, a look each second`)
  }
  await second.stop(1000)
})

test('mails that failed together are tried again apart, between 5 s and 5 minutes later', async (t) => {
  const ids = Array.from({ length: 500 }, (_, i) => `mail${i}`)
  for (const attempts of [0, 3, 1e6]) {
    const waits = ids.map((id) => retryDelay(attempts, id))
    t.same(
      waits,
      ids.map((id) => retryDelay(attempts, id)),
      'not by chance',
    )
    t.ok(new Set(waits).size > 300)
    t.ok(Math.min(...waits) >= 5_000 && Math.max(...waits) <= 300_000)
    t.ok(Math.max(...waits) / Math.min(...waits) > 1.2)
  }
})

test('a mail that nobody took for a day is given up, which is recorded, counted and said', async (t) => {
  const parts = play(scripted((to) => (to.startsWith('late') ? accepted : busy)))
  const errors: object[] = []
  const log: Log = { ...parts.log, error: (fields, message) => void errors.push({ ...fields, message }) }
  parts.outbox.add(mailTo('ada'), { ...mailTo('late'), decidedAt: at('12:00:00') - 7 * 86_400_000 })
  const sender = createSender({ ...parts, log, poll: 30_000 })
  await parts.clock.advance(23.9 * 3_600_000)
  t.equal(state(parts.outbox, 'ada'), 'retry')
  t.equal(state(parts.outbox, 'late'), 'sent', 'what waited for a stashwatch that was down is tried once')
  await parts.clock.advance(0.2 * 3_600_000)
  t.match(parts.outbox.rows.get('ada')?.outcome, { state: 'failed', response: '451 later', why: GIVEN_UP })
  const said = errors.filter((fields) => 'notification' in fields)
  t.match(said, [
    {
      notification: 'ada',
      receiver: 'ops',
      subject: renderMessage(mailTo('ada'), mailOptions).subject,
      response: 'given up after 1 d: 451 later',
      message: /^mail given up, not delivered: fix .* send-test/,
    },
  ])
  t.equal(parts.reports.filter(([, outcome]) => outcome === 'failed').length, 1)
  await sender.stop(1000)
})

test('at most so many mails leave in any minute; the others wait in the outbox without an attempt', async (t) => {
  const times: number[] = []
  const transport = scripted(() => {
    times.push((parts.clock.now() - at('12:05:12')) / 1000)
    return accepted
  })
  const parts = play(transport, { mailRate: 10 })
  const ids = Array.from({ length: 25 }, (_, i) => `mail${i}`)
  parts.outbox.add(...ids.map((id) => mailTo(id)))
  const sender = createSender(parts)
  await settle()
  t.same(
    ids.map((id) => parts.outbox.rows.get(id)?.attempts),
    [...Array(10).fill(1), ...Array(15).fill(0)],
    'waiting is no attempt',
  )
  await parts.clock.advance(180_000)
  t.same(times, [...Array(10).fill(0), ...Array(10).fill(60), ...Array(5).fill(120)], 'seconds')
  t.same(
    ids.map((id) => parts.outbox.rows.get(id)?.attempts),
    Array(25).fill(1),
  )
  t.same(
    transport.sent.map(({ to }) => to),
    ids.map((id) => `${id}@example.org`),
    'the oldest first',
  )
  parts.outbox.add(mailTo('grace'))
  await parts.clock.advance(3_000)
  t.equal(times.at(-1), 181, 'and one that comes alone leaves at once')
  await sender.stop(1000)
})

test('a refused mail and a stalled one hold up none behind them, not even to the same address', async (t) => {
  const stalled: ((delivery: Delivery) => void)[] = []
  const transport = scripted((to) => {
    if (to.startsWith('nobody')) return { state: 'failed', response: '550 no such user' }
    return to.startsWith('slow') ? new Promise((resolve) => stalled.push(resolve)) : accepted
  })
  const parts = play(transport)
  const box = parts.outbox
  box.add(mailTo('slow', 's1'), mailTo('slow', 's2'), mailTo('slow', 's3'), mailTo('slow', 's4'), mailTo('slow', 's5'))
  box.add(mailTo('nobody'), ...Array.from({ length: 30 }, (_, i) => mailTo('ada', `ada${i}`)))
  const sender = createSender(parts)
  await settle()
  await settle()
  t.equal(stalled.length, 3, 'one address takes no more than its share')
  t.equal(state(box, 'nobody'), 'failed')
  t.same(
    Array.from({ length: 30 }, (_, i) => state(box, `ada${i}`)),
    Array(30).fill('sent'),
  )
  t.match(parts.said, ['error: mail failed permanently: the recipient is not notified; fix the error in the response'])
  for (const resolve of stalled.splice(0)) resolve(accepted)
  await settle()
  for (const resolve of stalled.splice(0)) resolve(accepted)
  await settle()
  t.same(
    ['s1', 's2', 's3', 's4', 's5'].map((id) => state(box, id)),
    Array(5).fill('sent'),
  )
  t.equal(transport.sent.length, 36, 'each once')
  await sender.stop(1000)
})

test('a way that hangs holds up no other way, and no mail, however much waits for it', async (t) => {
  const hung: string[] = []
  const hanging: Notifier = {
    ...scripted(() => accepted),
    type: 'webhook',
    send: (_bytes, { id }) => {
      hung.push(id)
      return new Promise(() => {})
    },
  }
  const manager: Scripted = { ...scripted(() => accepted), type: 'alertmanager' }
  const mail = scripted(() => accepted)
  const journal = openMemoryJournal()
  const parts = play(mail)
  await journal.append([{ kind: 'tick', data: new Uint8Array(0) }])
  const via = (way: Channel, i: number): Notification =>
    notification({ channel: way, id: `${way}${i}`, thread: `t${i}`, to: { address: `${way}:ops${i % 20}` } })
  const all = [
    ...Array.from({ length: 2000 }, (_, i) => via('webhook', i)),
    ...Array.from({ length: 5 }, (_, i) => via('alertmanager', i)),
    ...Array.from({ length: 30 }, (_, i) => mailTo('ada', `ada${i}`)),
  ]
  await journal.commit(1, all.map(effectOf), 0)
  const sender = createSender({
    ...parts,
    outbox: journal.outbox,
    notifiers: ways(mail, { webhook: hanging, alertmanager: manager }),
    timeout: 1e9,
  })
  for (let i = 0; i < 20; i += 1) await settle()
  t.equal(hung.length, 5)
  t.equal(mail.sent.length, 30)
  t.equal(manager.sent.length, 5)
  t.match(await journal.outbox.stats(), { pending: 2000 })
  await Promise.all([sender.stop(1000), parts.clock.advance(5_000)])
})

test('what belongs to one thread leaves one after the other, in its order', async (t) => {
  const ends: (() => void)[] = []
  const way = scripted(() => new Promise((resolve) => ends.push(() => resolve(accepted))))
  const parts = play(way)
  const mail = (seq: number): Notification => notification({ id: `m${seq}`, thread: 'one', seq })
  parts.outbox.add(mail(0), mail(1), { ...mail(0), id: 'other', thread: 'other' })
  const sender = createSender(parts)
  await settle()
  const seqs = (): unknown[] => way.sent.map(({ bytes }) => /^<(\w+)\.(\d)/.exec(bytes)?.slice(1).join(' '))
  t.same(seqs(), ['one 0', 'other 0'])
  ends[0]?.()
  await settle()
  t.same(seqs(), ['one 0', 'other 0', 'one 1'])
  for (const end of ends) end()
  await settle()
  await sender.stop(1000)
})

test('the bound of a minute is that of mails alone', async (t) => {
  const hook: Scripted = { ...scripted(() => accepted), type: 'webhook' }
  const mail = scripted(() => accepted)
  const parts = play(mail, { notifiers: ways(mail, { webhook: hook }), mailRate: 2 })
  const ids = Array.from({ length: 5 }, (_, i) => i)
  parts.outbox.add(...ids.map((i) => mailTo(`ada${i}`)))
  parts.outbox.add(...ids.map((i) => notification({ channel: 'webhook', id: `hook${i}`, thread: `hook${i}` })))
  const sender = createSender(parts)
  for (let i = 0; i < 10; i += 1) await settle()
  t.same([mail.sent.length, hook.sent.length], [2, 5])
  await sender.stop(1000)
})

test('mails that wait for their minute hold up no other way, to however many addresses they go', async (t) => {
  const hook: Scripted = { ...scripted(() => accepted), type: 'webhook' }
  const mail = scripted(() => accepted)
  const journal = openMemoryJournal()
  await journal.append([{ kind: 'tick', data: new Uint8Array(0) }])
  const parts = play(mail, { notifiers: ways(mail, { webhook: hook }), mailRate: 2 })
  const mails = Array.from({ length: 1500 }, (_, i) => mailTo(`ada${i}`))
  const last = notification({ channel: 'webhook', id: 'hook', thread: 'hook', to: { address: 'webhook:ops' } })
  const effects = [...mails, last].map(effectOf)
  await journal.commit(1, effects, 0)
  const sender = createSender({ ...parts, outbox: journal.outbox })
  for (let i = 0; i < 10; i += 1) await settle()
  t.same([mail.sent.length, hook.sent.length], [2, 1])
  await sender.stop(1000)
})

test('what no other end took for a day is given up, whichever way it goes', async (t) => {
  const mail = scripted(() => accepted)
  for (const channel of ['webhook', 'alertmanager'] as const) {
    const parts = play(mail)
    parts.outbox.add(notification({ channel, id: 'late', decidedAt: parts.clock.now() }))
    const sender = createSender({ ...parts, poll: 30_000 })
    await parts.clock.advance(24.1 * 3_600_000)
    t.match(parts.outbox.rows.get('late')?.outcome, { state: 'failed', response: '451 later', why: GIVEN_UP })
    t.match(
      parts.said.filter((line) => line.includes('given up')),
      [new RegExp(`^error: ${channel} given up, not delivered`)],
    )
    await sender.stop(1000)
  }
})

test('a receiver that asks for time gets it, up to five minutes, and never less than the usual', async (t) => {
  for (const [retryAfter, expected] of [
    [60_000, 60],
    [3_600_000, 300],
    [1_000, Math.ceil(retryDelay(0, 'ada') / 1000)],
  ] as const) {
    const tries: number[] = []
    const parts = play(
      scripted(() => {
        tries.push(parts.clock.now())
        return tries.length === 1 ? { ...busy, retryAfter } : accepted
      }),
    )
    parts.outbox.add(mailTo('ada'))
    const sender = createSender(parts)
    await parts.clock.advance(400_000)
    t.equal(Math.floor(((tries[1] ?? 0) - (tries[0] ?? 0)) / 1000), expected)
    await sender.stop(1000)
  }
})

test('an attempt that lasts too long is cut off and repeated later', async (t) => {
  const transport = scripted((_, n, signal) => {
    if (n > 1) return accepted
    return new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve({ state: 'retry', response: 'cut off' })),
    )
  })
  const parts = play(transport, { timeout: 30_000 })
  parts.outbox.add(mailTo('ada'))
  const sender = createSender(parts)
  await settle()
  await parts.clock.advance(29_000)
  t.equal(state(parts.outbox, 'ada'), undefined)
  await parts.clock.advance(1_000)
  await settle()
  t.equal(state(parts.outbox, 'ada'), 'retry')
  await parts.clock.advance(6_000)
  await settle()
  t.equal(state(parts.outbox, 'ada'), 'sent')
  await sender.stop(1000)
})

test('a mail whose outcome cannot be recorded is not sent again, and recorded once that works', async (t) => {
  const transport = scripted(() => accepted)
  const parts = play(transport)
  parts.outbox.add(mailTo('ada'), mailTo('grace'))
  parts.outbox.broken.add('outcome')
  const sender = createSender(parts)
  await parts.clock.advance(600_000)
  t.equal(transport.sent.length, 2)
  t.equal(parts.said.filter((line) => line.startsWith('error:')).length, 2, 'said once for each')
  parts.outbox.broken.clear()
  await parts.clock.advance(1_000)
  await settle()
  t.same([state(parts.outbox, 'ada'), state(parts.outbox, 'grace')], ['sent', 'sent'])
  t.equal(transport.sent.length, 2)
  await sender.stop(1000)
})

test('no mail leaves before its bytes are kept, and an outbox that cannot be read is asked again', async (t) => {
  const transport = scripted(() => accepted)
  const parts = play(transport)
  parts.outbox.add(mailTo('ada'))
  parts.outbox.broken.add('rendered').add('outcome')
  const sender = createSender(parts)
  await parts.clock.advance(60_000)
  t.equal(transport.sent.length, 0)
  parts.outbox.broken.add('due')
  await parts.clock.advance(10_000)
  parts.outbox.broken.clear()
  await parts.clock.advance(400_000)
  await settle()
  t.equal(state(parts.outbox, 'ada'), 'sent')
  t.equal(transport.sent.length, 1)
  await sender.stop(1000)
})

test('an answer of the outbox that is older than the end of an attempt repeats no mail', async (t) => {
  let finish: (delivery: Delivery) => void = () => {}
  const transport = scripted(() => new Promise((resolve) => (finish = resolve)))
  const parts = play(transport)
  const box = parts.outbox
  const answers: (() => void)[] = []
  const slow: Outbox = {
    ...box,
    async due(now, limit): Promise<readonly OutboxItem[]> {
      const items = await box.due(now, limit)
      if (transport.sent.length > 0) await new Promise<void>((resolve) => answers.push(resolve))
      return items
    },
  }
  box.add(mailTo('ada'))
  const sender = createSender({ ...parts, outbox: slow })
  await settle()
  sender.wake()
  await settle()
  finish(accepted)
  await settle()
  for (const answer of answers.splice(0)) answer()
  await settle()
  t.equal(transport.sent.length, 1)
  for (const answer of answers.splice(0)) answer()
  await settle()
  await Promise.all([sender.stop(1000), parts.clock.advance(3000)])
})

test('a record that is no notification is given up, one that cannot be rendered waits', async (t) => {
  const parts = play({
    ...scripted(() => accepted),
    async render(mail) {
      if (mail.id === 'odd') throw new TypeError('no such unit')
      return Buffer.from(mail.id)
    },
  })
  parts.outbox.add(mailTo('ada'), mailTo('grace', 'odd'))
  for (const data of ['{', '{}', 'null', '[]', '{"to":{}}'])
    parts.outbox.rows.set(data, { data, attempts: 0, nextAt: 0 })
  const sender = createSender(parts)
  await settle()
  const given = ['{', '{}', 'null', '[]', '{"to":{}}'].map((id) => state(parts.outbox, id))
  t.same(given, Array(5).fill('failed'))
  t.match(parts.outbox.rows.get('odd')?.outcome, {
    state: 'retry',
    why: { code: 'not_prepared', params: { error: 'no such unit' } },
  })
  t.equal(state(parts.outbox, 'ada'), 'sent')
  await sender.stop(1000)
})

test('once an hour it is said that mails wait', async (t) => {
  const parts = play(scripted(() => busy))
  parts.outbox.add(mailTo('ada'))
  const sender = createSender(parts)
  await parts.clock.advance(2 * 3_600_000)
  const errors = parts.said.filter((line) => line.startsWith('error:'))
  t.same(errors, Array(2).fill('error: notifications are pending, the oldest for more than an hour'))
  t.equal(parts.said.filter((line) => line.startsWith('warn:')).length, 1, 'the first failure is a warning')
  await sender.stop(1000)
})

test('stop waits for mails under way, cuts off what takes too long, and starts nothing new', async (t) => {
  const transport = scripted((to, _, signal) =>
    to.startsWith('slow')
      ? new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve({ state: 'retry', response: 'cut off' })),
        )
      : new Promise((resolve) => setImmediate(() => resolve(accepted))),
  )
  const parts = play(transport)
  parts.outbox.add(mailTo('slow'), mailTo('ada'))
  const sender = createSender(parts)
  await until('both are sent', () => transport.sent.length === 2)
  const stopped = sender.stop(5_000)
  parts.outbox.add(mailTo('grace'))
  sender.wake()
  await settle()
  t.same([state(parts.outbox, 'ada'), state(parts.outbox, 'slow')], ['sent', undefined])
  await parts.clock.advance(5_000)
  await stopped
  t.same([state(parts.outbox, 'slow'), state(parts.outbox, 'grace')], ['retry', undefined])
  await parts.clock.advance(60_000)
  t.equal(transport.sent.length, 2)
})

test('a mail server that is down gets every mail once it is up, and one refused recipient delays none', async (t) => {
  const down = await startMailServer(t)
  await down.close()
  const clock = createVirtualClock(at('12:05:12'))
  const way = createEmailNotifier(mailConfig([smtpConfig(down.port)]), { compose, clock, log: silent })
  const parts = play(way, { clock })
  const box = parts.outbox
  const ids = Array.from({ length: 8 }, (_, i) => `mail${i}`)
  box.add(...ids.map((id) => mailTo(id === 'mail0' ? 'nobody' : 'ada', id)))
  const sender = createSender(parts)
  await until('all wait for another try', () => ids.every((id) => state(box, id) === 'retry'))
  t.same(new Set(parts.reports.map(([, outcome]) => outcome)), new Set(['retry']))
  let defer = true
  const server = await startMailServer(
    t,
    {
      onRcptTo: ({ address }, _session, callback) =>
        callback(address.startsWith('nobody') ? refusal(550, 'no such user') : null),
      onData: (_stream, _session, callback) => {
        callback(defer ? refusal(451, 'once more') : null)
        defer = false
      },
    },
    down.port,
  )
  const others = ids.slice(1)
  await parts.clock.advance(8_000)
  await until('all were tried twice', () => ids.every((id) => (box.rows.get(id)?.attempts ?? 0) === 2))
  await parts.clock.advance(14_000)
  await until('the others are sent', () => others.every((id) => state(box, id) === 'sent'))
  t.equal(state(box, 'mail0'), 'failed')
  const arrived = server.arrived.map(({ raw }) => /^Message-ID: (.*)\r$/m.exec(raw.toString())?.[1])
  const wanted = others.map((id) => compose(mailTo('ada', id)).messageId)
  t.same(new Set(arrived), new Set(wanted), 'each Message-ID')
  t.equal(arrived.length, wanted.length, 'each once')
  const same = await buildMime(compose(mailTo('ada', 'mail3')))
  t.ok(server.arrived.some(({ raw }) => raw.toString().trimEnd() === Buffer.from(same).toString().trimEnd()))
  await sender.stop(1000)
})
