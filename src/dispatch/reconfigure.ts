import { type Grouping, isBuiltinRule, type Millis, BUILTIN_RULES, type Repeat, type Suppression } from '../model.ts'
import { listAddresses, massReceivers, resolveTargets, resolveEscalation, targetsForReceivers } from './routing.ts'
import { findGroup, listGroups, addToGroup } from './groups.ts'
import { mayReceive, recordSuppressed, receiverRemoved } from './suppress.ts'
import { alertLabels } from '../labels/matcher.ts'
import type { DispatchPlan } from './plan.ts'
import type { TrackedAlert, DispatchState, Group, DeferredAlert, Target, RateLimit } from './state.ts'

const NO_REPEAT: Repeat = { initial: 0, max: 0 }

/**
 * Applies a new configuration to open alerts and groups, with its repeats and waits. New targets of a firing alert are
 * notified that it fires. An address that is no longer a target still gets the changes of alerts that it was notified
 * of, without repeats (only their ends once it left the configuration); its other pending notifications are dropped.
 */
export function reconfigureDispatch(state: DispatchState, before: DispatchPlan, plan: DispatchPlan, now: Millis): void {
  const addresses = listAddresses(plan)
  for (const alert of state.alerts.values()) notifyNewTargets(state, plan, alert, now)
  for (const rateLimit of state.rateLimits.values()) dropDeferred(state, plan, addresses, rateLimit, now)
  for (const group of state.groups.values()) {
    const target = currentTarget(state, plan, group)
    group.target =
      target === undefined
        ? { ...group.target, repeat: NO_REPEAT }
        : { ...target, grouping: sameLabels(group, target.grouping) }
    group.nextFlushAt = 0
    if (addresses.has(group.target.to.address)) delete group.removedAt
    else group.removedAt ??= now
    dropPending(state, plan, group, now)
  }
  reassignNotices(state, before, plan, addresses)
}

function notifyNewTargets(state: DispatchState, plan: DispatchPlan, alert: TrackedAlert, now: Millis): void {
  if (alert.snapshot.state !== 'firing' || state.backlog.episodes.has(alert.snapshot.episode)) return
  const known = new Set(listGroups(state, alert).map(({ target }) => target.to.address))
  const labels = alertLabels(alert.snapshot)
  const targets = resolveTargets(plan, { snapshot: alert.snapshot, notify: currentReceivers(plan, alert) }, labels)
  for (const line of targets) if (!known.has(line.to.address)) addToGroup(state, line, alert, labels, 'fired', now)
}

/** Returns the receivers that the current configuration gives an alert. */
function currentReceivers(plan: DispatchPlan, { snapshot, ref, notify }: TrackedAlert): readonly string[] {
  const { rule } = snapshot.identity
  const known = plan.rules.get(rule)
  if (known !== undefined) return known.notify
  if (!isBuiltinRule(rule)) return notify
  const [, , finder = ''] = ref.id.split('\n')
  return rule === BUILTIN_RULES.mass ? massReceivers(plan, finder) : plan.config.selfMonitoring
}

/**
 * Returns why an address gets no more news of an alert; undefined if it still does.
 *
 * @param left when the address left the configuration; undefined if it did not.
 */
function findSuppression(
  state: DispatchState,
  plan: DispatchPlan,
  alert: TrackedAlert,
  address: string,
  left: Millis | undefined,
): Suppression | undefined {
  if (left !== undefined) return receiverRemoved(left)
  const isListed =
    state.backlog.episodes.has(alert.snapshot.episode) ||
    listTargets(plan, alert).some(({ to }) => to.address === address)
  return isListed ? undefined : { by: 'not_routed' }
}

/** Drops deferred alerts of addresses that are no longer targets, except those that must still be sent. */
function dropDeferred(
  state: DispatchState,
  plan: DispatchPlan,
  addresses: ReadonlySet<string>,
  { deferred }: RateLimit,
  now: Millis,
): void {
  for (const [episode, item] of deferred) {
    const alert = state.alerts.get(episode)
    if (alert === undefined) continue
    const { address } = item.target.to
    const left = addresses.has(address) ? undefined : now
    const why = findSuppression(state, plan, alert, address, left)
    if (why === undefined || isOwed(item, alert, left)) continue
    deferred.delete(episode)
    if (!item.isNotified) findGroup(state, alert, address)?.members.delete(episode)
    recordSuppressed(alert, item.reason, why, now, address)
  }
}

/**
 * Returns true if a deferred alert must still be sent: the address was notified before, and it remains configured or
 * the alert resolved.
 */
function isOwed(item: DeferredAlert, alert: TrackedAlert, left: Millis | undefined): boolean {
  return item.isNotified && (left === undefined || alert.snapshot.state === 'resolved')
}

/** Drops pending events of a group by the same rules. */
function dropPending(state: DispatchState, plan: DispatchPlan, group: Group, now: Millis): void {
  const { removedAt, target } = group
  for (const [episode, member] of group.members) {
    const alert = state.alerts.get(episode)
    const why = alert && findSuppression(state, plan, alert, target.to.address, removedAt)
    if (alert === undefined || why === undefined) continue
    const { pending } = member
    if (member.isNotified && (removedAt === undefined || mayReceive(group, alert))) continue
    if (!member.isNotified || alert.snapshot.state === 'resolved') group.members.delete(episode)
    member.pending = undefined
    delete member.suppressionKey
    if (pending !== undefined) recordSuppressed(alert, pending, why, now, target.to.address)
  }
}

/** Reassigns queued notices of removed addresses to the addresses that are new in `self_monitoring`. */
function reassignNotices(
  state: DispatchState,
  before: DispatchPlan,
  plan: DispatchPlan,
  addresses: ReadonlySet<string>,
): void {
  const [gone, kept] = [false, true].map((is) =>
    state.notices.filter(({ target }) => addresses.has(target.to.address) === is),
  ) as [DispatchState['notices'], DispatchState['notices']]
  if (gone.length === 0) return
  const knew = new Set(targetsForReceivers(before, before.config.selfMonitoring).map(({ to }) => to.address))
  const newcomers = targetsForReceivers(plan, plan.config.selfMonitoring).filter(({ to }) => !knew.has(to.address))
  const notices = new Map(gone.map((one) => [JSON.stringify([one.at, one.notice]), one]))
  state.notices = [...kept, ...[...notices.values()].flatMap((one) => newcomers.map((target) => ({ ...one, target })))]
}

/**
 * Returns the new grouping with the labels that the group was formed by, since those of an open group do not change.
 */
function sameLabels({ target }: Group, grouping: Grouping): Grouping {
  return { ...grouping, by: target.grouping.by }
}

function currentTarget(state: DispatchState, plan: DispatchPlan, { target, members }: Group): Target | undefined {
  for (const episode of members.keys()) {
    const alert = state.alerts.get(episode)
    const found =
      alert === undefined ? undefined : listTargets(plan, alert).find(({ to }) => to.address === target.to.address)
    if (found !== undefined) return found
  }
  return undefined
}

/** Lists all targets of an alert, escalation included, by the current configuration. */
function listTargets(plan: DispatchPlan, alert: TrackedAlert): readonly Target[] {
  const now = { snapshot: alert.snapshot, notify: currentReceivers(plan, alert) }
  const labels = alertLabels(alert.snapshot)
  return [
    ...resolveTargets(plan, now, labels),
    ...resolveEscalation(plan, now, labels).flatMap(({ lines: targets }) => targets),
  ]
}
