import type {
  Command,
  EngineConfig,
  EngineStats,
  Log,
  Millis,
  OutboxArgs,
  OutboxMethods,
  Query,
  Tick,
} from '../../model.ts'

/** Requests of the main thread to the engine thread. Each is answered once, under its id. */
export type Request = { readonly id: number } & Ask

export type Ask =
  | { readonly kind: 'append'; readonly frame: Uint8Array }
  | { readonly kind: 'tick'; readonly tick: Tick }
  | { readonly kind: 'config'; readonly config: EngineConfig }
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'outbox'; readonly method: keyof OutboxMethods; readonly args: OutboxArgs<keyof OutboxMethods> }
  | { readonly kind: 'stop' }

export type Reply =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly code: string; readonly message: string }
  | EngineEvent

/** Messages of the thread that answer no request. */
export type EngineEvent =
  | { readonly kind: 'ready'; readonly replayed: number; readonly downFrom: Millis | undefined }
  | { readonly kind: 'stats'; readonly stats: EngineStats }
  /** Notifications are due. */
  | { readonly kind: 'effects'; readonly count: number }
  | { readonly kind: 'journal'; readonly ok: boolean; readonly message: string }
  /** An entry made the fold throw. It stays in the journal without effects, and the engine continues. */
  | { readonly kind: 'fault'; readonly offset: number; readonly message: string }
  /** A problem that the journal worked around. */
  | { readonly kind: 'notice'; readonly level: keyof Log; readonly fields: object; readonly message: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

/** Data that the thread starts with. */
export interface ThreadData {
  readonly file: string
  readonly config: EngineConfig
  readonly now: Millis
}
