import { createHmac } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import type { AlertFacts, Notification, Targets, WebhookTarget } from '../model.ts'
import { post } from './post.ts'
import {
  annotationsOf,
  fingerprintOf,
  instantOf,
  type Labels,
  labelsOf,
  NO_INSTANT,
  storyOf,
  text,
} from './prometheus.ts'
import type { Delivery, Way } from './way.ts'

export interface WebhookParts {
  /** By receiver. */
  readonly targets: ReadonlyMap<string, Targets>
  /** How stashwatch calls itself in links, without a slash at its end. */
  readonly url?: string
  /** Finds the addresses of a name; the system's resolver unless said otherwise. */
  readonly resolve?: LookupFunction
}

/** Alerts in one body; `truncatedAlerts` counts the others. */
const MOST_ALERTS = 500
/** Shorter texts could be part of any answer. */
const SECRET_LENGTH = 6

/** Posts JSON that is understood by whatever understands Alertmanager's webhooks (schemas/webhook.schema.json). */
export function createWebhookWay({ targets, url, resolve }: WebhookParts): Way {
  const end = new AbortController()
  return {
    type: 'webhook',
    render: async (notification) => Buffer.from(JSON.stringify(bodyOf(notification, url))),
    async send(body, { id, receiver }, signal): Promise<Delivery> {
      const target = targets.get(receiver)?.webhook
      if (target === undefined)
        return { state: 'retry', answer: `receiver ${receiver} has no webhook in the configuration` }
      const headers = { ...target.headers, ...headersOf(target, id, body) }
      const what = { ...target, body, headers, secrets: secretsOf(target), resolve }
      return post(what, AbortSignal.any([signal, end.signal]))
    },
    async close(): Promise<void> {
      end.abort()
    },
  }
}

/** The id is that of the notification, the same at each attempt, so that the other end can tell a repetition. */
function headersOf({ secret }: WebhookTarget, id: string, body: Uint8Array): Record<string, string> {
  const headers = { 'User-Agent': 'stashwatch', 'X-Stashwatch-Id': /^[!-~]+$/.test(id) ? id : encodeURIComponent(id) }
  if (secret === undefined) return headers
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  return { ...headers, 'X-Stashwatch-Signature': `sha256=${signature}` }
}

/** What an answer could echo; addresses of webhooks often hold a secret in their path. */
function secretsOf({ url, secret = '', headers }: WebhookTarget): readonly string[] {
  const { pathname, search, password } = new URL(url)
  return [secret, password, ...Object.values(headers), `${pathname}${search}`, pathname].filter(
    (one) => one.length >= SECRET_LENGTH,
  )
}

function bodyOf(notification: Notification, url: string | undefined): object {
  const { alerts, receiver, thread } = notification
  const told = alerts.slice(0, MOST_ALERTS)
  const labels = told.map(labelsOf)
  const common = commonOf(labels)
  return {
    version: '4',
    groupKey: thread,
    truncatedAlerts: alerts.length - told.length,
    status: alerts.some(({ state }) => state === 'firing') ? 'firing' : 'resolved',
    receiver,
    groupLabels: pick(common, ['alertname', 'host']),
    commonLabels: common,
    commonAnnotations: commonOf(told.map(annotationsOf)),
    externalURL: url ?? '',
    alerts: told.map((facts, i) => alertOf(facts, labels[i] ?? {}, url)),
    stashwatch: ownOf(notification, told),
  }
}

function alertOf(facts: AlertFacts, labels: Labels, url: string | undefined): object {
  const { state, since, at, resolvedAt = at } = facts
  return {
    status: state,
    labels,
    annotations: annotationsOf(facts),
    startsAt: instantOf(since),
    endsAt: state === 'resolved' ? instantOf(resolvedAt) : NO_INSTANT,
    generatorURL: storyOf(facts, url) ?? '',
    fingerprint: fingerprintOf(facts),
  }
}

/** What Alertmanager has no words for. */
function ownOf(notification: Notification, told: readonly AlertFacts[]): object {
  const { id, kind, because, thread, seq, at, news, nextAt, insteadOf, notice } = notification
  const only = notification.alerts.length === 1 ? notification.alerts[0] : undefined
  return {
    id,
    kind,
    because,
    thread,
    seq,
    at: instantOf(at),
    ...(only === undefined ? {} : { episode: only.episode, code: only.code }),
    ...(news === undefined ? {} : { news }),
    ...(nextAt === undefined ? {} : { nextAt: instantOf(nextAt) }),
    ...(insteadOf === undefined ? {} : { insteadOf: { at: instantOf(insteadOf.at), because: insteadOf.because } }),
    ...(notice === undefined
      ? {}
      : { notice: { title: text(notice.title), lines: notice.lines.map((words) => text(words)) } }),
    facts: told.map(factsOf),
  }
}

function factsOf(facts: AlertFacts): object {
  const { episode, code, metric, unit, value, peak, what, bound, clear, since, at, resolvedAt, source } = facts
  return {
    episode,
    code,
    metric: text(metric),
    unit,
    value,
    peak,
    what: text(what),
    bound: text(bound),
    clear: text(clear),
    since: instantOf(since),
    at: instantOf(at),
    ...(resolvedAt === undefined ? {} : { resolvedAt: instantOf(resolvedAt) }),
    source: text(source),
  }
}

function commonOf(all: readonly Labels[]): Labels {
  const [first = {}, ...others] = all
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)),
  )
}

function pick(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)))
}
