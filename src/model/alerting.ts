import type { Alerting } from './notification-policy.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The default timing of groups that hold alerts of several hosts: they wait for each other. */
export const OVER_HOSTS = { wait: MINUTE / 2, interval: 5 * MINUTE }

/** The default notification settings: one group per rule and host without waiting, repeats after 4 h up to 24 h. */
export const ALERTING: Alerting = {
  grouping: { by: ['rule', 'host'], wait: 0, interval: 0 },
  repeat: { initial: 4 * HOUR, max: 24 * HOUR },
  routes: [],
  maintenanceWindows: [],
  inhibitRules: [],
  totalPerMinute: 60,
  flapping: true,
}
