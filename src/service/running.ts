import type { EngineClient } from '../engine/worker/client.ts'
import type { Extract } from '../extract/samples.ts'
import type { Rejects } from '../ingest/rejects.ts'
import type { Schemas } from '../ingest/schema/index.ts'
import type { Metrics } from '../metrics.ts'
import type { Clock, Config, DeliveryResult, Log, Millis, Notification } from '../model.ts'
import { createSender, type OpenNotifiers, type Mailbox, type Sender, notificationSubject } from '../notify/index.ts'

export interface ServiceOptions {
  readonly config: Config
  /** Clock of events, windows and mails; the demo's runs faster. */
  readonly clock: Clock
  /** Real time, for timeouts. */
  readonly timers: Clock
  readonly log: Log
  /**
   * Reads the configuration for a reload. Without it there is no reload.
   * @throws {ConfigErrors} and errors of the file system
   */
  readonly readConfig?: () => Config
  /** Called when the engine thread ended unexpectedly: no requests can be accepted any more. */
  readonly onEnd: (error: Error) => void
}

/** Shared state of the running service. */
export interface ServiceState {
  readonly options: ServiceOptions
  readonly metrics: Metrics
  config: Config
  state: 'starting' | 'ready' | 'draining'
  journalOk: boolean
  /** True if a request was answered 429 or 503 since the last tick. */
  hasRefused: boolean
  /** Rejected events, with reasons. */
  readonly rejects: Rejects
  schemas: Schemas
  extract: Extract
  /** Key that signs the links in mails. */
  readonly linkKey: Uint8Array
  engine: EngineClient | undefined
  sender: Sender | undefined
  mailbox: Mailbox | undefined
  /** Start of the service, and when addresses left the configuration since. */
  readonly startedAt: Millis
  /** Addresses that can receive notifications; during a reload, those of both configurations. */
  knownAddresses: ReadonlySet<string>
  readonly removedAddresses: Map<string, Millis>
  /** The newest reload. The next reload and the stop wait for it. */
  reloading: Promise<unknown>
}

/** Starts the sender, which delivers due notifications. */
export function startSender(service: ServiceState, engine: EngineClient, notifiers: OpenNotifiers): Sender {
  const { options, metrics } = service
  const { clock, log } = options
  const left = ({ to }: Notification): Millis | undefined => removedAt(service, to.address)
  const onUndelivered = (notification: Notification, result: DeliveryResult): void => {
    if (notification.channel === 'alertmanager') return
    const { to, receiver, decidedAt } = notification
    const item = {
      address: to.address,
      receiver,
      subject: notificationSubject(notification),
      result,
      at: decidedAt,
    }
    engine
      .command({ kind: 'undelivered', item, now: clock.now() })
      .catch((error: Error) =>
        log.error({ error: error.message }, 'cannot report that a notification was not delivered'),
      )
  }
  return createSender({
    ...notifiers,
    outbox: engine.outbox,
    clock,
    log,
    observer: metrics.observer,
    removedAt: left,
    onUndelivered,
  })
}

/**
 * Returns when an address left the configuration; undefined for a current one. An address that left while the service
 * was down counts as left at its start.
 */
function removedAt({ knownAddresses, removedAddresses, startedAt }: ServiceState, address: string): Millis | undefined {
  return knownAddresses.has(address) ? undefined : (removedAddresses.get(address) ?? startedAt)
}

/** The longest that a notification for an address can stay in the outbox. */
const REMOVED_RETENTION = 25 * 3_600_000

/** Records the addresses that a new configuration no longer has. */
export function recordRemoved(service: ServiceState, next: Config, now: Millis): void {
  const { config, removedAddresses } = service
  const known = listConfiguredAddresses(next)
  for (const address of listConfiguredAddresses(config)) if (!known.has(address)) removedAddresses.set(address, now)
  for (const [address, at] of removedAddresses)
    if (known.has(address) || now - at > REMOVED_RETENTION) removedAddresses.delete(address)
  service.knownAddresses = known
}

/** Returns all addresses that a configuration can notify, as notifications name them. */
export function listConfiguredAddresses({ engine }: Config): ReadonlySet<string> {
  const addresses = engine.receivers.flatMap(({ name, email, webhook, alertmanager }) => [
    ...email.map(({ address }) => address),
    ...(webhook === true ? [`webhook:${name}`] : []),
    ...(alertmanager === true ? [`alertmanager:${name}`] : []),
  ])
  return new Set(addresses)
}
