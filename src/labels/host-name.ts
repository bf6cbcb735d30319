import { isNegated, matchesGlob, withoutNot } from './pattern.ts'

/** Returns what two spellings of a host's name have in common: names of hosts are compared without case. */
export function foldHostName(name: string): string {
  return name.toLowerCase()
}

/**
 * Returns a name without the longest of these domains: `web-1.cluster.example.org` becomes `web-1`. A name that is the
 * domain itself stays.
 */
export function stripDomain(name: string, domains: readonly string[]): string {
  const folded = foldHostName(name)
  let end = name.length
  for (const domain of domains) {
    const start = folded.length - domain.length - 1
    if (start > 0 && start < end && folded[start] === '.' && folded.endsWith(foldHostName(domain))) end = start
  }
  return name.slice(0, end)
}

/** Returns true if a host pattern matches the name of a host. */
export function matchesHost(pattern: string, host: string): boolean {
  return matchesGlob(foldHostName(pattern), foldHostName(host))
}

/**
 * Returns true if a host is among those that a list of patterns means: it matches one of them, or there are only patterns
 * with `!`; and it matches none of those with `!`.
 */
export function matchesHosts(patterns: readonly string[], host: string): boolean {
  const wanted = patterns.filter((pattern) => !isNegated(pattern))
  return (
    (wanted.length === 0 || wanted.some((pattern) => matchesHost(pattern, host))) &&
    !patterns.some((pattern) => isNegated(pattern) && matchesHost(withoutNot(pattern), host))
  )
}
