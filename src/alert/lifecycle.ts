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
export interface EvaluationCounts {
  readonly evaluations: number
  readonly breaches: number
}

/** Fields of an alert from firing to resolved. */
export interface Episode extends EvaluationCounts {
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
  readonly tellsFall?: boolean
  /** A pending alert without data for longer than this is dropped; a later breach starts a new one. */
  readonly forgetPending: Millis
}

export type Change = { readonly to: AlertState; readonly because?: AlertEvent['event'] }

/** The next lifecycle of an alert, undefined for none, and the transition, if any. */
export interface Step {
  readonly life: AlertLifecycle | undefined
  readonly change?: Change
}

/** Applies one window result to an alert. Results of windows older than the newest breach never undo it. */
export function transition(life: AlertLifecycle | undefined, finding: WindowResult, patience: AlertTimers): Step {
  if (life === undefined || life.state === 'resolved' || isForgotten(life, finding.at, patience))
    return start(finding, patience)
  if (life.state === 'pending') return transitionPending(life, finding, patience)
  if (finding.kind === 'no_data') {
    return { life: { ...life, noDataSince: life.noDataSince ?? finding.since ?? finding.at } }
  }
  if (finding.kind === 'anomalous') return onBreach(life, finding, patience)
  return onNormal(life, finding, patience)
}

function isForgotten(life: AlertLifecycle, at: Millis, patience: AlertTimers): boolean {
  return life.state === 'pending' && at - life.dataUntil > patience.forgetPending
}

function start(finding: WindowResult, patience: AlertTimers): Step {
  if (finding.kind !== 'anomalous') return { life: undefined }
  const { at, severity, since = at } = finding
  const spent = updateCritical(undefined, severity, since)
  if (patience.for === 0) return fire(since, finding, { ...NO_WINDOWS, ...spent })
  const life: AlertLifecycle = {
    state: 'pending',
    since,
    severity,
    dataUntil: at,
    ...countEvaluation(NO_WINDOWS, finding),
    ...spent,
  }
  return { life, change: { to: 'pending' } }
}

type Spent = { readonly critical?: CriticalSpan }
const NO_WINDOWS: EvaluationCounts = { evaluations: 0, breaches: 0 }

function fire(
  since: Millis,
  finding: WindowResult & { kind: 'anomalous' },
  { critical, ...before }: EvaluationCounts & Spent,
): Step {
  const { at, severity, value, isOpen = false } = finding
  const counts = isOpen ? { ...NO_WINDOWS, counted: since } : { ...countEvaluation(before, finding), counted: at }
  const firedAt = isOpen ? since : at
  const spent = critical === undefined ? {} : { critical }
  const life: AlertLifecycle = {
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
  return { life, change: { to: 'firing', because: 'fired' } }
}

/** Returns the critical time after a result at `at` with this severity, or with none. */
function updateCritical(known: CriticalSpan | undefined, severity: Severity | 'none', at: Millis): Spent {
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
function countWhileOpen(life: Living, finding: WindowResult): Pick<Episode, 'evaluations' | 'breaches' | 'counted'> {
  const { counted, breaches, evaluations } = life
  const isOpen = finding.kind === 'anomalous' && finding.isOpen === true
  if (isOpen || finding.at <= counted) return { evaluations, breaches, counted }
  return { ...countEvaluation(life, finding), counted: finding.at }
}

function transitionPending(
  life: AlertLifecycle & { state: 'pending' },
  finding: WindowResult,
  patience: AlertTimers,
): Step {
  if (finding.kind === 'normal') return { life: finding.at < life.dataUntil ? life : undefined }
  if (finding.kind === 'no_data') return { life }
  const spent = updateCritical(life.critical, finding.severity, finding.at)
  if (finding.at - life.since >= patience.for) return fire(life.since, finding, { ...life, ...spent })
  const since = Math.min(life.since, finding.at)
  const counts = finding.at > life.dataUntil ? countEvaluation(life, finding) : {}
  const dataUntil = Math.max(life.dataUntil, finding.at)
  return { life: { ...life, ...counts, since, severity: finding.severity, dataUntil, ...spent } }
}

type Living = AlertLifecycle & { state: 'firing' | 'recovering' }

function onBreach(life: Living, finding: WindowResult & { kind: 'anomalous' }, { tellsFall }: AlertTimers): Step {
  const { since, firedAt, lastBreach } = life
  if (life.state === 'recovering' && finding.at < life.goodSince) return { life }
  const rose = finding.at >= lastBreach && life.severity === 'warning' && finding.severity === 'critical'
  const severity = finding.at < lastBreach ? life.severity : finding.severity
  const fell = finding.at >= lastBreach && life.severity === 'critical' && finding.severity === 'warning'
  const fields: Episode = {
    since,
    firedAt,
    severity,
    lastBreach: Math.max(lastBreach, finding.at),
    peak: extreme(life.peak, finding.value, finding.lower),
    ...countWhileOpen(life, finding),
    refirings: life.refirings + (life.state === 'recovering' ? 1 : 0),
    ...updateCritical(life.critical, severity, Math.max(lastBreach, finding.since ?? finding.at)),
  }
  const next: AlertLifecycle = { state: 'firing', ...fields }
  if (rose) return { life: next, change: { to: 'firing', because: 'severity_raised' } }
  if (fell && tellsFall === true) return { life: next, change: { to: 'firing', because: 'severity_lowered' } }
  return life.state === 'recovering' ? { life: next, change: { to: 'firing' } } : { life: next }
}

function extreme(peak: number | null, value: number | null, lower: boolean): number | null {
  if (peak === null || value === null) return peak ?? value
  return lower ? Math.min(peak, value) : Math.max(peak, value)
}

function onNormal(life: Living, finding: WindowResult, patience: AlertTimers): Step {
  const { at } = finding
  if (at < life.lastBreach) return { life }
  const { since, firedAt, severity, lastBreach, peak, refirings } = life
  const spent = updateCritical(life.critical, 'none', at)
  const episode: Episode = {
    since,
    firedAt,
    severity,
    lastBreach,
    peak,
    ...countWhileOpen(life, finding),
    refirings,
    ...spent,
  }
  const goodSince = life.state === 'recovering' ? life.goodSince : at
  if (at - goodSince >= patience.keepFiringFor) {
    return { life: { state: 'resolved', ...episode, resolvedAt: at }, change: { to: 'resolved', because: 'resolved' } }
  }
  const next: AlertLifecycle = { state: 'recovering', ...episode, goodSince }
  return life.state === 'recovering' ? { life: next } : { life: next, change: { to: 'recovering' } }
}
