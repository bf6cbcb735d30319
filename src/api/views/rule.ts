import type { Evaluation, NextEvaluation, RuleView, SendRecord, WhyView } from '../../model.ts'
import { describeHint, describeNextEvaluation, describeNotApplicable } from '../../text/next-evaluation.ts'
import { describeReason } from '../../text/reason.ts'
import { showEpisode } from './alert.ts'
import { iso, isoFields, showEvidence, showMeasure } from './fields.ts'
import { showHost } from './host.ts'

/** Returns a rule with its last evaluations. */
export const showRule = (rule: RuleView) => ({
  ...showRuleOf(rule),
  evaluations: rule.evaluations.map((one) => showEvaluation(one, rule.name)),
})

/**
 * Returns a rule's evaluations of a host and its episodes. @param records rows of the outbox that may be about them.
 */
export const showWhy = (
  { rule, host, evaluations, alerts }: WhyView,
  asked: string,
  records: readonly SendRecord[],
) => ({
  rule: showRuleOf(rule, asked),
  host: host === null ? null : showHost(host),
  evaluations: evaluations.map((one) => showEvaluation(one, rule.name)),
  alerts: alerts.map((alert) => showEpisode(alert, records)),
})

/** @param host the host that was asked for. */
function showRuleOf(rule: RuleView, host?: string) {
  const { name, kind, severity, severities, notify, nextEvaluation } = rule
  return {
    name,
    kind,
    severity,
    severities,
    notify,
    ...isoFields(rule, ['removedAt']),
    nextEvaluation: {
      ...showNextEvaluation(nextEvaluation),
      summary: describeNextEvaluation(nextEvaluation, name, host),
    },
    ...(nextEvaluation.kind === 'not_applicable' && {
      notApplicable: describeNotApplicable(nextEvaluation.hosts, name, host),
    }),
  }
}

function showNextEvaluation(next: NextEvaluation) {
  switch (next.kind) {
    case 'window':
      return {
        kind: next.kind,
        windowEnd: iso(next.end),
        waitSeconds: next.wait / 1000,
        sources: next.sources.map(({ source, clock }) => ({ source, clock: iso(clock) })),
      }
    case 'rule_removed':
      return { kind: next.kind, ...(next.at !== undefined && { removedAt: iso(next.at) }) }
    default:
      return next
  }
}

/** Returns an evaluation as a flat object, like an alert. */
function showEvaluation(evaluation: Evaluation, rule: string) {
  const { host, labels, measure, value, evidence, evaluatedAt, hint } = evaluation
  return {
    host,
    labels,
    ...showMeasure(measure),
    value,
    evaluatedAt: iso(evaluatedAt),
    ...showEvidence(evidence),
    summary: describeReason({ identity: { rule, host, measure }, value, evidence }),
    ...(hint !== undefined && { hint: { code: hint, summary: describeHint(evaluation) } }),
  }
}
