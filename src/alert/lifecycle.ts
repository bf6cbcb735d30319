import type { AlertState, AlertEvent, CriticalSpan, Millis, Severity } from '../model.ts'

/**
 * Lifecycle of one alert: one rule on one series. Each state has exactly the fields that it needs. All times are event
 * times (ends of windows).
 */
export type AlertLifecycle =
  | (EvaluationCounts & {
      readonly state: 'pending'
      readonly since: Millis
      readonly severity: Severity
      readonly dataUntil: Millis
      readonly critical?: CriticalSpan
    })
  | (Episode & { readonly state: 'firing' })
  | (Episode & { readonly state: 'recovering'; readonly goodSince: Millis })
  | (Episode & { readonly state: 'resolved'; readonly resolvedAt: Millis })

/** Windows evaluated since it began, and how many of them breached a limit. */
interface EvaluationCounts {
  readonly evaluations: number
  readonly breaches: number
}

/** Fields of an alert from firing to resolved. */
interface Episode extends EvaluationCounts {
  readonly since: Millis
  readonly firedAt: Millis
  readonly severity: Severity
  /** End of the newest window in breach, and of the newest window counted. */
  readonly lastBreach: Millis
  readonly counted: Millis
  /** The most extreme value; null if the rule has none. */
  readonly peak: number | null
  /** How often it fired again while recovering. */
  readonly refirings: number
  readonly noDataSince?: Millis
  /** Absent if it was never critical. */
  readonly critical?: CriticalSpan
}

/** Evaluation of one window, as input of the lifecycle. */
export type WindowResult =
  /** `since`: end of the available data, if known. */
  | { readonly kind: 'no_data'; readonly at: Millis; readonly since?: Millis }
  | { readonly kind: 'normal'; readonly at: Millis }
  | {
      readonly kind: 'anomalous'
      readonly at: Millis
      readonly severity: Severity
      readonly value: number | null
      /** True if the limit is a lower one, so that the most extreme value is the smallest. */
      readonly lower: boolean
      /** Within all limits again, but not yet past the recovery threshold. */
      readonly isHeld?: boolean
      /**
       * When it began, if that is not `at`: the last event of an absent host, or the current time for a window that
       * ends later.
       */
      readonly since?: Millis
      /** The window is still open. It is evaluated again, and counted, once it has closed. */
      readonly isOpen?: boolean
    }

export interface AlertTimers {
  readonly for: Millis
  readonly keepFiringFor: Millis
  /** True if a change from critical to warning is notified. */
  readonly notifyOnDowngrade?: boolean
  /** A pending alert without data for longer than this is dropped; a later breach starts a new one. */
  readonly pendingExpiry: Millis
}

export type StateChange = { readonly to: AlertState; readonly event?: AlertEvent['event'] }

/** The next lifecycle of an alert, undefined for none, and the transition, if any. */
export interface TransitionResult {
  readonly lifecycle: AlertLifecycle | undefined
  readonly change?: StateChange
}

/** Applies one window result to an alert. Results of windows older than the newest breach never undo it. */
export function transition(
  lifecycle: AlertLifecycle | undefined,
  finding: WindowResult,
  timers: AlertTimers,
): TransitionResult {
  if (lifecycle === undefined || lifecycle.state === 'resolved' || isPendingExpired(lifecycle, finding.at, timers))
    return start(finding, timers)
  if (lifecycle.state === 'pending') return transitionPending(lifecycle, finding, timers)
  if (finding.kind === 'no_data') {
    return { lifecycle: { ...lifecycle, noDataSince: lifecycle.noDataSince ?? finding.since ?? finding.at } }
  }
  if (finding.kind === 'anomalous') return onBreach(lifecycle, finding, timers)
  return onNormal(lifecycle, finding, timers)
}

function isPendingExpired(lifecycle: AlertLifecycle, at: Millis, timers: AlertTimers): boolean {
  return lifecycle.state === 'pending' && at - lifecycle.dataUntil > timers.pendingExpiry
}

function start(finding: WindowResult, timers: AlertTimers): TransitionResult {
  if (finding.kind !== 'anomalous') return { lifecycle: undefined }
  const { at, severity, since = at } = finding
  const spent = updateCritical(undefined, severity, since)
  if (timers.for === 0) return fire(since, finding, { ...NO_EVALUATIONS, ...spent })
  const lifecycle: AlertLifecycle = {
    state: 'pending',
    since,
    severity,
    dataUntil: at,
    ...countEvaluation(NO_EVALUATIONS, finding),
    ...spent,
  }
  return { lifecycle, change: { to: 'pending' } }
}

type CriticalHistory = { readonly critical?: CriticalSpan }
const NO_EVALUATIONS: EvaluationCounts = { evaluations: 0, breaches: 0 }

function fire(
  since: Millis,
  finding: WindowResult & { kind: 'anomalous' },
  { critical, ...before }: EvaluationCounts & CriticalHistory,
): TransitionResult {
  const { at, severity, value, isOpen = false } = finding
  const counts = isOpen ? { ...NO_EVALUATIONS, counted: since } : { ...countEvaluation(before, finding), counted: at }
  const firedAt = isOpen ? since : at
  const spent = critical === undefined ? {} : { critical }
  const lifecycle: AlertLifecycle = {
    state: 'firing',
    since,
    firedAt,
    severity,
    lastBreach: at,
    peak: value,
    ...counts,
    refirings: 0,
    ...spent,
  }
  return { lifecycle, change: { to: 'firing', event: 'fired' } }
}

/** Returns the critical time after a result at `at` with this severity, or with none. */
function updateCritical(known: CriticalSpan | undefined, severity: Severity | 'none', at: Millis): CriticalHistory {
  if (severity === 'critical') {
    if (known === undefined) return { critical: { from: at, count: 1 } }
    if (known.until === undefined) return { critical: known }
    return { critical: { from: known.from, count: known.count + 1, lastFrom: at } }
  }
  if (known === undefined) return {}
  return { critical: known.until === undefined ? { ...known, until: at } : known }
}

/** Counts one more window. */
function countEvaluation({ breaches, evaluations }: EvaluationCounts, finding: WindowResult): EvaluationCounts {
  const isBad = finding.kind === 'anomalous' && finding.isHeld !== true
  return { evaluations: evaluations + 1, breaches: breaches + (isBad ? 1 : 0) }
}

/** Counts a window of a firing alert, unless it is open or was counted before. */
function countWhileOpen(
  lifecycle: OpenLifecycle,
  finding: WindowResult,
): Pick<Episode, 'evaluations' | 'breaches' | 'counted'> {
  const { counted, breaches, evaluations } = lifecycle
  const isOpen = finding.kind === 'anomalous' && finding.isOpen === true
  if (isOpen || finding.at <= counted) return { evaluations, breaches, counted }
  return { ...countEvaluation(lifecycle, finding), counted: finding.at }
}

function transitionPending(
  lifecycle: AlertLifecycle & { state: 'pending' },
  finding: WindowResult,
  timers: AlertTimers,
): TransitionResult {
  if (finding.kind === 'normal') return { lifecycle: finding.at < lifecycle.dataUntil ? lifecycle : undefined }
  if (finding.kind === 'no_data') return { lifecycle }
  const spent = updateCritical(lifecycle.critical, finding.severity, finding.at)
  if (finding.at - lifecycle.since >= timers.for) return fire(lifecycle.since, finding, { ...lifecycle, ...spent })
  const since = Math.min(lifecycle.since, finding.at)
  const counts = finding.at > lifecycle.dataUntil ? countEvaluation(lifecycle, finding) : {}
  const dataUntil = Math.max(lifecycle.dataUntil, finding.at)
  return { lifecycle: { ...lifecycle, ...counts, since, severity: finding.severity, dataUntil, ...spent } }
}

type OpenLifecycle = AlertLifecycle & { state: 'firing' | 'recovering' }

function onBreach(
  lifecycle: OpenLifecycle,
  finding: WindowResult & { kind: 'anomalous' },
  { notifyOnDowngrade }: AlertTimers,
): TransitionResult {
  const { since, firedAt, lastBreach } = lifecycle
  if (lifecycle.state === 'recovering' && finding.at < lifecycle.goodSince) return { lifecycle }
  const rose = finding.at >= lastBreach && lifecycle.severity === 'warning' && finding.severity === 'critical'
  const severity = finding.at < lastBreach ? lifecycle.severity : finding.severity
  const fell = finding.at >= lastBreach && lifecycle.severity === 'critical' && finding.severity === 'warning'
  const fields: Episode = {
    since,
    firedAt,
    severity,
    lastBreach: Math.max(lastBreach, finding.at),
    peak: extreme(lifecycle.peak, finding.value, finding.lower),
    ...countWhileOpen(lifecycle, finding),
    refirings: lifecycle.refirings + (lifecycle.state === 'recovering' ? 1 : 0),
    ...updateCritical(lifecycle.critical, severity, Math.max(lastBreach, finding.since ?? finding.at)),
  }
  const next: AlertLifecycle = { state: 'firing', ...fields }
  if (rose) return { lifecycle: next, change: { to: 'firing', event: 'severity_raised' } }
  if (fell && notifyOnDowngrade === true)
    return { lifecycle: next, change: { to: 'firing', event: 'severity_lowered' } }
  return lifecycle.state === 'recovering' ? { lifecycle: next, change: { to: 'firing' } } : { lifecycle: next }
}

function extreme(peak: number | null, value: number | null, lower: boolean): number | null {
  if (peak === null || value === null) return peak ?? value
  return lower ? Math.min(peak, value) : Math.max(peak, value)
}

function onNormal(lifecycle: OpenLifecycle, finding: WindowResult, timers: AlertTimers): TransitionResult {
  const { at } = finding
  if (at < lifecycle.lastBreach) return { lifecycle }
  const { since, firedAt, severity, lastBreach, peak, refirings } = lifecycle
  const spent = updateCritical(lifecycle.critical, 'none', at)
  const episode: Episode = {
    since,
    firedAt,
    severity,
    lastBreach,
    peak,
    ...countWhileOpen(lifecycle, finding),
    refirings,
    ...spent,
  }
  const goodSince = lifecycle.state === 'recovering' ? lifecycle.goodSince : at
  if (at - goodSince >= timers.keepFiringFor) {
    return {
      lifecycle: { state: 'resolved', ...episode, resolvedAt: at },
      change: { to: 'resolved', event: 'resolved' },
    }
  }
  const next: AlertLifecycle = { state: 'recovering', ...episode, goodSince }
  return lifecycle.state === 'recovering' ? { lifecycle: next } : { lifecycle: next, change: { to: 'recovering' } }
}
