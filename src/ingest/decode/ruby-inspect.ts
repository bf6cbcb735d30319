/** Deeper text is not parsed: such an event would be rejected anyway, and recursion must be bounded. */
const MAX_DEPTH = 64
const WORD = /[\w.:+-]+/y
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i
/** Logstash's own timestamps have no quotes. */
const INSTANT = /^\d{4,}-\d\d-\d\dT[\d:.]+Z$/
const ESCAPE = /(?:\\x[0-9a-f]{2})+|\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\([^])/gi
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['e', '\u001b'],
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
])
const WORDS: ReadonlyMap<string, null | boolean | string> = new Map<string, null | boolean | string>([
  ['nil', null],
  ['true', true],
  ['false', false],
  // Text, as in JSON from Logstash.
  ['NaN', 'NaN'],
  ['Infinity', 'Infinity'],
  ['-Infinity', '-Infinity'],
])

/** Marks text that is not in inspect form. */
const FAULT = Symbol('not in inspect form')

interface Cursor {
  readonly text: string
  at: number
}

/**
 * Parses a hash or an array in the notation of Ruby's `inspect`, before and since Ruby 3.4: `{"name"=>"node01"}` and
 * `{"name" => "node01"}`. Keys are strings; values are strings, numbers, `nil`, `true`, `false`, Logstash's timestamps
 * (which become text), hashes and arrays, at most 64 deep. Returns undefined for any other text.
 */
export function readInspect(text: string): object | undefined {
  if (text[0] !== '{' && text[0] !== '[') return undefined
  const cursor: Cursor = { text, at: 0 }
  const value = readValue(cursor, 1)
  return typeof value === 'object' && value !== null && cursor.at === text.length ? value : undefined
}

function readValue(cursor: Cursor, depth: number): unknown {
  const first = cursor.text[cursor.at]
  if (first === '"') return readString(cursor)
  if (first !== '{' && first !== '[') return readWord(cursor)
  if (depth > MAX_DEPTH) return FAULT
  return first === '{' ? readHash(cursor, depth) : readArray(cursor, depth)
}

function readHash(cursor: Cursor, depth: number): unknown {
  const entries: [string, unknown][] = []
  cursor.at += 1
  if (take(cursor, '}')) return {}
  do {
    const key = readString(cursor)
    if (typeof key !== 'string' || !take(cursor, '=>')) return FAULT
    const value = readValue(cursor, depth + 1)
    if (value === FAULT) return FAULT
    entries.push([key, value])
  } while (take(cursor, ','))
  // `fromEntries` defines properties, so that a key named __proto__ is a field like any other.
  return take(cursor, '}') ? Object.fromEntries(entries) : FAULT
}

function readArray(cursor: Cursor, depth: number): unknown {
  const items: unknown[] = []
  cursor.at += 1
  if (take(cursor, ']')) return items
  do {
    const item = readValue(cursor, depth + 1)
    if (item === FAULT) return FAULT
    items.push(item)
  } while (take(cursor, ','))
  return take(cursor, ']') ? items : FAULT
}

/**
 * Consumes a token, the blanks before it and, after a separator, the blanks behind it. Returns false if it is not
 * there.
 */
function take(cursor: Cursor, sign: string): boolean {
  const { text } = cursor
  let { at } = cursor
  while (text[at] === ' ') at += 1
  if (!text.startsWith(sign, at)) return false
  at += sign.length
  if (sign === ',' || sign === '=>') while (text[at] === ' ') at += 1
  cursor.at = at
  return true
}

function readString(cursor: Cursor): unknown {
  const { text, at: start } = cursor
  if (text[start] !== '"') return FAULT
  let escaped = false
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      cursor.at = at + 1
      const raw = text.slice(start + 1, at)
      return escaped ? unescape(raw) : raw
    }
    if (code !== 0x5c) continue
    escaped = true
    at += 1
  }
  return FAULT
}

function unescape(raw: string): string {
  return raw.replace(ESCAPE, (run: string, braced?: string, plain?: string, letter?: string) => {
    if (letter !== undefined) return LETTERS.get(letter) ?? letter
    const digits = braced ?? plain
    // Bytes that were not UTF-8 in Ruby become replacement characters.
    if (digits === undefined) return Buffer.from(run.replaceAll('\\x', ''), 'hex').toString('utf8')
    const code = Number.parseInt(digits, 16)
    return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
  })
}

function readWord(cursor: Cursor): unknown {
  WORD.lastIndex = cursor.at
  const word = WORD.exec(cursor.text)?.[0]
  if (word === undefined) return FAULT
  cursor.at += word.length
  const known = WORDS.get(word)
  if (known !== undefined) return known
  if (NUMBER.test(word)) return Number.isFinite(Number(word)) ? Number(word) : word
  return INSTANT.test(word) ? word : FAULT
}
