/** Something wrong in the configuration. Lines and columns count from 1; what is wrong with the whole file has none. */
export interface Mistake {
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly what: string
}

/** Every mistake that was found, in the order of the file. The message lists them, one a line. */
export class ConfigErrors extends Error {
  readonly code = 'CONFIG_INVALID'
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    super(mistakes.map(printMistake).join('\n'))
    this.name = 'ConfigErrors'
    this.mistakes = mistakes
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

/** A mistake as compilers print it, so that editors and terminals can jump there. */
export function printMistake({ file, line, column, what }: Mistake): string {
  return line === undefined ? what : `${file}:${line}:${column}: ${what}`
}

/** Where a value stands in the file. Offsets count UTF-16 units from the start of the text. */
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

/** Collects what is wrong with one file. Pointers are JSON pointers into its value. */
export interface Report {
  /** Notes a mistake; a second one at the same pointer is dropped, for it follows from the first. */
  mistake(pointer: string, what: string, where?: Where): void
  /** Notes a mistake at an offset of the text. */
  mistakeAt(offset: number, what: string): void
  warn(pointer: string, what: string): void
  /** Whether something was warned of at the pointer or below it. */
  warned(pointer: string): boolean
  /** Whether nothing is wrong at the pointer or below it. */
  clean(pointer: string): boolean
  /** Whether nothing is wrong at the pointer itself. */
  usable(pointer: string): boolean
  /** The value as the file has it, in quotes where it is text. Secrets are not shown. */
  written(pointer: string): string
  expanded(pointer: string): boolean
  /** The line in which a value stands. */
  line(pointer: string): number
  /** Tells where values stand; until then only `mistakeAt` knows a place. */
  locate(places: Places): void
  /** @throws {ConfigErrors} when there are mistakes. */
  finish(): readonly string[]
}

/** The key instead of its value, or a piece of the value's text. */
export type Where = 'key' | { readonly text: string }

/** Where secrets stand. The address of a webhook is one, also where it was written in the place of its mapping. */
const SECRETS = [
  /^\/(?:ingest|api)\/tokens(?:\/|$)/,
  /^\/smtp(?:\/\d+)?\/(?:password|dkim(?:\/\d+)?(?:$|\/key)|oauth2(?:$|\/(?:client_secret|refresh_token|access_token)))(?:\/|$)/,
  /^\/receivers\/[^/]+\/webhook(?:$|\/url$|\/secret(?:\/|$)|\/headers(?:\/|$))/,
  /^\/receivers\/[^/]+\/alertmanager\/(?:password|token)(?:\/|$)/,
]

const MOST_MISTAKES = 100

export function createReport(file: string, text: string): Report {
  const found: { readonly offset: number; readonly what: string }[] = []
  const warnings: string[] = []
  const wrong = new Set<string>()
  const doubtful = new Set<string>()
  let places: Places = new Map()
  const at = (offset: number, what: string): Mistake => ({ file, ...position(text, offset), what })
  const mistakeAt = (offset: number, what: string): void => void found.push({ offset, what: plain(what) })
  return {
    mistakeAt,
    mistake(pointer, what, where) {
      if (wrong.has(pointer)) return
      wrong.add(pointer)
      mistakeAt(offsetOf(text, nearestPlace(places, pointer), where), what)
    },
    warn(pointer, what) {
      doubtful.add(pointer)
      warnings.push(printMistake(at(nearestPlace(places, pointer)?.start ?? 0, plain(what))))
    },
    warned: (pointer) => isWithin(doubtful, pointer),
    clean: (pointer) => !isWithin(wrong, pointer),
    usable: (pointer) => !wrong.has(pointer),
    written: (pointer) =>
      SECRETS.some((secret) => secret.test(pointer))
        ? 'a value that is not shown here'
        : (places.get(pointer)?.shown ?? 'nothing'),
    expanded: (pointer) => places.get(pointer)?.expanded ?? false,
    line: (pointer) => position(text, nearestPlace(places, pointer)?.start ?? 0).line,
    locate: (known) => void (places = known),
    finish() {
      if (found.length === 0) return warnings
      const sorted = found.toSorted((a, b) => a.offset - b.offset)
      const first = sorted.slice(0, MOST_MISTAKES).map(({ offset, what }) => at(offset, what))
      const left = sorted.slice(MOST_MISTAKES)[0]
      if (left) first.push(at(left.offset, `${sorted.length - MOST_MISTAKES} more mistakes from here on`))
      throw new ConfigErrors(first)
    },
  }
}

function isWithin(pointers: ReadonlySet<string>, pointer: string): boolean {
  return [...pointers].some((one) => one === pointer || one.startsWith(`${pointer}/`))
}

/** One step down a JSON pointer. */
export function below(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** What is missing has no place of its own; the mapping that lacks it stands in. */
function nearestPlace(places: Places, pointer: string): Place | undefined {
  for (let here = pointer; here !== ''; here = here.slice(0, here.lastIndexOf('/'))) {
    const place = places.get(here)
    if (place) return place
  }
  return places.get('')
}

function offsetOf(text: string, place: Place | undefined, where: Where | undefined): number {
  if (!place) return 0
  if (where === 'key') return place.key ?? place.start
  if (where === undefined) return place.start
  const within = text.slice(place.start, place.end).indexOf(where.text)
  return place.start + Math.max(within, 0)
}

/** What the file says is repeated on terminals, so nothing in it may steer one. */
function plain(what: string): string {
  return what.replaceAll(/\p{Cc}+/gu, ' ')
}

function position(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}
