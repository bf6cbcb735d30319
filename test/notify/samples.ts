import type {
  AlertSnapshot,
  AlertIdentity,
  Effect,
  Evidence,
  Measure,
  Notification,
  ChartData,
  Reason,
  Report,
  ReportUtilizationRow,
  StateMetric,
  Templates,
  Unit,
} from '../../src/model.ts'

export const at = (time: string): number => Date.parse(`2026-11-22T${time}Z`)

const CPU: Measure = { kind: 'aggregate', metric: 'cpu', unit: 'ratio', of: 'mean', over: 120_000 }

/** The mean of the cpu of a machine, over two minutes. */
export const identityOf = (fields: Partial<AlertIdentity> = {}): AlertIdentity => ({
  rule: 'cpu-high',
  host: 'web-7',
  key: 'cpu',
  labels: {},
  measure: CPU,
  ...fields,
})

/** What a sample may differ in: the fields of its identity, evidence and templates by themselves. */
export interface Change
  extends Partial<AlertSnapshot>, Partial<AlertIdentity>, Templates, Pick<Evidence, 'limit' | 'clear'> {
  readonly why?: Reason
}

/** An alert as the engine tells it, about a machine that works too hard. */
export function facts(all: Change = {}): AlertSnapshot {
  const { rule, host, key, labels, measure, subject, body, limit, clear, why, ...change } = all
  const { value = 0.942, state = 'firing', identity, evidence } = change
  return {
    episode: '4f1c0a9b2e7d5c31',
    code: 'K7X2',
    ruleLabels: {},
    templates: { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) },
    severity: 'warning',
    startsAt: at('12:04:00'),
    evaluatedAt: at('12:05:00'),
    peak: 0.942,
    source: 'logstash-a',
    gaps: [],
    ...change,
    value,
    state,
    identity: identity ?? {
      rule: rule ?? 'cpu-high',
      host: host ?? 'web-7',
      key: key ?? 'cpu',
      labels: labels ?? {},
      measure: measure ?? CPU,
    },
    evidence: evidence ?? {
      limit: limit ?? { op: 'above', value: 0.9 },
      clear: clear ?? { op: 'at_most', value: 0.85 },
      why: why ?? { code: state === 'resolved' ? 'cleared' : 'breached', params: { samples: 24 } },
    },
  }
}

/** The same alert with another rule, host or labels. */
export function as(alert: AlertSnapshot, change: Partial<AlertIdentity>): AlertSnapshot {
  return { ...alert, identity: { ...alert.identity, ...change } }
}

/** A notification as the outbox keeps it: all episodes of a rule on a host follow each other. */
export function effectOf(one: Notification): Effect {
  const { id, channel, to, thread, alerts } = one
  const [first] = alerts
  const orderingKey = first === undefined ? thread : JSON.stringify([first.identity.rule, first.identity.host])
  return { id, queue: channel, recipient: to.address, orderingKey, thread, data: JSON.stringify(one) }
}

/** A state that is looked at each second. */
export const state = (metric: StateMetric, unit: Unit = 'seconds'): Measure => ({ kind: 'state', metric, unit })

/** The means of so many buckets of ten seconds, the last of which ends where the window does; null where none came. */
export function picture(
  means: readonly (number | null)[],
  to = at('12:05:00'),
  change: Partial<ChartData> = {},
): ChartData {
  const buckets = means.map((mean) => ({ n: mean === null ? 0 : 2, mean, min: null, max: null, last: null }))
  return {
    width: 10_000,
    from: to - 10_000 * means.length,
    buckets,
    window: { from: to - 120_000, to },
    limits: [{ severity: 'warning', limit: { op: 'above', value: 0.9 }, clear: { op: 'at_most', value: 0.85 } }],
    ...change,
  }
}

const CALM = [0.41, 0.44, 0.39, 0.43, null, 0.4, 0.46, 0.42, 0.55, 0.71]
const BUSY = [0.92, 0.951, 0.94, 0.967, 0.932, 0.955, 0.93, 0.987, 0.94, 0.961, 0.93, 0.95, 0.944, 0.921]
const AFTER = [0.94, 0.93, 0.95, 0.9, 0.82, 0.74, 0.7, 0.63, 0.6, 0.61, 0.58, 0.6, 0.57, 0.61, 0.6, 0.59]

/** The alert with what was measured before and within its window. */
export const pictured = (change: Change = {}): Notification =>
  notification({ alerts: [facts({ chart: picture([...CALM, ...BUSY]), ...change })] })

/** A notification about one alert, to Ada. */
export function notification(change: Partial<Notification> = {}): Notification {
  const alerts = change.alerts ?? [facts()]
  const thread = alerts[0]?.episode ?? 'none'
  return {
    id: `${thread}.0.ada`,
    receiver: 'ops',
    channel: 'email',
    to: { name: 'Ada Lovelace', address: 'ada@example.org' },
    decidedAt: at('12:05:12'),
    reason: 'fired',
    kind: 'alert',
    thread,
    seq: 0,
    ...change,
    alerts,
  }
}

export const resolved = (): Notification =>
  notification({
    id: 'recovery',
    decidedAt: at('12:19:12'),
    reason: 'resolved',
    seq: 1,
    alerts: [
      facts({
        state: 'resolved',
        value: 0.61,
        evaluatedAt: at('12:19:00'),
        resolvedAt: at('12:19:00'),
        peak: 0.987,
        chart: picture([...BUSY, ...AFTER], at('12:19:00')),
      }),
    ],
  })

/** A storm: so many alerts on as many hosts, every fourth of them over already. */
export function storm(count: number): Notification {
  const alerts = Array.from({ length: count }, (_, i) => {
    const host = `web-${i + 1}`
    const episode = `storm${i}`
    if (i % 4 === 3) {
      return facts({
        host,
        episode,
        code: `C${i}`,
        state: 'resolved',
        resolvedAt: at('12:09:00'),
        value: 0.4,
        peak: 0.97,
      })
    }
    const severity = i % 5 === 0 ? 'critical' : 'warning'
    return facts({ host, episode, code: `C${i}`, severity, value: 0.9 + (i % 10) / 100 })
  })
  return notification({ id: 'list.1.ada', kind: 'digest', reason: 'rate_limited', thread: 'list.1.ada', alerts })
}

/** A week on 412 hosts: mostly quiet. */
export function report(change: Partial<Report> = {}): Report {
  const [from, to] = [Date.parse('2026-11-16T07:00Z'), Date.parse('2026-11-23T07:00Z')]
  const load = (host: string, mean: number, max: number): ReportUtilizationRow => ({ host, mean, max })
  const cpu = {
    metric: 'cpu',
    hosts: 412,
    mean: 0.39,
    unused: 0.61,
    busiest: [
      load('render-12', 0.97, 1),
      load('db-1', 0.81, 0.99),
      load('web-7', 0.77, 0.98),
      load('web-3', 0.6, 0.95),
      load('ci-2', 0.55, 1),
    ],
    idlest: [
      load('old-mail', 0.002, 0.03),
      load('spare-1', 0.004, 0.02),
      load('spare-2', 0.01, 0.09),
      load('dns-2', 0.02, 0.2),
      load('dns-1', 0.03, 0.22),
    ],
    idle: { total: 3, first: ['old-mail', 'spare-1', 'spare-2'] },
  }
  const day = 24 * 3_600_000
  return {
    every: 'week',
    from,
    to,
    hosts: 412,
    alerts: {
      started: 3,
      alreadyOpen: 0,
      critical: 0,
      open: 1,
      hosts: 2,
      days: Array.from({ length: 8 }, (_, i) => ({
        day: Date.parse('2026-11-16') + i * day,
        started: [1, 0, 0, 2, 0, 0, 0, 0][i] ?? 0,
      })),
      longest: {
        total: 3,
        first: [
          {
            identity: identityOf({ rule: 'cpu-high', host: 'web-7', labels: {} }),
            severity: 'warning',
            startsAt: to - 4 * day,
            peak: 0.98,
          },
          {
            identity: identityOf({ rule: 'disk-full', host: 'db-1', labels: { mount: '/var/lib/postgresql' } }),
            severity: 'warning',
            startsAt: from + day / 8,
            endsAt: from + day / 4,
            peak: 0.93,
          },
          {
            identity: identityOf({ rule: 'cpu-high', host: 'web-7', labels: {} }),
            severity: 'warning',
            startsAt: to - 4.5 * day,
            endsAt: to - 4.4 * day,
            peak: 0.96,
          },
        ],
      },
    },
    rules: {
      total: 2,
      first: [
        { rule: 'cpu-high', started: 2, mails: 7 },
        { rule: 'disk-full', started: 1, mails: 2 },
      ],
    },
    outside: {
      total: 2,
      first: [
        { host: 'web-7', span: 4.1 * day },
        { host: 'db-1', span: day / 8 },
      ],
    },
    utilization: [cpu, { ...cpu, metric: 'memory', mean: 0.55, unused: 0.45, idle: { total: 0, first: [] } }],
    quality: {
      merged: 12,
      dropped: 0,
      future: 0,
      refused: 0,
      rejects: {
        events: 140,
        sources: {
          total: 2,
          first: [
            {
              source: 'logstash-b',
              events: 133,
              reasons: {
                total: 2,
                first: [
                  { code: 'schema', count: 130, path: '/system/cpu/total/norm/pct' },
                  { code: 'timestamp', count: 3, path: '/@timestamp' },
                ],
              },
            },
            { source: '192.0.2.7', events: 7, reasons: { total: 1, first: [{ code: 'json', count: 7, path: '' }] } },
          ],
        },
      },
      skewedClocks: { total: 1, first: ['ci-2'] },
      sources: { total: 1, first: [{ source: 'logstash-b', span: 1_500_000, times: 2 }] },
      downtime: 95_000,
      stops: 1,
    },
    ...change,
  }
}

/** What Ada gets on monday morning. */
export const weekly = (change: Partial<Report> = {}): Notification =>
  notification({
    id: 'weekly.1.aa.0.ada',
    decidedAt: Date.parse('2026-11-23T07:00Z'),
    kind: 'report',
    reason: 'scheduled',
    thread: 'weekly.1.aa',
    timeZone: 'Europe/Berlin',
    alerts: [],
    report: report(change),
  })

export const heartbeat = (): Notification =>
  notification({
    id: 'heartbeat.1.ada',
    decidedAt: Date.parse('2026-11-23T07:00Z'),
    kind: 'notice',
    reason: 'scheduled',
    thread: 'heartbeat.1.ada',
    timeZone: 'Europe/Berlin',
    alerts: [],
    notice: {
      kind: 'heartbeat',
      items: {
        pulse: {
          hosts: 412,
          hostsSeen: 411,
          sources: {
            total: 2,
            first: [
              { source: 'logstash-a', lastSeenAt: Date.parse('2026-11-23T07:00Z') },
              { source: 'logstash-b', lastSeenAt: Date.parse('2026-11-23T06:59Z') },
            ],
          },
          lastEvent: Date.parse('2026-11-23T07:00Z'),
        },
        mails: 2,
        since: Date.parse('2026-11-22T07:00Z'),
        firing: {
          total: 1,
          first: [
            {
              identity: facts().identity,
              severity: 'warning',
              startsAt: Date.parse('2026-11-19T07:00Z'),
              code: 'K7X2',
            },
          ],
        },
        suppressed: { silence: 0, maintenance: 0, inhibition: 0, acknowledgement: 0 },
      },
    },
  })
