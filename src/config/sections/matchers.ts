import { checkMatchers, parseMatcher } from '../../labels/matcher.ts'
import type { Matcher } from '../../model.ts'
import { below } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { checkMatcherLabel } from './references.ts'
import type { Vocabulary } from './references.ts'

/** Reads a matcher or a list of matchers; those with errors are left out. */
export function readMatchers(
  raw: string | readonly string[],
  pointer: string,
  words: Vocabulary,
  diagnostics: Diagnostics,
): readonly Matcher[] {
  const matchers = [raw].flat().flatMap((text, index) => {
    const at = Array.isArray(raw) ? below(pointer, index) : pointer
    const matcher = parseMatcher(text)
    if (!('reason' in matcher)) {
      checkMatcherLabel(matcher, at, words, diagnostics)
      return [matcher]
    }
    const rest = text.slice(matcher.at)
    diagnostics.error(at, matcher.reason, diagnostics.isExpanded(at) || rest === '' ? undefined : { text: rest })
    return []
  })
  if (!diagnostics.isClean(pointer)) return matchers
  const wrong = checkMatchers(matchers)
  if (wrong !== undefined) diagnostics.error(pointer, wrong)
  return matchers
}
