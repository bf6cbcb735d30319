import { isRegular, type Source } from '../../aggregate/watermark.ts'
import { BUILTIN_RULES, type Limit, type Millis, type Reason } from '../../model.ts'
import { updateAlert } from '../evaluate/alerts.ts'
import { sampleArrival, sampleEvent, sampleHosts, sampleSource } from '../sample.ts'
import type { Plan } from '../plan.ts'
import type { Fold } from '../state.ts'
import { absenceResult, builtinAlertId, builtinSubject, IMMEDIATE_TIMERS, stateMeasure } from './evaluation.ts'
import { connectedTokens, parentToken } from '../inventory/awaited-sources.ts'
import type { BuiltinStateRule } from './rule.ts'

const SECOND: Millis = 1000
/** A source is down after this much time without a request. */
const DOWN_AFTER: Millis = 150 * SECOND
const LIMIT: Limit = { op: 'at_least', value: DOWN_AFTER / SECOND }

/** A source that is configured, or sends steadily, stops sending; or one that is configured never connects. */
export const sourceDown: BuiltinStateRule = {
  name: BUILTIN_RULES.source,
  severities: () => ['critical'],
  watchSource,
  watchService,
  observe(fold, of) {
    const { state } = fold
    const source = state.sources.get(of)
    const expected = fold.plan.expectedSources.has(of) ? state.now : undefined
    const since = source?.lastSeenAt ?? state.awaitedSources.get(of)?.since ?? expected
    if (since === undefined) return undefined
    const why = source === undefined ? { code: 'source_awaited', params: { since } } : explainNow(fold, source)
    const value = Math.round((state.now - since) / SECOND)
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
  const isSilent = source.idleFor >= DOWN_AFTER + SECOND && !hasLiveSubSource(fold, name)
  const isDown = isSilent && isWatched(plan, source)
  const id = builtinAlertId(BUILTIN_RULES.source, name)
  if (!isDown && !state.alerts.has(id)) return
  const subject = builtinSubject(BUILTIN_RULES.source, name, 'source_silence', name, plan.config.selfMonitoring)
  const evidence = { limit: LIMIT, why: explain(source, isDown, isSilent) }
  const result = absenceResult(fold, isDown, 'critical', source.lastSeenAt, evidence)
  updateAlert(fold, state.alerts, id, subject, result, IMMEDIATE_TIMERS)
}

/** Whether a source below this one delivers: its sender names itself in `X-Source` by now. */
function hasLiveSubSource({ state }: Fold, token: string): boolean {
  return [...state.sources.values()].some(
    ({ name, idleFor }) => name !== token && parentToken(name) === token && idleFor < DOWN_AFTER + SECOND,
  )
}

/** Expected sources that have not connected. The alert of one that connects goes on as that of a source. */
function watchService(fold: Fold): void {
  const { state, plan } = fold
  if (state.awaitedSources.size === 0) return
  const connected = connectedTokens(state)
  for (const [name, { since, idleFor }] of state.awaitedSources) {
    const isConnected = connected.has(name)
    const isAwaited = !isConnected && plan.expectedSources.has(name)
    if (!isAwaited) state.awaitedSources.delete(name)
    const id = builtinAlertId(BUILTIN_RULES.source, name)
    const isDown = isAwaited && idleFor >= DOWN_AFTER
    if (state.sources.has(name) || (!isDown && !state.alerts.has(id))) continue
    const code = isDown ? 'source_never_connected' : isConnected ? 'source_delivers' : 'source_unexpected'
    const why: Reason = { code, params: isDown ? { since } : { source: name } }
    const subject = builtinSubject(BUILTIN_RULES.source, name, 'source_silence', name, plan.config.selfMonitoring)
    const result = absenceResult(fold, isDown, 'critical', since, { limit: LIMIT, why })
    updateAlert(fold, state.alerts, id, subject, result, IMMEDIATE_TIMERS)
  }
}

/** Whether the silence of a source is reported. A source below the token of an occasional one is occasional too. */
function isWatched({ expectedSources, config }: Plan, source: Source): boolean {
  if (expectedSources.has(source.name)) return true
  return isRegular(source) && !config.occasionalSources.includes(parentToken(source.name))
}

function explainNow({ plan }: Fold, source: Source): Reason {
  const { name, lastSeenAt: lastSeen } = source
  if (isWatched(plan, source)) return { code: 'source_delivers', params: { source: name, lastSeen } }
  const isOccasional = plan.config.occasionalSources.includes(parentToken(name))
  return { code: isOccasional ? 'source_occasional' : 'source_irregular', params: { source: name, lastSeen } }
}

function explain({ name: source, throughput }: Source, isDown: boolean, isSilent: boolean): Reason {
  if (isDown) return { code: 'source_silent', params: { source, hosts: throughput.hosts } }
  return { code: isSilent ? 'source_unexpected' : 'source_delivers', params: { source } }
}
