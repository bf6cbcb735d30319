import type { Millis } from '../model.ts'

/** Clock skew of a host. Offsets are arrival minus event time; positive if the host's clock is behind. */
export interface ClockSkew {
  /** The newest consecutive offsets that contradict the current state: all beyond the bound, or all within. */
  run: number[]
  /** Arrival of the newest offset used. */
  at: Millis
  /** The median offset, while the clock counts as off. */
  off: Millis | undefined
}

/** A smaller offset does not count as clock skew. */
export const CLOCK_BOUND = 5 * 60_000
const RUN = 20
const STEADY = 10_000
/**
 * Offsets that arrive closer together carry no new information: events buffered during an outage arrive all at once.
 */
const APART = 3000

export function createSkew(): ClockSkew {
  return { run: [], at: -Infinity, off: undefined }
}

/**
 * Records the offset of an event that arrived at `rcv`. Twenty in a row beyond five minutes that agree within ten
 * seconds prove that a clock is off, or that its offset changed (daylight saving time starts); twenty in a row within
 * five minutes prove that it is in sync again. The twenty span at least a minute: while a backlog is caught up, its
 * offset changes; that of a wrong clock does not.
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
