import { compileMatchers } from '../../labels/matcher.ts'
import { BUILTIN_RULES, type Inhibition, type Matcher, type Rule } from '../../model.ts'
import { BUILTIN_SPACES, type LabelSpace } from './label-space.ts'

/** Inhibition rules that suppress each other, by their index, and the rules whose alerts take part. */
interface InhibitionCycle {
  readonly indexes: readonly number[]
  readonly rules: readonly string[]
}

/** The alerts of one rule and severity. */
interface Alerts {
  readonly kind: Rule['kind'] | 'builtin'
  readonly known: Readonly<Record<string, string>>
  readonly open: readonly string[]
}

/** An inhibition rule; built-in ones have no index. `equal` pairs a label of the source with one of the target. */
interface Step {
  readonly index?: number
  readonly source: readonly Matcher[]
  readonly target: readonly Matcher[]
  readonly isSource: (one: Alerts) => boolean
  readonly isTarget: (one: Alerts) => boolean
  readonly equal: readonly (readonly [source: string, target: string])[]
}

/** Alerts that are targets of one step and sources of the next one, and the matchers that they meet. */
interface Link {
  readonly alerts: Alerts
  readonly from: Step
  readonly to: Step
  readonly matchers: readonly Matcher[]
}

/** The most alerts in a cycle, and the most steps tried. */
const MAX_LENGTH = 4
const MAX_STEPS = 20_000

/**
 * Finds the inhibition rules whose alerts can suppress each other in a cycle, also by way of built-in inhibitions. Where
 * it depends on which texts two different expressions have in common, it finds none. Built-in alerts take part where a
 * matcher names them.
 */
export function findInhibitionCycles(
  inhibitions: readonly Inhibition[],
  spaces: readonly { readonly rule: Rule; readonly space: LabelSpace }[],
): readonly InhibitionCycle[] {
  const links = listLinks([...inhibitions.map(configuredStep), ...BUILTIN_STEPS], listAlerts(inhibitions, spaces))
  const cycles = new Map<string, InhibitionCycle>()
  const byStep = Map.groupBy(links, ({ from }) => from)
  let steps = 0
  const extend = (path: readonly [Link, ...Link[]]): void => {
    for (const link of byStep.get((path.at(-1) ?? path[0]).to) ?? []) {
      if (++steps > MAX_STEPS) return
      if (link === path[0]) addCycle(cycles, path)
      else if (path.length < MAX_LENGTH && path.every(({ from }) => from !== link.from)) extend([...path, link])
    }
  }
  for (const link of links) if (link.from.index !== undefined) extend([link])
  return [...cycles.values()]
}

function addCycle(cycles: Map<string, InhibitionCycle>, path: readonly Link[]): void {
  const indexes = path.flatMap(({ from: { index } }) => (index === undefined ? [] : [index])).toSorted((a, b) => a - b)
  const key = indexes.join()
  if (!agree(path)) return
  const rules = [...(cycles.get(key)?.rules ?? []), ...path.map(({ alerts }) => alerts.known['rule'] ?? '')]
  cycles.set(key, { indexes, rules: unique(rules).toSorted() })
}

function listAlerts(
  inhibitions: readonly Inhibition[],
  spaces: readonly { readonly rule: Rule; readonly space: LabelSpace }[],
): readonly Alerts[] {
  const matchers = inhibitions.flatMap(({ sourceMatchers, targetMatchers }) => [...sourceMatchers, ...targetMatchers])
  const named = matchers.flatMap(({ label, op, value }) => (label === 'rule' && op === '=' ? [value] : []))
  const builtin = BUILTIN_SPACES.flatMap((space) => split(space, 'builtin'))
  return [
    ...spaces.flatMap(({ rule, space }) => split(space, rule.kind)),
    ...builtin.filter(({ known }) => named.includes(known['rule'] ?? '')),
  ]
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)]
}

function split({ known, open }: LabelSpace, kind: Alerts['kind']): readonly Alerts[] {
  return known.map((labels) => ({ kind, known: labels, open }))
}

function configuredStep({ sourceMatchers, targetMatchers, equal }: Inhibition, index: number): Step {
  const any = (): boolean => true
  const pairs = equal.map((label) => [label, label] as const)
  return { index, source: sourceMatchers, target: targetMatchers, isSource: any, isTarget: any, equal: pairs }
}

const isAbsence = ({ kind }: Alerts): boolean => kind === 'absence'
const isOfSeries = ({ kind }: Alerts): boolean => kind === 'metric' || kind === 'count'
const severity = (value: string): readonly Matcher[] => [{ label: 'severity', op: '=', value }]

/** The inhibitions that are built into dispatch/inhibition.ts. */
const BUILTIN_STEPS: readonly Step[] = [
  { source: [], target: [], isSource: isAbsence, isTarget: isOfSeries, equal: [['host', 'host']] },
  {
    source: [{ label: 'rule', op: '=', value: BUILTIN_RULES.source }],
    target: [],
    isSource: ({ kind }) => kind === 'builtin',
    isTarget: isAbsence,
    equal: [['host', 'source']],
  },
  {
    source: severity('critical'),
    target: severity('warning'),
    isSource: isOfSeries,
    isTarget: isOfSeries,
    equal: [
      ['host', 'host'],
      ['metric', 'metric'],
    ],
  },
]

function listLinks(steps: readonly Step[], all: readonly Alerts[]): readonly Link[] {
  return steps.flatMap((from) => {
    const targets = all.filter((alerts) => from.isTarget(alerts) && canMeet(alerts, from.target))
    return steps.flatMap((to) =>
      targets.flatMap((alerts): Link[] => {
        const matchers = [...from.target, ...to.source]
        const isLink = from !== to && to.isSource(alerts) && canMeet(alerts, matchers)
        return isLink && !isBothSides(alerts, to, matchers) ? [{ alerts, from, to, matchers }] : []
      }),
    )
  })
}

/** Returns true if these alerts always match the targets of a step too, and so are no sources of it. */
function isBothSides(alerts: Alerts, { target, isTarget }: Step, matchers: readonly Matcher[]): boolean {
  return isTarget(alerts) && target.every((matcher) => mustMatch(alerts, matcher, matchers))
}

function mustMatch(alerts: Alerts, matcher: Matcher, matchers: readonly Matcher[]): boolean {
  const { label } = matcher
  if (!alerts.open.includes(label)) return matches(matcher, alerts.known[label] ?? '')
  if (isAny(matcher)) return true
  const fixed = matchers.find((one) => one.label === label && one.op === '=')
  if (fixed !== undefined) return matches(matcher, fixed.value)
  return matchers.some((one) => one.label === label && one.op === matcher.op && one.value === matcher.value)
}

function canMeet(alerts: Alerts, matchers: readonly Matcher[]): boolean {
  const labels = unique(matchers.map(({ label }) => label))
  return labels.every((label) => hasValue([[alerts, label, matchers]]))
}

/** Returns true if the alerts of a cycle can have the equal labels that each step requires. */
function agree(path: readonly Link[]): boolean {
  const classes: Set<string>[] = []
  for (const [i, { to }] of path.entries()) {
    for (const [source, target] of to.equal) {
      const pair = [`${i} ${source}`, `${(i + 1) % path.length} ${target}`]
      const met = classes.filter((one) => pair.some((name) => one.has(name)))
      for (const one of met) classes.splice(classes.indexOf(one), 1)
      classes.push(new Set([...pair, ...met.flatMap((one) => [...one])]))
    }
  }
  return classes.every((names) =>
    hasValue(
      [...names].flatMap((name) => {
        const link = path[Number.parseInt(name, 10)]
        return link === undefined ? [] : [[link.alerts, name.slice(name.indexOf(' ') + 1), link.matchers] as const]
      }),
    ),
  )
}

/** Returns true if there is certainly a value that all of these labels can have. */
function hasValue(sides: readonly (readonly [Alerts, label: string, matchers: readonly Matcher[]])[]): boolean {
  const fixed = sides.flatMap(([{ known, open }, label]) => (open.includes(label) ? [] : [known[label] ?? '']))
  const all = sides.flatMap(([, label, matchers]) => matchers.filter((one) => one.label === label))
  const [value] = [...fixed, ...all.filter(({ op }) => op === '=').map((one) => one.value)]
  if (value !== undefined) return fixed.every((one) => one === value) && all.every((one) => matches(one, value))
  const expressions = unique(all.filter((one) => one.op === '=~' && !isAny(one)).map((one) => one.value))
  const isExcluded = all.some(({ op, value: text }) => op === '!~' && expressions.includes(text))
  return expressions.length <= 1 && !isExcluded
}

function isAny({ op, value }: Matcher): boolean {
  return op === '=~' && (value === '.+' || value === '.*')
}

function matches(matcher: Matcher, value: string): boolean {
  return compileMatchers([matcher])({ [matcher.label]: value })
}
