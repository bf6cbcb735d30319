/** An error or a warning about the configuration. Lines and columns count from 1; one about the whole file has none. */
export interface Diagnostic {
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly what: string
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
export function formatDiagnostic({ file, line, column, what }: Diagnostic): string {
  return line === undefined ? what : `${file}:${line}:${column}: ${what}`
}

/** The place of a value in the file. Offsets count UTF-16 units from the start of the text. */
export interface Place {
  readonly key: number | undefined
  readonly start: number
  readonly end: number
  /** The value as people would call it: its text as it is written, before variables are filled in. */
  readonly shown: string
  /** A variable was filled in, so the value itself must not be shown. */
  readonly expanded: boolean
}

export type Places = ReadonlyMap<string, Place>

/** Collects the diagnostics of one file. Pointers are JSON pointers into its value. */
export interface Diagnostics {
  /** Records an error. A second error at the same pointer is dropped, because it follows from the first. */
  error(pointer: string, what: string, where?: Where): void
  /** Records an error at an offset of the text. */
  errorAt(offset: number, what: string): void
  warn(pointer: string, what: string): void
  /** Whether there is a warning at the pointer or below it. */
  warned(pointer: string): boolean
  /** Whether there is no error at the pointer or below it. */
  clean(pointer: string): boolean
  /** Whether there is no error at the pointer itself. */
  usable(pointer: string): boolean
  /** The value as written in the file, text in quotes. Secrets are not shown. */
  written(pointer: string): string
  expanded(pointer: string): boolean
  /** The line of a value. */
  line(pointer: string): number
  /** Sets the places of the values; until then only `errorAt` can give one. */
  locate(places: Places): void
  /** Returns the warnings. @throws {ConfigErrors} if there are errors. */
  finish(): readonly string[]
}

/** The key instead of its value, or a piece of the value's text. */
export type Where = 'key' | { readonly text: string }

/** Where secrets are. The URL of a webhook is one, also if it was written in place of its mapping. */
const SECRETS = [
  /^\/(?:ingest|api)\/tokens(?:\/|$)/,
  /^\/smtp(?:\/\d+)?\/(?:password|dkim(?:\/\d+)?(?:$|\/key)|oauth2(?:$|\/(?:client_secret|refresh_token|access_token)))(?:\/|$)/,
  /^\/receivers\/[^/]+\/webhook(?:$|\/url$|\/secret(?:\/|$)|\/headers(?:\/|$))/,
  /^\/receivers\/[^/]+\/alertmanager\/(?:password|token)(?:\/|$)/,
]

const MOST_ERRORS = 100

export function createDiagnostics(file: string, text: string): Diagnostics {
  const found: { readonly offset: number; readonly what: string }[] = []
  const warnings: string[] = []
  const wrong = new Set<string>()
  const doubtful = new Set<string>()
  let places: Places = new Map()
  const at = (offset: number, what: string): Diagnostic => ({ file, ...position(text, offset), what })
  const errorAt = (offset: number, what: string): void => void found.push({ offset, what: plain(what) })
  return {
    errorAt,
    error(pointer, what, where) {
      if (wrong.has(pointer)) return
      wrong.add(pointer)
      errorAt(findOffset(text, nearestPlace(places, pointer), where), what)
    },
    warn(pointer, what) {
      doubtful.add(pointer)
      warnings.push(formatDiagnostic(at(nearestPlace(places, pointer)?.start ?? 0, plain(what))))
    },
    warned: (pointer) => isWithin(doubtful, pointer),
    clean: (pointer) => !isWithin(wrong, pointer),
    usable: (pointer) => !wrong.has(pointer),
    written: (pointer) =>
      SECRETS.some((secret) => secret.test(pointer)) ? 'a hidden value' : (places.get(pointer)?.shown ?? 'nothing'),
    expanded: (pointer) => places.get(pointer)?.expanded ?? false,
    line: (pointer) => position(text, nearestPlace(places, pointer)?.start ?? 0).line,
    locate: (known) => void (places = known),
    finish() {
      if (found.length === 0) return warnings
      const sorted = found.toSorted((a, b) => a.offset - b.offset)
      const first = sorted.slice(0, MOST_ERRORS).map(({ offset, what }) => at(offset, what))
      const left = sorted.slice(MOST_ERRORS)[0]
      if (left) first.push(at(left.offset, `${sorted.length - MOST_ERRORS} more errors from here on`))
      throw new ConfigErrors(first)
    },
  }
}

function isWithin(pointers: ReadonlySet<string>, pointer: string): boolean {
  return [...pointers].some((one) => one === pointer || one.startsWith(`${pointer}/`))
}

/** A missing value has no place of its own; the mapping that lacks it has. */
function nearestPlace(places: Places, pointer: string): Place | undefined {
  for (let here = pointer; here !== ''; here = here.slice(0, here.lastIndexOf('/'))) {
    const place = places.get(here)
    if (place) return place
  }
  return places.get('')
}

function findOffset(text: string, place: Place | undefined, where: Where | undefined): number {
  if (!place) return 0
  if (where === 'key') return place.key ?? place.start
  if (where === undefined) return place.start
  const within = text.slice(place.start, place.end).indexOf(where.text)
  return place.start + Math.max(within, 0)
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
