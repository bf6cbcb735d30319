import type { Decision, Notice } from '../../src/model.ts'

/** A decision in its codes: `notified fired, held by silence, list rate_limited`, `suppressed all: no_receiver`. */
export function decisionLine(decision: Decision): string {
  const { kind } = decision
  if (kind === 'evaluated') return `evaluated ${decision.event}`
  if (kind === 'suppressed') return `suppressed ${decision.event}: ${decision.why.by}`
  if (kind === 'acknowledged') return `acknowledged by ${decision.author}`
  if (kind === 'unacknowledged') return `unacknowledged ${decision.author}: ${decision.reason}`
  const { event, heldBy, list } = decision
  const held = heldBy === undefined ? '' : `, held by ${heldBy.by}`
  return `notified ${event}${held}${list === undefined ? '' : `, ${list.isAlone ? 'late' : 'list'} ${list.reason}`}`
}

/** What a notice counts: `2 host, 1 source`; `heartbeat`. */
export function noticeLine(notice: Notice | undefined): string {
  if (notice === undefined) return ''
  if (notice.kind === 'heartbeat') return notice.kind
  if (notice.kind === 'rules_unmatched') return `${notice.items.length} unmatched`
  if (notice.kind === 'undelivered') return `${notice.count} undelivered`
  const counts = Object.entries(notice.counts).filter(([, count]) => count > 0)
  return counts.map(([kind, count]) => `${count} ${kind}`).join(', ')
}
