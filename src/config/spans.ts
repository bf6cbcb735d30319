import type { Millis } from '../model.ts'
import type { Report } from './mistakes.ts'
import { parseDuration, writeDuration } from './units.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export interface Range {
  readonly least: Millis
  readonly most: Millis
  /** The span must be a multiple of this, for the reason given. */
  readonly step?: Millis
  readonly why?: string
}

/** Milliseconds of a duration, with a mistake reported when it is out of its range. */
export function readSpan(
  text: string,
  pointer: string,
  { least, most, step = 1, why = '' }: Range,
  report: Report,
): Millis {
  const span = parseDuration(text)
  const found = report.written(pointer)
  if (span < least) report.mistake(pointer, `expected at least ${writeDuration(least)}, found ${found}`)
  else if (span > most) report.mistake(pointer, `expected at most ${writeDuration(most)}, found ${found}`)
  else if (span % step !== 0) {
    const near = [Math.floor(span / step) * step, Math.ceil(span / step) * step]
      .filter((one) => one > 0)
      .map(writeDuration)
    const expected = `expected a multiple of the ${writeDuration(step)} bucket${why}`
    report.mistake(pointer, `${expected}, found ${found}: did you mean ${near.join(' or ')}?`)
  }
  return span
}
