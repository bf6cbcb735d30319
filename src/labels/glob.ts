/**
 * Returns true if a pattern with `*` (any text) and `?` (one character) matches the whole name. Without recursion; in
 * the worst case the time is proportional to the product of the lengths.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let mark = 0
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++
      mark = n
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p++
      n++
    } else if (star >= 0) {
      p = star + 1
      n = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** Returns true if a pattern has wildcards. */
export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern)
}
