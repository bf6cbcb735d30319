import type { Clock, Log, Millis, Notification, Observer, Outbox, OutboxItem, Outcome, Channel } from '../../model.ts'
import { coalesce } from './coalesce.ts'
import { applyHistory } from './history.ts'
import { isTaken, LANES_PER_ADDRESS, type Lanes, type Underway } from './lanes.ts'
import { createRateLimiter, type RateLimiter } from './rate.ts'
import { createRecovery, type ServerRecovery } from './recovery.ts'
import { errorMessage, logPending, logDelivery } from './delivery-log.ts'
import { checkAge, retryAt } from './retry.ts'
import { clean } from '../../text/sanitise.ts'
import type { Delivery, Notifier, Notifiers } from '../notifier.ts'
import { isWithdrawn, withdrawal } from './withdraw.ts'

/** What the sender works with. */
export interface SenderParts extends Lanes {
  readonly outbox: Outbox
  readonly ways: Notifiers
  readonly clock: Clock
  readonly log: Log
  readonly observer: Observer
  /** Most attempts to mail in any minute; the mails that wait for their turn stay as they are in the outbox. */
  readonly mailRate?: number
  /** Told of what nobody got, and why. */
  readonly undelivered?: (notification: Notification, answer: string) => void
  /** When the address of a notification left the configuration; undefined while it is there. */
  readonly left?: (notification: Notification) => Millis | undefined
  /** How often the outbox is looked into when nobody calls `wake`. */
  readonly poll?: Millis
  /** The longest that one attempt may take, whatever its way says. */
  readonly patience?: Millis
}

export interface Sender {
  /** New notifications were committed. */
  wake(): void
  /** Takes nothing more, waits up to `grace` for what is under way, cuts it off, and closes the ways. */
  stop(grace: Millis): Promise<void>
}

const HOUR = 3_600_000
/** A server that looks at a mail for longer than this does not keep others waiting. */
const SLOW = 10_000
const PATIENCE = 120_000
/** So many items are asked for at once, and of each address so many times what it may have under way. */
const BATCH = 1000
const AHEAD = 2

/**
 * Sends what is due in the outbox: renders once, keeps the bytes there, tries until the other end accepts or refuses
 * for good, and records each outcome. What was sent is not sent again while its record cannot be written; only a
 * crash between the acceptance and the record repeats it, under the same id. What is about the same leaves one after
 * the other, since the outbox gives the first of it only.
 */
export function createSender(parts: SenderParts): Sender {
  const { clock, poll = 1_000 } = parts
  const desk = createSenderState(parts)
  const wake = (): void => void pollOutbox(desk)
  const cancelPoll = clock.every(poll, wake)
  const cancelReminder = clock.every(HOUR, () => void logPending(parts))
  wake()
  return {
    wake,
    async stop(grace: Millis): Promise<void> {
      desk.closed = true
      cancelPoll()
      cancelReminder()
      await within(clock, grace, listUnderway(desk))
      for (const cut of desk.cuts) cut.abort()
      await within(clock, 1_000, listUnderway(desk))
      await within(clock, 1_000, recordAgain(desk))
      await Promise.all(Object.values(parts.ways).map((way: Notifier) => way.close()))
    },
  }
}

interface SenderState {
  readonly parts: SenderParts
  /** The mails'; the other ways have none. */
  readonly pace: RateLimiter
  readonly recovery: ServerRecovery
  /** Attempts that go on, by the notification's id. */
  readonly underway: Map<string, Underway>
  /** Outcomes that the outbox could not record yet; they are not tried again. */
  readonly unrecorded: Map<string, Outcome>
  readonly cuts: Set<AbortController>
  /** The last look failed, and that was said. */
  isBlind: boolean
  asking: boolean
  again: boolean
  closed: boolean
}

function createSenderState(parts: SenderParts): SenderState {
  const flags = { asking: false, again: false, closed: false }
  const pace = createRateLimiter(parts.mailRate)
  const recovery = createRecovery(parts.outbox, parts.clock)
  return {
    parts,
    pace,
    recovery,
    underway: new Map(),
    unrecorded: new Map(),
    cuts: new Set(),
    isBlind: false,
    ...flags,
  }
}

/** One look at a time; a wish to look that comes meanwhile is granted afterwards. */
async function pollOutbox(desk: SenderState): Promise<void> {
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
      desk.parts.log.warn({ error: errorMessage(error) }, 'the outbox cannot be read; trying again each second')
    desk.isBlind = true
  } finally {
    desk.asking = false
  }
}

/** What was under way when the question was asked may appear in the answer although it has ended since. */
async function takeDue(desk: SenderState): Promise<void> {
  const { outbox, clock, lanesPerAddress = LANES_PER_ADDRESS } = desk.parts
  const before = new Set(desk.underway.keys())
  const due = await outbox.due(clock.now(), BATCH, AHEAD * lanesPerAddress)
  for (const item of due) {
    if (desk.closed) return
    if (before.has(item.id) || desk.underway.has(item.id) || desk.unrecorded.has(item.id)) continue
    begin(desk, item)
  }
}

function begin(desk: SenderState, item: OutboxItem): void {
  const notification = readNotification(item)
  const { channel = 'email', to } = notification ?? { to: { address: '' } }
  const lane: Underway = { via: channel, address: to.address, isSlow: false, done: Promise.resolve() }
  if (isTaken(desk.underway.values(), lane, desk.parts) || (channel === 'email' && !desk.pace(desk.parts.clock.now())))
    return
  desk.underway.set(item.id, lane)
  lane.done = deliver(desk, item, notification, lane).finally(() => {
    desk.underway.delete(item.id)
    void pollOutbox(desk)
  })
}

const CHANNELS: readonly unknown[] = ['email', 'webhook', 'alertmanager'] satisfies Channel[]

function readNotification({ data }: OutboxItem): Notification | undefined {
  try {
    const read = JSON.parse(data) as Partial<Notification> | null
    const isOne = typeof read?.to?.address === 'string' && Array.isArray(read.alerts)
    return isOne && CHANNELS.includes(read.channel ?? 'email') ? (read as Notification) : undefined
  } catch {
    return undefined
  }
}

async function deliver(
  desk: SenderState,
  item: OutboxItem,
  notification: Notification | undefined,
  lane: Underway,
): Promise<void> {
  if (notification === undefined) {
    await record(desk, item.id, { state: 'failed', answer: 'its outbox record is not a notification' })
    return
  }
  const ended = await attempt(desk, item, lane)
  if (ended === undefined) return
  const now = desk.parts.clock.now()
  // What a stop cut off was not tried, however old it is.
  const delivery = desk.closed ? ended : checkAge(ended, notification, now)
  logDelivery(desk.parts, item, notification, delivery)
  const { state, answer, fault } = delivery
  const again = { at: retryAt(item, delivery, now), ...(fault && { fault }) }
  await record(desk, item.id, state === 'retry' ? { state, answer, ...again } : { state, answer })
  if (state === 'failed' && notification.reason !== 'undelivered') desk.parts.undelivered?.(notification, answer)
  await desk.recovery(notification.channel ?? 'email', ended)
}

/**
 * Never rejects: what goes wrong here may go right later.
 *
 * @returns undefined when there is nothing to send any more, because another one tells it.
 */
async function attempt(desk: SenderState, { id }: OutboxItem, lane: Underway): Promise<Delivery | undefined> {
  const { ways, clock, patience = ways[lane.via].patience ?? PATIENCE } = desk.parts
  const cut = new AbortController()
  desk.cuts.add(cut)
  const cancel = clock.after(patience, () => cut.abort())
  let cancelSlow = (): void => {}
  const given = (): void => {
    cancelSlow()
    cancelSlow = clock.after(SLOW, () => {
      lane.isSlow = true
      void pollOutbox(desk)
    })
  }
  try {
    const item = await coalescePending(desk, id)
    const notification = item && readNotification(item)
    if (notification === undefined) return undefined
    const left = desk.parts.left?.(notification)
    if (left !== undefined && isWithdrawn(notification, left)) return withdrawal(left)
    const way = ways[notification.channel ?? 'email']
    const bytes = item?.rendered ?? (await renderOnce(desk.parts, id, way, notification))
    return await way.send(bytes, notification, cut.signal, given)
  } catch (error) {
    return { state: 'retry', answer: clean(`before sending: ${errorMessage(error)}`) }
  } finally {
    cancel()
    cancelSlow()
    desk.cuts.delete(cut)
  }
}

/**
 * Tells the item's thread in one if that is possible. No other of its thread is under way; what was sent and could not
 * be recorded is left alone.
 *
 * @returns the item as it stands in the outbox then; undefined when it is not pending any more.
 */
async function coalescePending(desk: SenderState, id: string): Promise<OutboxItem | undefined> {
  const { outbox, clock, log } = desk.parts
  const siblings = (await outbox.pendingInThread(id)).filter((item) => !desk.unrecorded.has(item.id))
  const thread = siblings.flatMap((item) => {
    const notification = readNotification(item)
    return notification === undefined ? [] : [{ id: item.id, notification }]
  })
  const merge = coalesce(thread)
  if (merge === undefined || !(await outbox.merge(merge, clock.now()))) return siblings.find((item) => item.id === id)
  log.info({ notification: merge.into, of: merge.of }, 'pending notifications merged into one')
  if (merge.of.includes(id)) return undefined
  return (await outbox.pendingInThread(id)).find((item) => item.id === id)
}

async function renderOnce(
  parts: SenderParts,
  id: string,
  way: Notifier,
  notification: Notification,
): Promise<Uint8Array> {
  // Only mails speak of the mails before them.
  const isMail = (notification.channel ?? 'email') === 'email'
  const told = isMail ? applyHistory(notification, await parts.outbox.history(id)) : notification
  const bytes = await way.render(told)
  await parts.outbox.rendered(id, bytes)
  return bytes
}

async function record(desk: SenderState, id: string, outcome: Outcome): Promise<void> {
  const { outbox, clock, log } = desk.parts
  try {
    await outbox.outcome(id, outcome, clock.now())
    desk.unrecorded.delete(id)
  } catch (error) {
    const fields = { notification: id, state: outcome.state, error: errorMessage(error) }
    if (!desk.unrecorded.has(id)) log.error(fields, 'the outcome of a notification cannot be recorded; trying again')
    desk.unrecorded.set(id, outcome)
  }
}

async function recordAgain(desk: SenderState): Promise<void> {
  for (const [id, outcome] of desk.unrecorded) await record(desk, id, outcome)
}

function listUnderway(desk: SenderState): Promise<unknown> {
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
