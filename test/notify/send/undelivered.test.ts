import PostalMime from 'postal-mime'
import { test } from 'tap'
import { openMemoryJournal } from '../../../src/journal/index.ts'
import type { AlertSnapshot, History, Notification } from '../../../src/model.ts'
import { applyHistory } from '../../../src/notify/send/history.ts'
import { renderMessage } from '../../../src/notify/mail/message.ts'
import { createSender } from '../../../src/notify/send/sender.ts'
import { createEmailNotifier } from '../../../src/notify/email/failover.ts'
import { ATTEMPT_TIMEOUT, type Delivery, type Notifier } from '../../../src/notify/notifier.ts'
import { createVirtualClock } from '../../helpers/clock.ts'
import { at, effectOf, facts, notification } from '../samples.ts'
import { mailConfig, refusal, silent, smtpConfig, startMailServer } from '../email/smtp-server.ts'
import { until } from '../../helpers/service.ts'
import { silentObserver } from '../../helpers/log.ts'

const options = { from: { address: 'alerts@example.org' }, domain: 'example.org' }
const HOUR = 3_600_000

function textOf(mail: Notification, earlier: History): string {
  return renderMessage(applyHistory(mail, earlier), options).text.replaceAll(/\s+/g, ' ')
}

const textIn = async (raw: Uint8Array | undefined): Promise<string> =>
  (await PostalMime.parse(raw ?? Buffer.of())).text ?? ''

const dataOf = (...mails: readonly Notification[]): readonly string[] => mails.map((mail) => JSON.stringify(mail))

const first = notification({ id: 'first' })
const again = (change: Partial<Notification> = {}): Notification =>
  notification({ id: 'again', seq: 1, reason: 'repeat_interval', decidedAt: first.decidedAt + 4 * HOUR, ...change })

test('an address whose first mail failed gets the repeat as a first notification', async (t) => {
  const lost = { undelivered: dataOf(first), failed: dataOf(first) }
  const text = textOf(again(), lost)
  t.match(text, /Rule \S+ fired\./)
  t.notMatch(text, /still firing|the events arrived long after/)
  t.match(text, /An earlier mail to you could not be delivered: \S+ on \S+ \(20\d\d-.* UTC\)\./)
  t.equal(applyHistory(again(), lost).previousSeq, null)
  const rose = again({ reason: 'severity_raised', alerts: [facts({ severity: 'critical' })] })
  t.notMatch(textOf(rose, lost), /first fired as warning/)
  t.match(textOf(rose, lost), /^\[Critical\]/)
})

test('an address that was notified before gets the repeat as such, with what was lost since', async (t) => {
  const second = again()
  const third = again({ id: 'third', seq: 2 })
  const text = textOf(third, { sent: dataOf(first)[0] ?? '', undelivered: dataOf(second), failed: dataOf(second) })
  t.match(text, /still firing/)
  t.match(text, /An earlier mail to you could not be delivered/)
  const rose = notification({ id: 'rose', seq: 1, reason: 'severity_raised' })
  const lostRise = { sent: dataOf(first)[0] ?? '', undelivered: dataOf(rose), failed: dataOf(rose) }
  t.match(textOf(third, lostRise), /first fired as warning/, 'the rise is news')
})

test('in a group, alerts that were never notified are new, and the others still firing', async (t) => {
  const one = (host: string): AlertSnapshot => facts({ host, episode: `e-${host}`, reason: 'fired' })
  const [a, b] = [one('web-1'), one('web-2')]
  const notified = notification({ alerts: [a] })
  const lost = notification({ id: 'lost', seq: 1, alerts: [b, a], newCount: 1 })
  const repeated = { because: 'repeat_interval' } as const
  const mail = again({ seq: 2, alerts: [a, b].map((alert) => ({ ...alert, ...repeated })) })
  const result = applyHistory(mail, { sent: dataOf(notified)[0] ?? '', undelivered: dataOf(lost) })
  t.match(result, {
    reason: 'fired',
    newCount: 1,
    alerts: [{ identity: { host: 'web-2' }, reason: 'fired' }, { identity: { host: 'web-1' } }],
  })
})

test('the next mail that gets through names what did not, whatever it is about', async (t) => {
  const mail = notification({ thread: 'another', alerts: [facts({ host: 'db-1' })] })
  const many = Array.from({ length: 7 }, (_, i) =>
    notification({ alerts: [facts({ rule: 'disk-full', host: `n${i}` })] }),
  )
  const text = textOf(mail, { undelivered: [], failed: dataOf(...many) })
  t.match(text, /7 earlier mails to you could not be delivered: 2 more since .*, and disk-full on n2 \(.*\), .* on n6/)
})

test('an undelivered mail is reported once it is given up, and that report is not reported itself', async (t) => {
  const clock = createVirtualClock(at('12:05:12'))
  const { outbox, ...journal } = openMemoryJournal()
  const notified: unknown[] = []
  const refused: Delivery = { state: 'failed', response: '550 5.1.1 unknown' }
  const way = (type: Notifier['type'], delivery: Delivery): Notifier => ({
    type,
    timeout: ATTEMPT_TIMEOUT,
    render: async () => Buffer.from('x'),
    send: async () => delivery,
    close: async () => {},
  })
  const mails = [
    notification({ id: 'late', thread: 'late', decidedAt: clock.now(), to: { address: 'grace@example.org' } }),
    notification({
      id: 'hook',
      thread: 'hook',
      decidedAt: clock.now(),
      channel: 'webhook',
      to: { address: 'webhook:ops' },
    }),
    notification({ id: 'own', thread: 'own', reason: 'undelivered', channel: 'webhook', to: { address: 'webhook:b' } }),
  ]
  await journal.commit(0, mails.map(effectOf), clock.now())
  const busy: Delivery = { state: 'retry', response: '554 5.7.1 no' }
  const sender = createSender({
    outbox,
    clock,
    log: silent,
    observer: silentObserver,
    notifiers: { email: way('email', busy), webhook: way('webhook', refused), alertmanager: way('alertmanager', busy) },
    onUndelivered: ({ id }, result) => void notified.push([id, result]),
    poll: 30_000,
  })
  await clock.advance(23 * HOUR)
  const hook = ['hook', { response: '550 5.1.1 unknown' }]
  t.strictSame(notified, [hook])
  await clock.advance(2 * HOUR)
  t.strictSame(notified, [
    hook,
    ['late', { response: '554 5.7.1 no', why: { code: 'given_up', params: { after: 24 * HOUR } } }],
  ])
  await sender.stop(1000)
})

test('an address whose first mail was rejected is notified at the repeat that the alert fired', async (t) => {
  let isKnown = false
  const server = await startMailServer(t, {
    onRcptTo: (_address, _session, callback) => callback(isKnown ? null : refusal(550, '5.1.1 user unknown')),
  })
  const clock = createVirtualClock(first.decidedAt)
  const { outbox, ...journal } = openMemoryJournal()
  const compose = (mail: Notification): ReturnType<typeof renderMessage> => renderMessage(mail, options)
  const email = createEmailNotifier(mailConfig([smtpConfig(server.port)]), { compose, clock, log: silent })
  const notifiers = { email, webhook: email, alertmanager: email }
  const sender = createSender({ outbox, clock, log: silent, observer: silentObserver, notifiers })
  const tell = async (mail: Notification): Promise<void> => {
    await journal.commit(0, [effectOf(mail)], clock.now())
    sender.wake()
    await until('it was tried', async () => (await outbox.list(9)).every(({ state }) => state !== 'pending'))
  }
  await tell(first)
  await clock.advance(4 * HOUR)
  isKnown = true
  await tell(again())
  const [arrived] = server.arrived
  const text = (await textIn(arrived?.raw)).replaceAll(/\s+/g, ' ')
  t.match(text, /Rule \S+ fired\..*An earlier mail to you could not be delivered: /)
  t.notMatch(text, /still firing/)
  await tell(again({ id: 'third', seq: 2, decidedAt: first.decidedAt + 8 * HOUR }))
  const next = await textIn(server.arrived[1]?.raw)
  t.match(next, /still\s+firing/)
  t.notMatch(next, /could not be delivered/, 'it is said once')
  await sender.stop(0)
})
