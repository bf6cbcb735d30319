import { isRegular, type Source } from '../../aggregate/watermark.ts'
import { BUILTIN_RULES, type Limit, type Millis, type Reason } from '../../model.ts'
import { updateAlert } from '../evaluate/alerts.ts'
import { sampleArrival, sampleHosts, sampleSource } from '../sample.ts'
import type { Fold } from '../state.ts'
import { absenceResult, builtinAlertId, builtinSubject, IMMEDIATE_TIMERS, stateMeasure } from './evaluation.ts'
import type { BuiltinStateRule } from './rule.ts'

const SECOND: Millis = 1000
/** A source is down after this much time without a request. */
const DOWN_AFTER: Millis = 150 * SECOND
const LIMIT: Limit = { op: 'at_least', value: DOWN_AFTER / SECOND }
/** A source that has sent so long without a pause is missed when it stops. */
const STEADY: Millis = 10 * 60 * SECOND

/** A source that is configured, or sends steadily, sends nothing any more. */
export const sourceDown: BuiltinStateRule = {
  name: BUILTIN_RULES.source,
  severities: () => ['critical'],
  watchSource,
  observe({ state }, of) {
    const source = state.sources.get(of)
    if (source === undefined) return undefined
    const why: Reason = { code: 'source_delivers', params: { source: of, lastSeen: source.lastSeenAt } }
    const value = Math.round((state.now - source.lastSeenAt) / SECOND)
    return { measure: stateMeasure('source_silence'), value, evidence: { limit: LIMIT, why } }
  },
  sample(config) {
    const source = sampleSource(config)
    return {
      about: source,
      settle: STEADY + config.bucket,
      every: SECOND,
      patience: 2 * DOWN_AFTER,
      arrive: (phase, _, to) => (phase === 'good' ? [sampleArrival(source, sampleHosts([], 3), to)] : []),
    }
  },
}

function watchSource(fold: Fold, source: Source): void {
  const { state, plan } = fold
  const { name } = source
  const isExpected = isRegular(source) || plan.config.sources.includes(name)
  // The second in which the last request came counts as silence from its beginning.
  const isDown = isExpected && source.idleFor >= DOWN_AFTER + SECOND
  const id = builtinAlertId(BUILTIN_RULES.source, name)
  if (!isDown && !state.alerts.has(id)) return
  const subject = builtinSubject(BUILTIN_RULES.source, name, 'source_silence', name, plan.config.selfMonitoring)
  const evidence = { limit: LIMIT, why: explain(source, isDown, isExpected) }
  const result = absenceResult(fold, isDown, 'critical', source.lastSeenAt, evidence)
  updateAlert(fold, state.alerts, id, subject, result, IMMEDIATE_TIMERS)
}

function explain({ name: source, throughput }: Source, isDown: boolean, isExpected: boolean): Reason {
  if (isDown) return { code: 'source_silent', params: { source, hosts: throughput.hosts } }
  return { code: isExpected ? 'source_delivers' : 'source_unexpected', params: { source } }
}
