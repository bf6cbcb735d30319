import type { Config, CountRule, Metric } from '../../model.ts'
import { isBulkAction, type CheckedEvent, createEventChecker } from '../../service/judge.ts'
import { nearest } from '../../text/suggest.ts'
import { readEventsFile, type Piece } from './events-file.ts'
import { createTally, type ValueTally, type KindTally, type Names, type Tally, tallyEvent } from './tally.ts'

/** What the command needs of the process: the working directory, and functions that print a line. */
interface EventsIo {
  readonly cwd: string
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

const MAX_SHOWN_HOSTS = 5
const MAX_SHOWN_DATASETS = 8
const MAX_SHOWN_REASONS = 20

/**
 * `stashwatch check --events`: prints what a configuration extracts from real events, with the service's own validation
 * and extraction. Memory is bounded for files of any size.
 *
 * @returns the exit code: 0 all events are accepted, 1 some are not or the file is invalid, 2 it could not be read.
 */
export async function checkEvents(file: string, config: Config, io: EventsIo): Promise<number> {
  const judge = createEventChecker(config)
  const tally = createTally()
  try {
    await readEventsFile(file, io.cwd, (piece) => {
      for (const judged of checkPiece(piece, judge)) tallyEvent(tally, judged, piece.line)
    })
  } catch (error) {
    if (rejectCode(error) === '') throw error
    io.err(`${file}: ${whyUnreadable(error)}`)
    return isMissing(error) || isCut(error) ? 1 : 2
  }
  if (tally.events === 0) {
    io.err(`${file}: found no events; expected JSON objects, one per line or in an array, plain or gzip`)
    return 1
  }
  for (const line of report(file, tally, config)) io.out(plain(line))
  return tally.accepted === tally.events ? 0 : 1
}

/** A line may be a whole body: an array of events. Action lines of a bulk body are skipped. */
function checkPiece({ text }: Piece, judge: (event: unknown) => CheckedEvent): readonly CheckedEvent[] {
  if (text === undefined)
    return [{ outcome: { path: '', reason: 'the event is larger than 1 MiB', code: 'too_large' } }]
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return [
      { outcome: { path: '', reason: `expected JSON, found ${JSON.stringify(text.slice(0, 40))}`, code: 'json' } },
    ]
  }
  if (Array.isArray(value)) return value.map(judge)
  return isBulkAction(value) ? [] : [judge(value)]
}

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(rejectCode(error))

/** Codes of zlib for damaged input. */
const isCut = (error: unknown): boolean => rejectCode(error).startsWith('Z_')

function rejectCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function whyUnreadable(error: unknown): string {
  const code = rejectCode(error)
  if (code === 'EISDIR') return 'is a folder; expected a file with events'
  if (isMissing(error)) return 'does not exist: check the path after --events'
  if (isCut(error)) return `is truncated or not valid gzip (${code})`
  return `cannot be read (${code})`
}

function report(file: string, tally: Tally, config: Config): readonly string[] {
  const rejected = tally.events - tally.accepted
  const kinds = [...tally.kinds].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [
    `${file === '-' ? 'standard input' : file}: ${count(tally.events, 'event')}, ${tally.accepted} accepted, ${rejected} rejected`,
    '',
    ...table(['kind', 'accepted', 'rejected', 'unused', 'hosts'], kinds.map(kindRow), [1, 2, 3]),
    ...basics(tally.kinds.get('base')),
    ...incompleteLines(tally, config),
    '',
    ...valuesTable(kinds, config),
    ...ratioLines(kinds, config),
    ...reasonLines(tally),
    ...costLines(tally),
    ...unmatchedLines(tally, config),
  ]
}

const kindRow = ([kind, { accepted, rejected, unused, hosts }]: readonly [string, KindTally]): readonly string[] => [
  kind,
  String(accepted),
  String(rejected),
  String(unused),
  printHosts(hosts),
]

function printHosts({ seen, more }: Names): string {
  const first = [...seen].slice(0, MAX_SHOWN_HOSTS).join(', ')
  if (more) return `${first}, ... (more than ${seen.size})`
  return seen.size > MAX_SHOWN_HOSTS ? `${first}, ... (${seen.size})` : first
}

/** Lists events that only the base schema matched, as they call themselves. */
function basics(base: KindTally | undefined): readonly string[] {
  if (base === undefined || base.datasets.size === 0) return []
  const sorted = [...base.datasets].toSorted(([, a], [, b]) => b - a)
  const first = sorted.slice(0, MAX_SHOWN_DATASETS).map(([name, events]) => `${name} (${events})`)
  const more = sorted.length > MAX_SHOWN_DATASETS ? [`${sorted.length - MAX_SHOWN_DATASETS} more`] : []
  return ['', `without a schema of their own: ${[...first, ...more].join(', ')}`]
}

/** Reports accepted events without a valid time, or without the configured id. */
function incompleteLines({ accepted, untimed, identified }: Tally, { ingest }: Config): readonly string[] {
  const field = ingest.eventIdField
  const lines = [
    ...(untimed === 0
      ? []
      : [`warning: ${count(untimed, 'event')} of ${accepted} without a readable time: the arrival time counts`]),
    ...(field === undefined || identified > 0 || accepted === 0
      ? []
      : [`warning: ingest.event_id_field: no event has an ID in ${field}`]),
  ]
  return lines.length === 0 ? [] : ['', ...lines]
}

function valuesTable(kinds: readonly (readonly [string, KindTally])[], { engine }: Config): readonly string[] {
  const units = new Map(engine.metrics.map(({ name, unit }) => [name, unit]))
  const rows = kinds.flatMap(([kind, { values }]) =>
    [...values].map(([name, one]) => [name, kind, String(one.count), ...range(one), units.get(name) ?? 'events']),
  )
  if (rows.length === 0) return ['no metric and no rule found any values']
  return table(['metric', 'kind', 'values', 'smallest', 'largest', 'unit'], rows, [2, 3, 4])
}

/** Reports metrics with the unit `ratio` whose values are not shares of a whole. */
function ratioLines(kinds: readonly (readonly [string, KindTally])[], { engine }: Config): readonly string[] {
  const ratios = new Set(engine.metrics.filter(({ unit }) => unit === 'ratio').map(({ name }) => name))
  const lines = kinds.flatMap(([kind, { values }]) =>
    [...values]
      .filter(([name, { beyondRange }]) => ratios.has(name) && beyondRange > 0)
      .map(([name, { count: all, beyondRange, smallestBeyond, largest }]) => {
        const lie =
          beyondRange === 1 ? `is ${short(largest)}` : `lie between ${short(smallestBeyond)} and ${short(largest)}`
        return `warning: ${name}: ${beyondRange} of ${count(all, 'value')} of ${kind} ${lie}; a ratio is 0 to 1: is unit: percent meant?`
      }),
  )
  return lines.length === 0 ? [] : ['', ...lines]
}

const range = ({ smallest, largest }: ValueTally): readonly string[] => [short(smallest), short(largest)]

const short = (value: number): string => String(Number.isInteger(value) ? value : Number(value.toPrecision(6)))

function reasonLines({ reasons, otherReasons }: Tally): readonly string[] {
  const sorted = [...reasons.values()].toSorted((a, b) => b.count - a.count)
  if (sorted.length === 0) return []
  const shown = sorted.slice(0, MAX_SHOWN_REASONS)
  const left = sorted.slice(MAX_SHOWN_REASONS).reduce((sum, { count }) => sum + count, otherReasons)
  const rows = shown.map(({ path, reason, line, count }) => [
    String(count),
    String(line),
    path === '' ? '-' : path,
    reason,
  ])
  const more = left === 0 ? [] : [`${left} more for other reasons`]
  return ['', ...table(['rejected', 'first line', 'path', 'reason'], rows, [0, 1]), ...more]
}

/** Reports rules that could not be matched with some events. The service would raise an alert. */
function costLines({ unmatched }: Tally): readonly string[] {
  const lines = [...unmatched].map(
    ([rule, events]) =>
      `warning: ${rule}: ${count(events, 'event')} could not be matched: the expression takes too many steps on the text`,
  )
  return lines.length === 0 ? [] : ['', ...lines]
}

/** Reports metrics and rules without values, and where the values may be instead. */
function unmatchedLines({ kinds, fields }: Tally, { engine }: Config): readonly string[] {
  const fed = new Set([...kinds.values()].flatMap((kind) => [...kind.values.keys()]))
  const all = [...fields.keys()]
  const taken = new Set(engine.metrics.flatMap((metric) => metric.fields))
  const free = all.filter((path) => (fields.get(path)?.numbers ?? 0) > 0 && !taken.has(path))
  const metrics = engine.metrics.filter(({ name }) => !fed.has(name)).map((metric) => printMetric(metric, fields, free))
  const rules = engine.rules
    .filter((rule) => rule.kind === 'count')
    .filter(({ name }) => !fed.has(`count(${name})`))
    .map((rule) => printRule(rule, fields, all))
  const absent = [...metrics, ...rules].flatMap((one) => ('absent' in one ? [one.absent] : []))
  const lines = [...metrics, ...rules].flatMap((one) => ('says' in one ? [one.says] : []))
  if (absent.length > 0) lines.push(`no event has the fields of: ${absent.join(', ')}`)
  return lines.length === 0 ? [] : ['', 'found nothing', ...lines.map((line) => `  ${line}`)]
}

/** Returns a warning about a metric or a rule, or its name if its fields are just missing. */
type UnmatchedField = { readonly says: string } | { readonly absent: string }

function printMetric(
  { name, fields: wanted }: Metric,
  fields: Tally['fields'],
  known: readonly string[],
): UnmatchedField {
  const present = wanted.map((path) => ({ path, found: fields.get(path) })).find(({ found }) => found !== undefined)
  if (present !== undefined) {
    const { path, found } = present
    const events = count(found?.events ?? 0, 'event')
    if (found?.other === undefined)
      return { says: `metric ${name}: ${path} is in ${events}, which are rejected or heartbeats` }
    return { says: `metric ${name}: ${path} is in ${events}, never as a number: found ${found.other}` }
  }
  const guess = suggestField(wanted, known)
  const summary = `metric ${name}: no event has ${wanted.join(' or ')}: did you mean ${guess}?`
  return guess === undefined ? { absent: name } : { says: summary }
}

function printRule({ name, where }: CountRule, fields: Tally['fields'], known: readonly string[]): UnmatchedField {
  const missing = where.filter(({ field, exists }) => exists !== false && !fields.has(field)).map(({ field }) => field)
  if (missing.length === 0) return { says: `rule ${name}: no event matches` }
  const guess = suggestField(missing, known)
  const summary = `rule ${name}: no event has ${missing.join(' or ')}: did you mean ${guess}?`
  return guess === undefined ? { absent: `rule ${name}` } : { says: summary }
}

/** Returns the field that was probably meant: one at another depth, or a similar one in the same object. */
function suggestField(wanted: readonly string[], known: readonly string[]): string | undefined {
  const isEnd = (path: string, other: string): boolean => path.endsWith(`.${other}`) || other.endsWith(`.${path}`)
  const roots = [...new Set(known.map(rootField))]
  for (const path of wanted) {
    const root = nearest(rootField(path), roots)
    const akin = known.filter((other) => rootField(other) === root)
    const guess = known.find((other) => isEnd(other, path)) ?? nearest(path, akin)
    if (guess !== undefined) return guess
  }
  return undefined
}

const rootField = (path: string): string => path.split('.', 1)[0] ?? ''

/** Formats lines as columns with the width of the widest cell; the given columns are right-aligned. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[],
): readonly string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(line)
}

/** Escapes control characters of events before they are printed. */
const plain = (line: string): string => line.replaceAll(/\p{Cc}+/gu, ' ')

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
