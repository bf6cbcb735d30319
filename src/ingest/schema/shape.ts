import type { Rejection } from '../../model.ts'

/** Nesting and keys that no honest event reaches: the largest known have depth 11 and 559 keys. */
const MAX_DEPTH = 64
const MAX_KEYS = 4096
/** So much of a key is repeated in a path. */
const MAX_SHOWN = 100

type Node = Readonly<Record<string, unknown>>
type Draft = Record<string, unknown>

/** Why an event's shape is refused; the path leads to the part at fault. */
export interface ShapeFault extends Omit<Rejection, 'index'> {
  readonly code: 'not_object' | 'empty' | 'too_deep' | 'too_many_fields'
}

export type Shaped = { readonly event: Node } | ShapeFault

/** What one walk over a value finds. */
interface Walk {
  keys: number
  /** Some key needs the second, rebuilding walk: it is dotted, or reaches for a prototype. */
  odd: boolean
  tooDeep: boolean
}

/**
 * Bounds a parsed event and brings it into the nested form. The event must be an object with at least one field,
 * nested at most 64 deep, with at most 4096 keys in all. Keys that reach for a prototype (`__proto__`, and
 * `constructor` that holds an object) are dropped. Dotted keys are expanded: `"a.b": 1` becomes `a: { b: 1 }`;
 * where both forms exist the nested one wins, and where the path is blocked (`"a": 1` beside `"a.b": 2`) the dotted
 * key stays as it is. An event without such keys is returned as it came; otherwise it is rebuilt, never changed.
 */
export function shapeEvent(value: unknown): Shaped {
  if (!isNode(value)) return fault('not_object', '', `expected an object, found ${article(value)}`)
  const walk: Walk = { keys: 0, odd: false, tooDeep: false }
  for (const key in value) {
    const child = value[key]
    walk.keys += 1
    if (key.includes('.') || isTrap(key, child)) walk.odd = true
    if (typeof child === 'object' && child !== null) descend(child, 2, walk)
    if (walk.tooDeep || walk.keys > MAX_KEYS) return limitFault(walk, key)
  }
  if (walk.odd) return rebuild(value)
  return walk.keys === 0 ? emptyFault() : { event: value }
}

/** The depth of recursion is bounded by `MAX_DEPTH`, whatever is posted. */
function descend(node: object, depth: number, walk: Walk): void {
  if (depth > MAX_DEPTH) walk.tooDeep = true
  else if (Array.isArray(node)) descendArray(node, depth, walk)
  else descendFields(node as Node, depth, walk)
}

/** The hot loop: it sees every key of every event. */
function descendFields(fields: Node, depth: number, walk: Walk): void {
  let keys = 0
  for (const key in fields) {
    const child = fields[key]
    keys += 1
    if (key.includes('.') || isTrap(key, child)) walk.odd = true
    if (typeof child === 'object' && child !== null) descend(child, depth + 1, walk)
  }
  walk.keys += keys
}

/** Containers in an array count like keys, so that the bound on keys bounds the work. */
function descendArray(items: readonly unknown[], depth: number, walk: Walk): void {
  for (const item of items) {
    if (typeof item !== 'object' || item === null) continue
    walk.keys += 1
    descend(item, depth + 1, walk)
  }
}

/** `JSON.parse` makes these own fields, which corrupt objects that are copied or merged. */
const isTrap = (key: string, value: unknown): boolean =>
  key === '__proto__' || (key === 'constructor' && typeof value === 'object' && value !== null)

/** Rebuilds an event without traps and with its dotted keys expanded, under the same bounds. */
function rebuild(value: Node): Shaped {
  const walk: Walk = { keys: 0, odd: false, tooDeep: false }
  const event: Draft = {}
  for (const [key, child] of expansionOrder(value)) {
    place(event, key, child, 1, walk)
    if (walk.tooDeep || walk.keys > MAX_KEYS) return limitFault(walk, key)
  }
  return walk.keys === 0 ? emptyFault() : { event }
}

function rebuildValue(value: unknown, depth: number, walk: Walk): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) {
    walk.tooDeep = true
    return null
  }
  if (Array.isArray(value)) return value.map((item) => rebuildValue(item, depth + 1, walk))
  const out: Draft = {}
  for (const [key, child] of expansionOrder(value as Node)) place(out, key, child, depth, walk)
  return out
}

/** The fields that are no traps, the plain ones first, so that what is nested is there before what is dotted. */
function expansionOrder(node: Node): [string, unknown][] {
  const fields = Object.entries(node).filter(([key, value]) => !hasTrap(splitPath(key), value))
  return [...fields.filter(([key]) => !key.includes('.')), ...fields.filter(([key]) => key.includes('.'))]
}

const hasTrap = (segments: readonly string[], value: unknown): boolean =>
  segments.some((segment, i) => isTrap(segment, i === segments.length - 1 ? value : segments))

/** The path that a dotted key stands for. A key with an empty part (`"..."`, `"a."`) is no path but a name. */
function splitPath(key: string): string[] {
  if (!key.includes('.')) return [key]
  const segments = key.split('.')
  return segments.includes('') ? [key] : segments
}

/** Puts a value where its dotted key says, or under the literal key when something else is in the way. */
function place(out: Draft, key: string, raw: unknown, depth: number, walk: Walk): void {
  const segments = splitPath(key)
  walk.keys += 1
  if (depth + segments.length - 1 > MAX_DEPTH) {
    walk.tooDeep = true
    return
  }
  const value = rebuildValue(raw, depth + segments.length, walk)
  const last = segments.at(-1) ?? key
  const parent = reach(out, segments.slice(0, -1), walk)
  if (parent === undefined) out[key] = value
  else if (!Object.hasOwn(parent, last)) parent[last] = value
  else mergeMissing(parent[last], value)
}

/** The object at a path, made where nothing is; undefined when something that is no object is in the way. */
function reach(from: Draft, segments: readonly string[], walk: Walk): Draft | undefined {
  let node = from
  for (const segment of segments) {
    if (!Object.hasOwn(node, segment)) {
      node[segment] = {}
      walk.keys += 1
    }
    const next = node[segment]
    if (!isNode(next)) return undefined
    node = next
  }
  return node
}

/** Adds the fields of the dotted form that the nested form lacks. Both were built here, and are bounded. */
function mergeMissing(nested: unknown, dotted: unknown): void {
  if (!isNode(nested) || !isNode(dotted)) return
  for (const [key, value] of Object.entries(dotted)) {
    if (Object.hasOwn(nested, key)) mergeMissing(nested[key], value)
    else nested[key] = value
  }
}

function limitFault(walk: Walk, key: string): ShapeFault {
  const path = `/${key.slice(0, MAX_SHOWN).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`
  if (walk.tooDeep) return fault('too_deep', path, `expected at most ${MAX_DEPTH} levels of nesting, found more`)
  return fault('too_many_fields', path, `expected at most ${MAX_KEYS} fields in one event, found more`)
}

const emptyFault = (): ShapeFault => fault('empty', '', 'expected at least one field, found none')

const fault = (code: ShapeFault['code'], path: string, reason: string): ShapeFault => ({ path, reason, code })

const isNode = (value: unknown): value is Draft => typeof value === 'object' && value !== null && !Array.isArray(value)

function article(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'an array'
  return `a ${typeof value}`
}
