import type { EngineClient } from '../engine/worker/client.ts'
import type { Extract } from '../extract/samples.ts'
import type { Rejects } from '../ingest/rejects.ts'
import type { Schemas } from '../ingest/schema/index.ts'
import type { Metrics } from '../metrics.ts'
import type { Clock, Config, Log, Millis, Notification } from '../model.ts'
import { createSender, type OpenNotifiers, type Mailbox, type Sender, notificationSubject } from '../notify/index.ts'

export interface ServiceOptions {
  readonly config: Config
  /** The clock that events, windows and mails live by; the demo's runs faster. */
  readonly clock: Clock
  /** Real time, for time-outs. */
  readonly timers: Clock
  readonly log: Log
  /** Reads the configuration for a reload, which is offered only with it. @throws {ConfigErrors} and the file system's */
  readonly readConfig?: () => Config
  /** The engine's thread ended by itself: nothing can be accepted any more. */
  readonly onEnd: (error: Error) => void
}

/** What the parts share while they run. */
export interface ServiceState {
  readonly options: ServiceOptions
  readonly metrics: Metrics
  config: Config
  state: 'starting' | 'ready' | 'draining'
  journalOk: boolean
  /** A sender was turned away since the last tick. */
  refused: boolean
  /** What was refused, and why. */
  readonly rejects: Rejects
  schemas: Schemas
  extract: Extract
  /** What the links in mails are signed with. */
  readonly linkKey: Uint8Array
  engine: EngineClient | undefined
  sender: Sender | undefined
  mailbox: Mailbox | undefined
  /** When the service started, and when addresses left the configuration since. */
  readonly since: Millis
  /** The addresses that can be told anything; while a new configuration is taken, those of both. */
  known: ReadonlySet<string>
  readonly left: Map<string, Millis>
  /** The newest reload; the next one and the stop wait for it. */
  reloading: Promise<unknown>
}

/** Sends what is due, by the ways out. */
export function startSender(running: ServiceState, engine: EngineClient, exits: OpenNotifiers): Sender {
  const { options, metrics } = running
  const { clock, log } = options
  const left = ({ to }: Notification): Millis | undefined => removedAt(running, to.address)
  const undelivered = (notification: Notification, answer: string): void => {
    if (notification.channel === 'alertmanager') return
    const { to, receiver, decidedAt } = notification
    const item = {
      address: to.address,
      receiver,
      about: notificationSubject(notification),
      response: answer,
      at: decidedAt,
    }
    engine
      .command({ kind: 'undelivered', item, now: clock.now() })
      .catch((error: Error) =>
        log.error({ error: error.message }, 'that a notification was not delivered cannot be told'),
      )
  }
  return createSender({ ...exits, outbox: engine.outbox, clock, log, observer: metrics.observer, left, undelivered })
}

/** What left while the service was down, left when it started. */
function removedAt({ known, left, since }: ServiceState, address: string): Millis | undefined {
  return known.has(address) ? undefined : (left.get(address) ?? since)
}

/** So long what an address was to get can be in the outbox. */
const KEEP_LEFT = 25 * 3_600_000

/** Takes note of the addresses that a new configuration does not have any more. */
export function recordRemoved(running: ServiceState, next: Config, now: Millis): void {
  const { config, left } = running
  const known = listAddresses(next)
  for (const address of listAddresses(config)) if (!known.has(address)) left.set(address, now)
  for (const [address, at] of left) if (known.has(address) || now - at > KEEP_LEFT) left.delete(address)
  running.known = known
}

/** All whom a configuration can tell anything, as notifications address them. */
export function listAddresses({ engine }: Config): ReadonlySet<string> {
  const addresses = engine.receivers.flatMap(({ name, email, webhook, alertmanager }) => [
    ...email.map(({ address }) => address),
    ...(webhook === true ? [`webhook:${name}`] : []),
    ...(alertmanager === true ? [`alertmanager:${name}`] : []),
  ])
  return new Set(addresses)
}
