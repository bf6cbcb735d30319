/**
 * Writes the schemas of the detectors into the schema of the configuration, and its types into src/generated. With
 * `--check` it writes nothing, and exits with 1 if a file is out of date.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { compile, type JSONSchema } from 'json-schema-to-typescript'
import { type ConfigSchema, mergeDetectors } from './merge-detectors.ts'

const SCHEMA = 'schemas/config.schema.json'
const TYPES = 'src/generated/config.ts'
const COMMAND = 'npm run generate'

const pathOf = (name: string): URL => new URL(`../${name}`, import.meta.url)

const read = (name: string): string => (existsSync(pathOf(name)) ? readFileSync(pathOf(name), 'utf8') : '')

/** Writes a file, or reports that it is out of date. */
function write(name: string, text: string, source: string): void {
  if (process.argv.includes('--check')) {
    console.error(`${name}: expected what ${source}, found something else; run \`${COMMAND}\``)
    process.exitCode = 1
    return
  }
  writeFileSync(pathOf(name), text)
  console.log(`wrote ${name}`)
}

const WIDTH = 120

/** Formats JSON in lines of at most `WIDTH` characters. */
function layOut(value: unknown, indent = '', used = 0): string {
  const flat = JSON.stringify(value, null, 1)
    .replaceAll(/\n */g, ' ')
    .replaceAll(/\[ | \]/g, (one) => one.trim())
  if (typeof value !== 'object' || value === null || (indent !== '' && indent.length + used + flat.length < WIDTH))
    return flat
  const inner = `${indent}  `
  const isList = Array.isArray(value)
  const lines = Object.entries(value).map(([key, one]) => {
    const name = isList ? '' : `${JSON.stringify(key)}: `
    return `${inner}${name}${layOut(one, inner, name.length)}`
  })
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`
}

async function main(): Promise<void> {
  const written = JSON.parse(read(SCHEMA)) as ConfigSchema
  const schema = mergeDetectors(written)
  // The file may be formatted differently, so values are compared instead of text.
  if (!isDeepStrictEqual(schema, written)) write(SCHEMA, `${layOut(schema)}\n`, 'the detectors say')
  const text = await compile(schema as JSONSchema, 'ConfigFile', {
    format: false,
    bannerComment: `// Written by \`${COMMAND}\` from the JSON schemas in schemas/. Change those, not this file.`,
  })
  if (read(TYPES) !== text) write(TYPES, text, `${SCHEMA} gives`)
}

await main()
