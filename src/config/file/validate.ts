import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import type { ErrorObject } from 'ajv'
import { suggest, nearest } from '../../text/suggest.ts'
import { ELSEWHERE, INSIDE } from './hints.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from './diagnostics.ts'

/** The part of a schema node that diagnostics use. */
interface SchemaNode {
  readonly title?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
}

type SchemaError = ErrorObject<string, Record<string, unknown>>

const SCHEMA = new URL('../../../schemas/config.schema.json', import.meta.url)

/** Compiled once, because compiling is the most expensive part of loading. */
const isValid = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, ownProperties: true }).compile(
  JSON.parse(readFileSync(SCHEMA, 'utf8')) as object,
)

/** Validates the value of a configuration against its schema and describes each violation. */
export function validate(value: unknown, diagnostics: Diagnostics): void {
  if (isValid(value)) return
  if (fillNumbers(value, (isValid.errors ?? []) as SchemaError[], diagnostics) && isValid(value)) return
  const faults = (isValid.errors ?? []) as SchemaError[]
  const misspelt = new Set(faults.map(suggestKey))
  for (const fault of faults) {
    const missing = missingKey(fault)
    if (missing === undefined || !misspelt.has(missing)) addError(fault, diagnostics)
  }
}

/** The required key that an unknown one was probably meant to be; it gets no second error. */
function suggestKey({ keyword, instancePath, params, parentSchema }: SchemaError): string | undefined {
  if (keyword !== 'additionalProperties') return undefined
  const known = Object.keys((parentSchema as SchemaNode | undefined)?.properties ?? {})
  const guess = guessKey(String(params['additionalProperty']), instancePath, known)
  return guess === undefined ? undefined : below(instancePath, guess)
}

function missingKey({ keyword, instancePath, params }: SchemaError): string | undefined {
  return keyword === 'required' ? below(instancePath, String(params['missingProperty'])) : undefined
}

/** A variable's value is text; it is converted where a number, true or false is expected. */
function fillNumbers(root: unknown, faults: readonly SchemaError[], diagnostics: Diagnostics): boolean {
  let changed = false
  for (const { keyword, instancePath, params, data } of faults) {
    if (keyword !== 'type' || typeof data !== 'string' || !diagnostics.isExpanded(instancePath)) continue
    const read = readAs(String(params['type']), data)
    if (read !== undefined) changed = setValue(root, instancePath, read) || changed
  }
  return changed
}

function readAs(type: string, text: string): number | boolean | undefined {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  const plain = type === 'integer' ? /^-?\d{1,15}$/ : /^-?\d{1,15}(\.\d{1,15})?$/
  return (type === 'integer' || type === 'number') && plain.test(text) ? Number(text) : undefined
}

function setValue(root: unknown, pointer: string, value: unknown): boolean {
  const keys = pointer.split('/').slice(1).map(unescapeKey)
  const last = keys.pop()
  let here: unknown = root
  for (const key of keys) here = (here as Record<string, unknown>)[key]
  if (last === undefined || typeof here !== 'object' || here === null) return false
  ;(here as Record<string, unknown>)[last] = value
  return true
}

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}

function addError(fault: SchemaError, diagnostics: Diagnostics): void {
  const { keyword, instancePath: pointer, params, parentSchema } = fault
  const schema = (parentSchema ?? {}) as SchemaNode
  if (keyword === 'propertyNames') return
  if (keyword === 'additionalProperties') {
    const key = String(params['additionalProperty'])
    diagnostics.error(
      below(pointer, key),
      describeUnknownKey(key, pointer, Object.keys(schema.properties ?? {})),
      'key',
    )
  } else if (keyword === 'required') {
    const key = String(params['missingProperty'])
    const use = lower(schema.properties?.[key]?.description).replace(/\.$/, '')
    diagnostics.error(below(pointer, key), `'${key}' is missing: ${use}`)
  } else if (fault.propertyName !== undefined) {
    const rule = lower(schema.description).replace(/\.$/, '')
    const what = describe(`'${fault.propertyName}' is not a valid ${lower(schema.title)}`, { expected: rule })
    diagnostics.error(below(pointer, fault.propertyName), what, 'key')
  } else {
    const seen = diagnostics.isExpanded(pointer) ? { ...fault, data: undefined } : fault
    diagnostics.error(pointer, describeSchemaError(seen, schema, diagnostics.describeValue(pointer)))
  }
}

/** Describes an unknown key: what is known of it from another section or tool, or the nearest key. */
function describeUnknownKey(key: string, pointer: string, known: readonly string[]): string {
  const guess = findHint(key, pointer) ?? suggest(key, known)
  return `unknown key '${key}'${guess}`
}

function findHint(key: string, pointer: string): string | undefined {
  const [, first = '', ...inner] = pointer.split('/')
  const section = INSIDE[inner.at(-1) ?? ''] ?? ELSEWHERE[first] ?? {}
  return Object.hasOwn(section, key) ? `: ${section[key]}` : undefined
}

/** Returns the known key that an unknown one stands for, by its hint or its spelling. */
function guessKey(key: string, pointer: string, known: readonly string[]): string | undefined {
  const hint = findHint(key, pointer)
  if (hint === undefined) return nearest(key, known)
  return known.find((one) => hint === `: did you mean '${one}'?`)
}

function describeSchemaError({ keyword, params, data }: SchemaError, schema: SchemaNode, found: string): string {
  const limit = String(params['limit'])
  switch (keyword) {
    case 'enum':
      return describeEnum(params['allowedValues'] as readonly unknown[], data, found)
    case 'minimum':
      return describe('the number is too small', { found, expected: `at least ${limit}` })
    case 'maximum':
      return describe('the number is too large', { found, expected: `at most ${limit}` })
    case 'exclusiveMinimum':
      return describe('the number is too small', { found, expected: `more than ${limit}` })
    case 'exclusiveMaximum':
      return describe('the number is too large', { found, expected: `less than ${limit}` })
    case 'minItems':
      return describe('the list is empty', { expected: 'at least one entry' })
    case 'minProperties':
      return describe('the mapping is empty', { expected: 'at least one key' })
    case 'maxItems':
      return describe('the list is too long', { expected: `at most ${limit} entries` })
    case 'maxLength':
      return describe('the text is too long', { expected: `at most ${limit} characters` })
    case 'uniqueItems':
      return describe(`entries ${Number(params['j']) + 1} and ${Number(params['i']) + 1} of the list are equal`, {
        fix: 'remove one of them',
      })
    case 'type':
      return `${describe('wrong type', { found, expected: expected(schema) })}${hint(data, schema)}`
    default:
      if (schema.title === 'Aggregation') return describeAggregation(schema, data, found)
      return `${describe('invalid value', { found, expected: expected(schema) })}${formHint(data, schema)}`
  }
}

const OTHER_WORDS: Readonly<Record<string, string>> = {
  avg: 'mean',
  average: 'mean',
  median: 'p50',
  p0: 'min',
  p100: 'max',
  total: 'sum',
  latest: 'last',
  error: 'critical',
  '%': 'percent',
}

/** Percentiles are too many to name. */
function describeAggregation({ examples = [] }: SchemaNode, data: unknown, found: string): string {
  const names = examples.map(String).filter((name) => !/^p\d/.test(name))
  const expected = `one of ${names.join(', ')}, or a percentile such as p95`
  return describeGuess(describe('invalid value', { found, expected }), data, [...names, 'p50'])
}

function describeEnum(allowed: readonly unknown[], data: unknown, written: string): string {
  const words = allowed.map(String)
  return describeGuess(
    describe('invalid value', { found: written, expected: `one of ${words.join(', ')}` }),
    data,
    words,
  )
}

function describeGuess(found: string, data: unknown, words: readonly string[]): string {
  if (typeof data !== 'string' || data === '') return found
  const other = Object.hasOwn(OTHER_WORDS, data) ? OTHER_WORDS[data] : undefined
  const longer = words.find((word) => word.startsWith(data) || data.startsWith(word))
  const guess = words.find((word) => word === other) ?? longer ?? nearest(data, words)
  return guess === undefined ? found : `${found}: did you mean '${guess}'?`
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a mapping (key: value)',
  array: 'a list ([a, b], or lines that begin with -)',
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
}

function expected({ title, examples, type, description, properties = {} }: SchemaNode): string {
  const kinds = typeof type === 'string' ? [type] : (type ?? [])
  if (title !== undefined && !['object', 'array'].includes(kinds[0] ?? '')) {
    const such = (examples ?? []).map((example) => JSON.stringify(example)).slice(0, 3)
    const article = /[^s]s$/.test(title) ? '' : /^[AEIO]/.test(title) ? 'an ' : 'a '
    return `${article}${lower(title)} such as ${such.join(' or ')}`
  }
  if (kinds[0] === 'string' && description !== undefined && examples?.[0] !== undefined) {
    return `text such as ${JSON.stringify(examples[0])}`
  }
  const keys = Object.keys(properties).slice(0, 3).join(', ')
  return kinds
    .map((kind) => (kind === 'object' && keys !== '' ? `a mapping (keys such as ${keys})` : (TYPES[kind] ?? kind)))
    .join(' or ')
}

function hint(data: unknown, { type, title }: SchemaNode): string {
  if (data === null) return '. Fix: set a value, or remove the key'
  if (typeof data === 'string' && type === 'number' && /^[0-9.]+ ?%$/.test(data)) {
    const share = Number.parseFloat(data)
    return `. Fix: write ${Number((share / 100).toPrecision(12))} for a ratio, or ${share} for a metric in percent`
  }
  if (typeof data !== 'number' && typeof data !== 'boolean') return ''
  if (title === 'Duration') return '. Fix: add a unit'
  if (title === 'Address') return `: did you mean '127.0.0.1:${data}'?`
  // Weekdays have names and no numbers, with quotes or without.
  if (title?.startsWith('Weekday')) return ''
  return type === 'string' || type?.[0] === 'string' ? '. Fix: put it in quotes' : ''
}

/** Describes the form of a text; for a field in Logstash's notation it gives the dotted path. */
function formHint(data: unknown, { title, description }: SchemaNode): string {
  if (title?.startsWith('Field path') && typeof data === 'string') {
    const dotted = data.replaceAll('][', '.').replaceAll(/^[%{]*\[|\]\}?$/g, '')
    if (dotted !== data && !/[[\]{}]/.test(dotted)) return `: did you mean '${dotted}'?`
  }
  return title === undefined || description === undefined ? '' : `. ${description.replace(/\.$/, '')}`
}

/** Returns the text as it is written within a sentence. Words in capitals, such as HOST:PORT, keep them. */
function lower(text = 'name'): string {
  return /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1)
}
