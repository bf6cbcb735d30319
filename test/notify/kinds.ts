import type { AlertSnapshot, Notification } from '../../src/model.ts'
import {
  at,
  type Change,
  facts,
  heartbeat,
  notification,
  picture,
  pictured,
  resolved,
  storm,
  weekly,
  identityOf,
} from './samples.ts'

/*
 * A mail of every kind, as it may occur: one alert to Ada in the course of an afternoon, and others.
 */

const course = (change: Change = {}): AlertSnapshot =>
  facts({
    value: 0.967,
    peak: 0.987,
    evaluatedAt: at('16:05:00'),
    breaches: 241,
    refirings: 2,
    notifications: 1,
    suppressed: 0,
    ...change,
  })

const later = (change: Partial<Notification>): Notification =>
  notification({
    decidedAt: at('16:05:12'),
    seq: 1,
    nextRepeatAt: Date.parse('2026-11-23T00:05:12Z'),
    alerts: [course()],
    ...change,
  })

export const fired = (): Notification => ({
  ...pictured({ breaches: 1, notifications: 0, peers: { median: 0.31, hosts: 57 } }),
  nextRepeatAt: at('16:05:12'),
  context: {
    onHost: [
      { identity: identityOf({ rule: 'memory-high' }), severity: 'critical', startsAt: at('12:01:00'), code: 'P3QM8' },
    ],
    firing: 12,
    muted: 0,
    hosts: 5,
  },
})

export const repeated = (): Notification => later({ reason: 'repeat_interval' })

export const rose = (): Notification =>
  later({
    reason: 'severity_raised',
    decidedAt: at('12:31:12'),
    alerts: [
      course({
        evaluatedAt: at('12:31:00'),
        severity: 'critical',
        value: 0.99,
        peak: 0.99,
        limit: { op: 'above', value: 0.98 },
        critical: { from: at('12:31:00'), count: 1, limit: { op: 'above', value: 0.98 } },
        breaches: 27,
      }),
    ],
  })

const silencedBy = {
  by: 'silence',
  id: 's1',
  until: at('16:05:00'),
  author: 'Grace',
  comment: 'the racks are moved',
} as const

export const unsilenced = (): Notification =>
  later({ reason: 'silence_ended', seq: 0, alerts: [course({ notifications: 0, suppressed: 1, heldBy: silencedBy })] })

export const escalated = (): Notification =>
  later({
    reason: 'escalated',
    decidedAt: at('12:35:12'),
    receiver: 'boss',
    namedBy: 'escalation',
    seq: 0,
    nextRepeatAt: at('16:35:12'),
    alerts: [course({ evaluatedAt: at('12:35:00'), firedAt: at('12:05:00'), breaches: 31, notifications: 0 })],
  })

export const flapping = (): Notification =>
  later({
    reason: 'flapping_started',
    decidedAt: at('12:12:12'),
    alerts: [
      course({
        evaluatedAt: at('12:12:00'),
        value: 0.61,
        why: { code: 'cleared', params: { samples: 24 } },
        flapping: 24,
        breaches: 4,
        refirings: 3,
        chart: picture([0.95, 0.6, 0.97, 0.5, 0.95, 0.61], at('12:12:00')),
      }),
    ],
  })

export const settled = (state: AlertSnapshot['state'] = 'resolved'): Notification =>
  later({
    reason: 'flapping_stopped',
    seq: 2,
    alerts: [
      course(
        state === 'resolved'
          ? { state, value: 0.4, resolvedAt: at('16:05:00'), notifications: 2 }
          : { notifications: 2 },
      ),
    ],
  })

/** Resolved before its first notification. */
export const untold = (): Notification =>
  notification({
    reason: 'resolved',
    decidedAt: at('12:06:12'),
    alerts: [
      course({
        state: 'resolved',
        value: 0.5,
        firedAt: at('12:05:00'),
        evaluatedAt: at('12:06:00'),
        resolvedAt: at('12:06:00'),
        breaches: 1,
        refirings: 0,
        notifications: 0,
      }),
    ],
  })

/** The end of a long story. */
export const over = (): Notification => ({
  ...resolved(),
  seq: 3,
  alerts: resolved().alerts.map((alert) => ({ ...alert, breaches: 14, refirings: 2, notifications: 3, suppressed: 2 })),
})

/** The end of one that had been critical, and that somebody looked after. */
export const overCritical = (): Notification => ({
  ...over(),
  alerts: over().alerts.map((alert) => ({
    ...alert,
    critical: { from: at('12:10:00'), until: at('12:16:00'), count: 1, limit: { op: 'above', value: 0.98 } },
    ack: { at: at('12:08:00'), until: at('16:08:00'), author: 'Grace (grace@example.org)', note: 'a runaway job' },
  })),
})

/** Much on one host. */
const busyHost = (): Notification => {
  const core = (i: number): AlertSnapshot =>
    facts({
      rule: 'core-busy',
      subject: 'A core of {{server}} is busy',
      labels: { core: `${i}` },
      episode: `core${i}`,
      code: `C${i}`,
    })
  return notification({ kind: 'digest', reason: 'rate_limited', thread: 'list.2.ada', alerts: [0, 1, 2, 3].map(core) })
}

export const stalled = (): Notification =>
  later({ reason: 'repeat_interval', alerts: [course({ noDataSince: at('12:41:00'), evaluatedAt: at('12:41:00') })] })

const members = (count: number, change: Change = {}): readonly AlertSnapshot[] =>
  Array.from({ length: count }, (_, i) =>
    facts({
      host: `web-${i + 1}`,
      episode: `group${i}`,
      code: `G${i}`,
      value: 0.91 + (i % 9) / 100,
      severity: i % 12 === 0 ? 'critical' : 'warning',
      ...change,
    }),
  )

/** The first mail about so many hosts. */
export const group = (count = 37): Notification => {
  const alerts = members(count)
  return notification({
    thread: 'group0',
    alerts,
    lead: { alert: alerts[0] as AlertSnapshot, more: count - 1 },
    nextRepeatAt: at('16:05:12'),
  })
}

/** Later: one more host, beside those that go on. */
export const joined = (count = 5): Notification => {
  const others = members(count)
  const fresh = facts({
    host: 'web-99',
    episode: 'group99',
    code: 'G99',
    startsAt: at('12:20:00'),
    evaluatedAt: at('12:21:00'),
    chart: picture([0.4, 0.6, 0.95, 0.97], at('12:21:00')),
  })
  return { ...group(), decidedAt: at('12:21:12'), seq: 1, alerts: [fresh, ...others], newCount: 1 }
}

/** Later: some came and some went. */
export const mixed = (): Notification => {
  const alerts = members(7)
  const gone = alerts
    .slice(2, 5)
    .map((alert): AlertSnapshot => ({ ...alert, state: 'resolved', value: 0.3, resolvedAt: at('12:20:00') }))
  return {
    ...group(),
    decidedAt: at('12:21:12'),
    seq: 2,
    alerts: [...alerts.slice(0, 2), ...gone, ...alerts.slice(5)],
    newCount: 5,
  }
}

const retired = (): Notification =>
  notification({
    kind: 'notice',
    reason: 'hosts_retired',
    thread: 'notice.1.ada',
    alerts: [],
    notice: {
      kind: 'hosts_retired',
      counts: { host: 2, source: 0, mass_absence: 0 },
      items: [
        {
          kind: 'host',
          name: 'web-7',
          reason: { code: 'absent_for', params: { source: 'logstash-a', for: 86_400_000 } },
          lastSeenAt: Date.parse('2026-11-21T12:05:10Z'),
          closed: [{ rule: 'host-silent', code: 'K7QM2' }],
        },
        {
          kind: 'host',
          name: 'web-8',
          reason: { code: 'absent_for', params: { source: 'logstash-a', for: 86_400_000 } },
          lastSeenAt: Date.parse('2026-11-21T12:05:20Z'),
          closed: [],
        },
      ],
    },
  })

export const KINDS: Readonly<Record<string, () => Notification>> = {
  alert: fired,
  rose,
  repeat: repeated,
  silenced: unsilenced,
  escalated,
  flapping,
  settled,
  'settled-firing': () => settled('firing'),
  untold,
  resolved: over,
  'resolved-critical': overCritical,
  stalled,
  group,
  joined,
  mixed,
  again: () => ({ ...group(), reason: 'repeat_interval', seq: 1, decidedAt: at('16:05:12') }),
  digest: () => storm(12),
  'digest-host': busyHost,
  notice: retired,
  report: weekly,
  heartbeat,
  zone: () => ({ ...fired(), timeZone: 'Europe/Berlin' }),
}
