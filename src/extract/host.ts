import { containsReference, DEFAULT_HOST_PATHS, SEP, type Rejection, UNKNOWN_HOST } from '../model.ts'
import { stripDomain } from '../labels/host-name.ts'
import type { Paths } from './paths.ts'

const MAX_HOST = 255

interface HostField {
  readonly path: string
  readonly slot: number
}

type HostError = Omit<Rejection, 'index'>

/** Returns the host of an event of this kind from the values read from it; `UNKNOWN_HOST` if it has none. */
type ResolveHost = (kind: string, values: readonly unknown[]) => string | HostError

/**
 * Compiles host paths by kind of event. A kind without a list of its own uses `default`.
 * @param domains are removed from the names.
 */
export function compileHost(
  lists: Readonly<Record<string, readonly string[]>>,
  domains: readonly string[],
  paths: Paths,
): ResolveHost {
  const all: Readonly<Record<string, readonly string[]>> = { ...DEFAULT_HOST_PATHS, ...lists }
  const plans = new Map<string, HostField[]>()
  for (const [kind, list] of Object.entries(all)) {
    plans.set(
      kind,
      list.map((path) => ({ path, slot: paths.add(path) })),
    )
  }
  const fallback = plans.get('default') ?? []
  if (!plans.has('auth')) plans.set('auth', plans.get('syslog') ?? fallback)
  return (kind, values) => {
    const host = resolve(plans.get(kind) ?? fallback, values)
    return domains.length > 0 && typeof host === 'string' ? stripDomain(host, domains) : host
  }
}

function resolve(plan: readonly HostField[], values: readonly unknown[]): string | HostError {
  for (const { path, slot } of plan) {
    const host = nameIn(values[slot], path)
    if (host === undefined) continue
    if (host.length <= MAX_HOST) return host
    const reason = `expected a host name of at most ${MAX_HOST} characters, found ${host.length}`
    return { path: `/${path.replaceAll('.', '/')}`, reason, code: 'host' }
  }
  return UNKNOWN_HOST
}

/**
 * Returns the host in a value. Of several addresses the first wins, of several names the last: inputs append the name
 * in the line to the one that was there.
 */
function nameIn(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return clean(value)
  if (!Array.isArray(value)) return undefined
  const names = value.map((item: unknown) => (typeof item === 'string' ? clean(item) : undefined))
  const isName = (name: string | undefined): boolean => name !== undefined
  return path.endsWith('.ip') ? names.find(isName) : names.findLast(isName)
}

/** What RFC 5424 writes for a missing name. */
const NIL = '-'

/**
 * Returns the text without blanks around it and without separators, well-formed; undefined if nothing is left, or if it
 * names nothing: a dash, or an unresolved reference.
 */
function clean(written: string): string | undefined {
  const text = written.trim()
  if (text === '' || text === NIL || containsReference(text)) return undefined
  const plain = text.includes(SEP) ? text.replaceAll(SEP, '') : text
  return plain.isWellFormed() ? plain : plain.toWellFormed()
}
