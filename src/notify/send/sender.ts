import {
  type Channel,
  type Clock,
  deliveryResult,
  type DeliveryResult,
  type Log,
  type Millis,
  type Notification,
  type Observer,
  type Outbox,
  type OutboxItem,
  type Outcome,
} from '../../model.ts'
import { coalesce } from './coalesce.ts'
import { applyHistory } from './history.ts'
import { isTaken, LANES_PER_ADDRESS, type Lanes, type Attempt, createRateLimiter, type RateLimiter } from './lanes.ts'
import { createRecovery, type ServerRecovery, checkAge, retryAt, isWithdrawn, withdrawal } from './retry.ts'
import { errorMessage, logPending, logDelivery } from './delivery-log.ts'
import { clean } from '../../text/sanitise.ts'
import type { Delivery, Notifier, Notifiers } from '../notifier.ts'

/** What the sender works with. */
export interface SenderParts extends Lanes {
  readonly outbox: Outbox
  readonly notifiers: Notifiers
  readonly clock: Clock
  readonly log: Log
  readonly observer: Observer
  /** Most attempts to mail in any minute; the mails that wait for their turn stay as they are in the outbox. */
  readonly mailRate?: number
  /** Told of what nobody got, and why. */
  readonly onUndelivered?: (notification: Notification, result: DeliveryResult) => void
  /** When the address of a notification left the configuration; undefined while it is there. */
  readonly removedAt?: (notification: Notification) => Millis | undefined
  /** How often the outbox is looked into when nobody calls `wake`. */
  readonly poll?: Millis
  /** The longest that one attempt may take, whatever its way says. */
  readonly timeout?: Millis
}

export interface Sender {
  /** New notifications were committed. */
  wake(): void
  /** Takes nothing more, waits up to `grace` for what is under way, cuts it off, and closes the ways. */
  stop(grace: Millis): Promise<void>
}

const HOUR = 3_600_000
/** A server that looks at a mail for longer than this does not keep others waiting. */
const SLOW_AFTER = 10_000
/** So many items are asked for at once, and of each address so many times what it may have under way. */
const BATCH = 1000
const LOOKAHEAD = 2

/**
 * Sends what is due in the outbox: renders once, keeps the bytes there, tries until the other end accepts or refuses
 * for good, and records each outcome. What was sent is not sent again while its record cannot be written; only a
 * crash between the acceptance and the record repeats it, under the same id. What is about the same leaves one after
 * the other, since the outbox gives the first of it only.
 */
export function createSender(parts: SenderParts): Sender {
  const { clock, poll = 1_000 } = parts
  const sender = createSenderState(parts)
  const wake = (): void => void pollOutbox(sender)
  const cancelPoll = clock.every(poll, wake)
  const cancelReminder = clock.every(HOUR, () => void logPending(parts))
  wake()
  return {
    wake,
    async stop(grace: Millis): Promise<void> {
      sender.isClosed = true
      cancelPoll()
      cancelReminder()
      await within(clock, grace, listUnderway(sender))
      for (const abort of sender.aborts) abort.abort()
      await within(clock, 1_000, listUnderway(sender))
      await within(clock, 1_000, recordAgain(sender))
      await Promise.all(Object.values(parts.notifiers).map((notifier: Notifier) => notifier.close()))
    },
  }
}

interface SenderState {
  readonly parts: SenderParts
  /** The mails'; the other ways have none. */
  readonly mayMail: RateLimiter
  readonly recovery: ServerRecovery
  /** Attempts that go on, by the notification's id. */
  readonly underway: Map<string, Attempt>
  /** Outcomes that the outbox could not record yet; they are not tried again. */
  readonly unrecorded: Map<string, Outcome>
  readonly aborts: Set<AbortController>
  /** The last look failed, and that was said. */
  pollFailed: boolean
  isPolling: boolean
  isPollPending: boolean
  isClosed: boolean
}

function createSenderState(parts: SenderParts): SenderState {
  const flags = { isPolling: false, isPollPending: false, isClosed: false }
  const mayMail = createRateLimiter(parts.mailRate)
  const recovery = createRecovery(parts.outbox, parts.clock)
  return {
    parts,
    mayMail,
    recovery,
    underway: new Map(),
    unrecorded: new Map(),
    aborts: new Set(),
    pollFailed: false,
    ...flags,
  }
}

/** One look at a time; a wish to look that comes meanwhile is granted afterwards. */
async function pollOutbox(sender: SenderState): Promise<void> {
  sender.isPollPending = true
  if (sender.isPolling) return
  sender.isPolling = true
  try {
    while (sender.isPollPending && !sender.isClosed) {
      sender.isPollPending = false
      await recordAgain(sender)
      await takeDue(sender)
      sender.pollFailed = false
    }
  } catch (error) {
    if (!sender.pollFailed)
      sender.parts.log.warn({ error: errorMessage(error) }, 'the outbox cannot be read; trying again each second')
    sender.pollFailed = true
  } finally {
    sender.isPolling = false
  }
}

/** What was under way when the question was asked may appear in the answer although it has ended since. */
async function takeDue(sender: SenderState): Promise<void> {
  const { outbox, clock, lanesPerAddress = LANES_PER_ADDRESS } = sender.parts
  const before = new Set(sender.underway.keys())
  const due = await outbox.due(clock.now(), BATCH, LOOKAHEAD * lanesPerAddress)
  for (const item of due) {
    if (sender.isClosed) return
    if (before.has(item.id) || sender.underway.has(item.id) || sender.unrecorded.has(item.id)) continue
    begin(sender, item)
  }
}

function begin(sender: SenderState, item: OutboxItem): void {
  const notification = readNotification(item)
  const { channel = 'email', to } = notification ?? { to: { address: '' } }
  const lane: Attempt = { channel, address: to.address, isSlow: false, done: Promise.resolve() }
  if (
    isTaken(sender.underway.values(), lane, sender.parts) ||
    (channel === 'email' && !sender.mayMail(sender.parts.clock.now()))
  )
    return
  sender.underway.set(item.id, lane)
  lane.done = deliver(sender, item, notification, lane).finally(() => {
    sender.underway.delete(item.id)
    void pollOutbox(sender)
  })
}

const CHANNELS: readonly unknown[] = ['email', 'webhook', 'alertmanager'] satisfies Channel[]

function readNotification({ data }: OutboxItem): Notification | undefined {
  try {
    const read = JSON.parse(data) as Partial<Notification> | null
    const isOne = typeof read?.to?.address === 'string' && Array.isArray(read.alerts)
    return isOne && CHANNELS.includes(read.channel) ? (read as Notification) : undefined
  } catch {
    return undefined
  }
}

async function deliver(
  sender: SenderState,
  item: OutboxItem,
  notification: Notification | undefined,
  lane: Attempt,
): Promise<void> {
  if (notification === undefined) {
    await record(sender, item.id, { state: 'failed', why: { code: 'not_readable', params: {} } })
    return
  }
  const ended = await attempt(sender, item, lane)
  if (ended === undefined) return
  const now = sender.parts.clock.now()
  // What a stop cut off was not tried, however old it is.
  const delivery = sender.isClosed ? ended : checkAge(ended, notification, now)
  logDelivery(sender.parts, item, notification, delivery)
  const { state, fault } = delivery
  const result = deliveryResult(delivery)
  const again = { at: retryAt(item, delivery, now), ...(fault && { fault }) }
  await record(sender, item.id, state === 'retry' ? { state, ...result, ...again } : { state, ...result })
  if (state === 'failed' && notification.reason !== 'undelivered') sender.parts.onUndelivered?.(notification, result)
  await sender.recovery(notification.channel, ended)
}

/**
 * Never rejects: what goes wrong here may go right later.
 *
 * @returns undefined when there is nothing to send any more, because another one tells it.
 */
async function attempt(sender: SenderState, { id }: OutboxItem, lane: Attempt): Promise<Delivery | undefined> {
  const { notifiers, clock, timeout = notifiers[lane.channel].timeout } = sender.parts
  const abort = new AbortController()
  sender.aborts.add(abort)
  const cancel = clock.after(timeout, () => abort.abort())
  let cancelSlow = (): void => {}
  const onGiven = (): void => {
    cancelSlow()
    cancelSlow = clock.after(SLOW_AFTER, () => {
      lane.isSlow = true
      void pollOutbox(sender)
    })
  }
  try {
    const item = await coalescePending(sender, id)
    const notification = item && readNotification(item)
    if (notification === undefined) return undefined
    const left = sender.parts.removedAt?.(notification)
    if (left !== undefined && isWithdrawn(notification, left)) return withdrawal(left)
    const notifier = notifiers[notification.channel]
    const bytes = item?.rendered ?? (await renderOnce(sender.parts, id, notifier, notification))
    return await notifier.send(bytes, notification, abort.signal, onGiven)
  } catch (error) {
    return { state: 'retry', why: { code: 'not_prepared', params: { error: clean(errorMessage(error)) } } }
  } finally {
    cancel()
    cancelSlow()
    sender.aborts.delete(abort)
  }
}

/**
 * Tells the item's thread in one if that is possible. No other of its thread is under way; what was sent and could not
 * be recorded is left alone.
 *
 * @returns the item as it stands in the outbox then; undefined when it is not pending any more.
 */
async function coalescePending(sender: SenderState, id: string): Promise<OutboxItem | undefined> {
  const { outbox, clock, log } = sender.parts
  const inThread = (await outbox.pendingInThread(id)).filter((item) => !sender.unrecorded.has(item.id))
  const thread = inThread.flatMap((item) => {
    const notification = readNotification(item)
    return notification === undefined ? [] : [{ id: item.id, notification }]
  })
  const merge = coalesce(thread)
  if (merge === undefined || !(await outbox.merge(merge, clock.now()))) return inThread.find((item) => item.id === id)
  log.info({ notification: merge.into, of: merge.of }, 'pending notifications merged into one')
  if (merge.of.includes(id)) return undefined
  return (await outbox.pendingInThread(id)).find((item) => item.id === id)
}

async function renderOnce(
  parts: SenderParts,
  id: string,
  notifier: Notifier,
  notification: Notification,
): Promise<Uint8Array> {
  // Only mails speak of the mails before them.
  const isMail = notification.channel === 'email'
  const rendered = isMail ? applyHistory(notification, await parts.outbox.history(id)) : notification
  const bytes = await notifier.render(rendered)
  await parts.outbox.rendered(id, bytes)
  return bytes
}

async function record(sender: SenderState, id: string, outcome: Outcome): Promise<void> {
  const { outbox, clock, log } = sender.parts
  try {
    await outbox.outcome(id, outcome, clock.now())
    sender.unrecorded.delete(id)
  } catch (error) {
    const fields = { notification: id, state: outcome.state, error: errorMessage(error) }
    if (!sender.unrecorded.has(id)) log.error(fields, 'the outcome of a notification cannot be recorded; trying again')
    sender.unrecorded.set(id, outcome)
  }
}

async function recordAgain(sender: SenderState): Promise<void> {
  for (const [id, outcome] of sender.unrecorded) await record(sender, id, outcome)
}

function listUnderway(sender: SenderState): Promise<unknown> {
  return Promise.all([...sender.underway.values()].map(({ done }) => done))
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
