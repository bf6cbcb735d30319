/** A source of inhibition rules: the keys of what it inhibits, and of what inhibits it. */
interface Node {
  readonly inhibits: readonly string[]
  readonly inhibitedBy: readonly string[]
}

export function groupByKey<T>(
  all: readonly T[],
  keysOf: (one: T) => readonly string[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all)
    for (const key of keysOf(one)) {
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [one])
      else group.push(one)
    }
  return groups
}

/**
 * Finds the sources that are notified although others inhibit them, because those are inhibited by them in turn: the
 * first of each cycle that nothing outside of it inhibits.
 *
 * @param sources in the order in which they fired.
 * @param byKey the sources by the keys of what they inhibit; `byTargetKey`: by the keys of what inhibits them.
 */
export function findCycleHeads<T extends Node>(
  sources: readonly T[],
  byKey: ReadonlyMap<string, readonly T[]>,
  byTargetKey: ReadonlyMap<string, readonly T[]>,
): ReadonlySet<T> {
  const heads = new Set<T>()
  const isInhibited = ({ inhibitedBy }: T): boolean => inhibitedBy.some((key) => byKey.has(key))
  const inhibited = sources.filter(isInhibited)
  if (inhibited.length === 0) return heads
  const below = (some: readonly T[]): ReadonlySet<T> => follow(some, ({ inhibits }) => inhibits, byTargetKey)
  const held = new Set(below(sources.filter((one) => !isInhibited(one))))
  for (const one of inhibited) {
    if (held.has(one)) continue
    const above = follow([one], ({ inhibitedBy }) => inhibitedBy, byKey)
    const reached = below([one])
    if (![...above].every((other) => reached.has(other))) continue
    heads.add(one)
    for (const other of reached) held.add(other)
  }
  return heads
}

/** Whether an alert inhibits, or would inhibit, another one, directly or through others. */
export function reaches<T extends Node>(from: T, to: T, byTargetKey: ReadonlyMap<string, readonly T[]>): boolean {
  return follow([from], ({ inhibits }) => inhibits, byTargetKey).has(to)
}

/** Returns what can be reached from some nodes, step by step, over their keys. */
function follow<T>(
  start: readonly T[],
  keysOf: (one: T) => readonly string[],
  byKey: ReadonlyMap<string, readonly T[]>,
): ReadonlySet<T> {
  const found = new Set<T>()
  const seen = new Set<string>()
  const queue = [...start]
  for (const one of queue) {
    for (const key of keysOf(one)) {
      if (seen.has(key)) continue
      seen.add(key)
      for (const next of byKey.get(key) ?? []) {
        if (found.has(next)) continue
        found.add(next)
        queue.push(next)
      }
    }
  }
  return found
}
