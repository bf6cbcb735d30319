/**
 * Writes the types in src/generated from the schemas in schemas/. With `--check` it writes nothing, and exits 1 when
 * a file is not what the schemas say.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compile, type JSONSchema } from 'json-schema-to-typescript'

const ROOT = new URL('../', import.meta.url)
const EVENTS = new URL('schemas/events/', ROOT)
const CONFIG = new URL('schemas/config.schema.json', ROOT)
const SUFFIX = '.schema.json'
/** A field that is called like a keyword of the language is quoted, so that nobody takes it for one. */
const KEYWORD = /^(\s*)(await|async)(\??: )/gm
const COMMAND = 'npm run generate'

interface Output {
  readonly path: string
  readonly text: string
}

async function outputs(): Promise<Output[]> {
  const events = { path: 'src/generated/events.ts', text: await eventTypes() }
  if (!existsSync(CONFIG)) return [events]
  return [events, { path: 'src/generated/config.ts', text: await typesOf(readSchema(CONFIG), 'ConfigFile', ROOT) }]
}

/** One interface maps every kind to its type, so that what the schemas share is written once. */
function eventTypes(): Promise<string> {
  const kinds = readdirSync(EVENTS)
    .filter((name) => name.endsWith(SUFFIX))
    .sort()
    .map((name) => name.slice(0, -SUFFIX.length))
  const root: JSONSchema = {
    title: 'EventsByKind',
    description: 'The events of each kind that has a schema in schemas/events.',
    type: 'object',
    required: kinds,
    additionalProperties: false,
    properties: Object.fromEntries(kinds.map((kind) => [kind, { $ref: kind + SUFFIX }])),
  }
  return typesOf(root, 'EventsByKind', EVENTS)
}

async function typesOf(schema: JSONSchema, name: string, folder: URL): Promise<string> {
  const text = await compile(schema, name, {
    cwd: fileURLToPath(folder),
    format: false,
    $refOptions: {
      resolve: {
        file: { read: ({ url }: { readonly url: string }) => JSON.stringify(readSchema(new URL(url, folder))) },
      },
    },
    bannerComment: `// Written by \`${COMMAND}\` from the JSON schemas in schemas/. Change those, not this file.`,
  })
  return text.replaceAll(KEYWORD, '$1"$2"$3')
}

/** What has no constraint but a description is unknown; without this hint it would become an object's type. */
const readSchema = (file: URL): JSONSchema =>
  JSON.parse(readFileSync(file, 'utf8'), (_, value: unknown) =>
    isDescriptionOnly(value) ? { ...value, tsType: 'unknown' } : value,
  ) as JSONSchema

const isDescriptionOnly = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.keys(value).join() === 'description'

function isStale({ path, text }: Output): boolean {
  const file = new URL(path, ROOT)
  return !existsSync(file) || readFileSync(file, 'utf8') !== text
}

async function main(): Promise<void> {
  const stale = (await outputs()).filter(isStale)
  if (process.argv.includes('--check')) {
    for (const { path } of stale) {
      console.error(`${path}: expected the types that the schemas in schemas/ give, found others; run \`${COMMAND}\``)
    }
    process.exitCode = stale.length === 0 ? 0 : 1
    return
  }
  mkdirSync(new URL('src/generated/', ROOT), { recursive: true })
  for (const { path, text } of stale) {
    writeFileSync(new URL(path, ROOT), text)
    console.log(`wrote ${path}`)
  }
}

await main()
