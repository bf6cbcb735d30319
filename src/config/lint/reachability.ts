import { isGlob, isNegated, withoutNot } from '../../labels/pattern.ts'
import { matchesHosts } from '../../labels/host-name.ts'
import { matchesHost } from '../../labels/host-name.ts'
import type {
  EngineConfig,
  Grouping,
  Inhibition,
  Matcher,
  Metric,
  Millis,
  Override,
  Repeat,
  Rule,
} from '../../model.ts'
import { findInhibitionCycles } from './inhibition-cycles.ts'
import {
  alwaysMatches,
  BUILTIN_SPACES,
  compileMatcherList,
  isRouted,
  mayAgree,
  mayMatch,
  readLabelSpace,
} from './label-space.ts'
import type { CompiledMatchers, LabelSpace } from './label-space.ts'
import { below, describe } from '../../text/diagnostic.ts'
import { nearest } from '../../text/suggest.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import type { ReadRule } from '../sections/rules.ts'
import { writeDuration } from '../sections/units.ts'

/** A configuration whose parts are valid, and what is needed to relate them to each other. */
interface ReachabilityInput {
  readonly engine: EngineConfig
  /** All rules, disabled ones included. */
  readonly rules: readonly ReadRule[]
  /** Whether the file has routes. */
  readonly hasRoutes: boolean
  /** Enables the warnings about windows that are in the past. */
  readonly now?: Millis
}

interface Context {
  readonly engine: EngineConfig
  readonly diagnostics: Diagnostics
  readonly routes: readonly CompiledMatchers[]
  /** The label spaces of the enabled rules. */
  readonly spaces: readonly { readonly rule: Rule; readonly space: LabelSpace }[]
  /** The same, and those of the built-in alerts. */
  readonly all: readonly LabelSpace[]
}

/**
 * Reports rules that no route can match, and warns of alerts without receivers and of routes, maintenance windows,
 * inhibition rules and overrides that can never apply. A matcher that has a warning already gets no second one.
 */
export function checkReachability(input: ReachabilityInput, diagnostics: Diagnostics): void {
  const { engine, rules, hasRoutes, now } = input
  const metrics: ReadonlyMap<string, Metric> = new Map(engine.metrics.map((metric) => [metric.name, metric]))
  const routes = engine.alerting.routes.map(({ matchers }) => compileMatcherList(matchers))
  for (const { rule, pointer } of rules) {
    checkHosts(rule, pointer, engine.hosts.expected, diagnostics)
    if (hasRoutes) checkRuleRoute(rule, pointer, { routes, metrics }, diagnostics)
  }
  const spaces = engine.rules.map((rule) => ({ rule, space: readLabelSpace(rule, metrics) }))
  const all = [...spaces.map(({ space }) => space), ...BUILTIN_SPACES]
  const context = { engine, diagnostics, routes, spaces, all }
  checkUnrouted(context)
  for (const [index, one] of engine.alerting.inhibitRules.entries()) checkSelfInhibition(one, index, context)
  checkInhibitionCycles(context)
  checkRoutes(context)
  checkIntervals(engine.alerting.grouping, engine.alerting.repeat, '/alerting', diagnostics)
  checkWindows(now, context)
  for (const [index, one] of engine.alerting.inhibitRules.entries()) checkInhibition(one, index, context)
}

interface Routing {
  readonly routes: readonly CompiledMatchers[]
  readonly metrics: ReadonlyMap<string, Metric>
}

/** A rule without receivers needs a route that may match. */
function checkRuleRoute(rule: Rule, pointer: string, { routes, metrics }: Routing, diagnostics: Diagnostics): void {
  if (rule.notify.length > 0 || !diagnostics.isClean('/routes') || !diagnostics.isClean(pointer)) return
  const space = readLabelSpace(rule, metrics)
  if (routes.some((route) => mayMatch(route, space))) return
  const fix = "add 'notify' to the rule, or end the routes with one without 'matchers'"
  diagnostics.error(
    `${pointer}/notify`,
    describe(`'notify' is missing, and no route matches alerts of ${rule.name}`, { fix }),
  )
}

function checkUnrouted({ routes, diagnostics, spaces }: Context): void {
  const unrouted = spaces.filter(({ rule, space }) => rule.notify.length === 0 && !isRouted(routes, space))
  if (unrouted.length === 0) return
  const what = `alerts of ${formatNames(unrouted)} that match no route have no receiver`
  diagnostics.warn('/routes', describe(what, { fix: "add a last route without 'matchers'" }))
}

/** An alert that is both source and target never suppresses anything. */
function checkSelfInhibition(
  { sourceMatchers, targetMatchers }: Inhibition,
  index: number,
  { diagnostics, spaces }: Context,
): void {
  const sides = [compileMatcherList(sourceMatchers), compileMatcherList(targetMatchers)]
  const both = spaces.filter(({ space }) => sides.every((side) => alwaysMatches(side, space)))
  if (both.length === 0) return
  const what = `every alert of ${formatNames(both)} matches both source_matchers and target_matchers, and so suppresses nothing`
  diagnostics.warn(below('/inhibit_rules', index), describe(what, { fix: 'narrow one of them' }))
}

function checkInhibitionCycles({ engine, diagnostics, spaces }: Context): void {
  for (const { indexes, rules } of findInhibitionCycles(engine.alerting.inhibitRules, spaces)) {
    const pointers = indexes.map((index) => below('/inhibit_rules', index))
    const others = pointers.slice(0, -1).map((pointer) => pointer.slice(1))
    const through = others.length === 0 ? 'a built-in inhibition' : others.join(' and ')
    const what = `alerts of ${formatList(rules)} suppress each other through this inhibition rule and ${through}, so only the first that fires is notified`
    const fix = 'remove one direction'
    diagnostics.warn(pointers.at(-1) ?? '/inhibit_rules', describe(what, { fix }))
  }
}

function checkRoutes({ engine, diagnostics, spaces }: Context): void {
  const routed = spaces.filter(({ rule }) => rule.notify.length === 0).map(({ space }) => space)
  for (const [index, { matchers, grouping, repeat }] of engine.alerting.routes.entries()) {
    const pointer = below('/routes', index)
    if (matchers.length > 0 && isUnreachable(matchers, routed)) {
      const what = "this route can never match: no enabled rule without its own 'notify' has such alerts"
      warnOnce(`${pointer}/matchers`, describe(what, { fix: 'change the matchers, or remove the route' }), diagnostics)
    }
    checkIntervals(grouping ?? engine.alerting.grouping, repeat, pointer, diagnostics)
  }
}

function checkIntervals(
  { interval }: Grouping,
  repeat: Repeat | undefined,
  pointer: string,
  diagnostics: Diagnostics,
): void {
  if (repeat === undefined || repeat.initial === 0 || repeat.initial >= interval) return
  const [shorter, longer] = [writeDuration(repeat.initial), writeDuration(interval)]
  const what = `repeat_interval (${shorter}) is shorter than group_interval (${longer}), so repeats come before changes`
  diagnostics.warn(`${pointer}/repeat_interval`, describe(what, { fix: `set repeat_interval to at least ${longer}` }))
}

function checkWindows(now: Millis | undefined, { engine, diagnostics, all }: Context): void {
  for (const [index, { matchers, years }] of engine.alerting.maintenanceWindows.entries()) {
    const pointer = below('/maintenance_windows', index)
    if (isUnreachable(matchers, all)) {
      const what = 'this window can never match: no enabled rule has such alerts'
      warnOnce(pointer, describe(what, { fix: 'change the matchers, or remove the window' }), diagnostics)
    }
    const year = now === undefined ? 0 : new Date(now).getUTCFullYear()
    if (years.length === 0 || years.some(({ to }) => to >= year)) continue
    const what = `these years are over (it is ${year}), so the window never begins again`
    diagnostics.warn(`${pointer}/years`, describe(what, { fix: 'change the years, or remove the window' }))
  }
}

function checkInhibition(
  { sourceMatchers, targetMatchers, equal }: Inhibition,
  index: number,
  { diagnostics, all }: Context,
): void {
  const pointer = below('/inhibit_rules', index)
  const sides = { source_matchers: sourceMatchers, target_matchers: targetMatchers }
  const dead = (['source_matchers', 'target_matchers'] as const).find((side) => isUnreachable(sides[side], all))
  const fix = 'change it, or remove the inhibition rule'
  if (dead !== undefined) {
    const what = `${dead} of this inhibition rule can never match: no enabled rule has such alerts`
    warnOnce(pointer, describe(what, { fix }), diagnostics)
  } else if (!mayAgree(matchingSpaces(sourceMatchers, all), matchingSpaces(targetMatchers, all), equal)) {
    const what = `no source and target alert can have equal values of ${equal.join(', ')}, so nothing is ever suppressed`
    warnOnce(pointer, describe(what, { fix }), diagnostics)
  }
}

function matchingSpaces(matchers: readonly Matcher[], spaces: readonly LabelSpace[]): readonly LabelSpace[] {
  const compiled = compileMatcherList(matchers)
  const single = spaces.flatMap(({ known, open }) => known.map((labels) => ({ known: [labels], open })))
  return single.filter((space) => mayMatch(compiled, space))
}

/** A severity, or an expression, may be meant for rules that are yet to be written. */
function isUnreachable(matchers: readonly Matcher[], spaces: readonly LabelSpace[]): boolean {
  const narrow = compileMatcherList(matchers.filter(({ label, op }) => op === '=' && label !== 'severity'))
  return !spaces.some((space) => mayMatch(narrow, space))
}

function warnOnce(pointer: string, what: string, diagnostics: Diagnostics): void {
  if (!diagnostics.hasWarning(pointer)) diagnostics.warn(pointer, what)
}

/** Warns of host patterns of a rule that apply to no host. */
function checkHosts(rule: Rule, pointer: string, expected: readonly string[], diagnostics: Diagnostics): void {
  checkFits(rule.hosts, `${pointer}/hosts`, expected, diagnostics)
  if (rule.kind === 'absence') return
  for (const [index, { hosts }] of rule.overrides.entries())
    checkFits(hosts, `${below(`${pointer}/overrides`, index)}/hosts`, expected, diagnostics)
  checkOverrides(rule.overrides, rule.hosts, pointer, diagnostics)
}

/** Warns of patterns that match no expected host, if hosts are expected: they may be misspelt. */
function checkFits(
  patterns: readonly string[],
  pointer: string,
  expected: readonly string[],
  diagnostics: Diagnostics,
): void {
  const strange = patterns.filter((pattern) => !expected.some((host) => matchesHost(withoutNot(pattern), host)))
  if (expected.length === 0 || strange.length === 0) return
  const [first = ''] = strange
  const guess = nearest(withoutNot(first), expected)
  const fix = guess === undefined ? 'correct it, or add its hosts to hosts.expected' : `did you mean '${guess}'?`
  warnOnce(pointer, `no host of hosts.expected fits '${strange.join("', '")}'. Fix: ${fix}`, diagnostics)
}

/** Warns of overrides that apply to no host: a later one matches all of theirs, or the rule has none of them. */
function checkOverrides(
  overrides: readonly Override[],
  hosts: readonly string[],
  pointer: string,
  diagnostics: Diagnostics,
): void {
  for (const [index, override] of overrides.entries()) {
    const at = `${below(`${pointer}/overrides`, index)}/hosts`
    const later = overrides.slice(index + 1).find((other) => override.hosts.every((host) => covers(other.hosts, host)))
    if (later !== undefined) {
      const what = `a later override (hosts ${later.hosts.join(', ')}) matches these hosts too, and the last match applies`
      diagnostics.warn(at, describe(what, { fix: 'move this override after it' }))
    } else if (hosts.length > 0 && override.hosts.every((host) => isName(host) && !matchesHosts(hosts, host))) {
      const what = `the rule applies to ${hosts.join(', ')} only, which matches no host of this override`
      warnOnce(at, describe(what, { fix: 'change the hosts of one of them' }), diagnostics)
    }
  }
}

function isName(pattern: string): boolean {
  return !isGlob(pattern) && !isNegated(pattern)
}

/**
 * Whether every host that matches `pattern` matches one of these. `*` is tried with no, one and several characters. With
 * `!` it is not known, since a list of patterns counts as a whole.
 */
function covers(patterns: readonly string[], pattern: string): boolean {
  if (isNegated(pattern) || patterns.some(isNegated)) return false
  const samples = ['', '\u0001', '\u0001\u0002\u0003'].map((text) =>
    pattern.replaceAll('*', text).replaceAll('?', '\u0004'),
  )
  return patterns.some((one) => samples.every((host) => matchesHost(one, host)))
}

function formatNames(rules: readonly { readonly rule: Rule }[]): string {
  return formatList(rules.map(({ rule }) => rule.name))
}

function formatList(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
}
