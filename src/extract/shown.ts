import { type CountRule, type EventFields, type EventSamples, SHOWN_EVENTS } from '../model.ts'
import { isSecretName, MASKED, maskText } from '../text/mask.ts'
import type { Paths } from './paths.ts'

const MESSAGE = 'message'
/** Longest message, and longest text of another field; and how many fields an event shows. */
const MAX_MESSAGE = 512
const MAX_TEXT = 128
const MAX_FIELDS = 8
/** The most items of a list that are shown. */
const MAX_ITEMS = 8
/** The most events of one request that are shown. */
const MAX_EVENTS = 64

/** A field to show, and where its value is read. */
export interface ShownField {
  readonly field: string
  readonly slot: number
}

/** The fields that alerts of a rule show of its events: the message, those of its templates, of `by` and of `where`. */
export function planShown(
  {
    where,
    byFields,
    placeholders,
  }: Pick<CountRule, 'where' | 'byFields'> & { readonly placeholders: readonly string[] },
  paths: Paths,
): readonly ShownField[] {
  const fields = new Set([MESSAGE, ...placeholders, ...byFields, ...where.map(({ field }) => field)])
  return [...fields].slice(0, MAX_FIELDS).map((field) => ({ field, slot: paths.add(field) }))
}

/** Returns the fields of an event that alerts show: one line each, of limited length, with secrets masked. */
export function showFields(fields: readonly ShownField[], slots: readonly unknown[]): EventFields {
  return fields.flatMap(({ field, slot }): EventFields => {
    const text = toText(slots[slot])
    if (text === '') return []
    const max = field === MESSAGE ? MAX_MESSAGE : MAX_TEXT
    const line = maskText(text, max)
      .replaceAll(/[\n\r\t]+/g, ' ')
      .trim()
    return [[field, isSecretName(field) ? MASKED : line.toWellFormed()]]
  })
}

/** Adds the fields that are not there yet. */
export function mergeFields(known: EventFields, more: EventFields): EventFields {
  return [...known, ...more.filter(([field]) => !known.some(([name]) => name === field))]
}

/** Returns a text, a number, a truth value, or a list of such as one text; "" for anything else. */
function toText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (!Array.isArray(value)) return ''
  const items = value.slice(0, MAX_ITEMS).map((item: unknown) => (Array.isArray(item) ? '' : toText(item)))
  return items.filter((item) => item !== '').join(', ')
}

/**
 * Removes the shown fields of events that are not among the newest of their series or beyond the limit of a request, so
 * that many matching lines do not enlarge the journal.
 */
export function limitShown(events: readonly EventSamples[]): readonly EventSamples[] {
  if (events.every(({ shown }) => shown === undefined)) return events
  const taken = new Map<string, number>()
  const kept = new Set<EventSamples>()
  const newestFirst = events.filter(({ shown }) => shown !== undefined).toSorted((a, b) => timeOf(b) - timeOf(a))
  for (const event of newestFirst) {
    if (kept.size === MAX_EVENTS) break
    const keys = event.series.map((series) => `${event.host}\n${series}`)
    if (keys.every((key) => (taken.get(key) ?? 0) >= SHOWN_EVENTS.first)) continue
    kept.add(event)
    for (const key of keys) taken.set(key, (taken.get(key) ?? 0) + 1)
  }
  return events.map((event) => {
    if (event.shown === undefined || kept.has(event)) return event
    const { shown: _, ...rest } = event
    return rest
  })
}

/** An event without a time is as new as its arrival. */
function timeOf({ ts }: EventSamples): number {
  return Number.isNaN(ts) ? Infinity : ts
}
