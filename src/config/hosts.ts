import { below, type Report } from './mistakes.ts'

/** What regular expressions have and host patterns do not. */
const REGULAR = /[\^$+()[\]|\\/]|\.\*/

/** Patterns of hosts. One that looks like a regular expression is taken as it stands, with a warning. */
export function readHosts(
  raw: string | readonly string[] | undefined,
  pointer: string,
  report: Report,
): readonly string[] {
  if (raw === undefined) return []
  const patterns = [raw].flat()
  for (const [i, pattern] of patterns.entries()) {
    if (!REGULAR.test(pattern)) continue
    const at = Array.isArray(raw) ? below(pointer, i) : pointer
    report.warn(
      at,
      `'${pattern}' looks like a regular expression: here only * (any text) and ? (one character) are special`,
    )
  }
  return patterns
}
