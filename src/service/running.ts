import type { EngineClient } from '../engine/client.ts'
import type { Extract } from '../extract/samples.ts'
import type { Rejects } from '../ingest/rejects.ts'
import type { Schemas } from '../ingest/schemas.ts'
import type { Metrics } from '../metrics.ts'
import type { Clock, Config, Log } from '../model.ts'
import { createSender, type Exits, type Mailbox, type Sender } from '../notify/index.ts'

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
export interface Running {
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
  /** The newest reload; the next one and the stop wait for it. */
  reloading: Promise<unknown>
}

/** Sends what is due, by the ways out. */
export function startSender({ options, metrics }: Running, { outbox }: EngineClient, exits: Exits): Sender {
  const { clock, log } = options
  return createSender({ ...exits, outbox, clock, log, observer: metrics.observer })
}
