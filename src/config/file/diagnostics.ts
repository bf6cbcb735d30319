/** An error or a warning about the configuration. Lines and columns count from 1; one about the whole file has none. */
interface Diagnostic {
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly message: string
}

/** All errors of a configuration, in the order of the file. The message lists them, one per line. */
export class ConfigErrors extends Error {
  readonly code = 'CONFIG_INVALID'
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'))
    this.name = 'ConfigErrors'
    this.diagnostics = diagnostics
  }
}

/** The configuration could not be read for a reason that is not in it, such as missing permission. */
export class ConfigUnreadable extends Error {
  readonly code = 'CONFIG_UNREADABLE'

  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'ConfigUnreadable'
  }
}

/** Formats a diagnostic as compilers do, so that editors and terminals can jump to its place. */
export function formatDiagnostic({ file, line, column, message }: Diagnostic): string {
  return line === undefined ? message : `${file}:${line}:${column}: ${message}`
}

/** The place of a value in the file. Offsets count UTF-16 units from the start of the text. */
export interface Position {
  readonly key: number | undefined
  readonly start: number
  readonly end: number
  /** The value as people would call it: its text as it is written, before variables are filled in. */
  readonly text: string
  /** A variable was filled in, so the value itself must not be shown. */
  readonly isExpanded: boolean
}

type Positions = ReadonlyMap<string, Position>

/** Collects the diagnostics of one file. Pointers are JSON pointers into its value. */
export interface Diagnostics {
  /** Records an error. A second error at the same pointer is dropped, because it follows from the first. */
  error(pointer: string, what: string, where?: DiagnosticPart): void
  /** Records an error at an offset of the text. */
  errorAt(offset: number, what: string): void
  warn(pointer: string, what: string): void
  /** Whether there is a warning at the pointer or below it. */
  hasWarning(pointer: string): boolean
  /** Whether there is no error at the pointer or below it. */
  isClean(pointer: string): boolean
  /** Whether there is no error at the pointer itself. */
  isUsable(pointer: string): boolean
  /** The value as written in the file, text in quotes. Secrets are not shown. */
  describeValue(pointer: string): string
  isExpanded(pointer: string): boolean
  /** The line of a value. */
  line(pointer: string): number
  /** Sets the places of the values; until then only `errorAt` can give one. */
  locate(positions: Positions): void
  /** Returns the warnings. @throws {ConfigErrors} if there are errors. */
  finish(): readonly string[]
}

/** The key instead of its value, or a piece of the value's text. */
type DiagnosticPart = 'key' | { readonly text: string }

/** Where secrets are. The URL of a webhook is one, also if it was written in place of its mapping. */
const SECRETS = [
  /^\/(?:ingest|api)\/tokens(?:\/|$)/,
  /^\/smtp(?:\/\d+)?\/(?:password|dkim(?:\/\d+)?(?:$|\/key)|oauth2(?:$|\/(?:client_secret|refresh_token|access_token)))(?:\/|$)/,
  /^\/receivers\/[^/]+\/webhook(?:$|\/url$|\/secret(?:\/|$)|\/headers(?:\/|$))/,
  /^\/receivers\/[^/]+\/alertmanager\/(?:password|token)(?:\/|$)/,
]

const MAX_ERRORS = 100

export function createDiagnostics(file: string, text: string): Diagnostics {
  const found: { readonly offset: number; readonly what: string }[] = []
  const warnings: string[] = []
  const wrong = new Set<string>()
  const doubtful = new Set<string>()
  let positions: Positions = new Map()
  const at = (offset: number, message: string): Diagnostic => ({ file, ...position(text, offset), message })
  const errorAt = (offset: number, what: string): void => void found.push({ offset, what: plain(what) })
  return {
    errorAt,
    error(pointer, what, where) {
      if (wrong.has(pointer)) return
      wrong.add(pointer)
      errorAt(findOffset(text, nearestPosition(positions, pointer), where), what)
    },
    warn(pointer, what) {
      doubtful.add(pointer)
      warnings.push(formatDiagnostic(at(nearestPosition(positions, pointer)?.start ?? 0, plain(what))))
    },
    hasWarning: (pointer) => isWithin(doubtful, pointer),
    isClean: (pointer) => !isWithin(wrong, pointer),
    isUsable: (pointer) => !wrong.has(pointer),
    describeValue: (pointer) =>
      SECRETS.some((secret) => secret.test(pointer)) ? 'a hidden value' : (positions.get(pointer)?.text ?? 'nothing'),
    isExpanded: (pointer) => positions.get(pointer)?.isExpanded ?? false,
    line: (pointer) => position(text, nearestPosition(positions, pointer)?.start ?? 0).line,
    locate: (known) => void (positions = known),
    finish() {
      if (found.length === 0) return warnings
      const sorted = found.toSorted((a, b) => a.offset - b.offset)
      const first = sorted.slice(0, MAX_ERRORS).map(({ offset, what }) => at(offset, what))
      const left = sorted.slice(MAX_ERRORS)[0]
      if (left) first.push(at(left.offset, `${sorted.length - MAX_ERRORS} more errors from here on`))
      throw new ConfigErrors(first)
    },
  }
}

function isWithin(pointers: ReadonlySet<string>, pointer: string): boolean {
  return [...pointers].some((one) => one === pointer || one.startsWith(`${pointer}/`))
}

/** A missing value has no location; the mapping that lacks it is used. */
function nearestPosition(positions: Positions, pointer: string): Position | undefined {
  for (let here = pointer; here !== ''; here = here.slice(0, here.lastIndexOf('/'))) {
    const position = positions.get(here)
    if (position) return position
  }
  return positions.get('')
}

function findOffset(text: string, position: Position | undefined, where: DiagnosticPart | undefined): number {
  if (!position) return 0
  if (where === 'key') return position.key ?? position.start
  if (where === undefined) return position.start
  const within = text.slice(position.start, position.end).indexOf(where.text)
  return position.start + Math.max(within, 0)
}

/** Removes control characters: text of the file is printed on terminals. */
function plain(what: string): string {
  return what.replaceAll(/\p{Cc}+/gu, ' ')
}

function position(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}
