import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { checkMatcher, checkMatchers, parseMatcher, printMatcher, compileMatchers } from '../labels/matcher.ts'
import {
  BUILTIN_RULES,
  type Clock,
  type Engine,
  type HostView,
  type Matcher,
  type Millis,
  type Severity,
  type Silence,
} from '../model.ts'
import { suggest, nearest } from '../text/suggest.ts'
import { createAskEngine, sendCommand, type AskEngine } from './ask.ts'
import { fault, isPlainObject, pick, readFields, readEnd, readWhen, readTextField, type RequestFields } from './body.ts'
import { showSilence } from './views/silence.ts'

/** Dependencies of the routes that change alerts and silences. */
export interface ActDeps {
  readonly engine: Pick<Engine, 'query' | 'command'>
  /** The clock for timeouts, which must run in real time. */
  readonly clock: Clock
  /** Returns the time of alerts: silences and acknowledgements start and end on it. */
  readonly now: () => Millis
  /** Returns the name of a request's API token. */
  readonly authorOf: (request: FastifyRequest) => string | undefined
}

const FIELDS = ['id', 'matchers', 'startsAt', 'endsAt', 'duration', 'createdBy', 'comment']
/** Read-only fields of a silence, here and in Alertmanager. Clients may send them back; they are ignored. */
const READ_ONLY = ['state', 'matchedAlerts', 'hints', 'createdAt', 'status', 'updatedAt']
const TEXT = 'a matcher such as host = web-1'
const MATCHER = `${TEXT} or {"label": "host", "op": "=~", "value": "web-.*"}`
export const MAX_AUTHOR_LENGTH = 100
export const MAX_COMMENT_LENGTH = 1000
const YEAR: Millis = 365 * 86_400_000

/** Adds `/silences` to list, create and expire silences. */
export function addSilenceRoutes(app: FastifyInstance, deps: ActDeps): void {
  const query = createAskEngine(deps.clock, deps.engine)
  app.get('/silences', async () => {
    const found = await query({ kind: 'silences' })
    return found.map((silence) => showSilence(silence, deps.now()))
  })

  app.post('/silences', async (request, reply) => {
    const now = deps.now()
    const silence = readSilence(readFields(request, FIELDS, READ_ONLY), now, deps.authorOf(request))
    const hints = await findHints(silence, query)
    const made = await sendCommand(deps, { kind: 'silence', silence, now })
    return reply.code(201).send({ ...showSilence(made, now), ...(hints.length === 0 ? {} : { hints }) })
  })

  app.delete('/silences/:id', async (request) => {
    const { id } = request.params as { readonly id: string }
    const now = deps.now()
    return showSilence(await sendCommand(deps, { kind: 'expire', id, now }), now)
  })
}

function readSilence(body: RequestFields, now: Millis, tokenName: string | undefined): Silence {
  const matchers = readMatchers(body['matchers'])
  const startsAt = readWhen(body, ['startsAt']) ?? now
  if (startsAt > now + YEAR) throw fault('startsAt', new Date(startsAt).toISOString(), 'a start within a year (365d)')
  const endsAt = readEnd(body, ['endsAt'], startsAt, now)
  const createdBy = readAuthor(body, 'createdBy', tokenName)
  const comment = readTextField(body, ['comment'], {
    maxLength: MAX_COMMENT_LENGTH,
    expected: 'why the alerts are silenced',
  })
  return { id: readId(body['id']), matchers, startsAt, endsAt, createdBy, comment, createdAt: now }
}

/** Returns the author: the name in the body, or that of the token. */
export function readAuthor(body: RequestFields, field: string, tokenName: string | undefined): string {
  const expected = 'the name of the author'
  return readTextField(body, [field], { maxLength: MAX_AUTHOR_LENGTH, expected, default: tokenName })
}

/** Reads the id. A client that chooses one can repeat its request; a silence with this id is replaced. */
function readId(id: unknown): string {
  // Alertmanager's clients send an empty id for a new silence.
  if (id === undefined || id === null || id === '') return randomUUID()
  if (typeof id === 'string' && /^[\w-]{1,64}$/.test(id)) return id
  throw fault('id', id, 'at most 64 letters, digits, - and _; without an id a new one is made')
}

function readMatchers(value: unknown): readonly Matcher[] {
  if (typeof value !== 'string' && !Array.isArray(value)) {
    throw fault('matchers', value, `a matcher or a list of matchers, each ${MATCHER}`)
  }
  // Reads at most one matcher more than allowed, which is enough to refuse them, because compiling expressions is
  // expensive.
  const matchers = Array.isArray(value)
    ? value.slice(0, 51).map((one: unknown, i) => readMatcher(one, `matchers[${i}]`))
    : [readMatcher(value, 'matchers')]
  const wrong = checkMatchers(matchers)
  if (wrong === undefined) return matchers
  const expected = wrong.startsWith('expected ') ? wrong.slice(9) : `matchers that tell alerts apart: ${wrong}`
  throw fault('matchers', matchers.map(printMatcher).join(', '), expected)
}

/** Reads a matcher: as text, or as an object with our field names or Alertmanager's. */
function readMatcher(value: unknown, field: string): Matcher {
  if (typeof value === 'string') {
    const matcher = parseMatcher(value)
    if ('reason' in matcher) throw fault(field, value, `${TEXT}; at character ${matcher.at + 1}: ${matcher.reason}`)
    return matcher
  }
  if (!isPlainObject(value)) throw fault(field, value, MATCHER)
  const matcher = readMatcherObject(value, field)
  const wrong = checkMatcher(matcher)
  if (wrong !== undefined) throw fault(field, value, `${MATCHER}: ${wrong}`)
  return matcher
}

const OPS: readonly unknown[] = ['=', '!=', '=~', '!~'] satisfies readonly Matcher['op'][]
const PARTS = ['label', 'name', 'op', 'value', 'isRegex', 'isEqual']

function readMatcherObject(parts: RequestFields, field: string): Matcher {
  for (const key of Object.keys(parts)) {
    if (!PARTS.includes(key)) throw fault(`${field}.${key}`, parts[key], `no such field${suggest(key, PARTS)}`)
  }
  const { name: key, value: label } = pick(parts, ['label', 'name'])
  const { op = readOp(parts, field), value } = parts
  if (typeof label !== 'string') throw fault(`${field}.${key}`, label, 'the name of a label, such as host')
  if (typeof value !== 'string') throw fault(`${field}.value`, value, 'a text')
  if (!OPS.includes(op)) throw fault(`${field}.op`, op, `one of ${OPS.join(' ')}`)
  return { label, op: op as Matcher['op'], value }
}

function readOp({ isRegex = false, isEqual = true }: RequestFields, field: string): Matcher['op'] {
  if (typeof isRegex !== 'boolean') throw fault(`${field}.isRegex`, isRegex, 'true or false')
  if (typeof isEqual !== 'boolean') throw fault(`${field}.isEqual`, isEqual, 'true or false')
  return isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!='
}

const SEVERITIES: readonly Severity[] = ['warning', 'critical']
/** Values of the label `host` that are neither hosts nor sources. */
const ITSELF = 'stashwatch'

/**
 * Returns hints about a silence that may be a mistake. It is created anyway, because matching alerts may follow later.
 */
async function findHints({ matchers }: Silence, query: AskEngine): Promise<readonly string[]> {
  const labels = await query({ kind: 'labels' })
  const asks = (label: string): readonly Matcher[] =>
    matchers.filter((one) => one.label === label && (one.op === '=' || one.op === '=~'))
  const asked = new Set(matchers.map(({ label }) => label))
  const known = asked.has('host') ? await query({ kind: 'hosts' }) : []
  const rules = asked.has('rule') ? await listRules(query) : []
  const hints = [
    ...labelHints(matchers, labels),
    ...asks('severity').flatMap(severityHint),
    ...asks('rule').flatMap((one) => ruleHint(one, rules)),
    ...asks('host').flatMap((one) => hostHint(one, known)),
    ...exclusionHints(matchers, { host: known.map(({ host }) => host), rule: rules, severity: SEVERITIES }),
  ]
  return [...new Set(hints)]
}

/** Warns of a label that no alert has. It may be misspelt, or be added by the next configuration. */
function labelHints(matchers: readonly Matcher[], known: readonly string[]): readonly string[] {
  const strange = matchers.map(({ label }) => label).filter((label) => !known.includes(label))
  return strange.map((label) => `no rule or metric gives alerts a label '${label}'${suggest(label, known)}`)
}

function severityHint(one: Matcher): readonly string[] {
  if (matchesAny(one, SEVERITIES)) return []
  const anchored = anchorHint(one, SEVERITIES)
  return [`${printMatcher(one)} fits no severity${anchored === '' ? suggest(one.value, SEVERITIES) : anchored}`]
}

async function listRules(query: AskEngine): Promise<readonly string[]> {
  return [...(await query({ kind: 'rules' })).map(({ name }) => name), ...Object.values(BUILTIN_RULES)]
}

function ruleHint(one: Matcher, rules: readonly string[]): readonly string[] {
  if (matchesAny(one, rules)) return []
  const near = one.op === '=' ? nearest(one.value, rules) : undefined
  if (near !== undefined) return [`no rule is called '${one.value}': did you mean '${near}'?`]
  return [`${printMatcher(one)} does not fit any of the ${rules.length} rules${anchorHint(one, rules)}`]
}

/** Warns of matchers of one label that no value can match together. */
function exclusionHints(
  matchers: readonly Matcher[],
  known: Readonly<Partial<Record<string, readonly string[]>>>,
): readonly string[] {
  return [...Map.groupBy(matchers, ({ label }) => label)].flatMap(([label, all]) => {
    const wanted = all.filter(({ op }) => op === '=').map(({ value }) => value)
    const values = wanted.length > 0 ? wanted : (known[label] ?? [])
    const isExcluded = !values.some((value) => all.every((one) => matchesAny(one, [value])))
    // A matcher that matches nothing by itself has its own hint.
    const isEachMet = wanted.length > 0 || all.every((one) => matchesAny(one, values))
    if (all.length < 2 || values.length === 0 || !isExcluded || !isEachMet) return []
    const together = all.map(printMatcher).join(' and ')
    return [`no alert fits ${together}: all matchers must fit; use =~ with | for one of several values`]
  })
}

/** Warns of an unknown host with a name similar to a known one. Sources have alerts too. */
function hostHint(one: Matcher, hosts: readonly HostView[]): readonly string[] {
  const known = [...new Set(hosts.flatMap(({ host, source }) => (source === null ? [host] : [host, source])))]
  if (known.length === 0 || matchesAny(one, [...known, ITSELF])) return []
  const near = one.op === '=' ? nearest(one.value, known) : undefined
  if (near !== undefined) return [`no host is called '${one.value}': did you mean '${near}'?`]
  const count = hosts.length === 1 ? 'the one known host' : `any of the ${hosts.length} known hosts`
  return [`${printMatcher(one)} does not fit ${count}${anchorHint(one, known)}`]
}

function matchesAny(matcher: Matcher, texts: readonly string[]): boolean {
  const fits = compileMatchers([matcher])
  return texts.some((text) => fits({ [matcher.label]: text }))
}

/** Suggests an unanchored expression if that would match a known value. */
function anchorHint({ label, op, value }: Matcher, known: readonly string[]): string {
  if (op !== '=~') return ''
  const core = value.includes('|') ? `(${value})` : value
  const wider = [`${core}.*`, `.*${core}`, `.*${core}.*`]
    .map((text): Matcher => ({ label, op, value: text }))
    .find((one) => checkMatcher(one) === undefined && matchesAny(one, known))
  return wider === undefined ? '' : `; expressions are anchored: did you mean '${wider.value}'?`
}
