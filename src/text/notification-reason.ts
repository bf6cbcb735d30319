import type { NotificationReason } from '../model.ts'

const REASONS: Readonly<Record<NotificationReason, string>> = {
  fired: 'fired',
  severity_raised: 'severity raised',
  severity_lowered: 'severity lowered',
  resolved: 'resolved',
  flapping_started: 'flapping started',
  flapping_stopped: 'flapping stopped',
  repeat_interval: 'repeat interval elapsed',
  silence_ended: 'no longer suppressed',
  escalated: 'escalated',
  rate_limited: 'mail limit reached',
  backlog: 'found in the backlog',
  hosts_retired: 'hosts retired',
  undelivered: 'notifications not delivered',
  scheduled: 'scheduled',
}

/** Says why a receiver is notified: `repeat interval elapsed`. */
export function describeNotificationReason(reason: NotificationReason): string {
  return REASONS[reason]
}
