import type { Source } from '../aggregate/sources.ts'
import { OWN_RULES, type RuleView, type Severity } from '../model.ts'
import { formatTime } from '../format.ts'
import type { Alert, Fold } from './state.ts'

type Own = (typeof OWN_RULES)[keyof typeof OWN_RULES]
type Verdict = RuleView['last'][number]

const OWN: readonly string[] = Object.values(OWN_RULES)
const isOwn = (name: string): name is Own => OWN.includes(name)

/**
 * One of the product's own rules with what it says of a source, a host or the service itself now.
 *
 * @returns undefined when no rule of the product has the name.
 */
export function ownView(fold: Fold, name: string, of: string): RuleView | undefined {
  if (!isOwn(name)) return undefined
  const severities = severitiesOf(fold, name)
  const open = alertsAbout(fold, name, of).map(verdictOf)
  return {
    name,
    kind: 'own',
    severity: severities[0] ?? 'critical',
    severities,
    notify: fold.plan.config.system,
    last: open.length > 0 ? open : calm(fold, name, of),
    waitingFor: 'it is looked at every second',
  }
}

function severitiesOf({ plan }: Fold, name: Own): readonly Severity[] {
  // What fell silent together is as severe as one host of it.
  if (name === OWN_RULES.mass) return [...new Set(plan.absences.map(({ severity }) => severity))]
  return [name === OWN_RULES.clock || name === OWN_RULES.cap ? 'warning' : 'critical']
}

function alertsAbout({ state }: Fold, name: Own, of: string): readonly Alert[] {
  const all = [...state.alerts.values(), ...(state.hosts.get(of)?.alerts.values() ?? [])]
  return all.filter(({ rule, host }) => rule === name && host === of)
}

const verdictOf = ({ host, labels, value, unit, bound, reason, at }: Alert): Verdict => ({
  host,
  labels,
  value,
  unit,
  bound,
  reason,
  at,
})

/** What is said where nothing is wrong; nothing of what the rule does not look at. */
function calm(fold: Fold, name: Own, of: string): readonly Verdict[] {
  const { state } = fold
  const say = (value: number | null, unit: Verdict['unit'], bound: string, reason: string): readonly Verdict[] => [
    { host: of, labels: {}, value, unit, bound, reason, at: state.now },
  ]
  if (name === OWN_RULES.clock) return state.hosts.has(of) ? say(null, 'seconds', '', 'its clock is right') : []
  if (name === OWN_RULES.cap) return of === 'stashwatch' ? say(0, 'count', 'above 0', 'nothing was refused lately') : []
  const source = state.sources.get(of)
  if (source === undefined) return []
  if (name === OWN_RULES.mass) return say(0, 'count', '', 'no hosts behind it are silent together')
  if (name === OWN_RULES.degraded) return say(...flowNow(source))
  const seconds = Math.round((state.now - source.heard) / 1000)
  return say(seconds, 'seconds', '', `it delivers, last at ${formatTime(source.heard)}`)
}

function flowNow({ flow: { heard, typical } }: Source): readonly [number, 'count', string, string] {
  return [
    heard,
    'count',
    typical === 0 ? '' : `below ${typical / 2}`,
    typical === 0 ? 'how many are usual is not known yet' : `${typical} hosts are usual`,
  ]
}
