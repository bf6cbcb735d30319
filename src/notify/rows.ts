import type { AlertFacts } from '../model.ts'
import type { Row } from './letter.ts'
import {
  boundOf,
  boundsOf,
  figureOf,
  isBeyond,
  lastedOf,
  mutedOf,
  nameOf,
  placeOf,
  type Tone,
  toneOf,
  valueOf,
} from './phrase.ts'
import { clean } from './text.ts'
import type { Times } from './times.ts'

/** Longest name in a list of many. */
const LISTED = 255
/** Hosts that a headline names before it counts. */
const NAMED = 3
const SHORT = 40

/** One alert of a list. */
export function rowOf(facts: AlertFacts, time: Times): Row {
  const over = facts.state === 'resolved'
  return {
    tone: toneOf(facts),
    status: facts.ended !== undefined ? 'closed' : over ? 'resolved' : facts.severity,
    where: placeOf(facts, LISTED),
    rule: nameOf(facts.rule, LISTED),
    value: figuresOf(facts),
    when: over
      ? `lasted from ${time(facts.since)} to ${time(facts.resolvedAt ?? facts.at)} (${lastedOf(facts)})`
      : `since ${time(facts.since)}${noData(facts, time)}${heldBack(facts, time)}`,
    code: clean(facts.code),
  }
}

function figuresOf(facts: AlertFacts): string {
  const { state, value, peak, unit, bound, reason, ended, isWindowless } = facts
  const isQuiet = isWindowless === true && state === 'resolved'
  if (value === null || ended !== undefined || isQuiet) return nameOf(reason, LISTED)
  const isOver = state === 'resolved' && peak !== null
  if (isOver)
    return `${figureOf(value, unit)}, peak ${figureOf(peak, unit)}${bound === '' ? '' : `, bound: ${boundsOf(facts)}`}`
  const limit = bound === '' ? '' : `, ${isBeyond(facts) ? '' : 'bound: '}${boundOf(bound, unit)}`
  return `${valueOf(facts)}${limit}`
}

function noData({ noDataSince }: AlertFacts, time: Times): string {
  return noDataSince === undefined ? '' : `, without data since ${time(noDataSince)}`
}

function heldBack({ wasMuted }: AlertFacts, time: Times): string {
  return wasMuted === undefined ? '' : `, held back until now: ${nameOf(mutedOf(wasMuted, time), LISTED)}`
}

/** The worst first, and what is over last. */
export function worstFirst(alerts: readonly AlertFacts[]): readonly AlertFacts[] {
  return alerts.toSorted((a, b) => RANK[toneOf(a)] - RANK[toneOf(b)])
}

const RANK: Readonly<Record<Tone, number>> = { critical: 0, warning: 1, calm: 2, good: 3 }

/** The first few hosts of a list: `web-1, web-2, web-3 and 9 more`. */
export function hostsOf(alerts: readonly AlertFacts[]): { readonly count: number; readonly named: string } {
  const hosts = [...new Set(worstFirst(alerts).map((facts) => facts.host))]
  const named = hosts.slice(0, NAMED).map((host) => nameOf(host, SHORT))
  const more = hosts.length > NAMED ? ` and ${hosts.length - NAMED} more` : ''
  return { count: hosts.length, named: `${named.join(', ')}${more}` }
}
