import { fitsGlob, isGlob } from '../labels/glob.ts'
import { OWN_RULES } from '../model.ts'
import type { EngineConfig, Grouping, Matcher, Metric, Millis, Override, Repeat } from '../model.ts'
import { canFit, compileEach, outlookOf } from './fits.ts'
import type { Outlook } from './fits.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { writeDuration } from './units.ts'

/** Alerts of the service itself; whatever their other labels are. */
const OWN: readonly Outlook[] = Object.values(OWN_RULES).map((rule) => ({
  known: [
    { rule, severity: 'warning' },
    { rule, severity: 'critical' },
  ],
  open: ['host', 'source', 'metric'],
}))

/** Warns of windows that never begin again. */
export function warnOfPast({ alerting }: EngineConfig, now: Millis, report: Report): void {
  const year = new Date(now).getUTCFullYear()
  for (const [index, { years }] of alerting.maintenance.entries()) {
    if (years.length === 0 || years.some(({ to }) => to >= year)) continue
    report.warn(
      `${below('/maintenance', index)}/years`,
      `these years are over, it is ${year}: the window never begins again`,
    )
  }
}

/** Warns of routes, windows and inhibitions that can never have an effect. What a matcher was warned of is not said again. */
export function warnOfFutile({ alerting, rules, metrics }: EngineConfig, report: Report): void {
  const known: ReadonlyMap<string, Metric> = new Map(metrics.map((metric) => [metric.name, metric]))
  const routed = rules.filter(({ notify }) => notify.length === 0).map((rule) => outlookOf(rule, known))
  const all = [...rules.map((rule) => outlookOf(rule, known)), ...OWN]
  const isDead = (matchers: readonly Matcher[], outlooks: readonly Outlook[]): boolean => {
    const tests = compileEach(matchers.filter(isNarrow))
    return !outlooks.some((outlook) => canFit(tests, outlook))
  }
  const warn = (pointer: string, what: string): void => {
    if (!report.warned(pointer)) report.warn(pointer, what)
  }
  for (const [index, { matchers, grouping, repeat }] of alerting.routes.entries()) {
    const pointer = below('/routes', index)
    if (matchers.length > 0 && isDead(matchers, routed)) {
      warn(`${pointer}/match`, 'no alert can fit this route: no enabled rule without a notify of its own leads to one')
    }
    warnOfHaste(grouping ?? alerting.grouping, repeat, pointer, report)
  }
  warnOfHaste(alerting.grouping, alerting.repeat, '/alerting', report)
  for (const [index, { matchers }] of alerting.maintenance.entries()) {
    if (isDead(matchers, all))
      warn(below('/maintenance', index), 'no alert can fit this window: no enabled rule leads to one')
  }
  for (const [index, { source, target, equal }] of alerting.inhibit.entries()) {
    const pointer = below('/inhibit', index)
    const sides = { source, target }
    const dead = (['source', 'target'] as const).find((side) => isDead(sides[side], all))
    if (dead !== undefined)
      warn(pointer, `no alert can fit the ${dead} of this inhibition: no enabled rule leads to one`)
    else if (!canAgree(sides, equal, all)) {
      warn(
        pointer,
        `no alert that fits source agrees with one that fits target in ${equal.join(', ')}: nothing is ever held back`,
      )
    }
  }
}

/** What is said of a severity, or by an expression, may be meant for rules that are still to come. */
function isNarrow({ label, op }: Matcher): boolean {
  return op === '=' && label !== 'severity'
}

/** Whether some alert on each side may have the same values in all labels of `equal`. */
function canAgree(
  { source, target }: Readonly<Record<'source' | 'target', readonly Matcher[]>>,
  equal: readonly string[],
  outlooks: readonly Outlook[],
): boolean {
  const on = (matchers: readonly Matcher[]): readonly Outlook[] => {
    const tests = compileEach(matchers)
    const single = outlooks.flatMap(({ known, open }) => known.map((labels) => ({ known: [labels], open })))
    return single.filter((outlook) => canFit(tests, outlook))
  }
  const targets = on(target)
  return on(source).some((one) =>
    targets.some((other) =>
      equal.every((label) => {
        if (one.open.includes(label) || other.open.includes(label)) return true
        return (one.known[0]?.[label] ?? '') === (other.known[0]?.[label] ?? '')
      }),
    ),
  )
}

function warnOfHaste({ interval }: Grouping, repeat: Repeat | undefined, pointer: string, report: Report): void {
  if (repeat === undefined || repeat.first === 0 || repeat.first >= interval) return
  const what = `repeat (${writeDuration(repeat.first)}) is shorter than group_interval (${writeDuration(interval)})`
  report.warn(`${pointer}/repeat`, `${what}: what goes on is told sooner than what changes`)
}

/** Warns of overrides that no host of the rule gets: another one behind it fits all of theirs, or the rule is not for them. */
export function warnOfOverrides(
  overrides: readonly Override[],
  hosts: readonly string[],
  pointer: string,
  report: Report,
): void {
  for (const [index, override] of overrides.entries()) {
    const at = `${below(`${pointer}/overrides`, index)}/hosts`
    const later = overrides.slice(index + 1).find((other) => override.hosts.every((host) => covers(other.hosts, host)))
    if (later !== undefined) {
      const what = `a later override, for ${later.hosts.join(', ')}, fits these hosts too, and the last one that fits counts`
      report.warn(at, `${what}: put this one behind it`)
    } else if (hosts.length > 0 && override.hosts.every((host) => !isGlob(host) && !covers(hosts, host))) {
      report.warn(at, `the rule is for ${hosts.join(', ')} only, and this override for none of them`)
    }
  }
}

/** Whether every host that fits `pattern` fits one of these. What `*` stands for is tried with no, one and many characters. */
function covers(patterns: readonly string[], pattern: string): boolean {
  const samples = ['', '\u0001', '\u0001\u0002\u0003'].map((text) =>
    pattern.replaceAll('*', text).replaceAll('?', '\u0004'),
  )
  return patterns.some((one) => samples.every((host) => fitsGlob(one, host)))
}
