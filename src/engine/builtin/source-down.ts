import { isRegular, type Source } from '../../aggregate/watermark.ts'
import { BUILTIN_RULES, type Limit, type Millis, type Reason } from '../../model.ts'
import { updateAlert } from '../evaluate/alerts.ts'
import { sampleArrival, sampleEvent, sampleHosts, sampleSource } from '../sample.ts'
import type { Fold } from '../state.ts'
import { absenceResult, builtinAlertId, builtinSubject, IMMEDIATE_TIMERS, stateMeasure } from './evaluation.ts'
import type { BuiltinStateRule } from './rule.ts'

const SECOND: Millis = 1000
/** A source is down after this much time without a request. */
const DOWN_AFTER: Millis = 150 * SECOND
const LIMIT: Limit = { op: 'at_least', value: DOWN_AFTER / SECOND }

/** A source that is configured, or sends steadily, stops sending. */
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
    const hosts = sampleHosts([], 3)
    return {
      about: source,
      settle: 6 * config.bucket,
      // A tick counts as at most two seconds without requests.
      every: 2 * SECOND,
      patience: 2 * DOWN_AFTER,
      arrive(phase, _, to) {
        if (phase === 'bad') return []
        return [sampleArrival(source, hosts, to), { source, events: [{ ...sampleEvent('', to), heartbeat: true }] }]
      },
    }
  },
}

function watchSource(fold: Fold, source: Source): void {
  const { state, plan } = fold
  const { name } = source
  // The second of the last request counts from its start.
  const isSilent = source.idleFor >= DOWN_AFTER + SECOND
  const isDown = isSilent && (isRegular(source) || plan.config.sources.includes(name))
  const id = builtinAlertId(BUILTIN_RULES.source, name)
  if (!isDown && !state.alerts.has(id)) return
  const subject = builtinSubject(BUILTIN_RULES.source, name, 'source_silence', name, plan.config.selfMonitoring)
  const evidence = { limit: LIMIT, why: explain(source, isDown, isSilent) }
  const result = absenceResult(fold, isDown, 'critical', source.lastSeenAt, evidence)
  updateAlert(fold, state.alerts, id, subject, result, IMMEDIATE_TIMERS)
}

function explain({ name: source, throughput }: Source, isDown: boolean, isSilent: boolean): Reason {
  if (isDown) return { code: 'source_silent', params: { source, hosts: throughput.hosts } }
  return { code: isSilent ? 'source_unexpected' : 'source_delivers', params: { source } }
}
