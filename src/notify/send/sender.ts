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

/** Dependencies of the sender. */
export interface SenderParts extends Lanes {
  readonly outbox: Outbox
  readonly notifiers: Notifiers
  readonly clock: Clock
  readonly log: Log
  readonly observer: Observer
  /** Maximum attempts to send mails per minute. Further mails stay in the outbox until their turn. */
  readonly mailRate?: number
  /** Called for each notification that failed permanently, with the result. */
  readonly onUndelivered?: (notification: Notification, result: DeliveryResult) => void
  /** Returns when the address of a notification left the configuration; undefined if it is still there. */
  readonly removedAt?: (notification: Notification) => Millis | undefined
  /** How often the outbox is polled without a call of `wake`. */
  readonly poll?: Millis
  /** The maximum duration of an attempt, overriding the notifier's. */
  readonly timeout?: Millis
}

export interface Sender {
  /** Tells the sender that new notifications were committed. */
  wake(): void
  /** Starts no more attempts, waits up to `grace` for those in flight, aborts the rest, and closes the notifiers. */
  stop(grace: Millis): Promise<void>
}

const HOUR = 3_600_000
/** An attempt that waits longer than this for the response no longer blocks others. */
const SLOW_AFTER = 10_000
/** How many items are requested from the outbox at once, and how many per address, as a multiple of its lanes. */
const BATCH = 1000
const LOOKAHEAD = 2

/**
 * Sends due notifications from the outbox: renders each once, stores the bytes, retries until it is accepted or
 * rejected permanently, and records each outcome. A notification that was sent is not sent again while its outcome
 * cannot be recorded; only a crash between acceptance and record repeats it, with the same id. The outbox returns only
 * the first pending item of a thread, so the mails of a thread are sent in order.
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
  /** The limit for mails; other channels have none. */
  readonly mayMail: RateLimiter
  readonly recovery: ServerRecovery
  /** Attempts in flight, by notification id. */
  readonly underway: Map<string, Attempt>
  /** Outcomes that could not be recorded yet. These notifications are not sent again. */
  readonly unrecorded: Map<string, Outcome>
  readonly aborts: Set<AbortController>
  /** True if the last poll failed and the failure was logged. */
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

/** Polls the outbox. Runs once at a time; a call during a poll starts another one afterwards. */
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
      sender.parts.log.warn({ error: errorMessage(error) }, 'the outbox cannot be read; retrying every second')
    sender.pollFailed = true
  } finally {
    sender.isPolling = false
  }
}

/**
 * Starts the due attempts. Items that were in flight before the query may still be in its result although they have
 * ended.
 */
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
  // An attempt that was aborted by a stop does not count, however old the notification is.
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
 * Makes one attempt. Never rejects, because a later attempt may succeed.
 *
 * @returns undefined if there is nothing to send any more, because another notification replaced it.
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
 * Merges the pending notifications of the item's thread into one, if possible. No other item of the thread is in
 * flight; sent items whose outcome is not recorded yet are left alone.
 *
 * @returns the item as it is in the outbox afterwards; undefined if it is no longer pending.
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
  // Only mails mention earlier mails.
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
    if (!sender.unrecorded.has(id)) log.error(fields, 'the outcome of a notification cannot be recorded; retrying')
    sender.unrecorded.set(id, outcome)
  }
}

async function recordAgain(sender: SenderState): Promise<void> {
  for (const [id, outcome] of sender.unrecorded) await record(sender, id, outcome)
}

function listUnderway(sender: SenderState): Promise<unknown> {
  return Promise.all([...sender.underway.values()].map(({ done }) => done))
}

/** Waits for a promise that never rejects, up to a maximum time. */
async function within(clock: Clock, span: Millis, promise: Promise<unknown>): Promise<void> {
  let cancel = (): void => {}
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(span, resolve)
  })
  await Promise.race([promise, late])
  cancel()
}
