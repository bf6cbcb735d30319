import { createHash } from 'node:crypto'
import type { Clock, Log, Millis, Notification, Observer, Outbox, OutboxItem, Outcome } from '../model.ts'
import { createPace, type Pace } from './pace.ts'
import { clean } from './text.ts'
import type { Delivery, MailMessage, Transport } from './transport.ts'

/** What the sender works with. */
export interface SenderParts {
  readonly outbox: Outbox
  readonly transport: Transport
  readonly render: (notification: Notification) => MailMessage
  /** The address that bounces go to. */
  readonly from: string
  readonly clock: Clock
  readonly log: Log
  readonly observer: Observer
  /** Mails under way at once, and at once to one address, so that a server that stalls for one blocks no other. */
  readonly lanes?: number
  readonly lanesPerAddress?: number
  /** Most attempts in any minute; the mails that wait for their turn stay as they are in the outbox. */
  readonly ratePerMinute?: number
  /** How often the outbox is looked into when nobody calls `wake`. */
  readonly poll?: Millis
  /** The longest that one attempt may take, however slowly the server trickles its answers. */
  readonly patience?: Millis
}

export interface Sender {
  /** New mails were committed. */
  wake(): void
  /** Takes no more mails, waits up to `grace` for those under way, cuts them off, and closes the transport. */
  stop(grace: Millis): Promise<void>
}

const FIRST_RETRY = 5_000
const LAST_RETRY = 240_000
const HOUR = 3_600_000
const GIVE_UP = 24 * HOUR
const BATCH = 100

/**
 * How long to wait after so many attempts before this one: 5 s, 10 s, 20 s, ... 4 minutes, and up to a quarter more, so
 * that mails that failed together do not come back together. How much more is the mail's own, not chance.
 */
export function retryDelay(attempts: number, id: string): Millis {
  const share = createHash('sha256').update(`${id} ${attempts}`).digest().readUInt32BE() / 2 ** 32
  return Math.round(Math.min(LAST_RETRY, FIRST_RETRY * 2 ** Math.min(attempts, 10)) * (1 + share / 4))
}

/**
 * Sends what is due in the outbox: renders once, keeps the bytes there, tries until the server accepts or refuses
 * for good, and records each outcome. A mail that was sent is not sent again while its record cannot be written;
 * only a crash between the server's 250 and the record repeats it, under the same Message-ID.
 */
export function createSender(parts: SenderParts): Sender {
  const { clock, poll = 1_000 } = parts
  const desk = createDesk(parts)
  const wake = (): void => void lookAround(desk)
  const cancelPoll = clock.every(poll, wake)
  const cancelReminder = clock.every(HOUR, () => void remind(parts))
  wake()
  return {
    wake,
    async stop(grace: Millis): Promise<void> {
      desk.closed = true
      cancelPoll()
      cancelReminder()
      await within(clock, grace, underwayOf(desk))
      for (const cut of desk.cuts) cut.abort()
      await within(clock, 1_000, underwayOf(desk))
      await within(clock, 1_000, recordAgain(desk))
      await parts.transport.close()
    },
  }
}

interface Underway {
  readonly address: string
  readonly done: Promise<void>
}

interface Desk {
  readonly parts: SenderParts
  readonly pace: Pace
  /** Attempts that go on, by the mail's id. */
  readonly underway: Map<string, Underway>
  /** Outcomes that the outbox could not record yet; their mails are not tried again. */
  readonly unrecorded: Map<string, Outcome>
  readonly cuts: Set<AbortController>
  /** The last look failed, and that was said. */
  isBlind: boolean
  asking: boolean
  again: boolean
  closed: boolean
}

function createDesk(parts: SenderParts): Desk {
  const flags = { asking: false, again: false, closed: false }
  const pace = createPace(parts.ratePerMinute)
  return { parts, pace, underway: new Map(), unrecorded: new Map(), cuts: new Set(), isBlind: false, ...flags }
}

/** One look at a time; a wish to look that comes meanwhile is granted afterwards. */
async function lookAround(desk: Desk): Promise<void> {
  desk.again = true
  if (desk.asking) return
  desk.asking = true
  try {
    while (desk.again && !desk.closed) {
      desk.again = false
      await recordAgain(desk)
      await takeDue(desk)
      desk.isBlind = false
    }
  } catch (error) {
    if (!desk.isBlind)
      desk.parts.log.warn({ error: messageOf(error) }, 'the outbox cannot be read; trying again each second')
    desk.isBlind = true
  } finally {
    desk.asking = false
  }
}

/** Mails under way when the question was asked may appear in the answer although they have ended since. */
async function takeDue(desk: Desk): Promise<void> {
  const { outbox, clock, lanes = 5 } = desk.parts
  if (desk.underway.size >= lanes) return
  const before = new Set(desk.underway.keys())
  const due = await outbox.due(clock.now(), BATCH)
  for (const item of due) {
    if (desk.closed || desk.underway.size >= lanes) return
    if (before.has(item.id) || desk.underway.has(item.id) || desk.unrecorded.has(item.id)) continue
    begin(desk, item)
  }
}

function begin(desk: Desk, item: OutboxItem): void {
  const { lanesPerAddress = 3 } = desk.parts
  const notification = readNotification(item)
  const address = notification?.to.address ?? ''
  const others = [...desk.underway.values()].filter((underway) => underway.address === address)
  if (others.length >= lanesPerAddress || !desk.pace(desk.parts.clock.now())) return
  const done = deliver(desk, item, notification).finally(() => {
    desk.underway.delete(item.id)
    void lookAround(desk)
  })
  desk.underway.set(item.id, { address, done })
}

function readNotification(item: OutboxItem): Notification | undefined {
  try {
    const data = JSON.parse(item.data) as Partial<Notification> | null
    return typeof data?.to?.address === 'string' && Array.isArray(data.alerts) ? (data as Notification) : undefined
  } catch {
    return undefined
  }
}

async function deliver(desk: Desk, item: OutboxItem, notification: Notification | undefined): Promise<void> {
  if (notification === undefined) {
    await record(desk, item.id, { state: 'failed', answer: 'the record of this mail in the outbox is no notification' })
    return
  }
  const ended = await attempt(desk, item, notification)
  // What a stop cut off was not tried, however old it is.
  const delivery = desk.closed ? ended : judgeAge(ended, notification, desk.parts.clock.now())
  report(desk.parts, item, notification, delivery)
  const { state, answer } = delivery
  const at = desk.parts.clock.now() + retryDelay(item.attempts, item.id)
  await record(desk, item.id, state === 'retry' ? { state, answer, at } : { state, answer })
}

/** Never rejects: what goes wrong here may go right later. */
async function attempt(desk: Desk, item: OutboxItem, notification: Notification): Promise<Delivery> {
  const { transport, from, clock, patience = 120_000 } = desk.parts
  const cut = new AbortController()
  desk.cuts.add(cut)
  const cancel = clock.after(patience, () => cut.abort())
  try {
    const bytes = item.rendered ?? (await renderOnce(desk.parts, item.id, notification))
    return await transport.send(bytes, { from, to: notification.to.address }, cut.signal)
  } catch (error) {
    return { state: 'retry', answer: clean(`before sending: ${messageOf(error)}`) }
  } finally {
    cancel()
    desk.cuts.delete(cut)
  }
}

interface Judged extends Delivery {
  /** Not refused: it waited too long. */
  readonly isTooLate?: true
}

/** An alert that is a day old alarms nobody any more. One that waited for a stashwatch that was down is tried once. */
function judgeAge(delivery: Delivery, { at }: Notification, now: Millis): Judged {
  if (delivery.state !== 'retry' || now - at < GIVE_UP) return delivery
  return { state: 'failed', answer: `given up after ${GIVE_UP / HOUR} h: ${delivery.answer}`, isTooLate: true }
}

async function renderOnce(parts: SenderParts, id: string, notification: Notification): Promise<Uint8Array> {
  const bytes = await parts.transport.build(parts.render(notification))
  await parts.outbox.rendered(id, bytes)
  return bytes
}

function report(parts: SenderParts, item: OutboxItem, notification: Notification, delivery: Judged): void {
  const { transport, observer, log, clock } = parts
  const { state, answer } = delivery
  const decided = notification.alerts[0]?.at
  const latency = state === 'sent' && decided !== undefined ? Math.max(0, clock.now() - decided) / 1000 : undefined
  observer.notified(transport.type, state, latency)
  const fields = { mail: item.id, receiver: notification.receiver, attempt: item.attempts + 1, answer }
  if (state === 'sent') log.info(fields, 'mail sent')
  else if (state === 'failed') log.error({ ...fields, subject: subjectOf(parts, notification) }, sayFailed(delivery))
  else if (item.attempts === 0) log.warn(fields, 'mail not accepted yet; it is tried again until it is')
  else log.debug(fields, 'mail not accepted yet')
}

function sayFailed({ isTooLate }: Judged): string {
  if (isTooLate !== true) return 'mail refused for good: this recipient does not get it; correct what the answer names'
  return 'mail given up: nobody got it; mend what the answer names, try it with send-test, and see /api/v1/alerts'
}

function subjectOf({ render }: SenderParts, notification: Notification): string {
  try {
    return render(notification).subject
  } catch {
    return 'a mail that cannot be rendered'
  }
}

async function record(desk: Desk, id: string, outcome: Outcome): Promise<void> {
  const { outbox, clock, log } = desk.parts
  try {
    await outbox.outcome(id, outcome, clock.now())
    desk.unrecorded.delete(id)
  } catch (error) {
    const fields = { mail: id, state: outcome.state, error: messageOf(error) }
    if (!desk.unrecorded.has(id)) log.error(fields, 'the outcome of a mail cannot be recorded; trying again')
    desk.unrecorded.set(id, outcome)
  }
}

async function recordAgain(desk: Desk): Promise<void> {
  for (const [id, outcome] of desk.unrecorded) await record(desk, id, outcome)
}

/** Says once an hour that mails wait, for as long as they do. */
async function remind({ outbox, clock, log }: SenderParts): Promise<void> {
  try {
    const { pending, oldest } = await outbox.stats()
    if (oldest === undefined || clock.now() - oldest < HOUR) return
    const records = await outbox.list(BATCH)
    const last = records.find((record) => record.state === 'pending' && record.answer !== undefined)
    const minutes = Math.round((clock.now() - oldest) / 60_000)
    const fields = { pending, minutes, answer: last?.answer }
    log.error(fields, 'mails wait for the mail server; the oldest for more than an hour')
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'the outbox cannot be read')
  }
}

function underwayOf(desk: Desk): Promise<unknown> {
  return Promise.all([...desk.underway.values()].map(({ done }) => done))
}

/** Waits for a promise that never rejects, but no longer than a span. */
async function within(clock: Clock, span: Millis, promise: Promise<unknown>): Promise<void> {
  let cancel = (): void => {}
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(span, resolve)
  })
  await Promise.race([promise, late])
  cancel()
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
