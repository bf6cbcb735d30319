import { createDispatchPlan, type DispatchPlan } from '../dispatch/plan.ts'
import { resolveEscalation, resolveTargets, sendsResolved } from '../dispatch/routing.ts'
import type { Target } from '../dispatch/state.ts'
import { type AlertSnapshot, BUILTIN_RULE_NAMES, type EngineConfig, type Millis } from '../model.ts'
import type { Labels } from '../labels/matcher.ts'
import { anyAlert } from './samples.ts'

/** An address that is notified of an alert, and how. */
export interface RecipientRow {
  readonly receiver: string
  readonly address: string
  /** When it is notified: 0 at once, later for a step of an escalation. */
  readonly after: Millis
  readonly namedBy: 'rule' | 'route' | 'escalation'
  readonly groupBy: readonly string[]
  /** The first interval between repeated notifications; 0 for none. */
  readonly repeatInterval: Millis
  readonly sendResolved: boolean
}

/**
 * Returns the recipients of an alert with these labels. A rule of the configuration adds its own labels and its
 * severity where they are missing.
 */
export function listRecipients(
  config: EngineConfig,
  labels: Labels,
): { readonly labels: Labels; readonly recipients: readonly RecipientRow[] } {
  const plan = createDispatchPlan(config)
  const name = labels['rule'] ?? ''
  const rule = plan.rules.get(name)
  const isUnrouted = BUILTIN_RULE_NAMES.some((one) => one === name) || plan.routes.length === 0
  const complete: Labels = { severity: rule?.severity ?? 'warning', ...rule?.labels, ...labels }
  const notify = rule?.notify ?? (isUnrouted ? config.selfMonitoring : [])
  const alert = { snapshot: sampleSnapshot(config, name), notify }
  const now = resolveTargets(plan, alert, complete).map((target) => recipientRow(plan, name, target, 0))
  const later = resolveEscalation(plan, alert, complete).flatMap(({ after, lines }) =>
    lines.map((target) => recipientRow(plan, name, target, after)),
  )
  return { labels: complete, recipients: [...now, ...later] }
}

function sampleSnapshot(config: EngineConfig, rule: string): AlertSnapshot {
  const snapshot = anyAlert(config)
  return { ...snapshot, identity: { ...snapshot.identity, rule } }
}

function recipientRow(plan: DispatchPlan, rule: string, target: Target, after: Millis): RecipientRow {
  const { receiver, to, grouping, repeat, namedBy = 'rule' } = target
  return {
    receiver,
    address: to.address,
    after,
    namedBy,
    groupBy: grouping.by,
    repeatInterval: repeat.initial,
    sendResolved: sendsResolved(plan, rule, target),
  }
}
