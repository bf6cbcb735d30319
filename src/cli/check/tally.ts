import { MAX_RATIO, SEP, type EventSamples } from '../../model.ts'
import { type CheckedEvent, parseNumber } from '../../service/judge.ts'

/** Limits on what is kept of a file of any size. */
const MAX_HOSTS = 10_000
const MAX_FIELDS = 5000
const MAX_REASONS = 200
const MAX_DATASETS = 200

/** Names with their counts, up to a maximum, and the number of further names. */
export interface Names {
  readonly seen: Set<string>
  more: boolean
}

/** The values that a metric, or a rule that counts, got from the events of one kind. */
export interface ValueTally {
  count: number
  smallest: number
  largest: number
  /** How many values exceed a ratio's maximum, and the smallest of them. */
  beyondRange: number
  smallestBeyond: number
}

export interface KindTally {
  accepted: number
  rejected: number
  /** Accepted events that no metric and no rule used. */
  unused: number
  readonly hosts: Names
  readonly values: Map<string, ValueTally>
  /** What events that only the base schema matched call themselves. */
  readonly datasets: Map<string, number>
}

interface ReasonTally {
  readonly path: string
  readonly reason: string
  readonly line: number
  count: number
}

/** What was found at one path: in how many events, and in how many of them as a number. */
interface FieldTally {
  events: number
  numbers: number
  /** The first value that is not a number. */
  other?: string
}

export interface Tally {
  events: number
  accepted: number
  /** Accepted events without a valid time, and with an id. */
  untimed: number
  identified: number
  readonly kinds: Map<string, KindTally>
  readonly reasons: Map<string, ReasonTally>
  /** Rejections for further reasons. */
  otherReasons: number
  readonly fields: Map<string, FieldTally>
  /** Accepted events that a rule could not be matched with, by rule. */
  readonly unmatched: Map<string, number>
}

export function createTally(): Tally {
  return {
    events: 0,
    accepted: 0,
    untimed: 0,
    identified: 0,
    kinds: new Map(),
    reasons: new Map(),
    otherReasons: 0,
    fields: new Map(),
    unmatched: new Map(),
  }
}

/** The kind of events that were rejected before their kind was known. */
const NO_KIND = '(none)'

/** Adds the result of one event. */
export function tallyEvent(tally: Tally, { kind = NO_KIND, event, outcome }: CheckedEvent, line: number): void {
  tally.events += 1
  if (event !== undefined) tallyFields(tally.fields, event, '')
  const ofKind = kindTally(tally, kind)
  if ('code' in outcome) {
    ofKind.rejected += 1
    tallyReason(tally, outcome, line)
    return
  }
  tally.accepted += 1
  if (Number.isNaN(outcome.ts)) tally.untimed += 1
  if (outcome.id !== undefined) tally.identified += 1
  ofKind.accepted += 1
  if (!outcome.heartbeat) addName(ofKind.hosts, outcome.host)
  if (outcome.series.length === 0) ofKind.unused += 1
  tallySamples(ofKind.values, outcome)
  for (const rule of outcome.unmatched ?? []) tally.unmatched.set(rule, (tally.unmatched.get(rule) ?? 0) + 1)
  if (kind === 'base') tallyDataset(ofKind.datasets, event)
}

function kindTally({ kinds }: Tally, kind: string): KindTally {
  const known = kinds.get(kind)
  if (known !== undefined) return known
  const hosts = { seen: new Set<string>(), more: false }
  const created: KindTally = { accepted: 0, rejected: 0, unused: 0, hosts, values: new Map(), datasets: new Map() }
  kinds.set(kind, created)
  return created
}

function addName(names: Names, name: string): void {
  if (names.seen.has(name)) return
  if (names.seen.size < MAX_HOSTS) names.seen.add(name)
  else names.more = true
}

function tallySamples(fed: Map<string, ValueTally>, { series, values }: EventSamples): void {
  for (const [i, key] of series.entries()) {
    const end = key.indexOf(SEP)
    const name = end === -1 ? key : key.slice(0, end)
    const value = values[i] ?? Number.NaN
    // A rule whose expression takes too many steps on this event; it has its own count.
    if (Number.isNaN(value)) continue
    const known = fed.get(name) ?? {
      count: 0,
      smallest: Infinity,
      largest: -Infinity,
      beyondRange: 0,
      smallestBeyond: Infinity,
    }
    fed.set(name, known)
    known.count += 1
    known.smallest = Math.min(known.smallest, value)
    known.largest = Math.max(known.largest, value)
    if (value <= MAX_RATIO) continue
    known.beyondRange += 1
    known.smallestBeyond = Math.min(known.smallestBeyond, value)
  }
}

/** Rejections that differ only in the value that was found count as one reason. */
function tallyReason(
  tally: Tally,
  { path, reason }: { readonly path: string; readonly reason: string },
  line: number,
): void {
  const key = `${path} ${reason.split(', found ')[0] ?? ''}`
  const known = tally.reasons.get(key)
  if (known !== undefined) known.count += 1
  else if (tally.reasons.size < MAX_REASONS) tally.reasons.set(key, { path, reason, line, count: 1 })
  else tally.otherReasons += 1
}

function tallyDataset(datasets: Map<string, number>, event: object | undefined): void {
  const { event: node, metricset } = (event ?? {}) as {
    readonly event?: { dataset?: unknown }
    readonly metricset?: { name?: unknown; module?: unknown }
  }
  const dataset = node?.dataset
  const { module, name } = metricset ?? {}
  const called =
    typeof dataset === 'string' ? dataset : typeof name === 'string' ? `${String(module)}.${name}` : undefined
  if (called === undefined) return
  if (datasets.has(called) || datasets.size < MAX_DATASETS) datasets.set(called, (datasets.get(called) ?? 0) + 1)
}

/** Events were validated before: their depth and number of keys are limited. */
function tallyFields(fields: Map<string, FieldTally>, node: object, prefix: string): void {
  for (const [key, value] of Object.entries(node) as [string, unknown][]) {
    const path = prefix === '' ? key : `${prefix}.${key}`
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      tallyFields(fields, value, path)
      continue
    }
    let known = fields.get(path)
    if (known === undefined) {
      if (fields.size >= MAX_FIELDS) continue
      known = { events: 0, numbers: 0 }
      fields.set(path, known)
    }
    known.events += 1
    if (Number.isNaN(parseNumber(value))) known.other ??= JSON.stringify(value).slice(0, 40)
    else known.numbers += 1
  }
}
