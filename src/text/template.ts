import type { AlertSnapshot, Millis, Templates, MeasureUnit } from '../model.ts'
import { formatDuration, formatTime, formatValue, formatLimit, formatMeasure } from './format.ts'
import { describeReason } from './reason.ts'
import { suggest } from './suggest.ts'

/**
 * The value of a placeholder. A number has its unit, so that `{{value}}` alone is readable; null is "no data".
 */
type TemplateValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly number: number | null; readonly unit: MeasureUnit }
  | { readonly kind: 'time'; readonly at: Millis }
  | { readonly kind: 'duration'; readonly span: Millis }

export type TemplateValues = ReadonlyMap<string, TemplateValue>

interface RenderOptions {
  /** Applied to each inserted value, not to the template's own text. */
  readonly escape?: (text: string) => string
  /** IANA time zone of instants; UTC by default. */
  readonly zone?: string
}

interface Template {
  /** The text with its placeholders filled in; a name without a value leaves nothing behind. */
  render(values: TemplateValues, options?: RenderOptions): string
}

/** An invalid template; `found` is the invalid part. */
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
  threshold: 'text',
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
/** Stands for `event.<field>`: a field of the newest event that the rule counted. */
export const EVENT_NAMES = 'event.*'
/** All names, whatever the rule: for templates that were checked before. */
export const ANY_NAMES: readonly string[] = [...TEMPLATE_NAMES, 'label.*', EVENT_NAMES]

const EVENT_FIELD = /\{\{\s*event\.([^\s|}]+)\s*[|}]/g

/** Returns the fields of events that the templates of a rule's mails name. */
export function eventPlaceholders(rule: Templates, receivers: readonly Templates[]): readonly string[] {
  const templates = [rule, ...receivers].flatMap(({ subject, body }) => [subject ?? '', body ?? ''])
  return [...new Set(templates.flatMap((text) => [...text.matchAll(EVENT_FIELD)].map(([, field = '']) => field)))]
}

type Format = (value: TemplateValue, zone: string | undefined) => string

interface Formatter {
  readonly kinds: readonly TemplateValue['kind'][]
  readonly format: Format
}

const ALL_KINDS: Formatter['kinds'] = ['text', 'number', 'time', 'duration']

const FORMATTERS: ReadonlyMap<string, Formatter> = new Map<string, Formatter>([
  [
    'percent',
    { kinds: ['number'], format: numberFormatter((n, unit) => formatValue(n, unit === 'percent' ? unit : 'ratio')) },
  ],
  ['number', { kinds: ['number'], format: numberFormatter((n) => formatValue(n, 'none')) }],
  ['bytes', { kinds: ['number'], format: numberFormatter((n) => formatValue(n, 'bytes')) }],
  ['duration', { kinds: ['number', 'duration'], format: numberFormatter((n) => formatDuration(n * 1000)) }],
  ['time', { kinds: ['time'], format: formatPlain }],
  ['upper', { kinds: ALL_KINDS, format: (value, zone) => formatPlain(value, zone).toUpperCase() }],
  ['lower', { kinds: ALL_KINDS, format: (value, zone) => formatPlain(value, zone).toLowerCase() }],
])

/**
 * Compiles a template: `{{name}}` and `{{name | formatter}}`, and nothing else, so that a template cannot run code.
 *
 * @param names the names it may use: `TEMPLATE_NAMES`, `label.<name>` for each label, and `EVENT_NAMES`. An asterisk at
 *   the end stands for anything.
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
  if (!isKnown(name, names)) {
    if (name === '') throw new TemplateError("'{{ }}' without a name; expected {{server}}, {{value}}, ...", found)
    throw new TemplateError(`unknown placeholder '${name}'${suggest(name, names)}`, found)
  }
  if (more.length > 0) throw new TemplateError(`two formatters in '${found}'; expected one at most`, found)
  if (formatter === undefined) return { name, format: formatPlain }
  const known = FORMATTERS.get(formatter)
  if (!known)
    throw new TemplateError(`unknown formatter '${formatter}'${suggest(formatter, [...FORMATTERS.keys()])}`, found)
  const kind = KINDS[name] ?? 'text'
  if (!known.kinds.includes(kind)) {
    throw new TemplateError(`the formatter '${formatter}' does not fit '${name}', which is a ${kind}`, found)
  }
  return { name, format: known.format }
}

function isKnown(name: string, names: readonly string[]): boolean {
  const dot = name.indexOf('.')
  return names.includes(name) || (dot > 0 && dot < name.length - 1 && names.includes(`${name.slice(0, dot)}.*`))
}

/** Formats a value for `{{name}}` without a formatter. */
function formatPlain(value: TemplateValue, zone: string | undefined): string {
  if (value.kind === 'text') return value.text
  if (value.kind === 'number') return formatValue(value.number, value.unit)
  return value.kind === 'time' ? formatTime(value.at, zone) : formatDuration(value.span)
}

function numberFormatter(format: (value: number, unit: MeasureUnit) => string): Format {
  return (value, zone) =>
    value.kind === 'number' && value.number !== null ? format(value.number, value.unit) : formatPlain(value, zone)
}

/** The values of an alert under their names, its labels among them. */
export function templateValues(snapshot: AlertSnapshot): TemplateValues {
  const { identity, evidence } = snapshot
  const { unit, metric } = identity.measure
  const text = (content: string): TemplateValue => ({ kind: 'text', text: content })
  const number = (value: number | null): TemplateValue => ({ kind: 'number', number: value, unit })
  const labels = Object.entries({ ...snapshot.ruleLabels, ...identity.labels })
  const event = snapshot.events?.at(-1)?.fields ?? []
  return new Map<string, TemplateValue>([
    ...labels.map(([name, value]): [string, TemplateValue] => [`label.${name}`, text(value)]),
    ...event.map(([field, value]): [string, TemplateValue] => [`event.${field}`, text(value)]),
    ['server', text(identity.host)],
    ['host', text(identity.host)],
    ['rule', text(identity.rule)],
    ['metric', text(metric)],
    ['what', text(formatMeasure(identity.measure))],
    ['value', number(snapshot.value)],
    ['threshold', text(formatLimit(evidence.limit, unit))],
    ['severity', text(snapshot.severity)],
    ['state', text(snapshot.state)],
    ['since', { kind: 'time', at: snapshot.startsAt }],
    ['at', { kind: 'time', at: snapshot.evaluatedAt }],
    ['duration', { kind: 'duration', span: (snapshot.resolvedAt ?? snapshot.evaluatedAt) - snapshot.startsAt }],
    ['reason', text(describeReason(snapshot))],
    ['episode', text(snapshot.episode)],
    ['code', text(snapshot.code)],
    ['peak', number(snapshot.peak)],
    ['source', text(snapshot.source)],
    ['labels', text(labels.map(([name, value]) => `${name}=${value}`).join(', '))],
  ])
}

/** Matches a URL in text; a placeholder in it is marked by a NUL. */
const ADDRESS = /https?:\/\/[^\s<>"'`]+/g
/** Punctuation around a URL. A closing bracket belongs to it only if the URL opens one. */
const BEHIND = /[.,;:!?]+$/

/**
 * Returns the URLs that a template contains literally. A URL with a placeholder is not one of them, because its value
 * comes with events.
 */
export function findAddresses(template: string): readonly string[] {
  const found = template.replace(/\{\{.*?\}\}/gs, '\0').match(ADDRESS) ?? []
  return [...new Set(found.filter((address) => !address.includes('\0')).map(trimmed))].filter((address) =>
    URL.canParse(address),
  )
}

/** A part of a text, and whether it is one of the URLs. */
interface Piece {
  readonly text: string
  readonly isLink: boolean
}

/** Splits a text at complete occurrences of the URLs. Everything else stays text. */
export function splitAddresses(text: string, addresses: readonly string[]): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = trimmed(found)
    if (!addresses.includes(address)) continue
    pieces.push({ text: text.slice(from, index), isLink: false }, { text: address, isLink: true })
    from = index + address.length
  }
  return [...pieces, { text: text.slice(from), isLink: false }]
}

function trimmed(address: string): string {
  const shorter = address.replace(BEHIND, '')
  const isBracketed = /[)\]]$/.test(shorter) && !/[([]/.test(shorter)
  return isBracketed ? trimmed(shorter.slice(0, -1)) : shorter
}
