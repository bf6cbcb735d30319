import type { Alias, Document, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { isAlias, isCollection, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { below, describe } from '../../text/diagnostic.ts'
import type { Position, Diagnostics } from './diagnostics.ts'
import { expand } from './secrets.ts'
import type { Env } from './secrets.ts'

const MAX_CHARACTERS = 1024 * 1024
const MAX_VALUES = 50_000
const MAX_DEPTH = 60
const MAX_ERRORS = 200

/**
 * Reads YAML into plain values, replaces `${VARIABLES}` and records the place of each value. Mappings have no
 * prototype, so that no key is special. What cannot be read is an error and left out.
 */
export function readYaml(text: string, env: Env, diagnostics: Diagnostics): unknown {
  if (text.length > MAX_CHARACTERS) {
    diagnostics.errorAt(0, describe('the file is too large', { expected: `at most ${MAX_CHARACTERS} characters` }))
    return undefined
  }
  const document = parse(text, diagnostics)
  if (!document) return undefined
  const reader: Reader = {
    env,
    diagnostics,
    positions: new Map(),
    anchors: new Map(),
    budget: MAX_VALUES,
    stopped: false,
  }
  diagnostics.locate(reader.positions)
  const value = readValue(document.contents, '', { key: undefined, start: 0, depth: 0 }, reader)
  return reader.stopped ? undefined : value
}

interface Reader {
  readonly env: Env
  readonly diagnostics: Diagnostics
  readonly positions: Map<string, Position>
  readonly anchors: Map<string, Node>
  /** How many more values may be read; an alias costs as much as its target. */
  budget: number
  /** The file exceeded the limit, and the rest of it is not read. */
  stopped: boolean
}

/** Where a node is: the offset of its key, where it starts (should it be empty), and how deep it lies. */
interface NodePosition {
  readonly key: number | undefined
  readonly start: number
  readonly depth: number
}

function parse(text: string, diagnostics: Diagnostics): Document | undefined {
  let document: Document
  try {
    document = parseDocument(text, { prettyErrors: false, uniqueKeys: false, schema: 'core' })
  } catch {
    diagnostics.errorAt(0, 'the file is not valid YAML')
    return undefined
  }
  const faults = [...document.errors, ...document.warnings]
  const lines = new Set<number>()
  for (const { code, pos } of faults.slice(0, MAX_ERRORS)) {
    const line = text.lastIndexOf('\n', pos[0] - 1)
    if (lines.has(line)) continue
    lines.add(line)
    diagnostics.errorAt(pos[0], describeSyntaxError(code, text, pos[0]))
  }
  return faults.length > 0 ? undefined : document
}

/** The parser's own sentences may repeat what the file says, and that may be a secret. */
const SYNTAX_ERRORS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias (*) is not allowed here',
  BAD_DQ_ESCAPE: "unknown escape sequence in double quotes. Fix: write '\\\\', or use single quotes",
  BAD_INDENT: 'the indentation is wrong, or a closing ] or } is missing',
  BAD_SCALAR_START: 'text cannot begin with this character. Fix: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: "a second ': ' in one value. Fix: put the value in quotes, or begin a new line",
  BLOCK_IN_FLOW: 'an indented block is not allowed inside [ ] or { }',
  KEY_OVER_1024_CHARS: 'the key is longer than 1024 characters',
  MISSING_CHAR: "missing character: a closing quote, ':', ',', ']' or '}'",
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line',
  MULTIPLE_DOCS: 'the file contains a second document (expected one)',
  RESOURCE_EXHAUSTION: 'the nesting is too deep',
  TAB_AS_INDENT: 'tab in the indentation (expected spaces)',
  TAG_RESOLVE_FAILED: 'tags (!) are not supported. Fix: remove the tag',
}

function describeSyntaxError(code: string, text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const line = text.slice(start, start + 200).split('\n', 1)[0] ?? ''
  const reason = SYNTAX_ERRORS[code] ?? 'invalid YAML'
  const braces = /:\s*\{\{|[{,[].*\$\{/.test(line)
  return braces ? `${reason.split('. Fix: ')[0]}. Fix: put text with {{...}} or \${...} in quotes` : reason
}

function readValue(node: unknown, pointer: string, position: NodePosition, reader: Reader): unknown {
  if (reader.stopped) return undefined
  reader.budget -= 1
  if (reader.budget < 0)
    return stop(
      describe('the file has too many values', { expected: `at most ${MAX_VALUES}, counting aliases each time` }),
      position,
      reader,
    )
  if (position.depth > MAX_DEPTH) return stop('the nesting is too deep', position, reader)
  if (isAlias(node)) return readAlias(node, pointer, position, reader)
  if (isCollection(node) || isScalar(node)) {
    if (node.anchor !== undefined) reader.anchors.set(node.anchor, node)
  }
  if (isMap(node)) return readMap(node, pointer, position, reader)
  if (isSeq(node)) return readList(node, pointer, position, reader)
  if (isScalar(node)) return readScalar(node, pointer, position, reader)
  recordPosition(reader, pointer, position, position.start, position.start, 'nothing')
  return null
}

function stop(what: string, position: NodePosition, reader: Reader): undefined {
  reader.stopped = true
  reader.diagnostics.errorAt(position.start, what)
}

function readAlias(node: Alias, pointer: string, position: NodePosition, reader: Reader): unknown {
  const target = reader.anchors.get(node.source)
  const start = node.range?.[0] ?? position.start
  if (target) return readValue(target, pointer, { ...position, start, depth: position.depth + 1 }, reader)
  recordPosition(reader, pointer, position, start, start, 'an alias')
  reader.diagnostics.error(
    pointer,
    describe('the alias (*) has no anchor (&) before it', { fix: 'put text that begins with * in quotes' }),
  )
  return undefined
}

function readMap(node: YAMLMap, pointer: string, position: NodePosition, reader: Reader): unknown {
  const [start, end] = findRange(node, position)
  recordPosition(reader, pointer, position, start, end, 'a mapping')
  const value: Record<string, unknown> = Object.create(null)
  for (const { key, value: child } of node.items) {
    if (!isScalar(key) || key.value === null) {
      const where = (key as Node | null)?.range?.[0] ?? start
      reader.diagnostics.errorAt(
        where,
        describe('the key is not text', { fix: 'put text that begins with { or [ in quotes' }),
      )
      continue
    }
    const name = typeof key.value === 'string' ? key.value : (key.source ?? '')
    const keyStart = key.range?.[0] ?? start
    if (Object.hasOwn(value, name))
      reader.diagnostics.errorAt(keyStart, describe(`duplicate key '${name}'`, { fix: 'remove one' }))
    const next = { key: keyStart, start: keyStart, depth: position.depth + 1 }
    value[name] = readValue(child, below(pointer, name), next, reader)
  }
  return value
}

function readList(node: YAMLSeq, pointer: string, position: NodePosition, reader: Reader): unknown {
  const [start, end] = findRange(node, position)
  recordPosition(reader, pointer, position, start, end, node.items.length === 0 ? 'an empty list' : 'a list')
  return node.items.map((item, index) =>
    readValue(item, below(pointer, index), { key: undefined, start, depth: position.depth + 1 }, reader),
  )
}

function readScalar(node: Scalar, pointer: string, position: NodePosition, reader: Reader): unknown {
  const [start, end] = findRange(node, position)
  const source = node.source ?? ''
  if (typeof node.value !== 'string') {
    recordPosition(reader, pointer, position, start, end, node.value === null ? 'nothing' : source)
    return node.value
  }
  const { text, expanded, errors } = expand(node.value, reader.env)
  recordPosition(reader, pointer, position, start, end, quoted(source), expanded)
  for (const { at, what } of errors) reader.diagnostics.error(pointer, what, { text: at })
  return text
}

function findRange(node: Node, position: NodePosition): readonly [number, number] {
  return node.range ? [node.range[0], node.range[1]] : [position.start, position.start]
}

/** A text on one line and in quotes, without the login that a URL may carry. */
function quoted(source: string): string {
  const line = source.replaceAll(/\s+/g, ' ').replaceAll(/\/\/[^\s/@]+@/g, '//...@')
  return line.length > 80 ? `'${line.slice(0, 77)}...'` : `'${line}'`
}

function recordPosition(
  reader: Reader,
  pointer: string,
  position: NodePosition,
  start: number,
  end: number,
  text: string,
  isExpanded = false,
): void {
  reader.positions.set(pointer, { key: position.key, start, end, text, isExpanded })
}
