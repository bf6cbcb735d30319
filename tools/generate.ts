/**
 * Writes the types of the configuration in src/generated from its schema. With `--check` it writes nothing, and exits 1
 * when the file is not what the schema says.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { compile, type JSONSchema } from 'json-schema-to-typescript'

const SCHEMA = 'schemas/config.schema.json'
const TYPES = 'src/generated/config.ts'
const COMMAND = 'npm run generate'

const pathOf = (name: string): URL => new URL(`../${name}`, import.meta.url)

async function main(): Promise<void> {
  const schema = JSON.parse(readFileSync(pathOf(SCHEMA), 'utf8')) as JSONSchema
  const text = await compile(schema, 'ConfigFile', {
    format: false,
    bannerComment: `// Written by \`${COMMAND}\` from the JSON schemas in schemas/. Change those, not this file.`,
  })
  const isStale = !existsSync(pathOf(TYPES)) || readFileSync(pathOf(TYPES), 'utf8') !== text
  if (!isStale) return
  if (process.argv.includes('--check')) {
    console.error(`${TYPES}: expected the types that ${SCHEMA} gives, found others; run \`${COMMAND}\``)
    process.exitCode = 1
    return
  }
  writeFileSync(pathOf(TYPES), text)
  console.log(`wrote ${TYPES}`)
}

await main()
