import type { Closed, Observer } from '../model.ts'
import type { Families } from './families.ts'

const REASONS: readonly Closed[] = ['unread', 'memory', 'pipelined', 'too_many']

/** What happened to connections. */
export function createHttpMetrics({ counterBy }: Families): Pick<Observer, 'closed'> {
  const help = 'Connections closed because they held too much, by reason.'
  const closed = counterBy('connections_closed_total', help, 'reason', REASONS)
  return { closed: (reason) => closed.inc({ reason }) }
}
