import type { Matcher, AlertSnapshot } from '../model.ts'
import { foldHostName } from './host-name.ts'
import { compilePattern } from './pattern.ts'

/**
 * The labels that matchers and grouping use: those of the series and the rule, and `rule`, `host`, `source`, `severity`
 * and `metric`.
 */
export type Labels = Readonly<Record<string, string>>

/**
 * Returns an alert's labels. Those of the alert itself take precedence over those of the series, and these over the
 * rule's.
 */
export function alertLabels({ identity, source, severity, ruleLabels }: AlertSnapshot): Labels {
  const { rule, host, labels, measure } = identity
  return { ...ruleLabels, ...labels, rule, host, source, severity, metric: measure.metric }
}

/** Returns the values of some labels as one text, unique per combination. A missing label has the empty value. */
export function joinValues(labels: Labels, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => labels[name] ?? ''))
}

/** Why a text is not a matcher, as a sentence, and the offset at which it stops being one. */
interface InvalidMatcher {
  readonly reason: string
  readonly at: number
}

/** A matcher that cannot be compiled, because it was never checked. */
export class MatcherError extends Error {
  readonly code = 'MATCHER_INVALID'
  override readonly name = 'MatcherError'
}

const MAX_MATCHERS = 50
const MAX_TEXT_LENGTH = 1024
const MAX_LABEL_LENGTH = 500

const SPACE = /\s*/y
const LABEL = /"(?:[^"\\]|\\.)*"|[^\s"'=!~:{}[\](),]+/y
const OP = /(?:=~|!~|!=|=)(?![=~])/y
const VALUE = /"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']+/y
const SEVERAL = /,\s*[^\s"'=!~:{}[\](),]+\s*[=!]/

/**
 * Parses `label op value`: `severity = critical`, `host =~ "db-.*"`. A value without white space needs no quotes.
 * Single quotes take the value literally; in double quotes, `\"` and `\\` stand for a quote and a backslash. A label
 * needs double quotes if it contains white space or any of `"'=!~:{}[](),`.
 */
export function parseMatcher(text: string): Matcher | InvalidMatcher {
  const fault = (what: string, at: number): InvalidMatcher => ({ reason: what, at })
  if (text.length > MAX_TEXT_LENGTH)
    return fault(`expected a matcher of at most ${MAX_TEXT_LENGTH} characters, found more`, 0)
  const label = readToken(LABEL, text, skip(text, 0))
  if (label === undefined) return fault(missingLabel(text), skip(text, 0))
  const op = readToken(OP, text, skip(text, label.end))
  if (op === undefined) return fault(missingOp(text, label), skip(text, label.end))
  const value = readToken(VALUE, text, skip(text, op.end))
  if (value === undefined) return fault(missingValue(text, op), skip(text, op.end))
  const end = skip(text, value.end)
  const several = /^["']/.test(value.text) ? null : SEVERAL.exec(value.text)
  if (end < text.length || several) {
    const at = several ? value.end - value.text.length + several.index : end
    return fault(
      'unexpected text after the value. Fix: write several matchers as a list, and put a value with spaces in quotes',
      at,
    )
  }
  const matcher: Matcher = { label: unquote(label.text), op: op.text as Matcher['op'], value: unquote(value.text) }
  const wrong = checkMatcher(matcher)
  return wrong === undefined ? matcher : fault(wrong, value.end - value.text.length)
}

interface Token {
  readonly text: string
  readonly end: number
}

function readToken(pattern: RegExp, text: string, from: number): Token | undefined {
  const sticky = new RegExp(pattern)
  sticky.lastIndex = from
  const [found] = sticky.exec(text) ?? []
  return found === undefined ? undefined : { text: found, end: from + found.length }
}

function skip(text: string, from: number): number {
  return readToken(SPACE, text, from)?.end ?? from
}

function unquote(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1)
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(["\\])/g, '$1') : text
}

function missingLabel(text: string): string {
  const expected = 'expected LABEL OP VALUE such as severity = critical'
  if (text.trim() === '') return `${expected}, found nothing`
  return /^\s*\{/.test(text)
    ? `${expected}, without braces; several matchers are a list`
    : `${expected}; the label is missing`
}

function missingOp(text: string, label: Token): string {
  const found = /^[=!~:<>]+/.exec(text.slice(skip(text, label.end)))?.[0]
  const meant = found === '==' || found === ':' ? "; did you mean '='?" : found === '~' ? "; did you mean '=~'?" : ''
  return `expected =, !=, =~ or !~ after the label, found ${found === undefined ? 'none of them' : `'${found}'`}${meant}`
}

function missingValue(text: string, op: Token): string {
  return skip(text, op.end) === text.length
    ? `the value after '${op.text}' is missing; "" is the empty text`
    : 'a quote begins here and does not end'
}

/** Returns what is wrong with a matcher given as parts, as a sentence; undefined if it is valid. */
export function checkMatcher({ label, op, value }: Matcher): string | undefined {
  if (/\p{Cc}/u.test(label + value)) return 'a matcher is one line without control characters'
  if (label === '' || label.length > MAX_LABEL_LENGTH) return `expected a label of 1 to ${MAX_LABEL_LENGTH} characters`
  if (value.length > MAX_TEXT_LENGTH) return `expected a value of at most ${MAX_TEXT_LENGTH} characters, found more`
  if (op === '=' || op === '!=') return undefined
  const pattern = compilePattern(value)
  return 'reason' in pattern ? `expected an RE2 expression after '${op}': ${pattern.reason}` : undefined
}

/**
 * Returns what is wrong with a list of valid matchers, as a sentence; undefined if nothing is. Refuses lists that match
 * an alert without any labels: they would match alerts by what is missing.
 */
export function checkMatchers(matchers: readonly Matcher[]): string | undefined {
  if (matchers.length === 0) return 'expected at least one matcher'
  if (matchers.length > MAX_MATCHERS) return `expected at most ${MAX_MATCHERS} matchers, found ${matchers.length}`
  if (!compileMatchers(matchers)({})) return undefined
  const [all, labels] =
    matchers.length === 1 ? ['the matcher matches', 'the label'] : ['all matchers match', 'these labels']
  return `${all} the empty text, and so every alert without ${labels}. Fix: add one that does not, such as host =~ ".+"`
}

/** Formats a matcher such that `parseMatcher` can read it. */
export function printMatcher({ label, op, value }: Matcher): string {
  const plain = readToken(LABEL, label, 0)?.end === label.length && !label.startsWith('"')
  return `${plain ? label : quote(label)} ${op} ${quote(value)}`
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

/**
 * Compiles matchers into one test of an alert's labels. All must match, and a missing label has the empty value. An
 * empty list matches everything.
 *
 * @throws {MatcherError} for an expression that `checkMatcher` would have refused.
 */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Readonly<Record<string, string>>) => boolean {
  const tests = matchers.map(({ label, op, value }) => {
    const holds = label === 'host' ? compileHostValue(op, value) : compileValue(op, value)
    return (labels: Readonly<Record<string, string>>) =>
      holds(Object.hasOwn(labels, label) ? (labels[label] ?? '') : '')
  })
  return (labels) => tests.every((test) => test(labels))
}

/** Names of hosts are compared without case. */
function compileHostValue(op: Matcher['op'], value: string): (text: string) => boolean {
  if (op === '=~' || op === '!~') return compileValue(op, value, '(?i)')
  const holds = compileValue(op, foldHostName(value))
  return (text) => holds(foldHostName(text))
}

function compileValue(op: Matcher['op'], value: string, flags = ''): (text: string) => boolean {
  if (op === '=') return (text) => text === value
  if (op === '!=') return (text) => text !== value
  const pattern = compilePattern(`${flags}${value}`)
  if ('reason' in pattern)
    throw new MatcherError(`expected an RE2 expression, found ${quote(value)}: ${pattern.reason}`)
  return op === '=~' ? (text) => pattern.matches(text) : (text) => !pattern.matches(text)
}
