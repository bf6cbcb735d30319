import type { Millis } from '../../model.ts'
import { describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { parseDuration, writeDuration } from './units.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export interface Range {
  readonly least: Millis
  readonly most: Millis
  /** The duration must be a multiple of this bucket; `why` names the windows that it is for. */
  readonly step?: Millis
  readonly why?: string
}

/** Reads a duration in milliseconds; one out of its range is an error. */
export function readSpan(
  text: string,
  pointer: string,
  { least, most, step = 1, why = '' }: Range,
  diagnostics: Diagnostics,
): Millis {
  const span = parseDuration(text)
  const found = diagnostics.written(pointer)
  if (span < least) {
    const expected = `at least ${writeDuration(least)}`
    diagnostics.error(pointer, describe('the duration is too short', { found, expected }))
  } else if (span > most) {
    const expected = `at most ${writeDuration(most)}`
    diagnostics.error(pointer, describe('the duration is too long', { found, expected }))
  } else if (span % step !== 0) {
    const near = [Math.floor(span / step) * step, Math.ceil(span / step) * step]
      .filter((one) => one > 0)
      .map(writeDuration)
    const expected = `a multiple of the ${writeDuration(step)} bucket${why}`
    const what = describe('the duration does not match its bucket', { found, expected })
    diagnostics.error(pointer, `${what}: did you mean ${near.join(' or ')}?`)
  }
  return span
}
