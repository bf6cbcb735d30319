/**
 * Reads TypeScript as the architecture test needs it: what a file imports, and its code without comments and without
 * the text of literals. A reader of tokens, not a parser: it knows strings, templates, comments and regular expressions.
 */

export interface Import {
  readonly line: number
  readonly specifier: string
  readonly typeOnly: boolean
  /** The path of a `new URL('...', import.meta.url)`: a worker's entry, or data that is only read. */
  readonly isUrl: boolean
}

export interface Source {
  /** Path below src, with slashes: `notify/email/smtp.ts`. */
  readonly file: string
  readonly text: string
  /** The text, as long as before, with blanks for comments and for what stands inside literals. */
  readonly code: string
  readonly imports: readonly Import[]
  /** What stands inside strings and templates, where it begins; of a template each piece between placeholders. */
  readonly literals: readonly Literal[]
}

export interface Literal {
  readonly index: number
  readonly text: string
}

/** A comment, a string, a regular expression where one may begin, or a character that opens or closes something. */
const TOKEN = new RegExp(
  [
    /\/\/.*/,
    /\/\*[^]*?\*\//,
    /'(?:\\[^]|[^'\\\n])*'/,
    /"(?:\\[^]|[^"\\\n])*"/,
    /(?<=(?:^|[(,=:[!&|?{};+>]|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/,
    /[`{}]/,
  ]
    .map((part) => part.source)
    .join('|'),
  'gm',
)
const TEMPLATE_TEXT = /(?:\\[^]|[^`\\$]|\$(?!\{))*(?:`|\$\{)/y

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')
const hollow = (text: string): string => (text.length < 2 ? text : text[0] + blank(text.slice(1, -1)) + text.at(-1))

/** Gives the text twice: with comments blanked, and with the insides of literals blanked as well. */
function strip(text: string): Pick<Source, 'code' | 'literals'> & { readonly uncommented: string } {
  const literals: Literal[] = []
  let uncommented = ''
  let code = ''
  let at = 0
  // One number for each template that is open: how many braces are open inside its `${`.
  const templates: number[] = []
  const copy = (end: number, change: (part: string) => string, comment = false): void => {
    const part = text.slice(at, end)
    uncommented += comment ? blank(part) : part
    code += change(part)
    at = end
  }
  const copyTemplateText = (): void => {
    TEMPLATE_TEXT.lastIndex = at
    const found = TEMPLATE_TEXT.exec(text)?.[0] ?? text.slice(at)
    literals.push({ index: at, text: found.replace(/`$|\$\{$/, '') })
    copy(at + found.length, blank)
    if (found.endsWith('${')) templates.push(0)
  }
  const keep = (part: string): string => part
  for (;;) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)
    if (token === null) break
    const [found] = token
    copy(token.index, keep)
    if (found.startsWith('//') || found.startsWith('/*')) copy(at + found.length, blank, true)
    else if (found.length > 1) {
      if (!found.startsWith('/')) literals.push({ index: at, text: found.slice(1, -1) })
      copy(at + found.length, hollow)
    } else if (found === '}' && templates.at(-1) === 0) {
      templates.pop()
      copy(at + 1, keep)
      copyTemplateText()
    } else {
      if (found !== '`' && templates.length > 0) templates.push((templates.pop() ?? 0) + (found === '{' ? 1 : -1))
      copy(at + 1, keep)
      if (found === '`') copyTemplateText()
    }
  }
  copy(text.length, keep)
  return { uncommented, code, literals }
}

/** The number of the line that holds a position; lines count from 1. */
export const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

/** `import ... from`, `import '...'`, `export ... from`, `import(...)`, and the URL that a worker is started from. */
const IMPORTS: readonly RegExp[] = [
  /(?<=^\s*)import\s+(?<type>type\s+)?(?:[\w$*{}\s,]+?\sfrom\s*)?['"](?<specifier>[^'"]+)['"]/gm,
  /(?<=^\s*)export\s+(?<type>type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*['"](?<specifier>[^'"]+)['"]/gm,
  /\bimport\s*\(\s*(?:['"](?<specifier>[^'"]+)['"]|(?<computed>[^\s'"]))/g,
  /\bnew URL\(\s*['"`](?<url>\.\.?\/[^'"`$]+)/g,
]

function readImports(uncommented: string, code: string): readonly Import[] {
  const found: Import[] = []
  for (const pattern of IMPORTS)
    for (const match of uncommented.matchAll(pattern)) {
      // Text that only looks like an import stands inside a literal, which is blank in the code.
      if (code[match.index] === ' ') continue
      const { specifier, url, type, computed } = match.groups ?? {}
      const worker = url === undefined || /\.\w+$/.test(url) ? url : `${url}.ts`
      found.push({
        line: lineAt(uncommented, match.index),
        specifier: specifier ?? worker ?? `a computed path (${computed}...)`,
        typeOnly: type !== undefined,
        isUrl: url !== undefined,
      })
    }
  return found.sort((a, b) => a.line - b.line)
}

/** @param file path below src, with slashes. */
export function readSource(file: string, text: string): Source {
  const { uncommented, code, literals } = strip(text)
  return { file, text, code, literals, imports: readImports(uncommented, code) }
}
