import { isRegular, type Source } from '../../aggregate/watermark.ts'
import { BUILTIN_RULES, type Limit, type Millis, type Reason } from '../../model.ts'
import { updateAlert } from '../evaluate/alerts.ts'
import { sampleArrival, sampleEvent, sampleHosts, sampleSource } from '../sample.ts'
import type { Plan } from '../plan.ts'
import type { Fold } from '../state.ts'
import { absenceResult, builtinAlertId, builtinSubject, IMMEDIATE_TIMERS, stateMeasure } from './evaluation.ts'
import { parentToken } from '../inventory/awaited-sources.ts'
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
    if (source === undefined && !fold.plan.config.sources.includes(of)) return undefined
    const since = source?.lastSeenAt ?? state.awaitedSources.get(of)?.since ?? state.now
    const why = source === undefined ? explainUnseen(fold, of, since) : explainNow(fold, source)
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
  const isSilent = isSilentNow(fold, source)
  const isDown = isSilent && isWatched(plan, source)
  const id = builtinAlertId(BUILTIN_RULES.source, name)
  if (!isDown && !state.alerts.has(id)) return
  const subject = builtinSubject(BUILTIN_RULES.source, name, 'source_silence', name, plan.config.selfMonitoring)
  const evidence = { limit: LIMIT, why: explain(source, isDown, isSilent) }
  const result = absenceResult(fold, isDown, 'critical', source.lastSeenAt, evidence)
  updateAlert(fold, state.alerts, id, subject, result, IMMEDIATE_TIMERS)
}

/** Returns true if nothing came for too long, and not because the sender names itself in `X-Source` by now. */
function isSilentNow(fold: Fold, source: Source): boolean {
  // The second of the last request counts from its start.
  return source.idleFor >= DOWN_AFTER + SECOND && !hasMovedBelow(fold, source)
}

/**
 * Returns true if a source below this one delivers that began about when this one stopped. One that had delivered
 * beside it is another sender.
 */
function hasMovedBelow({ state }: Fold, { name: token, lastSeenAt }: Source): boolean {
  return [...state.sources.values()].some(
    ({ name, idleFor, firstSeenAt }) =>
      name !== token &&
      parentToken(name) === token &&
      idleFor < DOWN_AFTER + SECOND &&
      firstSeenAt >= lastSeenAt - DOWN_AFTER,
  )
}

/**
 * Expected sources without requests under their own name: none came, or only under names below theirs. An alert of one
 * that connects goes on as that of a source, and an open one does not end because the last source below it is retired.
 */
function watchService(fold: Fold): void {
  const { state, plan } = fold
  for (const name of new Set([...state.awaitedSources.keys(), ...plan.expectedSources])) {
    if (!plan.expectedSources.has(name) || state.sources.has(name)) state.awaitedSources.delete(name)
    const id = builtinAlertId(BUILTIN_RULES.source, name)
    if (state.sources.has(name) || (!plan.expectedSources.has(name) && !state.alerts.has(id))) continue
    const { isDown, since, why } = judgeUnnamed(fold, name, state.alerts.has(id))
    if (!isDown && !state.alerts.has(id)) continue
    const subject = builtinSubject(BUILTIN_RULES.source, name, 'source_silence', name, plan.config.selfMonitoring)
    const result = absenceResult(fold, isDown, 'critical', since, { limit: LIMIT, why })
    updateAlert(fold, state.alerts, id, subject, result, IMMEDIATE_TIMERS)
  }
}

function judgeUnnamed(
  { state, plan }: Fold,
  name: string,
  isOpen: boolean,
): { readonly isDown: boolean; readonly since: Millis; readonly why: Reason } {
  const below = [...state.sources.values()].filter((source) => parentToken(source.name) === name)
  const lastSeen = Math.max(...below.map(({ lastSeenAt }) => lastSeenAt))
  const { since, idleFor } = state.awaitedSources.get(name) ?? { since: state.now, idleFor: 0 }
  if (!plan.expectedSources.has(name))
    return { isDown: false, since, why: { code: 'source_unexpected', params: { source: name } } }
  if (below.length > 0) {
    const isDown = below.every((source) => source.idleFor >= DOWN_AFTER + SECOND)
    const hosts = below.reduce((sum, { throughput }) => sum + throughput.hosts, 0)
    const code = isDown ? 'source_silent' : 'source_delivers'
    return { isDown, since: lastSeen, why: { code, params: isDown ? { source: name, hosts } : { source: name } } }
  }
  return { isDown: isOpen || idleFor >= DOWN_AFTER, since, why: { code: 'source_never_connected', params: { since } } }
}

/** Whether the silence of a source is reported. A source below the token of an occasional one is occasional too. */
function isWatched({ expectedSources, config }: Plan, source: Source): boolean {
  if (expectedSources.has(source.name)) return true
  return isRegular(source) && !config.occasionalSources.includes(parentToken(source.name))
}

function explainUnseen({ plan }: Fold, source: string, since: Millis): Reason {
  return plan.expectedSources.has(source)
    ? { code: 'source_awaited', params: { since } }
    : { code: 'source_occasional', params: { source } }
}

function explainNow(fold: Fold, source: Source): Reason {
  const { plan } = fold
  const { name, lastSeenAt: lastSeen } = source
  if (isWatched(plan, source) && isSilentNow(fold, source)) return explain(source, true, true)
  if (isWatched(plan, source)) return { code: 'source_delivers', params: { source: name, lastSeen } }
  const isOccasional = plan.config.occasionalSources.includes(parentToken(name))
  return { code: isOccasional ? 'source_occasional' : 'source_irregular', params: { source: name, lastSeen } }
}

function explain({ name: source, throughput }: Source, isDown: boolean, isSilent: boolean): Reason {
  if (isDown) return { code: 'source_silent', params: { source, hosts: throughput.hosts } }
  return { code: isSilent ? 'source_unexpected' : 'source_delivers', params: { source } }
}
