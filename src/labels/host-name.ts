import { matchesGlob } from './pattern.ts'

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
