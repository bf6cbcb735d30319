import { BUILTIN_RULES, clampToNow, type Limit, type Millis, type Reason } from '../../model.ts'
import { updateAlert } from '../evaluate/alerts.ts'
import { sampleArrival, sampleHosts } from '../sample.ts'
import type { Fold } from '../state.ts'
import { builtinAlertId, builtinResult, builtinSubject, IMMEDIATE_TIMERS, stateMeasure } from './evaluation.ts'
import type { BuiltinStateRule } from './rule.ts'

const LIMIT: Limit = { op: 'above', value: 0 }
/** A limit counts as reached until this much time has passed without a refusal. */
const QUIET: Millis = 10 * 60_000
/** The subject of such an alert. */
const SERVICE = 'stashwatch'
const ID = builtinAlertId(BUILTIN_RULES.cap)

/** Hosts, series or sources were refused because a limit of the configuration was reached. */
export const cardinalityLimit: BuiltinStateRule = {
  name: BUILTIN_RULES.cap,
  severities: () => ['warning'],
  watchService,
  observe(_, of) {
    if (of !== SERVICE) return undefined
    const why: Reason = { code: 'limit_calm', params: { for: QUIET } }
    return { measure: stateMeasure('refused'), value: 0, evidence: { limit: LIMIT, why } }
  },
  sample({ limits, bucket, sources }) {
    const hosts = sampleHosts([], 1)
    const known = Array.from({ length: limits.sources }, (_, i) => sources[i] ?? `logstash-${i + 1}`)
    return {
      about: SERVICE,
      settle: bucket,
      every: 6 * bucket,
      patience: 2 * QUIET,
      arrive: (phase, _, to) =>
        (phase === 'bad' ? [...known, 'logstash-new'] : known.slice(0, 1)).map((name) =>
          sampleArrival(name, hosts, to),
        ),
    }
  },
}

function watchService(fold: Fold): void {
  const { state, plan } = fold
  const { refusals } = state
  clampToNow(refusals, state.now, 'last')
  const isReached = refusals.count > 0 && state.now - refusals.last < QUIET
  if (!isReached && !state.alerts.has(ID)) return
  const why: Reason = isReached
    ? { code: 'limit_reached', params: { limit: refusals.what, refused: refusals.count } }
    : { code: 'limit_calm', params: { for: QUIET } }
  const subject = builtinSubject(BUILTIN_RULES.cap, SERVICE, 'refused', '', plan.config.selfMonitoring)
  const result = builtinResult(fold, isReached, 'warning', refusals.count, { limit: LIMIT, why })
  updateAlert(fold, state.alerts, ID, subject, result, IMMEDIATE_TIMERS)
  if (!isReached) refusals.count = 0
}
