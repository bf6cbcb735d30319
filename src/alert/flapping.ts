import type { Millis, Severity } from '../model.ts'

/**
 * How often an alert changed between normal and anomalous lately, computed as in Nagios: of the last 20 time slots
 * those with a change, with the newest weighing most.
 */
export interface Flapping {
  /** Number of the newest slot, and one bit for each slot with a change; the newest slot is the lowest bit. */
  slot: number
  changes: number
  isBad: boolean
  isFlapping: boolean
  /** The worst severity that was notified since flapping started. */
  worst?: Severity
  /** Event time of the newest sample. */
  at: Millis
}

const SLOTS = 20
/** Weights of the newest and the oldest slot. The weights between are linear. */
const NEWEST = 1.25
const OLDEST = 0.75
/** Percentages of weighted changes: flapping starts at the first and stops below the second. */
const STARTS = 20
const STOPS = 5
/** Changes within one minute count once, however often a rule is evaluated. */
const MIN_SLOT = 60_000

export function createFlapping(at: Millis): Flapping {
  return { slot: -1, changes: 0, isBad: false, isFlapping: false, at }
}

/** Returns the length of a slot for a rule with this evaluation interval. */
export function slotLength(every: Millis): Millis {
  return Math.max(every, MIN_SLOT)
}

/** Returns the weighted percentage of slots with a change. */
export function flapPercent({ changes }: Pick<Flapping, 'changes'>): number {
  let sum = 0
  for (let i = 0; i < SLOTS; i++) if ((changes >> i) & 1) sum += NEWEST - (i * (NEWEST - OLDEST)) / (SLOTS - 1)
  return (sum * 100) / SLOTS
}

/**
 * Records whether an alert is anomalous at an event time; undefined if unknown.
 *
 * @param width length of a slot, see `slotLength`.
 * @returns whether flapping started or stopped.
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

/** Moves to a slot. A sample in an older slot changes nothing. */
function move(flapping: Flapping, slot: number): void {
  const by = flapping.slot < 0 ? 0 : slot - flapping.slot
  if (by > 0) flapping.changes = by >= SLOTS ? 0 : (flapping.changes << by) & ((1 << SLOTS) - 1)
  flapping.slot = Math.max(flapping.slot, slot)
}
