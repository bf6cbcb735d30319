import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { test } from 'tap'
import { parse } from 'yaml'
import { DEFAULT_YAML } from '../../src/config/index.ts'

type Node = Record<string, unknown>

const schema = JSON.parse(readFileSync(new URL('../../schemas/config.schema.json', import.meta.url), 'utf8')) as Node

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every key that the schema knows, with its path. */
function keysOf(node: Node, path: string): [string, Node][] {
  const own = isNode(node['properties']) ? Object.entries(node['properties']) : []
  const inner = ['items', 'additionalProperties'].flatMap((key) =>
    isNode(node[key]) ? keysOf(node[key], `${path}/*`) : [],
  )
  return [
    ...own.flatMap(([key, child]): [string, Node][] => [
      [`${path}/${key}`, child as Node],
      ...keysOf(child as Node, `${path}/${key}`),
    ]),
    ...inner,
  ]
}

const definitions = schema['definitions'] as Record<string, Node>
const keys = [...keysOf(schema, ''), ...Object.entries(definitions).flatMap(([name, node]) => keysOf(node, `#${name}`))]

/** A key's schema with what it takes from a definition. */
function whole(node: Node): Node {
  const [part] = (node['allOf'] ?? []) as { readonly $ref: string }[]
  return part ? { ...definitions[part.$ref.replace('#/definitions/', '')], ...node } : node
}

test('the schema is draft-07, and valid', async (t) => {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true })
  t.equal(schema['$schema'], 'http://json-schema.org/draft-07/schema#')
  t.equal(ajv.validateSchema(schema), true)
  t.ok(ajv.compile(schema))
})

test('every key has a description and its allowed values', async (t) => {
  t.ok(keys.length > 80, `${keys.length} keys`)
  for (const [path, node] of keys) {
    const all = whole(node)
    t.match(all['description'], /^[A-Zmft0-9].*\.$/, `${path} has a sentence`)
    const notified = ['default', 'enum', 'examples', 'properties'].some((key) => all[key] !== undefined)
    t.ok(notified || all['type'] === 'boolean' || path === '/system/notify', `${path} has a default or an example`)
  }
  for (const [name, node] of Object.entries(definitions)) t.ok(node['title'] && node['description'], name)
})

test('every key is in a page of the documentation', async (t) => {
  const docs = new URL('../../docs/', import.meta.url)
  const pages = readdirSync(docs).filter((file) => file.endsWith('.md') && file !== 'events.md')
  const texts = [...pages.map((file) => new URL(file, docs)), new URL('../../README.md', import.meta.url)]
  const spans = texts.flatMap((file) => readFileSync(file, 'utf8').match(/```[^]*?```|`[^`]*`/g) ?? []).join('\n')
  const words = new Set(spans.match(/[\w-]+/g))
  const names = new Set(keys.map(([path]) => path.slice(path.lastIndexOf('/') + 1)))
  t.strictSame(
    [...names].filter((name) => !words.has(name)),
    [],
  )
})

test('unknown keys are refused wherever keys are named', async (t) => {
  const open = [['', schema] as const, ...keys, ...Object.entries(definitions)].filter(
    // Where other keys have a schema of their own, they are names: kinds of events.
    ([, { properties, additionalProperties }]) =>
      isNode(properties) && additionalProperties !== false && !isNode(additionalProperties),
  )
  t.strictSame(open, [])
})

test('examples and defaults are valid by the schema that they stand in', async (t) => {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true })
  for (const [path, node] of [...keys, ...Object.entries(definitions)]) {
    const validate = ajv.compile({ ...node, definitions })
    const samples = [...((node['examples'] ?? []) as unknown[]), ...('default' in node ? [node['default']] : [])]
    for (const sample of samples) t.ok(validate(sample), `${path}: ${JSON.stringify(sample)}`)
  }
})

test('the defaults that editors show are those that hold', async (t) => {
  const builtIn = parse(DEFAULT_YAML) as unknown
  const at = (path: string): unknown =>
    path
      .split('/')
      .slice(1)
      .reduce((value, key) => (isNode(value) ? value[key] : undefined), builtIn)
  const shown = [...keysOf(schema, ''), ...keysOf(definitions['ingest'] ?? {}, '/ingest')].filter(
    ([, node]) => 'default' in node,
  )
  t.ok(shown.length > 12)
  for (const [path, node] of shown) t.strictSame(at(path), node['default'], path)
})
