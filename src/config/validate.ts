import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import type { ErrorObject } from 'ajv'
import { meant, nearest } from '../spelling.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'

/** The part of a schema's node that the sentences need. */
interface SchemaNode {
  readonly title?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
}

type Fault = ErrorObject<string, Record<string, unknown>>

const SCHEMA = new URL('../../schemas/config.schema.json', import.meta.url)

/** Compiling costs more than all else in loading, so it is done once. */
const judge = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, ownProperties: true }).compile(
  JSON.parse(readFileSync(SCHEMA, 'utf8')) as object,
)

/** Judges the value of a configuration by its schema, and says in words what does not fit. */
export function validate(value: unknown, report: Report): void {
  if (judge(value)) return
  if (fillNumbers(value, (judge.errors ?? []) as Fault[], report) && judge(value)) return
  const faults = (judge.errors ?? []) as Fault[]
  const misspelt = new Set(faults.map(meantKey))
  for (const fault of faults) {
    const missing = missingKey(fault)
    if (missing === undefined || !misspelt.has(missing)) tell(fault, report)
  }
}

/** The key that an unknown one was probably meant to be: that it is missing follows from this. */
function meantKey({ keyword, instancePath, params, parentSchema }: Fault): string | undefined {
  if (keyword !== 'additionalProperties') return undefined
  const known = Object.keys((parentSchema as SchemaNode | undefined)?.properties ?? {})
  const guess = nearest(String(params['additionalProperty']), known)
  return guess === undefined ? undefined : below(instancePath, guess)
}

function missingKey({ keyword, instancePath, params }: Fault): string | undefined {
  return keyword === 'required' ? below(instancePath, String(params['missingProperty'])) : undefined
}

/** A variable's value is text; where a number, true or false is expected it is read as one. */
function fillNumbers(root: unknown, faults: readonly Fault[], report: Report): boolean {
  let changed = false
  for (const { keyword, instancePath, params, data } of faults) {
    if (keyword !== 'type' || typeof data !== 'string' || !report.expanded(instancePath)) continue
    const read = readAs(String(params['type']), data)
    if (read !== undefined) changed = put(root, instancePath, read) || changed
  }
  return changed
}

function readAs(type: string, text: string): number | boolean | undefined {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  const plain = type === 'integer' ? /^-?\d{1,15}$/ : /^-?\d{1,15}(\.\d{1,15})?$/
  return (type === 'integer' || type === 'number') && plain.test(text) ? Number(text) : undefined
}

function put(root: unknown, pointer: string, value: unknown): boolean {
  const keys = pointer.split('/').slice(1).map(unescapeKey)
  const last = keys.pop()
  let here: unknown = root
  for (const key of keys) here = (here as Record<string, unknown>)[key]
  if (last === undefined || typeof here !== 'object' || here === null) return false
  ;(here as Record<string, unknown>)[last] = value
  return true
}

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}

function tell(fault: Fault, report: Report): void {
  const { keyword, instancePath: pointer, params, parentSchema } = fault
  const schema = (parentSchema ?? {}) as SchemaNode
  if (keyword === 'propertyNames') return
  if (keyword === 'additionalProperties') {
    const key = String(params['additionalProperty'])
    report.mistake(below(pointer, key), sayUnknownKey(key, pointer, Object.keys(schema.properties ?? {})), 'key')
  } else if (keyword === 'required') {
    const key = String(params['missingProperty'])
    const use = lower(schema.properties?.[key]?.description).replace(/\.$/, '')
    report.mistake(below(pointer, key), `'${key}' is missing: ${use}`)
  } else if (fault.propertyName !== undefined) {
    const rule = lower(schema.description).replace(/\.$/, '')
    const what = `'${fault.propertyName}' is not fit to be a ${lower(schema.title)}: expected ${rule}`
    report.mistake(below(pointer, fault.propertyName), what, 'key')
  } else {
    const seen = report.expanded(pointer) ? { ...fault, data: undefined } : fault
    report.mistake(pointer, sayFault(seen, schema, report.written(pointer)))
  }
}

const BESIDE_WHEN = "it belongs to the rule, beside 'when'"
const UNDER_WHEN = "it belongs under 'when'"
const UNDER_THRESHOLD = "it belongs under 'threshold'"
const UNDER_ALERTING = "it belongs under 'alerting', or to a route"

/** Words of Alertmanager, and of stashwatch for the same. */
const ALERTMANAGER = {
  receiver: "did you mean 'notify'?",
  receivers: "did you mean 'notify'?",
  matchers: "did you mean 'match'?",
  repeat_interval: "did you mean 'repeat'?",
}

/** Keys that stand one level away or are known from other tools, by the section in which they were found. */
const ELSEWHERE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {
    notify: "it belongs to a rule, or under 'system'",
    tokens: "it belongs under 'ingest' or 'api'",
    host: "did you mean 'listen'?",
    port: "did you mean 'listen'?",
    mail: "did you mean 'smtp'?",
    email: "did you mean 'smtp' (the server) or 'receivers' (the people)?",
    route: "did you mean 'routes'?",
    global: "did you mean 'smtp' or 'alerting'?",
    inhibit_rules: "did you mean 'inhibit'?",
    time_intervals: "did you mean 'maintenance'?",
    mute_time_intervals: "did you mean 'maintenance'?",
    silences: 'a silence is made while the service runs; what recurs belongs under maintenance',
    kibana: "it belongs under 'links'",
    escalate: 'it belongs to a rule or a route',
    ...Object.fromEntries(
      ['group_by', 'group_wait', 'group_interval', 'repeat'].map((key) => [key, "it belongs under 'alerting'"]),
    ),
    subject: "it belongs under 'templates', or to a rule or receiver",
    body: "it belongs under 'templates', or to a rule or receiver",
  },
  alerting: ALERTMANAGER,
  routes: { ...ALERTMANAGER, routes: "routes hold no routes; say all of 'match' in each, in the order of the list" },
  maintenance: {
    ...ALERTMANAGER,
    days: "did you mean 'weekdays' or 'days_of_month'?",
    location: "did you mean 'zone'?",
    time: "did you mean 'times'?",
  },
  inhibit: {
    source_matchers: "did you mean 'source'?",
    target_matchers: "did you mean 'target'?",
    source_match: "did you mean 'source'?",
    target_match: "did you mean 'target'?",
  },
  rules: {
    group_wait: UNDER_ALERTING,
    group_interval: UNDER_ALERTING,
    ...ALERTMANAGER,
    of: "it belongs under the rule's own 'threshold', and is the same for all hosts",
    ...Object.fromEntries(['metric', 'count', 'absence', 'over', 'threshold'].map((key) => [key, UNDER_WHEN])),
    ...Object.fromEntries(
      ['every', 'for', 'keep_firing_for', 'min_samples', 'severity', 'notify', 'overrides'].map((key) => [
        key,
        BESIDE_WHEN,
      ]),
    ),
    ...Object.fromEntries(['above', 'at_least', 'below', 'at_most', 'clear'].map((key) => [key, UNDER_THRESHOLD])),
    where: "it belongs under 'count'",
    after: "it belongs under 'absence'",
    interval: "did you mean 'every'?",
    schedule: "did you mean 'every'?",
    window: "did you mean 'over'?",
    timeframe: "did you mean 'over'?",
    condition: "did you mean 'when'?",
    query: "did you mean 'when'?",
    alert: "did you mean 'name' or 'notify'?",
    recover: "did you mean 'clear'?",
  },
  smtp: {
    username: "did you mean 'user'?",
    pass: "did you mean 'password'?",
    rate_limit: "did you mean 'rate_per_minute'?",
    servers: 'several servers are a list of mappings directly under smtp',
    tls: "did you mean 'secure' (TLS from the first byte) or 'require_tls' (STARTTLS)?",
  },
  receivers: {
    recipients: "did you mean 'to'?",
    ...Object.fromEntries(
      ['slack', 'teams', 'pagerduty', 'opsgenie', 'telegram'].map((key) => [key, "did you mean 'webhook'?"]),
    ),
    subject: "it belongs under 'email'",
    body: "it belongs under 'email'",
    username: "did you mean 'user'?",
    pass: "did you mean 'password'?",
    timezone: "did you mean 'zone'?",
  },
}

function sayUnknownKey(key: string, pointer: string, known: readonly string[]): string {
  const section = ELSEWHERE[pointer.split('/')[1] ?? ''] ?? {}
  return `unknown key '${key}'${Object.hasOwn(section, key) ? `: ${section[key]}` : meant(key, known)}`
}

function sayFault({ keyword, params, data }: Fault, schema: SchemaNode, written: string): string {
  switch (keyword) {
    case 'enum':
      return sayEnum(params['allowedValues'] as readonly unknown[], data, written)
    case 'minimum':
      return `expected at least ${String(params['limit'])}, found ${written}`
    case 'maximum':
      return `expected at most ${String(params['limit'])}, found ${written}`
    case 'minItems':
      return 'expected at least one entry, found an empty list'
    case 'minProperties':
      return 'expected at least one key, found an empty mapping'
    case 'maxItems':
      return `expected at most ${String(params['limit'])} entries, found more`
    case 'maxLength':
      return `expected at most ${String(params['limit'])} characters, found more`
    case 'uniqueItems':
      return `entries ${Number(params['j']) + 1} and ${Number(params['i']) + 1} of this list are the same; remove one`
    case 'type':
      return `expected ${expected(schema)}, found ${written}${hint(data, schema)}`
    default:
      return `expected ${expected(schema)}, found ${written}${formHint(data, schema)}`
  }
}

const OTHER_WORDS: Readonly<Record<string, string>> = {
  avg: 'mean',
  average: 'mean',
  total: 'sum',
  latest: 'last',
  error: 'critical',
  '%': 'percent',
}

function sayEnum(allowed: readonly unknown[], data: unknown, written: string): string {
  const words = allowed.map(String)
  const found = `expected one of ${words.join(', ')}, found ${written}`
  if (typeof data !== 'string' || data === '') return found
  const other = Object.hasOwn(OTHER_WORDS, data) ? OTHER_WORDS[data] : undefined
  const longer = words.find((word) => word.startsWith(data) || data.startsWith(word))
  const guess = words.find((word) => word === other) ?? longer ?? nearest(data, words)
  return guess === undefined ? found : `${found}: did you mean '${guess}'?`
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a mapping (key: value)',
  array: 'a list ([a, b], or lines that begin with -)',
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
}

function expected({ title, examples, type, description }: SchemaNode): string {
  const kinds = typeof type === 'string' ? [type] : (type ?? [])
  if (title !== undefined && !['object', 'array'].includes(kinds[0] ?? '')) {
    const such = (examples ?? []).map((example) => JSON.stringify(example)).slice(0, 3)
    const article = /[^s]s$/.test(title) ? '' : /^[AEIO]/.test(title) ? 'an ' : 'a '
    return `${article}${lower(title)} such as ${such.join(' or ')}`
  }
  if (kinds[0] === 'string' && description !== undefined && examples?.[0] !== undefined) {
    return `text such as ${JSON.stringify(examples[0])}`
  }
  return kinds.map((kind) => TYPES[kind] ?? kind).join(' or ')
}

function hint(data: unknown, { type, title }: SchemaNode): string {
  if (data === null) return '; give it a value, or remove the key'
  if (typeof data === 'string' && type === 'number' && /^[0-9.]+ ?%$/.test(data)) {
    const share = Number.parseFloat(data)
    return `; write ${Number((share / 100).toPrecision(12))} for a ratio, ${share} for a metric in percent`
  }
  if (typeof data !== 'number' && typeof data !== 'boolean') return ''
  if (title === 'Duration') return '; it needs a unit'
  if (title === 'Address') return `: did you mean '127.0.0.1:${data}'?`
  // Weekdays have names and no numbers, with quotes or without.
  if (title?.startsWith('Weekday')) return ''
  return type === 'string' || type?.[0] === 'string' ? '; put it in quotes' : ''
}

/** What a text of some form consists of; for a field in Logstash's notation, how it is written here. */
function formHint(data: unknown, { title, description }: SchemaNode): string {
  if (title?.startsWith('Field path') && typeof data === 'string') {
    const dotted = data.replaceAll('][', '.').replaceAll(/^[%{]*\[|\]\}?$/g, '')
    if (dotted !== data && !/[[\]{}]/.test(dotted)) return `: did you mean '${dotted}'?`
  }
  return title === undefined ? '' : `; ${lower(description).replace(/\.$/, '')}`
}

/** The text as it stands within a sentence; what is written in capitals, such as HOST:PORT, keeps them. */
function lower(text = 'name'): string {
  return /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1)
}
