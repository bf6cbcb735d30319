import { type BuiltinRule, type Evaluation, isBuiltinRule, type RuleView } from '../../model.ts'
import { BUILTINS } from '../builtin/index.ts'
import type { Alert, Fold } from '../state.ts'

/**
 * Returns a built-in rule with its current evaluations of sources, hosts or the service.
 *
 * @returns undefined when no built-in rule has the name.
 */
export function viewBuiltin(fold: Fold, name: string, of: string): RuleView | undefined {
  if (!isBuiltinRule(name)) return undefined
  const severities = BUILTINS[name].severities(fold.plan)
  const open = alertsAbout(fold, name, of).map(toEvaluation)
  return {
    name,
    kind: 'builtin',
    severity: severities[0] ?? 'critical',
    severities,
    notify: fold.plan.config.selfMonitoring,
    evaluations: open.length > 0 ? open : observe(fold, name, of),
    nextEvaluation: { kind: 'every_second' },
  }
}

function alertsAbout({ state }: Fold, name: BuiltinRule, of: string): readonly Alert[] {
  const all = [...state.alerts.values(), ...(state.hosts.get(of)?.alerts.values() ?? [])]
  return all.filter(({ identity }) => identity.rule === name && identity.host === of)
}

function toEvaluation({ identity, value, evidence, evaluatedAt }: Alert): Evaluation {
  const { host, labels, measure } = identity
  return { host, labels, measure, value, evidence, evaluatedAt }
}

/** Returns the evaluation while nothing is wrong; none if the rule does not apply. */
function observe(fold: Fold, name: BuiltinRule, of: string): readonly Evaluation[] {
  const found = BUILTINS[name].observe(fold, of)
  return found === undefined ? [] : [{ host: of, labels: {}, ...found, evaluatedAt: fold.state.now }]
}
