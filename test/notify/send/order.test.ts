import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check'
import PostalMime from 'postal-mime'
import { test } from 'tap'
import { openMemoryJournal } from '../../../src/journal/index.ts'
import type { Journal, Notification, Channel } from '../../../src/model.ts'
import { buildMime } from '../../../src/notify/email/smtp.ts'
import { renderMessage } from '../../../src/notify/mail/message.ts'
import { createSender } from '../../../src/notify/send/sender.ts'
import { ATTEMPT_TIMEOUT, type Delivery, type Notifier, type Notifiers } from '../../../src/notify/notifier.ts'
import { createVirtualClock } from '../../helpers/clock.ts'
import { at, effectOf, facts, notification } from '../samples.ts'
import { silent } from '../email/smtp-server.ts'
import { silentObserver } from '../../helpers/log.ts'

const settle = async (): Promise<void> => {
  for (let i = 0; i < 15; i += 1) await new Promise((done) => setImmediate(done))
}
const options = { from: { name: 'Stashwatch', address: 'alerts@example.org' }, domain: 'example.org' }

/** What a scripted server answers to a mail; the last answer stays. */
type Answer = Delivery['state']

interface Arrived {
  readonly id: string
  readonly line: string
  readonly bytes: Uint8Array
}

/** Where it has its place: all threads about one alert follow each other. */
const lineOf = ({ channel, to, alerts }: Notification): string => `${channel} ${to.address} ${alerts[0]?.identity.host}`

interface Play {
  readonly arrived: readonly Arrived[]
  readonly journal: Journal
  decide(...all: readonly Notification[]): Promise<void>
  pass(seconds: number): Promise<void>
  stop(): Promise<void>
}

async function play(answer: (one: Notification) => Answer): Promise<Play> {
  const clock = createVirtualClock(at('12:06:00'))
  const journal = openMemoryJournal()
  const arrived: Arrived[] = []
  const way = (type: Channel): Notifier => ({
    type,
    timeout: ATTEMPT_TIMEOUT,
    render: async (one) => buildMime(renderMessage(one, options)),
    async send(bytes, one): Promise<Delivery> {
      await new Promise((done) => setImmediate(done))
      const state = answer(one)
      if (state === 'sent') arrived.push({ id: one.id, line: lineOf(one), bytes })
      return { state, response: state }
    },
    close: async () => {},
  })
  const notifiers: Notifiers = { email: way('email'), webhook: way('webhook'), alertmanager: way('alertmanager') }
  await journal.append([{ kind: 'tick', data: new Uint8Array(0) }])
  const sender = createSender({ outbox: journal.outbox, notifiers, clock, log: silent, observer: silentObserver })
  return {
    arrived,
    journal,
    async decide(...all) {
      const effects = all.map(effectOf)
      await journal.commit(1, effects, clock.now())
      sender.wake()
      await settle()
    },
    async pass(seconds) {
      for (let i = 0; i < seconds; i += 1) {
        await clock.advance(1_000)
        await settle()
      }
    },
    async stop() {
      await Promise.all([sender.stop(1_000), clock.advance(5_000)])
    },
  }
}

const mail = (seq: number, change: Partial<Notification> = {}): Notification =>
  notification({ id: `m${seq}`, thread: 'one', seq, reason: seq === 0 ? 'fired' : 'severity_raised', ...change })

test('a later mail of a thread does not overtake one that waits for its retry, and follows it at once', async (t) => {
  let isUp = false
  const one = await play(() => (isUp ? 'sent' : 'retry'))
  await one.decide(mail(0))
  await one.pass(100)
  isUp = true
  await one.decide(mail(1), mail(2))
  t.same(one.arrived, [], 'the server is up again, and the first has its time to wait')
  await one.decide(
    mail(0, { id: 'other', thread: 'other', alerts: [facts({ host: 'web-2' })] }),
    mail(0, { id: 'next', thread: 'next' }),
    mail(0, { id: 'bob', to: { address: 'bob@example.org' } }),
  )
  t.same(
    one.arrived.map(({ id }) => id),
    ['other', 'bob'],
    'other hosts and other addresses do not wait, the next episode of this one does',
  )
  for (let i = 0; i < 300 && one.arrived.length < 4; i += 1) await one.pass(1)
  for (let i = 0; i < 5; i += 1) await settle()
  t.same(
    one.arrived.map(({ id }) => id),
    ['other', 'bob', 'm0', 'm1', 'm2', 'next'],
    'all in the same second',
  )
  await one.stop()
})

test('the mails about each alert arrive at each address in the order of their decisions, whatever fails', async () => {
  const step = record({
    to: constantFrom('ada', 'bob'),
    thread: constantFrom('x', 'y', 'z'),
    channel: constantFrom<Channel>('email', 'webhook'),
    wait: integer({ min: 0, max: 40 }),
    answers: array(constantFrom<Answer>('retry', 'retry', 'failed', 'sent'), { maxLength: 4 }),
  })
  const property = asyncProperty(array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
    const scripts = new Map(steps.map(({ answers }, i) => [`m${i}`, [...answers]]))
    const one = await play(({ id }) => scripts.get(id)?.shift() ?? 'sent')
    const decided: { readonly id: string; readonly line: string }[] = []
    for (const [i, { to, thread, channel, wait }] of steps.entries()) {
      const address = `${to}@example.org`
      const alerts = [facts({ episode: thread, host: thread === 'z' ? 'web-2' : 'web-1' })]
      const notified = mail(i, {
        id: `m${i}`,
        thread,
        alerts,
        to: { address },
        ...(channel === 'email' ? {} : { channel }),
      })
      decided.push({ id: notified.id, line: lineOf(notified) })
      await one.decide(notified)
      await one.pass(wait)
    }
    for (let i = 0; i < 900 && (await one.journal.outbox.stats()).pending > 0; i += 1) await one.pass(1)
    const ids = (all: readonly { readonly id: string; readonly line: string }[], line: string): readonly string[] =>
      all.filter((row) => row.line === line).map(({ id }) => id)
    const sent = new Set(
      (await one.journal.outbox.list(99)).filter(({ state }) => state === 'sent').map(({ id }) => id),
    )
    await one.stop()
    if ((await one.journal.outbox.stats()).pending > 0) throw new Error('something never left')
    for (const { line } of decided) {
      const expected = ids(decided, line).filter((id) => sent.has(id))
      if (ids(one.arrived, line).join() !== expected.join()) {
        throw new Error(`${line}: ${ids(one.arrived, line).join()} instead of ${expected.join()}`)
      }
    }
  })
  await assert(property, { numRuns: 20 })
})

const state = { state: 'resolved', at: at('12:15:00'), resolvedAt: at('12:15:00'), value: 0.4 } as const

test('a mail counts only what was sent, and replies to nothing else', async (t) => {
  let answer: Answer = 'retry'
  const one = await play(() => answer)
  const parsed = async (): Promise<Awaited<ReturnType<typeof PostalMime.parse>>> =>
    PostalMime.parse(one.arrived.at(-1)?.bytes ?? '')
  await one.decide(
    mail(0, { alerts: [facts({ notifications: 0 })] }),
    mail(1, { alerts: [facts({ notifications: 1 })] }),
  )
  await one.decide(mail(2, { reason: 'resolved', alerts: [facts({ ...state, notifications: 2 })] }))
  answer = 'sent'
  await one.pass(30)
  const over = await parsed()
  t.equal(one.arrived.length, 1)
  t.match(over.text, /^\[Fired and resolved\]/)
  t.match(over.text, 'replaces the 2 mails from')
  t.notMatch(over.text, /before this one/)
  t.notMatch(over.subject, /^Re:/)
  t.equal(over.inReplyTo, undefined, 'nothing was sent that it could be a reply to')
  t.match(over.references, /^<one\.0\.\w+@example\.org>$/, 'the root alone holds the thread together')

  await one.decide(mail(3, { alerts: [facts({ notifications: 3 })] }))
  const next = await parsed()
  t.match(next.subject, /^Re: /)
  t.equal(next.inReplyTo, over.messageId)
  t.match(next.text, /Notifications +1 before this one/)

  answer = 'failed'
  await one.decide(mail(4, { alerts: [facts({ notifications: 4 })] }))
  answer = 'sent'
  await one.decide(mail(5, { alerts: [facts({ notifications: 5 })] }))
  const last = await parsed()
  t.equal(last.inReplyTo, next.messageId, 'the one that was refused is passed over')
  t.match(last.text, /Notifications +2 before this one/)
  await one.stop()
})
