import type { AlertSnapshot } from '../../model.ts'
import { describeSuppression } from '../../text/suppression.ts'
import type { Row } from './content.ts'
import {
  breachesLimit,
  figureOf,
  isState,
  lastedOf,
  limitOf,
  limitsOf,
  nameOf,
  placeOf,
  reasonOf,
  type Tone,
  toneOf,
  valueOf,
} from './phrase.ts'
import { clean } from '../../text/sanitise.ts'
import type { Times } from './times.ts'

/** Longest name in a list of many. */
const LISTED = 255
/** Hosts that a headline names before it counts. */
const NAMED = 3
const SHORT = 40

/** One alert of a list. */
export function rowOf(facts: AlertSnapshot, time: Times): Row {
  const over = facts.state === 'resolved'
  return {
    tone: toneOf(facts),
    status: facts.closeReason !== undefined ? 'closed' : over ? 'resolved' : facts.severity,
    where: placeOf(facts, LISTED),
    rule: nameOf(facts.identity.rule, LISTED),
    value: figuresOf(facts, time),
    when: over
      ? `lasted from ${time(facts.startsAt)} to ${time(facts.resolvedAt ?? facts.evaluatedAt)} (${lastedOf(facts)})`
      : `since ${time(facts.startsAt)}${noData(facts, time)}${suppressed(facts, time)}`,
    code: clean(facts.code),
  }
}

function figuresOf(facts: AlertSnapshot, time: Times): string {
  const { state, value, peak, closeReason, evidence, identity } = facts
  const isOver = state === 'resolved'
  if (value === null || closeReason !== undefined || (isOver && isState(facts))) return reasonOf(facts, time, LISTED)
  const { unit } = identity.measure
  if (isOver && peak !== null) {
    const limits = evidence.limit === undefined ? '' : `, limit: ${limitsOf(facts)}`
    return `${figureOf(value, unit)}, peak ${figureOf(peak, unit)}${limits}`
  }
  if (evidence.limit === undefined) return valueOf(facts)
  return `${valueOf(facts)}, ${breachesLimit(facts) ? '' : 'limit: '}${limitOf(facts)}`
}

function noData({ noDataSince }: AlertSnapshot, time: Times): string {
  return noDataSince === undefined ? '' : `, no data since ${time(noDataSince)}`
}

function suppressed({ heldBy }: AlertSnapshot, time: Times): string {
  if (heldBy === undefined) return ''
  return `, suppressed until now: ${nameOf(describeSuppression(heldBy, time), LISTED)}`
}

/** The worst first, and what is over last. */
export function worstFirst(alerts: readonly AlertSnapshot[]): readonly AlertSnapshot[] {
  return alerts.toSorted((a, b) => RANK[toneOf(a)] - RANK[toneOf(b)])
}

const RANK: Readonly<Record<Tone, number>> = { critical: 0, warning: 1, calm: 2, good: 3 }

/** The first few hosts of a list: `web-1, web-2, web-3 and 9 more`. */
export function hostsOf(alerts: readonly AlertSnapshot[]): { readonly count: number; readonly named: string } {
  const hosts = [...new Set(worstFirst(alerts).map((facts) => facts.identity.host))]
  const named = hosts.slice(0, NAMED).map((host) => nameOf(host, SHORT))
  const more = hosts.length > NAMED ? ` and ${hosts.length - NAMED} more` : ''
  return { count: hosts.length, named: `${named.join(', ')}${more}` }
}
