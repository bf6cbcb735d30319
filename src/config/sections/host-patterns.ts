import { type Diagnostics } from '../file/diagnostics.ts'
import { below, describe } from '../../text/diagnostic.ts'

/** What regular expressions have and host patterns do not. */
const REGULAR = /[\^$+()[\]|\\/]|\.\*/

/** Reads host patterns. One that looks like a regular expression is taken literally, with a warning. */
export function readHosts(
  raw: string | readonly string[] | undefined,
  pointer: string,
  diagnostics: Diagnostics,
): readonly string[] {
  if (raw === undefined) return []
  const patterns = [raw].flat()
  for (const [i, pattern] of patterns.entries()) {
    if (!REGULAR.test(pattern)) continue
    const at = Array.isArray(raw) ? below(pointer, i) : pointer
    const what = `'${pattern}' looks like a regular expression`
    diagnostics.warn(at, describe(what, { expected: 'a host pattern with * (any text) and ? (one character)' }))
  }
  return patterns
}
