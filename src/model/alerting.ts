import type { Alerting } from './notification-policy.ts'

const HOUR = 3_600_000

/** The default notification settings: one group per rule and host without waiting, repeats after 4 h up to 24 h. */
export const ALERTING: Alerting = {
  grouping: { by: ['rule', 'host'], wait: 0, interval: 0 },
  repeat: { first: 4 * HOUR, most: 24 * HOUR },
  routes: [],
  maintenance: [],
  inhibit: [],
  totalPerMinute: 60,
  flapping: true,
}
