import type { Millis, Notification } from '../../model.ts'
import type { Delivery } from '../notifier.ts'

/**
 * Whether a notification to an address that left the configuration is nobody's any more. A machine that left has no
 * way; a person is still told the end of what was told before.
 */
export function isWithdrawn({ channel = 'email', decidedAt, alerts, replaces }: Notification, left: Millis): boolean {
  const wasNotified = replaces === undefined || replaces.reason === 'repeat_interval'
  const isEnd = alerts.length > 0 && wasNotified && alerts.every(({ state }) => state === 'resolved')
  return channel !== 'email' || (decidedAt <= left && !isEnd)
}

export function withdrawal(left: Millis): Delivery {
  const at = new Date(left).toISOString().slice(11, 16)
  return { state: 'withdrawn', response: `its receiver was removed from the configuration at ${at} UTC` }
}
