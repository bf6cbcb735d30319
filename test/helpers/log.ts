import type { Log, Observer } from '../../src/model.ts'

/** What was said to a log. */
export interface Line {
  readonly level: string
  readonly fields: object
  readonly message: string
}

/** A log that keeps its entries. */
export function recorder(lines: Line[]): Log {
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields, message })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

const quiet = (): void => {}

/** An observer that counts nothing. */
export const silentObserver: Observer = {
  events: quiet,
  rejects: quiet,
  nonNumeric: quiet,
  sharedName: quiet,
  untimed: quiet,
  answered: quiet,
  engine: quiet,
  closed: quiet,
  notified: quiet,
}
