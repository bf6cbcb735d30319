import type { Millis } from '../model.ts'

/** Clock skew of a host. Offsets are arrival minus event time; positive if the host's clock is behind. */
export interface ClockSkew {
  /** The newest consecutive offsets that contradict the current state: all beyond the bound, or all within. */
  recentOffsets: number[]
  /** Arrival of the newest offset used. */
  observedAt: Millis
  /** The median offset, while the clock counts as off. */
  offset: Millis | undefined
}

/** A smaller offset does not count as clock skew. */
export const CLOCK_BOUND = 5 * 60_000
const MIN_SAMPLES = 20
const MAX_SPREAD = 10_000
/**
 * Offsets that arrive closer together carry no new information: events buffered during an outage arrive all at once.
 */
const MIN_DISTANCE = 3000

export function createSkew(): ClockSkew {
  return { recentOffsets: [], observedAt: -Infinity, offset: undefined }
}

/**
 * Records the offset of an event that arrived at `rcv`. Twenty in a row beyond five minutes that agree within ten
 * seconds prove that a clock is off, or that its offset changed (daylight saving time starts); twenty in a row within
 * five minutes prove that it is in sync again. The twenty span at least a minute: while a backlog is caught up, its
 * offset changes; that of a wrong clock does not.
 */
export function observeOffset(skew: ClockSkew, offset: Millis, receivedAt: Millis): void {
  const isBeyond = isOff(offset)
  if (skew.offset === undefined ? !isBeyond : Math.abs(offset - skew.offset) <= MAX_SPREAD) {
    if (skew.recentOffsets.length > 0) skew.recentOffsets = []
    return
  }
  if (Math.abs(receivedAt - skew.observedAt) < MIN_DISTANCE) return
  skew.observedAt = receivedAt
  if (isOff(skew.recentOffsets[0] ?? offset) !== isBeyond) skew.recentOffsets = []
  skew.recentOffsets.push(offset)
  if (skew.recentOffsets.length < MIN_SAMPLES) return
  const middle = median(skew.recentOffsets)
  const spread = median(skew.recentOffsets.map((one) => Math.abs(one - middle)))
  if (isBeyond && spread >= MAX_SPREAD) {
    skew.recentOffsets.shift()
    return
  }
  skew.offset = isBeyond ? middle : undefined
  skew.recentOffsets = []
}

function isOff(offset: Millis): boolean {
  return Math.abs(offset) > CLOCK_BOUND
}

function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b)
  return ((ordered[(ordered.length - 1) >> 1] as number) + (ordered[ordered.length >> 1] as number)) / 2
}
