import type { Alias, Document, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { isAlias, isCollection, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { below } from './mistakes.ts'
import type { Place, Report } from './mistakes.ts'
import { expand } from './secrets.ts'
import type { Env } from './secrets.ts'

const MOST_CHARACTERS = 1024 * 1024
const MOST_VALUES = 50_000
const MOST_DEPTH = 60
const MOST_FAULTS = 200

/**
 * Reads YAML into plain values, fills in `${VARIABLES}` and tells the report where everything stands. Mappings have
 * no prototype, so that no key is special. What cannot be read is reported and left out.
 */
export function readYaml(text: string, env: Env, report: Report): unknown {
  if (text.length > MOST_CHARACTERS) {
    report.mistakeAt(0, `the file is larger than ${MOST_CHARACTERS} characters`)
    return undefined
  }
  const document = parse(text, report)
  if (!document) return undefined
  const reader: Reader = { env, report, places: new Map(), anchors: new Map(), left: MOST_VALUES, stopped: false }
  report.locate(reader.places)
  const value = valueOf(document.contents, '', { key: undefined, start: 0, depth: 0 }, reader)
  return reader.stopped ? undefined : value
}

interface Reader {
  readonly env: Env
  readonly report: Report
  readonly places: Map<string, Place>
  readonly anchors: Map<string, Node>
  /** How many more values may be read; an alias costs all that it stands for. */
  left: number
  /** The file asked for too much, and the rest of it is not read. */
  stopped: boolean
}

/** Where a node is: the offset of its key, where it starts (should it be empty), and how deep it lies. */
interface Spot {
  readonly key: number | undefined
  readonly start: number
  readonly depth: number
}

function parse(text: string, report: Report): Document | undefined {
  let document: Document
  try {
    document = parseDocument(text, { prettyErrors: false, uniqueKeys: false, schema: 'core' })
  } catch {
    report.mistakeAt(0, 'this is no YAML that can be read')
    return undefined
  }
  const faults = [...document.errors, ...document.warnings]
  const lines = new Set<number>()
  for (const { code, pos } of faults.slice(0, MOST_FAULTS)) {
    const line = text.lastIndexOf('\n', pos[0] - 1)
    if (lines.has(line)) continue
    lines.add(line)
    report.mistakeAt(pos[0], sayFault(code, text, pos[0]))
  }
  return faults.length > 0 ? undefined : document
}

/** The parser's own sentences may repeat what the file says, and that may be a secret. */
const FAULTS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'this alias (*) cannot be used here',
  BAD_DQ_ESCAPE: "'\\' and what follows it mean nothing in double quotes; write '\\\\', or use single quotes",
  BAD_INDENT: 'the indentation does not fit, or a closing ] or } is missing',
  BAD_SCALAR_START: 'text that begins with this character must be put in quotes',
  BLOCK_AS_IMPLICIT_KEY: "a second ': ' in one value; put the value in quotes, or begin a new line",
  BLOCK_IN_FLOW: 'indented lines cannot stand inside [ ] or { }',
  KEY_OVER_1024_CHARS: 'this key is longer than 1024 characters',
  MISSING_CHAR: "something is missing here: a closing quote, ':', ',', ']' or '}'",
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line',
  MULTIPLE_DOCS: 'a second document begins here; expected one',
  RESOURCE_EXHAUSTION: 'this is nested too deeply',
  TAB_AS_INDENT: 'a tab in the indentation; expected spaces',
  TAG_RESOLVE_FAILED: 'tags (!) are not used in this file',
}

function sayFault(code: string, text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const line = text.slice(start, start + 200).split('\n', 1)[0] ?? ''
  const said = FAULTS[code] ?? 'this does not fit here as YAML'
  const braces = /:\s*\{\{|[{,[].*\$\{/.test(line)
  return braces ? `${said}; text with {{...}} or \${...} needs quotes here` : said
}

function valueOf(node: unknown, pointer: string, spot: Spot, reader: Reader): unknown {
  if (reader.stopped) return undefined
  reader.left -= 1
  if (reader.left < 0) return stop('the file has too many values (aliases count each time)', spot, reader)
  if (spot.depth > MOST_DEPTH) return stop('this is nested too deeply', spot, reader)
  if (isAlias(node)) return aliasOf(node, pointer, spot, reader)
  if (isCollection(node) || isScalar(node)) {
    if (node.anchor !== undefined) reader.anchors.set(node.anchor, node)
  }
  if (isMap(node)) return mapOf(node, pointer, spot, reader)
  if (isSeq(node)) return listOf(node, pointer, spot, reader)
  if (isScalar(node)) return scalarOf(node, pointer, spot, reader)
  place(reader, pointer, spot, spot.start, spot.start, 'nothing')
  return null
}

function stop(what: string, spot: Spot, reader: Reader): undefined {
  reader.stopped = true
  reader.report.mistakeAt(spot.start, what)
}

function aliasOf(node: Alias, pointer: string, spot: Spot, reader: Reader): unknown {
  const target = reader.anchors.get(node.source)
  const start = node.range?.[0] ?? spot.start
  if (target) return valueOf(target, pointer, { ...spot, start, depth: spot.depth + 1 }, reader)
  place(reader, pointer, spot, start, start, 'an alias')
  reader.report.mistake(pointer, 'no anchor (&) stands before this alias (*); text that begins with * needs quotes')
  return undefined
}

function mapOf(node: YAMLMap, pointer: string, spot: Spot, reader: Reader): unknown {
  const [start, end] = rangeOf(node, spot)
  place(reader, pointer, spot, start, end, 'a mapping')
  const value: Record<string, unknown> = Object.create(null)
  for (const { key, value: child } of node.items) {
    if (!isScalar(key) || key.value === null) {
      const where = (key as Node | null)?.range?.[0] ?? start
      reader.report.mistakeAt(where, 'expected text as the key; text with { or [ at its beginning needs quotes')
      continue
    }
    const name = typeof key.value === 'string' ? key.value : (key.source ?? '')
    const keyStart = key.range?.[0] ?? start
    if (Object.hasOwn(value, name)) reader.report.mistakeAt(keyStart, `the key '${name}' is here twice; remove one`)
    const next = { key: keyStart, start: keyStart, depth: spot.depth + 1 }
    value[name] = valueOf(child, below(pointer, name), next, reader)
  }
  return value
}

function listOf(node: YAMLSeq, pointer: string, spot: Spot, reader: Reader): unknown {
  const [start, end] = rangeOf(node, spot)
  place(reader, pointer, spot, start, end, node.items.length === 0 ? 'an empty list' : 'a list')
  return node.items.map((item, index) =>
    valueOf(item, below(pointer, index), { key: undefined, start, depth: spot.depth + 1 }, reader),
  )
}

function scalarOf(node: Scalar, pointer: string, spot: Spot, reader: Reader): unknown {
  const [start, end] = rangeOf(node, spot)
  const source = node.source ?? ''
  if (typeof node.value !== 'string') {
    place(reader, pointer, spot, start, end, node.value === null ? 'nothing' : source)
    return node.value
  }
  const { text, expanded, faults } = expand(node.value, reader.env)
  place(reader, pointer, spot, start, end, quoted(source), expanded)
  for (const { at, what } of faults) reader.report.mistake(pointer, what, { text: at })
  return text
}

function rangeOf(node: Node, spot: Spot): readonly [number, number] {
  return node.range ? [node.range[0], node.range[1]] : [spot.start, spot.start]
}

/** A text on one line and in quotes, without the login that a URL may carry. */
function quoted(source: string): string {
  const line = source.replaceAll(/\s+/g, ' ').replaceAll(/\/\/[^\s/@]+@/g, '//...@')
  return line.length > 80 ? `'${line.slice(0, 77)}...'` : `'${line}'`
}

function place(
  reader: Reader,
  pointer: string,
  spot: Spot,
  start: number,
  end: number,
  shown: string,
  expanded = false,
): void {
  reader.places.set(pointer, { key: spot.key, start, end, shown, expanded })
}
