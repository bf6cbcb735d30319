/** A value of Logstash's configuration language. Bare words, numbers and strings are all text here. */
export type Value = string | readonly Value[] | { readonly [key: string]: Value }

export interface Plugin {
  readonly section: 'input' | 'filter' | 'output'
  readonly name: string
  readonly settings: Readonly<Record<string, Value>>
}

const TOKEN =
  /(?<space>\s+|#.*)|(?<text>"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*')|(?<regex>(?<=[=!]~\s*)\/(?:\\.|[^/\\\n])+\/)|(?<sign>=>|[=!]~|[=!<>]=|[{}[\](),<>!])|(?<word>[\w.:-]+)/y

function tokenize(text: string): readonly string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null)
      throw new Error(`line ${text.slice(0, at).split('\n').length}: cannot read ${text.slice(at, at + 20)}`)
    if (match.groups?.['space'] === undefined) tokens.push(match[0])
  }
  return tokens
}

/** Reads a pipeline's configuration into its plugins, those inside conditionals included. Throws where it is no such text. */
export function parseLogstash(text: string): readonly Plugin[] {
  const tokens = tokenize(text)
  const plugins: Plugin[] = []
  let at = 0
  const next = (): string => tokens[at++] ?? 'the end'
  const take = (expected: string): void => {
    const found = next()
    if (found !== expected) throw new Error(`found ${found} where ${expected} was expected (token ${at})`)
  }
  const takeWord = (): string => {
    const found = next()
    if (!/^[\w.:"'-]/.test(found)) throw new Error(`found ${found} where a word was expected (token ${at})`)
    return /^["']/.test(found) ? found.slice(1, -1) : found
  }
  const until = (end: string, read: () => void): void => {
    while (tokens[at] !== end) read()
    at += 1
  }
  const hash = (): Readonly<Record<string, Value>> => {
    const entries: Record<string, Value> = {}
    until('}', () => {
      const key = takeWord()
      take('=>')
      if (key in entries) throw new Error(`${key} is set twice`)
      entries[key] = value()
    })
    return entries
  }
  const list = (): readonly Value[] => {
    const items: Value[] = []
    until(']', () => {
      items.push(value())
      if (tokens[at] !== ']') take(',')
    })
    return items
  }
  const value = (): Value => {
    if (tokens[at] !== '{' && tokens[at] !== '[') return takeWord()
    return next() === '{' ? hash() : list()
  }
  const body = (section: Plugin['section']): void => {
    take('{')
    until('}', () => {
      const name = takeWord()
      if (name === 'if' || name === 'else') {
        while (tokens[at] !== '{' && at < tokens.length) at += 1
        body(section)
        return
      }
      take('{')
      plugins.push({ section, name, settings: hash() })
    })
  }
  while (at < tokens.length) {
    const section = takeWord()
    if (section !== 'input' && section !== 'filter' && section !== 'output') throw new Error(`${section} is no section`)
    body(section)
  }
  return plugins
}
