import type {
  Command,
  EngineConfig,
  EngineStats,
  Log,
  Merge,
  Millis,
  Outcome,
  Query,
  Tick,
  Channel,
} from '../../model.ts'

/** Requests of the main thread to the engine thread. Each is answered once, under its id. */
export type Request = { readonly id: number } & (
  | { readonly kind: 'append'; readonly frame: Uint8Array }
  | { readonly kind: 'tick'; readonly tick: Tick }
  | { readonly kind: 'config'; readonly config: EngineConfig }
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'due'; readonly now: Millis; readonly limit: number; readonly perLine?: number }
  | { readonly kind: 'siblings' | 'earlier'; readonly item: string }
  | { readonly kind: 'merge'; readonly merge: Merge; readonly now: Millis }
  | { readonly kind: 'rendered'; readonly item: string; readonly bytes: Uint8Array }
  | { readonly kind: 'outcome'; readonly item: string; readonly outcome: Outcome; readonly now: Millis }
  | { readonly kind: 'hasten'; readonly queue: Channel }
  | { readonly kind: 'list'; readonly limit: number }
  | { readonly kind: 'outboxStats' }
  | { readonly kind: 'stop' }
)

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
