import type { Rejection } from '../../model.ts'

/** Limits of nesting and keys, beyond any genuine event: the largest known have depth 11 and 559 keys. */
const MAX_DEPTH = 64
const MAX_KEYS = 4096
/** The most characters of a key in a path. */
const MAX_SHOWN = 100

type Node = Readonly<Record<string, unknown>>
type Draft = Record<string, unknown>

/** Why an event's shape is rejected; the path leads to the invalid part. */
interface ShapeError extends Omit<Rejection, 'index'> {
  readonly code: 'not_object' | 'empty' | 'too_deep' | 'too_many_fields'
}

type Shaped = { readonly event: Node } | ShapeError

/** Findings of one walk over a value. */
interface Walk {
  keys: number
  /** True if a key requires the second, rebuilding walk: it is dotted, or targets a prototype. */
  odd: boolean
  tooDeep: boolean
}

/**
 * Checks the limits of a parsed event and converts it to nested form. The event must be an object with at least one
 * field, nested at most 64 deep, with at most 4096 keys in all. Keys that target a prototype (`__proto__`, and
 * `constructor` with an object) are dropped. Dotted keys are expanded: `"a.b": 1` becomes `a: { b: 1 }`. If both forms
 * exist the nested one wins; if the path is blocked (`"a": 1` beside `"a.b": 2`) the dotted key stays unchanged. An
 * event without such keys is returned as it is; otherwise it is rebuilt, never modified.
 */
export function shapeEvent(value: unknown): Shaped {
  if (!isNode(value)) return shapeError('not_object', '', `expected an object, found ${article(value)}`)
  const walk: Walk = { keys: 0, odd: false, tooDeep: false }
  for (const key in value) {
    const child = value[key]
    walk.keys += 1
    if (key.includes('.') || isTrap(key, child)) walk.odd = true
    if (typeof child === 'object' && child !== null) descend(child, 2, walk)
    if (walk.tooDeep || walk.keys > MAX_KEYS) return limitError(walk, key)
  }
  if (walk.odd) return rebuild(value)
  return walk.keys === 0 ? emptyError() : { event: value }
}

/** Visits a nested value. `MAX_DEPTH` bounds the recursion, whatever is posted. */
function descend(node: object, depth: number, walk: Walk): void {
  if (depth > MAX_DEPTH) walk.tooDeep = true
  else if (Array.isArray(node)) descendArray(node, depth, walk)
  else descendFields(node as Node, depth, walk)
}

/** Visits the fields of a nested object. This is the hot loop: it visits every key of every event. */
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

/** Visits an array. Containers in it count like keys, so that the limit on keys bounds the work. */
function descendArray(items: readonly unknown[], depth: number, walk: Walk): void {
  for (const item of items) {
    if (typeof item !== 'object' || item === null) continue
    walk.keys += 1
    descend(item, depth + 1, walk)
  }
}

/** `JSON.parse` creates these as own fields, which are dangerous to copy or merge. */
const isTrap = (key: string, value: unknown): boolean =>
  key === '__proto__' || (key === 'constructor' && typeof value === 'object' && value !== null)

/** Rebuilds an event without prototype keys and with its dotted keys expanded, under the same limits. */
function rebuild(value: Node): Shaped {
  const walk: Walk = { keys: 0, odd: false, tooDeep: false }
  const event: Draft = {}
  for (const [key, child] of expansionOrder(value)) {
    place(event, key, child, 1, walk)
    if (walk.tooDeep || walk.keys > MAX_KEYS) return limitError(walk, key)
  }
  return walk.keys === 0 ? emptyError() : { event }
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

/** Returns the safe fields, plain ones first, so that nested fields exist before dotted ones. */
function expansionOrder(node: Node): [string, unknown][] {
  const fields = Object.entries(node).filter(([key, value]) => !hasTrap(splitPath(key), value))
  return [...fields.filter(([key]) => !key.includes('.')), ...fields.filter(([key]) => key.includes('.'))]
}

const hasTrap = (segments: readonly string[], value: unknown): boolean =>
  segments.some((segment, i) => isTrap(segment, i === segments.length - 1 ? value : segments))

/** Returns the path of a dotted key. A key with an empty part (`"..."`, `"a."`) is a name and not a path. */
function splitPath(key: string): string[] {
  if (!key.includes('.')) return [key]
  const segments = key.split('.')
  return segments.includes('') ? [key] : segments
}

/** Stores a value at the path of its dotted key, or under the literal key if another value blocks the path. */
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

/** Returns the object at a path, created if missing; undefined if a value that is not an object blocks it. */
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

/** Adds the fields of the dotted form that the nested form lacks. Both were built here and are within the limits. */
function mergeMissing(nested: unknown, dotted: unknown): void {
  if (!isNode(nested) || !isNode(dotted)) return
  for (const [key, value] of Object.entries(dotted)) {
    if (Object.hasOwn(nested, key)) mergeMissing(nested[key], value)
    else nested[key] = value
  }
}

function limitError(walk: Walk, key: string): ShapeError {
  const path = `/${key.slice(0, MAX_SHOWN).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`
  if (walk.tooDeep) return shapeError('too_deep', path, `expected at most ${MAX_DEPTH} levels of nesting, found more`)
  return shapeError('too_many_fields', path, `expected at most ${MAX_KEYS} fields in one event, found more`)
}

const emptyError = (): ShapeError => shapeError('empty', '', 'expected at least one field, found none')

const shapeError = (code: ShapeError['code'], path: string, reason: string): ShapeError => ({ path, reason, code })

const isNode = (value: unknown): value is Draft => typeof value === 'object' && value !== null && !Array.isArray(value)

function article(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'an array'
  return `a ${typeof value}`
}
