import type { AbsenceRule, EngineConfig, Evidence, Limit, Reason } from '../../model.ts'
import { type AlertSubject, updateAlert } from '../evaluate/alerts.ts'
import type { WorkBudget } from '../evaluate/due-windows.ts'
import { appliesTo } from '../plan.ts'
import { absencePace, type Sample, sampleArrival, sampleHosts, sampleSource } from '../sample.ts'
import type { Fold, Host, HostScan } from '../state.ts'
import { absenceSource, absentFor, absentSince, isNeverSeen, observedAbsence } from './absence-time.ts'
import { absenceResult, builtinAlertId, COST, IMMEDIATE_TIMERS, stateIdentity, stateMeasure } from './evaluation.ts'
import { massAbsenceFor } from './mass-absence.ts'
import type { Observation, StateRule } from './rule.ts'

/**
 * The absence rules of the configuration. A host is absent when its source has delivered for longer than `after` since
 * the host's last event. Time in which the source itself delivered nothing does not count, so hosts are not reported
 * together with their Logstash.
 */
export const absence: StateRule = { watchHost: watchAbsence }

/**
 * Evaluates the absence of a host. An absent one can only change once more time was observed, one that sends again at
 * once.
 */
function watchAbsence(fold: Fold, scan: HostScan, host: Host, work: WorkBudget): void {
  const isCalm = host.alerts.size === 0
  if (isCalm && !scan.hasObserved) return
  const silent = absentFor(fold, host)
  if (silent === undefined) return
  for (const rule of fold.plan.absences) {
    if (isCalm && silent <= rule.after) continue
    const isOpen = !isCalm && host.alerts.has(builtinAlertId(rule.name))
    // An expected host without events stays absent, whatever the observed time: only an event resolves the alert.
    const isAbsent = silent > rule.after || (isOpen && host.expectedSince !== undefined)
    if (!(isAbsent ? scan.hasObserved : isOpen) || !appliesTo(rule, host.name)) continue
    work.spent += isAbsent === isOpen ? COST.figure : COST.step
    judgeHost(fold, scan, rule, host, isAbsent, isOpen)
  }
}

function judgeHost(
  fold: Fold,
  scan: HostScan,
  rule: AbsenceRule,
  host: Host,
  isAbsent: boolean,
  isOpen: boolean,
): void {
  const massAbsence = isOpen ? undefined : massAbsenceFor(fold, scan, rule, host)
  if (massAbsence !== undefined) scan.hasMassAbsence = true
  const source = isAbsent ? absenceSource(fold, host) : host.source
  const evidence: Evidence = { limit: absenceLimit(rule), why: absenceReason(host, rule, isAbsent, source) }
  const result = absenceResult(fold, isAbsent, rule.severity, absentSince(host), evidence)
  const subject = absenceSubject(rule, host, source, massAbsence)
  updateAlert(fold, host.alerts, builtinAlertId(rule.name), subject, result, IMMEDIATE_TIMERS)
}

function absenceLimit({ after }: AbsenceRule): Limit {
  return { op: 'above', value: after / 1000 }
}

function absenceReason(host: Host, rule: AbsenceRule, isAbsent: boolean, source: string): Reason {
  const { expectedSince, alerts } = host
  if (isNeverSeen(host)) return { code: 'never_seen', params: {} }
  const params = { source }
  if (expectedSince !== undefined) return { code: 'absent_source_gone', params }
  if (isAbsent) return { code: 'absent', params }
  const isFirst = alerts.get(builtinAlertId(rule.name))?.identity.measure.metric === 'expected'
  return { code: isFirst ? 'first_seen' : 'seen', params }
}

function absenceSubject(rule: AbsenceRule, host: Host, source: string, massAbsence: string | undefined): AlertSubject {
  const { subject, body } = rule
  return {
    identity: stateIdentity(rule.name, host.name, isNeverSeen(host) ? 'expected' : 'absence'),
    source,
    notify: rule.notify,
    lookback: rule.after,
    ruleLabels: rule.labels,
    templates: { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) },
    ...(massAbsence === undefined ? {} : { massAbsence }),
  }
}

/** Returns what an absence rule finds for a host, for a query. */
export function observeAbsence(fold: Fold, rule: AbsenceRule, host: Host): Observation {
  const at = absentSince(host)
  const isNew = isNeverSeen(host)
  const elapsed = fold.state.now - at
  const observed = observedAbsence(fold, host)
  const isUnobserved = observed !== undefined && elapsed > rule.after && observed <= rule.after
  const code = isNew ? 'expected_since' : 'last_event'
  const why: Reason = isUnobserved
    ? { code: `${code}_unobserved`, params: { at, observed, source: absenceSource(fold, host) } }
    : { code, params: { at } }
  return {
    measure: stateMeasure(isNew ? 'expected' : 'absence'),
    value: Math.round(elapsed / 1000),
    evidence: { limit: absenceLimit(rule), why },
  }
}

/** One host stops sending, while another one behind the same source continues. */
export function sampleAbsence({ hosts, after }: AbsenceRule, config: EngineConfig): Sample {
  const source = sampleSource(config)
  const [about = '', other = ''] = sampleHosts(hosts, 2)
  const pace = absencePace(after, config.bucket)
  return {
    about,
    settle: 6 * pace,
    every: pace,
    bucket: pace,
    patience: after + 6 * pace,
    arrive: (phase, _, to) => [sampleArrival(source, phase === 'good' ? [about, other] : [other], to)],
  }
}
