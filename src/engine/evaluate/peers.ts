import type { Store } from '../../aggregate/store.ts'
import { computeFigure, type BucketRange, readWindow } from '../../aggregate/window.ts'
import type { Peers } from '../../model.ts'
import type { WindowPlan } from '../plan.ts'
import type { Fold, Host, KeyInfo } from '../state.ts'

interface Series {
  readonly host: Host
  readonly info: KeyInfo
  readonly store: Store
}

/** The most hosts compared, and the most hosts searched for them. Fewer than `MIN_PEERS` give no comparison. */
const MAX_PEERS = 100
const MAX_SCANNED = 4 * MAX_PEERS
const MIN_PEERS = 3

/**
 * Returns what other hosts measured in the same window with series of the same name; undefined if too few did.
 *
 * @param span the window, in buckets of the store.
 */
export function comparePeers(
  fold: Fold,
  { host, info, store }: Series,
  plan: WindowPlan,
  span: BucketRange,
): Peers | undefined {
  const id = fold.state.keys.ids.get(info.key)
  if (id === undefined || plan.rule.kind === 'count') return undefined
  const figures: number[] = []
  for (const other of hostsFrom(fold, host)) {
    const slot = other.series.get(id)
    if (slot === undefined) continue
    const figure = computeFigure(store, slot, span, plan.of, readWindow(store, slot, span))
    if (Number.isFinite(figure)) figures.push(figure)
    if (figures.length === MAX_PEERS) break
  }
  if (figures.length < MIN_PEERS) return undefined
  const known = fold.state.hosts.size - 1
  const isSample =
    figures.length < known && (figures.length === MAX_PEERS || fold.state.hostSlots.length - 1 > MAX_SCANNED)
  const median = Number(computeMedian(figures).toPrecision(6))
  return { median, hosts: figures.length, ...(isSample ? { known } : {}) }
}

/** Returns the median. */
function computeMedian(figures: readonly number[]): number {
  const ordered = figures.toSorted((a, b) => a - b)
  const low = ordered[(ordered.length - 1) >> 1] as number
  const high = ordered[ordered.length >> 1] as number
  return low / 2 + high / 2
}

/** Lists the hosts after one in order of their slots, and then from the first slot on. */
function* hostsFrom({ state }: Fold, { index }: Host): Generator<Host> {
  const { hostSlots } = state
  for (let i = 1; i <= Math.min(hostSlots.length - 1, MAX_SCANNED); i++) {
    const host = hostSlots[(index + i) % hostSlots.length]
    if (host !== null && host !== undefined) yield host
  }
}
