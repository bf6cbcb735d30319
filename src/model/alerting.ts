import type { Alerting } from './notification-policy.ts'

const HOUR = 3_600_000

/** What people hear where nothing is configured: each alert at once, a host's own mails by rule. */
export const ALERTING: Alerting = {
  grouping: { by: ['rule', 'host'], wait: 0, interval: 0 },
  repeat: { first: 4 * HOUR, most: 24 * HOUR },
  routes: [],
  maintenance: [],
  inhibit: [],
  totalPerMinute: 60,
  flapping: true,
}
