import { createHmac } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import type {
  AlertSnapshot,
  MatchedEvent,
  Millis,
  Notice,
  Notification,
  Reason,
  Targets,
  WebhookTarget,
} from '../../model.ts'
import { formatMeasure, formatInstant, NO_INSTANT } from '../../text/format.ts'
import { describeNotice } from '../../text/notice.ts'
import { post, attemptTimeout } from './http-post.ts'
import { promAnnotations, fingerprint, labelName, type PromLabels, promLabels, formatHistory, text } from './payload.ts'
import type { Delivery, Notifier } from '../notifier.ts'

interface WebhookParts {
  /** By receiver. */
  readonly targets: ReadonlyMap<string, Targets>
  /** The base URL of links, without a trailing slash. */
  readonly url?: string
  /** The base URL of links to the API; absent if the API would refuse them. */
  readonly apiUrl?: string
  /** Resolves host names; the system's resolver by default. */
  readonly resolve?: LookupFunction
}

/** Maximum number of alerts in a body; `truncatedAlerts` counts the rest. */
const MAX_ALERTS = 500
/** Minimum length of a secret to be masked. Shorter texts may occur in any response. */
const SECRET_LENGTH = 6

/** Posts JSON in the format of Alertmanager's webhooks (schemas/webhook.schema.json). */
export function createWebhookNotifier({ targets, resolve, ...urls }: WebhookParts): Notifier {
  const end = new AbortController()
  return {
    type: 'webhook',
    timeout: attemptTimeout([...targets.values()].map(({ webhook }) => webhook)),
    render: async (notification) => Buffer.from(JSON.stringify(buildBody(notification, urls))),
    async send(body, { id, receiver }, signal): Promise<Delivery> {
      const target = targets.get(receiver)?.webhook
      if (target === undefined)
        return { state: 'retry', why: { code: 'no_target', params: { receiver, channel: 'webhook' } } }
      const headers = { ...target.headers, ...buildHeaders(target, id, body) }
      const what = { ...target, body, headers, secrets: listSecrets(target), resolve }
      return post(what, AbortSignal.any([signal, end.signal]))
    },
    async close(): Promise<void> {
      end.abort()
    },
  }
}

/**
 * Returns the headers. The id is the notification's, equal for all attempts, so that receivers can detect duplicates.
 */
function buildHeaders({ secret }: WebhookTarget, id: string, body: Uint8Array): Record<string, string> {
  const headers = { 'User-Agent': 'stashwatch', 'X-Stashwatch-Id': /^[!-~]+$/.test(id) ? id : encodeURIComponent(id) }
  if (secret === undefined) return headers
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  return { ...headers, 'X-Stashwatch-Signature': `sha256=${signature}` }
}

/** Returns the texts to mask in responses. Webhook URLs often have a secret in their path. */
function listSecrets({ url, secret = '', headers }: WebhookTarget): readonly string[] {
  const { pathname, search, password } = new URL(url)
  return [secret, password, ...Object.values(headers), `${pathname}${search}`, pathname].filter(
    (one) => one.length >= SECRET_LENGTH,
  )
}

function buildBody(notification: Notification, { url, apiUrl }: Pick<WebhookParts, 'url' | 'apiUrl'>): object {
  const { alerts, receiver, thread, group } = notification
  const included = alerts.slice(0, MAX_ALERTS)
  const labels = included.map(promLabels)
  const common = commonEntries(labels)
  return {
    version: '4',
    groupKey: group?.key ?? thread,
    truncatedAlerts: alerts.length - included.length,
    status: alerts.some(({ state }) => state === 'firing') ? 'firing' : 'resolved',
    receiver,
    groupLabels: group === undefined ? {} : groupLabels(group.labels),
    commonLabels: common,
    commonAnnotations: commonEntries(included.map(promAnnotations)),
    externalURL: url ?? '',
    alerts: included.map((snapshot, i) => buildAlert(snapshot, labels[i] ?? {}, apiUrl)),
    stashwatch: stashwatchFields(notification, included),
  }
}

function buildAlert(snapshot: AlertSnapshot, labels: PromLabels, apiUrl: string | undefined): object {
  const { state, startsAt, evaluatedAt, resolvedAt = evaluatedAt } = snapshot
  return {
    status: state,
    labels,
    annotations: promAnnotations(snapshot),
    startsAt: formatInstant(startsAt),
    endsAt: state === 'resolved' ? formatInstant(resolvedAt) : NO_INSTANT,
    generatorURL: formatHistory(snapshot, apiUrl) ?? '',
    fingerprint: fingerprint(snapshot),
  }
}

/** Returns fields that Alertmanager's format does not have. */
function stashwatchFields(notification: Notification, included: readonly AlertSnapshot[]): object {
  const { id, kind, reason, thread, seq, decidedAt, newCount, nextRepeatAt, replaces, notice } = notification
  const only = notification.alerts.length === 1 ? notification.alerts[0] : undefined
  return {
    id,
    kind,
    reason,
    thread,
    seq,
    decidedAt: formatInstant(decidedAt),
    ...(only === undefined ? {} : { episode: only.episode, code: only.code }),
    ...(newCount === undefined ? {} : { newAlerts: newCount }),
    ...(nextRepeatAt === undefined ? {} : { nextRepeatAt: formatInstant(nextRepeatAt) }),
    ...(replaces === undefined ? {} : { replaces: { decidedAt: formatInstant(replaces.at), reason: replaces.reason } }),
    ...(notice === undefined ? {} : { notice: buildNotice(notice, decidedAt) }),
    alerts: included.map(alertFields),
  }
}

function buildNotice(notice: Notice, at: Millis): object {
  const { title, lines } = describeNotice(notice, at)
  return { kind: notice.kind, title: text(title), lines: lines.map((words) => text(words)) }
}

function alertFields(snapshot: AlertSnapshot): object {
  const {
    identity,
    episode,
    code,
    value,
    peak,
    evidence,
    startsAt,
    evaluatedAt,
    resolvedAt,
    closeReason,
    source,
    events,
  } = snapshot
  const { metric, unit } = identity.measure
  const { limit, clear, expected, range, why } = evidence
  return {
    episode,
    code,
    metric: text(metric),
    unit,
    measure: text(formatMeasure(identity.measure)),
    value,
    peak,
    ...(limit === undefined ? {} : { threshold: limit }),
    ...(clear === undefined ? {} : { clear }),
    ...(expected === undefined ? {} : { expected }),
    ...(range === undefined ? {} : { range }),
    reason: { code: why.code, params: cleanParams(why.params) },
    startsAt: formatInstant(startsAt),
    evaluatedAt: formatInstant(evaluatedAt),
    ...(resolvedAt === undefined ? {} : { resolvedAt: formatInstant(resolvedAt) }),
    ...(closeReason === undefined ? {} : { closeReason }),
    source: text(source),
    ...(events === undefined ? {} : { events: events.map(buildEvent) }),
  }
}

function buildEvent({ ts, fields }: MatchedEvent): object {
  const texts = Object.fromEntries(fields.map(([field, value]) => [text(field), text(value)]))
  return { timestamp: formatInstant(ts), fields: texts }
}

/** Sanitises names that came with events. */
function cleanParams(params: Reason['params']): Reason['params'] {
  const cleaned = Object.entries(params).map(([name, value]) => {
    if (typeof value === 'number') return [name, value] as const
    return [name, typeof value === 'string' ? text(value) : value.map((one) => text(one))] as const
  })
  return Object.fromEntries(cleaned)
}

/**
 * Returns the `group_by` labels under the names that the alerts have: `rule` is `alertname`, and all names are valid.
 */
function groupLabels(labels: PromLabels): PromLabels {
  const named = Object.entries(labels).map(([name, value]) => [
    name === 'rule' ? 'alertname' : labelName(name),
    text(value),
  ])
  return Object.fromEntries(named)
}

function commonEntries(all: readonly PromLabels[]): PromLabels {
  const [first = {}, ...others] = all
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)),
  )
}
