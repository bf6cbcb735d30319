import { matchesHost } from '../../labels/host-name.ts'
import { isNegated, withoutNot } from '../../labels/pattern.ts'
import { listNames } from '../../text/format.ts'
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
  if (excludesAll(patterns)) {
    const what = `${listNames(patterns)} match no host`
    diagnostics.warn(pointer, describe(what, { fix: 'the patterns with ! exclude all others; shorten them' }))
  }
  return patterns
}

/** Returns true if patterns with `!` match whatever the others match. */
function excludesAll(patterns: readonly string[]): boolean {
  const excluded = patterns.filter(isNegated).map(withoutNot)
  const others = patterns.filter((pattern) => !isNegated(pattern))
  const wanted = others.length === 0 && excluded.length > 0 ? ['*'] : others
  return wanted.length > 0 && wanted.every((one) => excluded.some((pattern) => covers(pattern, one)))
}

/** Returns true if a pattern matches each name that another one matches, judged by a short and a long one. */
function covers(pattern: string, other: string): boolean {
  const names = ['', 'z'.repeat(300)].map((text) => other.replaceAll('*', text).replaceAll('?', 'z'))
  return names.every((name) => matchesHost(pattern, name))
}
