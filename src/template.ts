import type { AlertFacts, Millis, Unit } from './model.ts'

/**
 * What may stand in for a placeholder. A number carries its unit, so that `{{value}}` alone reads well; null is
 * "no data".
 */
export type TemplateValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly number: number | null; readonly unit: Unit }
  | { readonly kind: 'time'; readonly at: Millis }
  | { readonly kind: 'duration'; readonly span: Millis }

export type TemplateValues = ReadonlyMap<string, TemplateValue>

export interface RenderOptions {
  /** Applied to each value that is put in, not to the template's own text. */
  readonly escape?: (text: string) => string
  /** IANA time zone of instants; UTC when left out. */
  readonly zone?: string
}

export interface Template {
  /** The text with its placeholders filled in; a name without a value leaves nothing behind. */
  render(values: TemplateValues, options?: RenderOptions): string
}

/** A template that cannot be: `found` is the piece of it that is at fault. */
export class TemplateError extends Error {
  readonly code = 'TEMPLATE_INVALID'
  readonly found: string

  constructor(message: string, found: string) {
    super(message)
    this.name = 'TemplateError'
    this.found = found
  }
}

const KINDS: Readonly<Record<string, TemplateValue['kind']>> = {
  server: 'text',
  host: 'text',
  rule: 'text',
  metric: 'text',
  what: 'text',
  value: 'number',
  bound: 'text',
  severity: 'text',
  state: 'text',
  since: 'time',
  at: 'time',
  duration: 'duration',
  reason: 'text',
  episode: 'text',
  code: 'text',
  peak: 'number',
  source: 'text',
  labels: 'text',
}

/** The names that every alert has. An alert's labels come on top of them, as `label.<name>`. */
export const TEMPLATE_NAMES: readonly string[] = Object.keys(KINDS)

type Format = (value: TemplateValue, zone: string | undefined) => string

interface Formatter {
  readonly fits: readonly TemplateValue['kind'][]
  readonly format: Format
}

const ANY: Formatter['fits'] = ['text', 'number', 'time', 'duration']

const FORMATTERS: ReadonlyMap<string, Formatter> = new Map<string, Formatter>([
  ['percent', { fits: ['number'], format: ofNumber((n, unit) => formatValue(n, unit === 'percent' ? unit : 'ratio')) }],
  ['number', { fits: ['number'], format: ofNumber((n) => formatValue(n, 'none')) }],
  ['bytes', { fits: ['number'], format: ofNumber((n) => formatValue(n, 'bytes')) }],
  ['duration', { fits: ['number', 'duration'], format: ofNumber((n) => formatDuration(n * 1000)) }],
  ['time', { fits: ['time'], format: formatPlain }],
  ['upper', { fits: ANY, format: (value, zone) => formatPlain(value, zone).toUpperCase() }],
  ['lower', { fits: ANY, format: (value, zone) => formatPlain(value, zone).toLowerCase() }],
])

/** What may stand behind a name, as in `{{name | formatter}}`. */
export const TEMPLATE_FORMATTERS: readonly string[] = [...FORMATTERS.keys()]

/**
 * Reads a template: `{{name}}` and `{{name | formatter}}`, and nothing else, so that no template can run anything.
 *
 * @param names the names it may use: `TEMPLATE_NAMES` and `label.<name>` for each label.
 * @throws {TemplateError} for a name or formatter that does not exist, one that does not fit, or a missing `}}`.
 */
export function compileTemplate(text: string, names: readonly string[] = TEMPLATE_NAMES): Template {
  const parts: (string | { readonly name: string; readonly format: Format })[] = []
  let from = 0
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', from)) {
    const close = text.indexOf('}}', open)
    if (close < 0) throw new TemplateError("'{{' without its '}}'", '{{')
    parts.push(text.slice(from, open), readPlaceholder(text.slice(open, close + 2), names))
    from = close + 2
  }
  parts.push(text.slice(from))
  return {
    render(values, { escape = (inserted: string) => inserted, zone } = {}) {
      const fill = (part: (typeof parts)[number]): string => {
        if (typeof part === 'string') return part
        const value = values.get(part.name)
        return value === undefined ? '' : escape(part.format(value, zone))
      }
      return parts.map(fill).join('')
    },
  }
}

function readPlaceholder(found: string, names: readonly string[]): { readonly name: string; readonly format: Format } {
  const [name = '', formatter, ...more] = found
    .slice(2, -2)
    .split('|')
    .map((piece) => piece.trim())
  if (!names.includes(name)) {
    if (name === '') throw new TemplateError("'{{ }}' without a name; expected {{server}}, {{value}}, ...", found)
    throw new TemplateError(`unknown placeholder '${name}'${meant(name, names)}`, found)
  }
  if (more.length > 0) throw new TemplateError(`two formatters in '${found}'; expected one at most`, found)
  if (formatter === undefined) return { name, format: formatPlain }
  const known = FORMATTERS.get(formatter)
  if (!known)
    throw new TemplateError(`unknown formatter '${formatter}'${meant(formatter, [...FORMATTERS.keys()])}`, found)
  const kind = KINDS[name] ?? 'text'
  if (!known.fits.includes(kind)) {
    throw new TemplateError(`the formatter '${formatter}' does not fit '${name}', which is a ${kind}`, found)
  }
  return { name, format: known.format }
}

/** What `{{name}}` prints of each value when no formatter is named. */
function formatPlain(value: TemplateValue, zone: string | undefined): string {
  if (value.kind === 'text') return value.text
  if (value.kind === 'number') return formatValue(value.number, value.unit)
  return value.kind === 'time' ? formatTime(value.at, zone) : formatDuration(value.span)
}

function ofNumber(format: (value: number, unit: Unit) => string): Format {
  return (value, zone) =>
    value.kind === 'number' && value.number !== null ? format(value.number, value.unit) : formatPlain(value, zone)
}

/** The values of an alert under their names, its labels among them. */
export function templateValues(facts: AlertFacts): TemplateValues {
  const text = (content: string): TemplateValue => ({ kind: 'text', text: content })
  const number = (value: number | null): TemplateValue => ({ kind: 'number', number: value, unit: facts.unit })
  const labels = Object.entries({ ...facts.ruleLabels, ...facts.labels })
  return new Map<string, TemplateValue>([
    ...labels.map(([name, value]): [string, TemplateValue] => [`label.${name}`, text(value)]),
    ['server', text(facts.host)],
    ['host', text(facts.host)],
    ['rule', text(facts.rule)],
    ['metric', text(facts.metric)],
    ['what', text(facts.what)],
    ['value', number(facts.value)],
    ['bound', text(facts.bound)],
    ['severity', text(facts.severity)],
    ['state', text(facts.state)],
    ['since', { kind: 'time', at: facts.since }],
    ['at', { kind: 'time', at: facts.at }],
    ['duration', { kind: 'duration', span: (facts.resolvedAt ?? facts.at) - facts.since }],
    ['reason', text(facts.reason)],
    ['episode', text(facts.episode)],
    ['code', text(facts.code)],
    ['peak', number(facts.peak)],
    ['source', text(facts.source)],
    ['labels', text(labels.map(([name, value]) => `${name}=${value}`).join(', '))],
  ])
}

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/** A value as people read it: 0.95 as a ratio is "95 %", bytes are "1.5 GiB", null is "no data". */
export function formatValue(value: number | null, unit: Unit): string {
  if (value === null || Number.isNaN(value)) return 'no data'
  if (unit === 'ratio') return `${formatNumber(value * 100)} %`
  if (unit === 'percent') return `${formatNumber(value)} %`
  if (unit === 'bytes') return formatBytes(value)
  if (unit === 'seconds') return Math.abs(value) < 60 ? formatShort(value) : formatDuration(value * 1000)
  return formatNumber(value)
}

/** A value beside its bounds: with all its digits where fewer would make it look like one of them. */
export function formatBeside(value: number | null, unit: Unit, bounds: readonly number[]): string {
  const short = formatValue(value, unit)
  const isClose = bounds.some((bound) => bound !== value && formatValue(bound, unit) === short)
  return isClose && value !== null ? formatExact(value, unit) : short
}

/** With all digits that it was measured with, but not those that reckoning with it added. */
function formatExact(value: number, unit: Unit): string {
  const exact = (number: number): string => String(Number(number.toPrecision(12)))
  if (unit === 'ratio') return `${exact(value * 100)} %`
  if (unit === 'percent') return `${exact(value)} %`
  return `${exact(value)}${unit === 'bytes' ? ' B' : unit === 'seconds' ? ' s' : ''}`
}

/** A bound as the engine says it, its number in its unit: `above 0.9` becomes `above 90 %`. */
export function formatBound(bound: string, unit: Unit): string {
  const parts = /^(.*?)(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i.exec(bound)
  return parts === null ? bound : `${parts[1] ?? ''}${formatValue(Number(parts[2]), unit)}`
}

/** Two decimals, or three significant digits where that would leave too little. */
function formatNumber(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : '-infinite'
  const rounded = size >= 1 ? Math.round(value * 100) / 100 : Number(value.toPrecision(3))
  return String(size > 1e15 ? value : rounded + 0)
}

function formatBytes(value: number): string {
  let size = value
  let step = 0
  while (Math.abs(size) >= 1023.95 && step < BYTES.length - 1) {
    size /= 1024
    step += 1
  }
  return `${formatNumber(step === 0 ? size : Math.round(size * 10) / 10)} ${BYTES[step]}`
}

function formatShort(seconds: number): string {
  return Math.abs(seconds) < 1 && seconds !== 0 ? `${formatNumber(seconds * 1000)} ms` : `${formatNumber(seconds)} s`
}

const STEPS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** A span in its two largest units: "2 min 10 s", "3 d 4 h", "350 ms". */
export function formatDuration(span: Millis): string {
  if (!Number.isFinite(span)) return 'an unknown time'
  if (span < 0) return `-${formatDuration(-span)}`
  if (span > 0 && span < 1000) return `${formatNumber(span)} ms`
  if (span < 9950) return `${Math.round(span / 100) / 10} s`
  const first = STEPS.findIndex(([, length]) => span >= length)
  const [large, small] = [STEPS[first], STEPS[first + 1]]
  if (!large) return '0 s'
  const unit = small?.[1] ?? 1000
  const rounded = Math.round(span / unit) * unit
  if (rounded >= (STEPS[first - 1]?.[1] ?? Infinity)) return formatDuration(rounded)
  const rest = (rounded % large[1]) / unit
  const whole = `${Math.floor(rounded / large[1])} ${large[0]}`
  return small && rest > 0 ? `${whole} ${rest} ${small[0]}` : whole
}

/** An instant to the second with its zone: "2026-11-22 12:03:10 UTC". */
export function formatTime(at: Millis, zone = 'UTC'): string {
  return timeFormat(zone)(at)
}

/** Writes instants as `formatTime` does; to make it takes longer than to use it. @throws {RangeError} for an unknown zone. */
export function timeFormat(zone: string): (at: Millis) => string {
  const partsOf = zone === 'UTC' ? undefined : zoneParts(zone)
  return (at) => {
    if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) return 'an unknown time'
    if (partsOf === undefined) return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
    const part = partsOf(at)
    const date = [part('year'), part('month'), part('day')]
    const time = [part('hour'), part('minute'), part('second')]
    return `${date.join('-')} ${time.join(':')} ${part('timeZoneName')}`
  }
}

function zoneParts(timeZone: string): (at: Millis) => (type: Intl.DateTimeFormatPartTypes) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  })
  return (at) => {
    const parts = new Map(format.formatToParts(new Date(at)).map(({ type, value }) => [type, value]))
    return (type) => parts.get(type) ?? ''
  }
}

/** The known word that was probably meant: at most a third of its letters differ. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  return nearestOf(word, known, 1)[0]
}

/** At most so many of the known words that were perhaps meant, the nearest first. */
export function nearestOf(word: string, known: readonly string[], most: number): readonly string[] {
  const wanted = word.toLowerCase()
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.max(1, Math.floor(Math.max(candidate.length, word.length) / 3)),
    )
  return ranked
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate)
}

/** The end of a sentence that names an unknown word: a guess, or all there is to choose from. */
export function meant(word: string, known: readonly string[]): string {
  const guess = nearest(word, known)
  if (guess !== undefined) return `: did you mean '${guess}'?`
  return known.length === 0 ? '' : `: expected ${known.length > 1 ? 'one of ' : ''}${known.join(', ')}`
}

/** Insertions, deletions, changes and swaps of neighbours that turn one word into the other. */
function editDistance(a: string, b: string): number {
  if (a.length > 100 || b.length > 100) return Infinity
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same)
      if (i > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1)
      row.push(least)
    }
    ;[before, last] = [last, row]
  }
  return last[b.length] ?? 0
}
