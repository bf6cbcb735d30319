import {
  type AlertSnapshot,
  type AlertmanagerTarget,
  type Clock,
  deliveryResult,
  type Millis,
  type Notification,
  type NotificationReason,
  type Severity,
  type Targets,
} from '../../model.ts'
import { type Post, post, attemptTimeout } from './http-post.ts'
import { promAnnotations, promLabels, formatHistory } from './payload.ts'
import { clean } from '../../text/sanitise.ts'
import type { Delivery, Notifier } from '../notifier.ts'
import { formatInstant } from '../../text/format.ts'

interface AlertmanagerParts {
  /** By receiver. */
  readonly targets: ReadonlyMap<string, Targets>
  /** The base URL of links to the API; absent if the API would refuse them. */
  readonly apiUrl?: string
  readonly clock: Pick<Clock, 'now'>
}

/** Alertmanager resolves an alert that is not posted again within this time. Alerts are posted every 5 minutes. */
const FIRING_TTL: Millis = 15 * 60_000

/**
 * Posts alerts to every member of an Alertmanager cluster, as Prometheus does. Members share the notifications that
 * they sent, but not the alerts that they received.
 */
export function createAlertmanagerNotifier({ targets, apiUrl, clock }: AlertmanagerParts): Notifier {
  const end = new AbortController()
  return {
    type: 'alertmanager',
    timeout: attemptTimeout([...targets.values()].map(({ alertmanager }) => alertmanager)),
    render: async (notification) => Buffer.from(JSON.stringify(listAlerts(notification, apiUrl))),
    async send(body, notification, signal): Promise<Delivery> {
      const { receiver, alerts } = notification
      const target = targets.get(receiver)?.alertmanager
      if (target === undefined)
        return { state: 'retry', why: { code: 'no_target', params: { receiver, channel: 'alertmanager' } } }
      if (alerts.length === 0) return { state: 'sent', why: { code: 'alerts_only', params: {} } }
      if (isOutOfDate(notification, clock.now()))
        return { state: 'failed', why: { code: 'out_of_date', params: { after: FIRING_TTL } } }
      const both = AbortSignal.any([signal, end.signal])
      const posts = target.urls.map((member) => post(buildPost(target, member, body), both))
      return combineReplies(target.urls, await Promise.all(posts))
    },
    async close(): Promise<void> {
      end.abort()
    },
  }
}

/** Returns true for a firing alert that is too old to post: its `endsAt` would be in the past and resolve it. */
function isOutOfDate({ alerts, decidedAt }: Notification, now: Millis): boolean {
  return decidedAt + FIRING_TTL <= now && alerts.every(({ state }) => state === 'firing')
}

function buildPost(target: AlertmanagerTarget, member: string, body: Uint8Array): Post {
  const { user, password = '', token, timeout } = target
  const basic = user === undefined ? undefined : Buffer.from(`${user}:${password}`).toString('base64')
  const credentials = token === undefined ? basic && `Basic ${basic}` : `Bearer ${token}`
  return {
    url: `${member.replace(/\/+$/, '')}/api/v2/alerts`,
    body,
    headers: { 'User-Agent': 'stashwatch', ...(credentials === undefined ? {} : { Authorization: credentials }) },
    timeout,
    // Alertmanagers are configured by the operator and usually have private addresses.
    allowPrivate: true,
    secrets: [token ?? '', password, basic ?? ''],
  }
}

/** Combines the replies of all members. One member that accepts the alerts is enough. */
function combineReplies(members: readonly string[], deliveries: readonly Delivery[]): Delivery {
  const replies = deliveries.map((delivery, i) => ({
    server: clean(new URL(members[i] as string).host),
    ...deliveryResult(delivery),
  }))
  if (deliveries.some(({ state }) => state === 'sent')) return { state: 'sent', replies }
  const state = deliveries.every((delivery) => delivery.state === 'failed') ? 'failed' : 'retry'
  const retryAfter = Math.min(...deliveries.map((delivery) => delivery.retryAfter ?? 0))
  return { state, replies, ...(retryAfter > 0 ? { retryAfter } : {}) }
}

function listAlerts(notification: Notification, apiUrl: string | undefined): readonly object[] {
  const { alerts, reason, decidedAt, newCount = alerts.length } = notification
  const included = alerts.map((snapshot, i) => {
    const start = i < newCount && BEGINS.includes(reason) ? decidedAt : snapshot.startsAt
    return buildAlert(snapshot, start, endsAt(snapshot, decidedAt), apiUrl)
  })
  // The severity is a label, so another severity is another alert for Alertmanager. The previous one ends.
  const resolved = alerts.slice(0, newCount).flatMap((snapshot) => {
    const severity = PREVIOUS_SEVERITY[snapshot.reason ?? reason]
    const isOther = snapshot.state === 'firing' && severity !== undefined && severity !== snapshot.severity
    return isOther ? [buildAlert({ ...snapshot, severity }, snapshot.startsAt, decidedAt, apiUrl)] : []
  })
  return [...included, ...resolved]
}

const PREVIOUS_SEVERITY: Partial<Readonly<Record<NotificationReason, Severity>>> = {
  severity_raised: 'warning',
  severity_lowered: 'critical',
}

/**
 * Notifications whose `startsAt` is the time of sending, as Prometheus does: an Alertmanager skips `group_wait` for an
 * alert that began long ago. Later ones have the original start, and an Alertmanager keeps the earlier of the two.
 */
const BEGINS: readonly NotificationReason[] = ['fired', 'severity_raised', 'severity_lowered']

function endsAt({ state, evaluatedAt, resolvedAt = evaluatedAt }: AlertSnapshot, included: Millis): Millis {
  return state === 'resolved' ? Math.min(resolvedAt, included) : included + FIRING_TTL
}

function buildAlert(snapshot: AlertSnapshot, start: Millis, end: Millis, apiUrl: string | undefined): object {
  const generatorURL = formatHistory(snapshot, apiUrl)
  return {
    labels: promLabels(snapshot),
    annotations: promAnnotations(snapshot),
    startsAt: formatInstant(Math.min(start, end)),
    endsAt: formatInstant(end),
    ...(generatorURL === undefined ? {} : { generatorURL }),
  }
}
