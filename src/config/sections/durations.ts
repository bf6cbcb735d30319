import type { Millis } from '../../model.ts'
import { describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { parseDuration, writeDuration } from './units.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

interface Range {
  readonly min: Millis
  readonly max: Millis
  /** The duration must be a multiple of this bucket; `why` names the windows that it is for. */
  readonly step?: Millis
  readonly reason?: string
}

/** Reads a duration in milliseconds; one out of its range is an error. */
export function readSpan(
  text: string,
  pointer: string,
  { min, max, step = 1, reason = '' }: Range,
  diagnostics: Diagnostics,
): Millis {
  const span = parseDuration(text)
  const found = diagnostics.describeValue(pointer)
  if (span < min) {
    const expected = `at least ${writeDuration(min)}`
    diagnostics.error(pointer, describe('the duration is too short', { found, expected }))
  } else if (span > max) {
    const expected = `at most ${writeDuration(max)}`
    diagnostics.error(pointer, describe('the duration is too long', { found, expected }))
  } else if (span % step !== 0) {
    const near = [Math.floor(span / step) * step, Math.ceil(span / step) * step]
      .filter((one) => one > 0)
      .map(writeDuration)
    const expected = `a multiple of the ${writeDuration(step)} bucket${reason}`
    const what = describe('the duration does not match its bucket', { found, expected })
    diagnostics.error(pointer, `${what}: did you mean ${near.join(' or ')}?`)
  }
  return span
}
