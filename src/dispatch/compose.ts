import { createHash } from 'node:crypto'
import type {
  AlertSnapshot,
  NotificationReason,
  ContextAlert,
  FiringContext,
  Effect,
  Millis,
  Notice,
  Notification,
  Report,
} from '../model.ts'
import type { DispatchPlan } from './plan.ts'
import { sendsResolved } from './routing.ts'
import type { DueRun } from './schedule.ts'
import type { TrackedAlert, DispatchState, DeferredAlert, Target, Mail, PendingNotice } from './state.ts'
import { muteFor } from './suppress.ts'

/**
 * Builds the outbox effect of a mail. Its id is derived from thread, number and address, so a replay gives the same id.
 */
export function composeMail(
  state: DispatchState,
  plan: DispatchPlan,
  mail: Omit<Mail, 'notifiedBefore'>,
  now: Millis,
): Effect {
  const { reason, thread, seq, alerts, newCount, group, lead, nextRepeatAt } = mail
  const context =
    newCount === 1 && mail.target.channel === 'email'
      ? buildContext(state, alerts[0] as AlertSnapshot, mail.target.to.address)
      : undefined
  const about = lead?.alert ?? alerts[0]
  const notification: Notification = {
    id: `${thread}.${seq}.${shortHash(mail.target.to.address)}`,
    ...addressee(plan, mail.target),
    decidedAt: now,
    reason,
    kind: 'alert',
    thread,
    seq,
    alerts,
    ...(newCount === alerts.length ? {} : { newCount }),
    ...(group === undefined ? {} : { group }),
    ...(lead === undefined ? {} : { lead }),
    ...(context === undefined ? {} : { context }),
    ...(nextRepeatAt === undefined ? {} : { nextRepeatAt }),
    ...(alerts.some((one) => sendsResolved(plan, one.identity.rule, mail.target)) ? {} : { sendResolved: false }),
  }
  return effect(mail.target, notification, about === undefined ? thread : orderingKey(about))
}

/** Returns a key that keeps the episodes of one rule on one host in order. */
function orderingKey({ identity: { rule, host } }: AlertSnapshot): string {
  return JSON.stringify([rule, host])
}

/** The most other alerts of the same host that one mail names. */
const MAX_ON_HOST = 5

function buildContext(
  state: DispatchState,
  { episode, identity: { host } }: AlertSnapshot,
  address: string,
): FiringContext {
  const firing = [...state.alerts.values()].filter(
    ({ snapshot }) => snapshot.state === 'firing' && snapshot.episode !== episode,
  )
  const isMuted = (alert: TrackedAlert): boolean => (alert.muted ?? muteFor(alert, address)) !== undefined
  const onHost = firing
    .filter(({ snapshot }) => snapshot.identity.host === host)
    .toSorted((a, b) => b.snapshot.startsAt - a.snapshot.startsAt)
  return {
    onHost: onHost.slice(0, MAX_ON_HOST).map((alert) => contextAlert(alert, isMuted(alert))),
    firing: firing.length,
    muted: firing.filter(isMuted).length,
    hosts: new Set(firing.map(({ snapshot }) => snapshot.identity.host)).size,
  }
}

function contextAlert({ snapshot }: TrackedAlert, isMuted: boolean): ContextAlert {
  const { identity, severity, startsAt, code } = snapshot
  return { identity, severity, startsAt, code, ...(isMuted ? { muted: true } : {}) }
}

/** Builds one digest of deferred alerts. A single rate-limited alert becomes an ordinary mail instead. */
export function composeList(
  state: DispatchState,
  plan: DispatchPlan,
  items: readonly DeferredAlert[],
  reason: NotificationReason,
  now: Millis,
): Effect {
  const [first, ...more] = items as readonly [DeferredAlert, ...DeferredAlert[]]
  if (more.length === 0 && reason === 'rate_limited') {
    const { target, thread, seq, snapshot, lead } = first
    const alerts: readonly AlertSnapshot[] = [{ ...snapshot, reason: first.reason }]
    return composeMail(
      state,
      plan,
      {
        target,
        reason: first.reason,
        thread,
        seq,
        alerts,
        newCount: 1,
        group: undefined,
        lead,
        nextRepeatAt: undefined,
      },
      now,
    )
  }
  const word = reason === 'rate_limited' ? 'list' : 'backlog'
  const episodes = items.map((item) => `${item.snapshot.episode}.${item.seq}`)
  const id = `${word}.${Math.round(now)}.${shortHash([first.target.to.address, ...episodes].join('\n'))}`
  const alerts = items.map(({ snapshot, reason: eventReason }): AlertSnapshot => ({
    ...condense(snapshot),
    reason: eventReason,
  }))
  const whom = addressee(plan, first.target)
  return effect(first.target, { id, ...whom, decidedAt: now, reason, kind: 'digest', thread: id, seq: 0, alerts })
}

/** Builds the effect of a notice. */
export function composeNotice(plan: DispatchPlan, { target, notice, at }: PendingNotice, now: Millis): Effect {
  const id = `notice.${Math.round(at)}.${shortHash(`${target.to.address}\n${JSON.stringify(notice)}`)}`
  return noticeEffect(plan, target, id, notice, now)
}

function noticeEffect(plan: DispatchPlan, target: Target, id: string, notice: Notice, now: Millis): Effect {
  const reason = notice.kind === 'heartbeat' ? 'scheduled' : notice.kind
  const about = { decidedAt: now, reason, kind: 'notice', thread: id, seq: 0, alerts: [], notice } as const
  return effect(target, { id, ...addressee(plan, target), ...about })
}

/** Builds the effect of a report. All reports of a receiver share a thread, so a mail program shows them together. */
export function composeReport(plan: DispatchPlan, target: Target, due: DueRun, report: Report, now: Millis): Effect {
  const { receiver, schedule, startedAt, seq } = due
  const kind = schedule.weekday === undefined ? 'daily' : 'weekly'
  const thread = `${kind}.${Math.round(startedAt)}.${shortHash(receiver.name)}`
  const id = `${thread}.${seq}.${shortHash(target.to.address)}`
  const about = { decidedAt: now, reason: 'scheduled', kind: 'report', thread, seq, alerts: [], report } as const
  return effect(target, { id, ...addressee(plan, target), ...about })
}

/** Builds the effect of a heartbeat mail. Each is its own thread, since only the newest one matters. */
export function composeHeartbeat(
  plan: DispatchPlan,
  target: Target,
  { receiver }: DueRun,
  notice: Notice,
  now: Millis,
): Effect {
  const id = `heartbeat.${Math.round(now)}.${shortHash(`${receiver.name}\n${target.to.address}`)}`
  return noticeEffect(plan, target, id, notice, now)
}

/** Returns the recipient's part of a notification: the receiver, and its preferences for mails. */
export function addressee(
  plan: DispatchPlan,
  { receiver, channel, to, namedBy }: Pick<Target, 'receiver' | 'channel' | 'to' | 'namedBy'>,
): Pick<Notification, 'receiver' | 'channel' | 'to' | 'namedBy' | 'timeZone' | 'templates' | 'subjectMode'> {
  const known = plan.receivers.get(receiver)
  const { timeZone, subject, body, subjectMode } = known ?? {}
  const templates = { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) }
  return {
    receiver,
    to,
    channel,
    ...(namedBy === undefined ? {} : { namedBy }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(Object.keys(templates).length === 0 ? {} : { templates }),
    ...(subjectMode === undefined ? {} : { subjectMode }),
  }
}

/** @param orderingKey effects to one recipient with the same key stay in order; the thread by default. */
function effect({ channel, to }: Target, notification: Notification, orderingKey = notification.thread): Effect {
  const { id, thread } = notification
  return { id, queue: channel, recipient: to.address, orderingKey, thread, data: JSON.stringify(notification) }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** Reasons that notify at the moment of a change, so that the chart of the change shows the present. */
const STEPS: readonly NotificationReason[] = [
  'fired',
  'severity_raised',
  'severity_lowered',
  'resolved',
  'flapping_started',
  'flapping_stopped',
]

export function isStep(event: NotificationReason): boolean {
  return STEPS.includes(event)
}

/** Returns a snapshot without its chart. Only a mail about a single alert has a chart. */
export function withoutChart(snapshot: AlertSnapshot): AlertSnapshot {
  const { chart: _, ...rest } = snapshot
  return rest
}

/** Returns a snapshot as a mail about several alerts shows it: without its chart, and with its newest event only. */
export function condense(snapshot: AlertSnapshot): AlertSnapshot {
  const { events, ...rest } = withoutChart(snapshot)
  return events === undefined ? rest : { ...rest, events: events.slice(-1) }
}

/** Drops an alert's chart once no pending notification can use it: charts take memory. */
export function pruneChart(state: DispatchState, alert: TrackedAlert): void {
  if (alert.snapshot.chart === undefined) return
  const { snapshot, groups } = alert
  const isAwaited = [...groups].some((key) => {
    const group = state.groups.get(key)
    const pending = group?.members.get(snapshot.episode)?.pending
    return pending !== undefined && isStep(pending) && muteFor(alert, group?.target.to.address ?? '') === undefined
  })
  if (!isAwaited) alert.snapshot = withoutChart(snapshot)
}
