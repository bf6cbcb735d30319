import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

const SUFFIX = '.schema.json'
/** Kind of events without a schema of their own. */
export const BASE = 'base'
const DRAFT = 'http://json-schema.org/draft-07/schema#'
const KIND = /^[a-z][a-z0-9._-]{0,49}$/
/** Limits of a folder; the largest built-in schema has 9 kB. */
const MAX_FILES = 200
const MAX_SIZE = 256 * 1024

type Schema = Readonly<Record<string, unknown>>

export interface SchemaFile {
  readonly file: string
  readonly kind: string
  /** True for a custom schema, false for a built-in one. */
  readonly isCustom: boolean
  readonly schema: Schema
}

/** A folder of schemas that cannot be used. The message names the file and the problem. */
export class SchemaError extends Error {
  readonly code = 'schema_invalid'

  constructor(file: string, problem: string, cause?: unknown) {
    super(`${file}: ${problem}`, { cause })
    this.name = 'SchemaError'
  }
}

/** Calls a function for one file. Rethrows its errors as a `SchemaError` that names the file. */
export function nameFileInErrors<T>(file: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    if (error instanceof SchemaError) throw error
    throw new SchemaError(file, errorReason(error), error)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist: check the path',
  ENOTDIR: 'is no folder; expected one with files KIND.schema.json',
  EISDIR: 'is a folder; expected a file',
  EACCES: 'cannot be read: permission is missing',
}

function errorReason(error: unknown): string {
  const { code, message = String(error) } = error as { readonly code?: string; readonly message?: string }
  // Ajv names the schema by an internal id that appears in no file.
  const plain = message.replace(/ at "https:[^"]*"/, '')
  if (plain.startsWith('unknown format')) return `${plain}; the formats are numeric, percent and uuid`
  return REASONS[code ?? ''] ?? plain
}

/**
 * Reads the schemas of a folder, ordered by name, with those of a second folder first: they replace schemas of the same
 * kind in the first folder. A base schema of the second folder keeps the definitions of the first. Throws a
 * `SchemaError`.
 */
export function readSchemaFiles(folder: string, customFolder: string | undefined): readonly SchemaFile[] {
  const builtIn = readFolder(folder, false)
  if (customFolder === undefined) return builtIn
  const base = builtIn.find(({ kind }) => kind === BASE)
  const mine = readFolder(customFolder, true).map((one) =>
    one.kind === BASE && base ? withDefinitions(one, base.schema) : one,
  )
  const kinds = new Set(mine.map(({ kind }) => kind))
  return [...mine, ...builtIn.filter(({ kind }) => !kinds.has(kind))]
}

function withDefinitions(one: SchemaFile, base: Schema): SchemaFile {
  const definitions = {
    ...(base['definitions'] as Schema | undefined),
    ...(one.schema['definitions'] as Schema | undefined),
  }
  return { ...one, schema: { ...one.schema, definitions } }
}

function readFolder(folder: string, isOwn: boolean): SchemaFile[] {
  const names = nameFileInErrors(folder, () => readdirSync(folder)).filter((name) => name.endsWith(SUFFIX))
  if (names.length > MAX_FILES || names.length === 0) {
    throw new SchemaError(
      folder,
      `expected 1 to ${MAX_FILES} files KIND${SUFFIX} in this folder, found ${names.length}`,
    )
  }
  return names.sort().map((name) => readSchemaFile(join(folder, name), isOwn))
}

function readSchemaFile(file: string, isCustom: boolean): SchemaFile {
  const kind = basename(file, SUFFIX)
  if (!KIND.test(kind)) {
    const expected = "lower-case letters, digits, '.', '_' and '-', at most 50, beginning with a letter"
    throw new SchemaError(file, `the file's name gives its kind: expected ${expected}, found '${kind}'`)
  }
  const schema = nameFileInErrors(file, (): unknown => {
    const stat = statSync(file)
    if (!stat.isFile() && !stat.isDirectory())
      throw new Error('expected a regular file, found a pipe, socket or device')
    const { size } = stat
    if (size > MAX_SIZE) throw new Error(`expected at most ${MAX_SIZE} bytes, found ${size}`)
    return JSON.parse(readFileSync(file, 'utf8'))
  })
  if (!isObject(schema)) throw new SchemaError(file, 'expected a JSON object with a schema')
  const draft = schema['$schema'] ?? DRAFT
  if (draft !== DRAFT) throw new SchemaError(file, `$schema: expected "${DRAFT}", found ${JSON.stringify(draft)}`)
  nameFileInErrors(file, () => refuseRemote(schema))
  return { file, kind, isCustom, schema }
}

const LOCAL = /^(?:#|[a-z][a-z0-9._-]*\.schema\.json(?:#|$))/

/** Rejects references outside the two folders: nothing is fetched. */
function refuseRemote(node: unknown): void {
  if (typeof node !== 'object' || node === null) return
  for (const [key, value] of Object.entries(node)) {
    if (key === '$ref' && typeof value === 'string' && !LOCAL.test(value)) {
      const expected =
        '"#/definitions/..." or a schema beside it or built in, such as "base.schema.json#/definitions/numeric"'
      throw new Error(`$ref: expected ${expected}, found ${JSON.stringify(value)}; nothing is fetched from elsewhere`)
    }
    refuseRemote(value)
  }
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
