import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { differenceSchema, MATCH_KEYWORD } from './choose.ts'
import type { Rejection } from '../model.ts'
import { shapeEvent } from './shape.ts'

const SUFFIX = '.schema.json'
const BASE = 'base'
/** Numeric text: what `parseNumber` of extraction reads; a test holds the two together. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const MAX_NUMBER_LENGTH = 100
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** What our own formats mean, in words for a reason. */
const FORMAT_WORDS: Readonly<Record<string, string>> = {
  numeric: 'a number',
  percent: 'a number from 0 to 100',
  uuid: 'a UUID',
}
/** So much of a wrong value is repeated in a reason. */
const MAX_SHOWN = 40

/** An event that its schema accepts, in nested form, and the kind that the schema is for. */
export interface Accepted {
  readonly kind: string
  readonly event: object
}

/** Why an event is refused. */
export type Refused = Omit<Rejection, 'index'>

export interface Schemas {
  /** The kinds that have a schema, in the order in which they are asked. */
  readonly kinds: readonly string[]
  /** Judges one parsed event by its shape and by the schema of its kind. Never throws, whatever was posted. */
  judge(event: unknown): Accepted | Refused
}

/** A folder of schemas that cannot be used: says which file, and what is wrong with it. */
export class SchemaError extends Error {
  readonly code = 'schema_invalid'

  constructor(file: string, problem: string, cause?: unknown) {
    super(`${file}: ${problem}`, { cause })
    this.name = 'SchemaError'
  }
}

interface SchemaFile {
  readonly file: string
  readonly kind: string
  readonly schema: Readonly<Record<string, unknown>>
}

interface Kind {
  readonly kind: string
  /** Says whether an event is none for this schema by its match rule. */
  readonly differs: (event: object) => boolean
  readonly validate: ValidateFunction
}

/**
 * Reads a folder of JSON schemas (draft-07), one `<kind>.schema.json` a kind of event, among them `base.schema.json`
 * for events of no other kind, and compiles them once. Throws a `SchemaError` that names the file at fault.
 */
export function createSchemas(folder: URL | string): Schemas {
  const files = readFolder(typeof folder === 'string' ? folder : fileURLToPath(folder))
  const ajv = createAjv()
  for (const { file, schema } of files) guard(file, () => ajv.addSchema(schema, file))
  const matcher = new Ajv({ strict: false, validateSchema: false })
  const kinds = files.map((file): Kind => guard(file.file, () => compileKind(file, ajv, matcher)))
  const base = kinds.find(({ kind }) => kind === BASE)
  if (base === undefined) throw new SchemaError(BASE + SUFFIX, 'expected this file beside the other schemas')
  return {
    kinds: kinds.map(({ kind }) => kind),
    judge(value) {
      const shaped = shapeEvent(value)
      if (!('event' in shaped)) return shaped
      const { event } = shaped
      const { kind, validate } = kinds.find(({ differs }) => !differs(event)) ?? base
      return validate(event) ? { kind, event } : explain(validate.errors?.[0])
    },
  }
}

function compileKind({ file, kind, schema }: SchemaFile, ajv: Ajv, matcher: Ajv): Kind {
  const validate = ajv.getSchema(file)
  if (validate === undefined) throw new SchemaError(file, 'the schema could not be compiled')
  const rule = schema[MATCH_KEYWORD]
  if (kind === BASE && rule === undefined) return { kind, validate, differs: () => true }
  return { kind, validate, differs: matcher.compile(differenceSchema(rule)) }
}

function readFolder(folder: string): SchemaFile[] {
  const names = guard(folder, () => readdirSync(folder))
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .sort()
    .map((name) => {
      const file = join(folder, name)
      const schema: unknown = guard(file, () => JSON.parse(readFileSync(file, 'utf8')))
      if (!isObject(schema)) throw new SchemaError(file, 'expected a JSON object with a schema')
      return { file, kind: name.slice(0, -SUFFIX.length), schema }
    })
}

function createAjv(): Ajv {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: false, verbose: true })
  ajv.addKeyword(MATCH_KEYWORD)
  ajv.addFormat('numeric', { type: 'string', validate: (text: string) => !Number.isNaN(numberOf(text)) })
  ajv.addFormat('uuid', UUID)
  ajv.addFormat('percent', { type: 'string', validate: (text: string) => numberOf(text) >= 0 && numberOf(text) <= 100 })
  return ajv
}

/** The number in a text, NaN when there is none. */
function numberOf(text: string): number {
  if (text.length > MAX_NUMBER_LENGTH || !DECIMAL.test(text)) return Number.NaN
  const number = Number(text)
  return Number.isFinite(number) ? number : Number.NaN
}

function guard<T>(file: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    if (error instanceof SchemaError) throw error
    throw new SchemaError(file, error instanceof Error ? error.message : String(error), error)
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Says in plain words what was found and what was expected. Only the first fault of an event is looked for. */
function explain(error: ErrorObject | null | undefined): Refused {
  const { instancePath: path = '', keyword } = error ?? {}
  const code = path === '/@timestamp' ? 'timestamp' : 'schema'
  const missing: unknown = error?.params.missingProperty
  if (keyword === 'required' && typeof missing === 'string') {
    return { path: `${path}/${missing}`, reason: `expected the field "${missing}", found none`, code }
  }
  return { path, reason: `expected ${expected(error)}, found ${show(error?.data)}`, code }
}

function expected(error: ErrorObject | null | undefined): string {
  const { format, type } = (error?.parentSchema ?? {}) as { readonly format?: string; readonly type?: unknown }
  const words = FORMAT_WORDS[format ?? '']
  if (words !== undefined) return words
  return error?.keyword === 'type' ? typeWords(type) : `what the schema asks for (${error?.message ?? 'no reason'})`
}

function typeWords(type: unknown): string {
  const names = [type].flat().map(String)
  const words = names.map((name) => (name === 'null' ? 'null' : `${/^[aeio]/.test(name) ? 'an' : 'a'} ${name}`))
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1)}` : words.join('')
}

/** A wrong value as JSON would write it, cut to a length that is safe to repeat. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'number' && !Number.isFinite(value)) return 'a number beyond the range of a double'
  if (typeof value !== 'string') return String(value)
  const text = JSON.stringify(value.slice(0, MAX_SHOWN).toWellFormed())
  return value.length > MAX_SHOWN ? `${text}...` : text
}
