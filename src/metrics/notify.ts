import { Counter, type Registry } from 'prom-client'
import type { Observer } from '../model.ts'
import type { Families } from './families.ts'

const RECEIVER_TYPES = ['email', 'mailbox', 'webhook', 'alertmanager'] as const
const OUTCOMES = ['sent', 'failed', 'retry', 'withdrawn'] as const
const LATENCY_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 14_400]

/** What became of notifications. */
export function createNotifyMetrics(families: Families, registry: Registry): Pick<Observer, 'notified'> {
  const sends = new Counter({
    name: 'stashwatch_notifications_total',
    help: 'Attempts to deliver a notification, by type of receiver and outcome.',
    labelNames: ['receiver_type', 'outcome'],
    registers: [registry],
  })
  for (const receiver_type of RECEIVER_TYPES) {
    for (const outcome of OUTCOMES) sends.inc({ receiver_type, outcome }, 0)
  }
  const latency = families.histogram(
    'notification_latency_seconds',
    'Time from the end of the window that decided to the acceptance by the mail server or the receiver.',
    LATENCY_SECONDS,
  )
  return {
    notified(receiver_type, outcome, latencySeconds) {
      sends.inc({ receiver_type, outcome })
      if (outcome === 'sent' && latencySeconds !== undefined) latency(latencySeconds)
    },
  }
}
