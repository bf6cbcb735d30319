import { Counter, type Registry } from 'prom-client'
import type { Observer } from '../model.ts'
import type { Families } from './families.ts'

const INTEGRATIONS = ['email', 'mailbox', 'webhook', 'alertmanager'] as const
const OUTCOMES = ['sent', 'failed', 'retry', 'withdrawn'] as const
const LATENCY_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 14_400]

/** Counts delivery attempts by outcome, and measures how long a notification took. */
export function createNotifyMetrics(families: Families, registry: Registry): Pick<Observer, 'notified'> {
  const attempts = new Counter({
    name: 'stashwatch_notification_attempts_total',
    help: 'Total number of attempts to deliver a notification, by integration and outcome.',
    labelNames: ['integration', 'outcome'],
    registers: [registry],
  })
  for (const integration of INTEGRATIONS) {
    for (const outcome of OUTCOMES) attempts.inc({ integration, outcome }, 0)
  }
  const latency = families.histogram(
    'notification_latency_seconds',
    'Time from the end of the window that triggered a notification until the receiving server accepted it.',
    LATENCY_SECONDS,
  )
  return {
    notified(integration, outcome, latencySeconds) {
      attempts.inc({ integration, outcome })
      if (outcome === 'sent' && latencySeconds !== undefined) latency(latencySeconds)
    },
  }
}
