import type { Source } from '../../aggregate/watermark.ts'
import {
  type BuiltinRule,
  type Evaluation,
  type Evidence,
  isBuiltinRule,
  BUILTIN_RULES,
  type RuleView,
  type Severity,
  type StateMetric,
} from '../../model.ts'
import { throughputLimit } from '../builtin/source-degraded.ts'
import { stateMeasure } from '../builtin/evaluation.ts'
import type { Alert, Fold } from '../state.ts'
import { CARDINALITY_QUIET, CARDINALITY_LIMIT, CLOCK_LIMIT, SOURCE_LIMIT } from '../builtin/index.ts'

/**
 * One of the product's own rules with what it says of a source, a host or the service itself now.
 *
 * @returns undefined when no rule of the product has the name.
 */
export function viewBuiltin(fold: Fold, name: string, of: string): RuleView | undefined {
  if (!isBuiltinRule(name)) return undefined
  const severities = builtinSeverities(fold, name)
  const open = alertsAbout(fold, name, of).map(toEvaluation)
  return {
    name,
    kind: 'builtin',
    severity: severities[0] ?? 'critical',
    severities,
    notify: fold.plan.config.selfMonitoring,
    evaluations: open.length > 0 ? open : normalEvaluation(fold, name, of),
    nextEvaluation: { kind: 'every_second' },
  }
}

function builtinSeverities({ plan }: Fold, name: BuiltinRule): readonly Severity[] {
  // What fell silent together is as severe as one host of it.
  if (name === BUILTIN_RULES.mass) return [...new Set(plan.absences.map(({ severity }) => severity))]
  return [name === BUILTIN_RULES.clock || name === BUILTIN_RULES.cap ? 'warning' : 'critical']
}

function alertsAbout({ state }: Fold, name: BuiltinRule, of: string): readonly Alert[] {
  const all = [...state.alerts.values(), ...(state.hosts.get(of)?.alerts.values() ?? [])]
  return all.filter(({ identity }) => identity.rule === name && identity.host === of)
}

function toEvaluation({ identity, value, evidence, evaluatedAt }: Alert): Evaluation {
  const { host, labels, measure } = identity
  return { host, labels, measure, value, evidence, evaluatedAt }
}

/** What is said where nothing is wrong; nothing of what the rule does not look at. */
function normalEvaluation(fold: Fold, name: BuiltinRule, of: string): readonly Evaluation[] {
  const { state } = fold
  const say = (metric: StateMetric, value: number | null, evidence: Evidence): readonly Evaluation[] => [
    { host: of, labels: {}, measure: stateMeasure(metric), value, evidence, evaluatedAt: state.now },
  ]
  if (name === BUILTIN_RULES.clock) {
    const why = { code: 'clock_in_sync', params: {} }
    return state.hosts.has(of) ? say('clock_offset', null, { limit: CLOCK_LIMIT, why }) : []
  }
  if (name === BUILTIN_RULES.cap) {
    const why = { code: 'limit_calm', params: { for: CARDINALITY_QUIET } }
    return of === 'stashwatch' ? say('refused', 0, { limit: CARDINALITY_LIMIT, why }) : []
  }
  const source = state.sources.get(of)
  if (source === undefined) return []
  if (name === BUILTIN_RULES.mass) return say('absent_hosts', 0, { why: { code: 'none_absent', params: {} } })
  if (name === BUILTIN_RULES.degraded) return say('source_hosts', source.throughput.delivered, throughputNow(source))
  const seconds = Math.round((state.now - source.lastSeenAt) / 1000)
  const why = { code: 'source_delivers', params: { source: of, lastSeen: source.lastSeenAt } }
  return say('source_silence', seconds, { limit: SOURCE_LIMIT, why })
}

function throughputNow(source: Source): Evidence {
  const { baseline } = source.throughput
  if (baseline === 0) return { why: { code: 'usual_unknown', params: {} } }
  return { limit: throughputLimit(baseline), why: { code: 'hosts_usual', params: { usual: baseline } } }
}
