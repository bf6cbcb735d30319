import { BUILTIN_RULES, clampToNow, type Limit, type Millis, type Reason } from '../../model.ts'
import { updateAlert } from '../evaluate/alerts.ts'
import { sampleArrival, sampleHosts, sampleSource } from '../sample.ts'
import type { Fold } from '../state.ts'
import { builtinAlertId, builtinResult, builtinSubject, IMMEDIATE_TIMERS, stateMeasure } from './evaluation.ts'
import type { BuiltinStateRule } from './rule.ts'

const LIMIT: Limit = { op: 'above', value: 0 }
/** The alert resolves after this much time without such an event. */
const QUIET: Millis = 10 * 60_000
const SERVICE = 'stashwatch'
const ID = builtinAlertId(BUILTIN_RULES.unmatched)
const MATCHED: Reason = { code: 'events_matched', params: { for: QUIET } }

/**
 * Events could not be matched with the expression of a rule, because their texts are too expensive for it. The rule may
 * have missed events.
 */
export const unmatchedEvents: BuiltinStateRule = {
  name: BUILTIN_RULES.unmatched,
  severities: () => ['warning'],
  watchService,
  observe(_, of) {
    if (of !== SERVICE) return undefined
    return { measure: stateMeasure('unmatched_events'), value: 0, evidence: { limit: LIMIT, why: MATCHED } }
  },
  sample(config) {
    const { bucket, rules } = config
    const rule = rules.find((one) => one.kind === 'count' && one.where.some(({ matches }) => matches !== undefined))
    if (rule === undefined) return undefined
    const source = sampleSource(config)
    const unmatched = { series: [`count(${rule.name})`], values: [Number.NaN] }
    return {
      about: SERVICE,
      settle: bucket,
      every: 6 * bucket,
      patience: 2 * QUIET,
      arrive(phase, _, to) {
        const good = sampleArrival(source, sampleHosts([], 1), to)
        if (phase === 'good') return [good]
        return [{ ...good, events: good.events.map((event) => ({ ...event, ...unmatched })) }]
      },
    }
  },
}

function watchService(fold: Fold): void {
  const { state, plan } = fold
  const { unmatched } = state
  clampToNow(unmatched, state.now, 'last')
  const isFound = unmatched.count > 0 && state.now - unmatched.last < QUIET
  if (!isFound && !state.alerts.has(ID)) return
  const { count, rule, host, source } = unmatched
  const why: Reason = isFound ? { code: 'events_unmatched', params: { count, rule, host, source } } : MATCHED
  const subject = builtinSubject(BUILTIN_RULES.unmatched, SERVICE, 'unmatched_events', '', plan.config.selfMonitoring)
  const result = builtinResult(fold, isFound, 'warning', count, { limit: LIMIT, why })
  updateAlert(fold, state.alerts, ID, subject, result, IMMEDIATE_TIMERS)
  if (!isFound) unmatched.count = 0
}
