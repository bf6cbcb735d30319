import { checkMatchers, parseMatcher } from '../matcher.ts'
import type { Matcher } from '../model.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { warnOfMatcher } from './names.ts'
import type { Vocabulary } from './names.ts'

/** One matcher or a list; those that are in order. */
export function readMatchers(
  raw: string | readonly string[],
  pointer: string,
  words: Vocabulary,
  report: Report,
): readonly Matcher[] {
  const matchers = [raw].flat().flatMap((text, index) => {
    const at = Array.isArray(raw) ? below(pointer, index) : pointer
    const matcher = parseMatcher(text)
    if (!('fault' in matcher)) {
      warnOfMatcher(matcher, at, words, report)
      return [matcher]
    }
    const rest = text.slice(matcher.at)
    report.mistake(at, matcher.fault, report.expanded(at) || rest === '' ? undefined : { text: rest })
    return []
  })
  if (!report.clean(pointer)) return matchers
  const wrong = checkMatchers(matchers)
  if (wrong !== undefined) report.mistake(pointer, wrong)
  return matchers
}
