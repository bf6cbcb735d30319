import type { ConnectionCloseReason, Observer } from '../model.ts'
import type { Families } from './families.ts'

const REASONS: readonly ConnectionCloseReason[] = ['unread', 'memory', 'pipelined', 'too_many']

/** Counts the connections that the server closed to protect itself. */
export function createHttpMetrics({ counterBy }: Families): Pick<Observer, 'closed'> {
  const help = 'Total number of connections closed by the server to bound its memory, by reason.'
  const closed = counterBy('connections_closed_total', help, 'reason', REASONS)
  return { closed: (reason) => closed.inc({ reason }) }
}
