import type { Millis, Severity } from '../model.ts'

/**
 * How often an alert changed between good and bad lately, as Nagios reckons: of the last 20 slots of time those with a
 * change, the newest counting most.
 */
export interface Flapping {
  /** Number of the newest slot, and a bit for each slot with a change, the newest lowest. */
  slot: number
  changes: number
  isBad: boolean
  isFlapping: boolean
  /** The worst severity that was told since flapping started. */
  worst?: Severity
  /** Event time of the newest look. */
  at: Millis
}

const SLOTS = 20
/** Weights of the newest and of the oldest slot; those between lie on a line. */
const NEWEST = 1.25
const OLDEST = 0.75
/** Shares of weighted changes, in percent, at which flapping starts and under which it is over. */
const STARTS = 20
const STOPS = 5
/** Changes within one minute count once, however often a rule is judged. */
const SHORTEST_SLOT = 60_000

export function createFlapping(at: Millis): Flapping {
  return { slot: -1, changes: 0, isBad: false, isFlapping: false, at }
}

/** How wide a slot is for a rule that is judged so often. */
export function slotLength(every: Millis): Millis {
  return Math.max(every, SHORTEST_SLOT)
}

/** The weighted share of slots with a change, in percent. */
export function flapPercent({ changes }: Pick<Flapping, 'changes'>): number {
  let sum = 0
  for (let i = 0; i < SLOTS; i++) if ((changes >> i) & 1) sum += NEWEST - (i * (NEWEST - OLDEST)) / (SLOTS - 1)
  return (sum * 100) / SLOTS
}

/**
 * Looks at an alert at an instant of event time: whether it is bad then, undefined when nobody can say.
 *
 * @param width of a slot, see `slotOf`.
 * @returns what began or ended by it.
 */
export function recordSample(
  flapping: Flapping,
  at: Millis,
  isBad: boolean | undefined,
  width: Millis,
): 'started' | 'stopped' | undefined {
  move(flapping, Math.floor(at / width))
  flapping.at = Math.max(flapping.at, at)
  if (isBad !== undefined && isBad !== flapping.isBad) {
    flapping.isBad = isBad
    flapping.changes |= 1
  }
  const share = flapPercent(flapping)
  if (!flapping.isFlapping && share >= STARTS) return turn(flapping, true)
  return flapping.isFlapping && share < STOPS ? turn(flapping, false) : undefined
}

function turn(flapping: Flapping, isFlapping: boolean): 'started' | 'stopped' {
  flapping.isFlapping = isFlapping
  return isFlapping ? 'started' : 'stopped'
}

/** Looks at an older time change nothing that is known. */
function move(flapping: Flapping, slot: number): void {
  const by = flapping.slot < 0 ? 0 : slot - flapping.slot
  if (by > 0) flapping.changes = by >= SLOTS ? 0 : (flapping.changes << by) & ((1 << SLOTS) - 1)
  flapping.slot = Math.max(flapping.slot, slot)
}
