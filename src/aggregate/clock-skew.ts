import type { Millis } from '../model.ts'

/** What is known of a host's clock. Offsets are arrival minus event time; positive: the host's clock is behind. */
export interface ClockSkew {
  /** The newest offsets in a row that speak against what is known: all beyond the bound, or all within. */
  run: number[]
  /** Arrival of the newest offset that was looked at. */
  at: Millis
  /** The median offset that was found, while the clock counts as off. */
  off: Millis | undefined
}

/** A clock may be off by this much before it matters. */
export const CLOCK_BOUND = 5 * 60_000
const RUN = 20
const STEADY = 10_000
/** Offsets that arrive closer together say nothing new: what was kept back while a host was cut off comes in one go. */
const APART = 3000

export function createSkew(): ClockSkew {
  return { run: [], at: -Infinity, off: undefined }
}

/**
 * Folds the offset of an event in that arrived at `rcv`. Twenty in a row beyond five minutes that agree within ten
 * seconds prove that a clock is off, or off by something else than before (summer time begins); twenty in a row within
 * prove that it is right again. The twenty arrive over a minute at least: a backlog that is caught up with changes its
 * offset meanwhile, a wrong clock does not.
 */
export function observeOffset(skew: ClockSkew, offset: Millis, receivedAt: Millis): void {
  const isBeyond = isOff(offset)
  if (skew.off === undefined ? !isBeyond : Math.abs(offset - skew.off) <= STEADY) {
    if (skew.run.length > 0) skew.run = []
    return
  }
  if (Math.abs(receivedAt - skew.at) < APART) return
  skew.at = receivedAt
  if (isOff(skew.run[0] ?? offset) !== isBeyond) skew.run = []
  skew.run.push(offset)
  if (skew.run.length < RUN) return
  const middle = median(skew.run)
  const spread = median(skew.run.map((one) => Math.abs(one - middle)))
  if (isBeyond && spread >= STEADY) {
    skew.run.shift()
    return
  }
  skew.off = isBeyond ? middle : undefined
  skew.run = []
}

function isOff(offset: Millis): boolean {
  return Math.abs(offset) > CLOCK_BOUND
}

function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b)
  return ((ordered[(ordered.length - 1) >> 1] as number) + (ordered[ordered.length >> 1] as number)) / 2
}
