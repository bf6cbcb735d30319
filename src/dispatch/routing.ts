import {
  OVER_HOSTS,
  type Escalation,
  type Grouping,
  type Millis,
  type NamedBy,
  type Receiver,
  type Repeat,
  type Rule,
} from '../model.ts'
import type { Labels } from '../labels/matcher.ts'
import type { DispatchPlan } from './plan.ts'
import type { TrackedAlert, Target } from './state.ts'

/** Alertmanager groups alerts itself, and resolves those that are not refreshed: hence a repeat every 5 min. */
const FOR_ALERTMANAGER = {
  grouping: { by: [], wait: 0, interval: 0 },
  repeat: { initial: 5 * 60_000, max: 5 * 60_000 },
}

/** How the alerts of a rule are notified. */
interface NotificationPolicy {
  readonly notify: readonly string[]
  readonly grouping: Grouping
  readonly repeat: Repeat
  readonly escalation: readonly Escalation[]
  readonly namedBy?: NamedBy
}

/** Returns the targets of an alert: each address once, under the first receiver that names it. */
export function resolveTargets(
  plan: DispatchPlan,
  alert: Pick<TrackedAlert, 'snapshot' | 'notify'>,
  labels: Labels,
): readonly Target[] {
  return uniqueTargets(
    policiesFor(plan, alert, labels).flatMap((policy) => targetsFor(plan, policy, policy.notify, policy.namedBy)),
  )
}

/** Returns the escalation steps of an alert with their targets, earliest first. */
export function resolveEscalation(
  plan: DispatchPlan,
  alert: Pick<TrackedAlert, 'snapshot' | 'notify'>,
  labels: Labels,
): readonly { readonly after: Millis; readonly lines: readonly Target[] }[] {
  const steps = policiesFor(plan, alert, labels).flatMap((policy) =>
    policy.escalation.map(({ after, notify }) => ({
      after,
      lines: uniqueTargets(targetsFor(plan, policy, notify, 'escalation')),
    })),
  )
  return steps.toSorted((a, b) => a.after - b.after)
}

function policiesFor(
  plan: DispatchPlan,
  { snapshot, notify }: Pick<TrackedAlert, 'snapshot' | 'notify'>,
  labels: Labels,
): readonly NotificationPolicy[] {
  const rule = plan.rules.get(snapshot.identity.rule)
  if (notify.length > 0) return [{ notify, ...policyFor(plan, rule, {}) }]
  const policies: NotificationPolicy[] = []
  for (const { source: route, matches } of plan.routes) {
    if (!matches(labels)) continue
    policies.push({ notify: route.notify, namedBy: 'route', ...policyFor(plan, rule, route) })
    if (!route.continue) break
  }
  return policies
}

/**
 * Returns the policy for a rule. Settings of the rule take precedence over those of the route, and these over the
 * general ones.
 */
function policyFor(
  plan: DispatchPlan,
  rule: Rule | undefined,
  route: Partial<Omit<NotificationPolicy, 'notify' | 'namedBy'>>,
): Omit<NotificationPolicy, 'notify' | 'namedBy'> {
  const { grouping, repeat } = plan.config.alerting
  return {
    grouping:
      rule?.groupBy === undefined ? (route.grouping ?? grouping) : groupingBy(rule.groupBy, route.grouping ?? grouping),
    repeat: rule?.repeat ?? route.repeat ?? repeat,
    escalation: rule?.escalation ?? route.escalation ?? [],
  }
}

function groupingBy(by: readonly string[], general: Grouping): Grouping {
  if (by.includes('host')) return { by, wait: 0, interval: 0 }
  return general.by.includes('host') ? { by, ...OVER_HOSTS } : { ...general, by }
}

function targetsFor(
  plan: DispatchPlan,
  policy: NotificationPolicy,
  notify: readonly string[],
  namedBy?: NamedBy,
): readonly Target[] {
  const targets = notify.flatMap((name) => {
    const receiver = plan.receivers.get(name)
    return receiver === undefined ? [] : receiverTargets(receiver, policy)
  })
  return namedBy === undefined ? targets : targets.map((target) => ({ ...target, namedBy }))
}

function receiverTargets(receiver: Receiver, { grouping, repeat }: NotificationPolicy): readonly Target[] {
  const { name } = receiver
  const targets: Target[] = receiver.email.map((to) => ({ receiver: name, channel: 'email', to, grouping, repeat }))
  if (receiver.webhook === true)
    targets.push({ receiver: name, channel: 'webhook', to: { address: `webhook:${name}` }, grouping, repeat })
  if (receiver.alertmanager === true) {
    targets.push({
      receiver: name,
      channel: 'alertmanager',
      to: { address: `alertmanager:${name}` },
      ...FOR_ALERTMANAGER,
    })
  }
  return targets
}

/** Returns the targets for reports and notices. Alertmanager accepts alerts only, so it is left out. */
export function targetsForReceivers(plan: DispatchPlan, notify: readonly string[]): readonly Target[] {
  const policy = { notify, ...policyFor(plan, undefined, {}) }
  return uniqueTargets(targetsFor(plan, policy, notify)).filter(({ channel }) => channel !== 'alertmanager')
}

/** Returns true if a target is notified of the end of a rule's alerts. An Alertmanager must be. */
export function sendsResolved(plan: DispatchPlan, rule: string, { receiver, channel }: Target): boolean {
  if (channel === 'alertmanager') return true
  return plan.rules.get(rule)?.sendResolved !== false && plan.receivers.get(receiver)?.sendResolved !== false
}

/** Returns all addresses that a configuration names. */
export function listAddresses(plan: DispatchPlan): ReadonlySet<string> {
  return new Set(receiverAddresses(plan, [...plan.receivers.keys()]))
}

/** Returns the addresses of receivers. */
export function receiverAddresses(plan: DispatchPlan, notify: readonly string[]): readonly string[] {
  return targetsFor(plan, { notify, ...policyFor(plan, undefined, {}) }, notify).map(({ to }) => to.address)
}

/** Returns the receivers of a mass absence: those of the absence rule that found it, or else of the service's alerts. */
export function massReceivers(plan: DispatchPlan, rule: string): readonly string[] {
  const named = plan.rules.get(rule)?.notify ?? []
  return named.length > 0 ? named : plan.config.selfMonitoring
}

function uniqueTargets(targets: readonly Target[]): readonly Target[] {
  const found = new Map<string, Target>()
  for (const target of targets) if (!found.has(target.to.address)) found.set(target.to.address, target)
  return [...found.values()]
}
