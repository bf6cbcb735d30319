import type { AlertState, Announcement, Critical, Millis, Severity } from '../model.ts'

/**
 * The life of one alert: one rule on one series. Each state has exactly the fields that it needs. All instants are
 * event times (ends of windows).
 */
export type Life =
  | (Counts & {
      readonly state: 'pending'
      readonly since: Millis
      readonly severity: Severity
      readonly dataUntil: Millis
      readonly critical?: Critical
    })
  | (Episode & { readonly state: 'firing' })
  | (Episode & { readonly state: 'recovering'; readonly goodSince: Millis })
  | (Episode & { readonly state: 'resolved'; readonly resolvedAt: Millis })

/** How many windows were judged since it began, and how many of them were beyond a bound. */
export interface Counts {
  readonly windows: number
  readonly bad: number
}

/** What an alert carries from firing to resolved. */
export interface Episode extends Counts {
  readonly since: Millis
  readonly firedAt: Millis
  readonly severity: Severity
  /** End of the newest window that was beyond the bound, and of the newest that is counted. */
  readonly lastBreach: Millis
  readonly counted: Millis
  /** The most extreme figure; null where the rule has none. */
  readonly peak: number | null
  /** How often it came back after it had been good. */
  readonly flaps: number
  readonly noDataSince?: Millis
  /** Absent while it has never been critical. */
  readonly critical?: Critical
}

/** A judged window, as the life of an alert sees it. */
export type Finding =
  /** `since`: up to when there are data, where that is known. */
  | { readonly kind: 'no data'; readonly at: Millis; readonly since?: Millis }
  | { readonly kind: 'normal'; readonly at: Millis }
  | {
      readonly kind: 'anomalous'
      readonly at: Millis
      readonly severity: Severity
      readonly value: number | null
      /** The bound is a lower one, so that the most extreme figure is the smallest. */
      readonly lower: boolean
      /** It is beyond no bound any more, but not yet good. */
      readonly isHeld?: boolean
      /** When it began, where that is not `at`: at a silent host's last event; now, where the window ends later. */
      readonly since?: Millis
      /** The window is open: it will be judged, and counted, when it has closed. */
      readonly isOpen?: boolean
    }

export interface Patience {
  readonly for: Millis
  readonly keepFiringFor: Millis
  /** Whether people hear that a critical alert is only a warning by now. */
  readonly tellsFall?: boolean
  /** A pending alert without data for longer than this is over; what comes later begins anew. */
  readonly forgetPending: Millis
}

export type Change = { readonly to: AlertState; readonly because?: Announcement['because'] }

/** The next state of an alert, undefined for none, and the step that was taken, if any. */
export interface Step {
  readonly life: Life | undefined
  readonly change?: Change
}

/** Moves an alert on by one finding. Findings about windows older than the newest breach never undo it. */
export function advance(life: Life | undefined, finding: Finding, patience: Patience): Step {
  if (life === undefined || life.state === 'resolved' || isForgotten(life, finding.at, patience))
    return begin(finding, patience)
  if (life.state === 'pending') return advancePending(life, finding, patience)
  if (finding.kind === 'no data') {
    return { life: { ...life, noDataSince: life.noDataSince ?? finding.since ?? finding.at } }
  }
  if (finding.kind === 'anomalous') return worsen(life, finding, patience)
  return recover(life, finding, patience)
}

function isForgotten(life: Life, at: Millis, patience: Patience): boolean {
  return life.state === 'pending' && at - life.dataUntil > patience.forgetPending
}

function begin(finding: Finding, patience: Patience): Step {
  if (finding.kind !== 'anomalous') return { life: undefined }
  const { at, severity, since = at } = finding
  const spent = criticalOf(undefined, severity, since)
  if (patience.for === 0) return fire(since, finding, { ...NONE, ...spent })
  const life: Life = { state: 'pending', since, severity, dataUntil: at, ...plusOne(NONE, finding), ...spent }
  return { life, change: { to: 'pending' } }
}

const NONE: Counts = { windows: 0, bad: 0 }

type Spent = { readonly critical?: Critical }

function fire(since: Millis, finding: Finding & { kind: 'anomalous' }, { critical, ...before }: Counts & Spent): Step {
  const { at, severity, value, isOpen = false } = finding
  const counts = isOpen ? { windows: 0, bad: 0, counted: since } : { ...plusOne(before, finding), counted: at }
  const firedAt = isOpen ? since : at
  const spent = critical === undefined ? {} : { critical }
  const life: Life = {
    state: 'firing',
    since,
    firedAt,
    severity,
    lastBreach: at,
    peak: value,
    ...counts,
    flaps: 0,
    ...spent,
  }
  return { life, change: { to: 'firing', because: 'fired' } }
}

/** The time that was spent critical, with a finding at `at` that makes the alert this severe, or none. */
function criticalOf(known: Critical | undefined, severity: Severity | 'none', at: Millis): Spent {
  if (severity === 'critical') {
    if (known === undefined) return { critical: { from: at, spells: 1 } }
    if (known.until === undefined) return { critical: known }
    return { critical: { from: known.from, spells: known.spells + 1, again: at } }
  }
  if (known === undefined) return {}
  return { critical: known.until === undefined ? { ...known, until: at } : known }
}

/** Counts one more window. */
function plusOne({ windows, bad }: Counts, finding: Finding): Counts {
  const isBad = finding.kind === 'anomalous' && finding.isHeld !== true
  return { windows: windows + 1, bad: bad + (isBad ? 1 : 0) }
}

/** Counts a window of an alert that fires, unless it is open or was counted before. */
function tally(life: Living, finding: Finding): Pick<Episode, 'windows' | 'bad' | 'counted'> {
  const { windows, bad, counted } = life
  const isOpen = finding.kind === 'anomalous' && finding.isOpen === true
  if (isOpen || finding.at <= counted) return { windows, bad, counted }
  return { ...plusOne(life, finding), counted: finding.at }
}

function advancePending(life: Life & { state: 'pending' }, finding: Finding, patience: Patience): Step {
  if (finding.kind === 'normal') return { life: finding.at < life.dataUntil ? life : undefined }
  if (finding.kind === 'no data') return { life }
  const spent = criticalOf(life.critical, finding.severity, finding.at)
  if (finding.at - life.since >= patience.for) return fire(life.since, finding, { ...life, ...spent })
  const since = Math.min(life.since, finding.at)
  const counts = finding.at > life.dataUntil ? plusOne(life, finding) : {}
  const dataUntil = Math.max(life.dataUntil, finding.at)
  return { life: { ...life, ...counts, since, severity: finding.severity, dataUntil, ...spent } }
}

type Living = Life & { state: 'firing' | 'recovering' }

function worsen(life: Living, finding: Finding & { kind: 'anomalous' }, { tellsFall }: Patience): Step {
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
    ...tally(life, finding),
    flaps: life.flaps + (life.state === 'recovering' ? 1 : 0),
    ...criticalOf(life.critical, severity, Math.max(lastBreach, finding.since ?? finding.at)),
  }
  const next: Life = { state: 'firing', ...fields }
  if (rose) return { life: next, change: { to: 'firing', because: 'severity rose' } }
  if (fell && tellsFall === true) return { life: next, change: { to: 'firing', because: 'severity fell' } }
  return life.state === 'recovering' ? { life: next, change: { to: 'firing' } } : { life: next }
}

function extreme(peak: number | null, value: number | null, lower: boolean): number | null {
  if (peak === null || value === null) return peak ?? value
  return lower ? Math.min(peak, value) : Math.max(peak, value)
}

function recover(life: Living, finding: Finding, patience: Patience): Step {
  const { at } = finding
  if (at < life.lastBreach) return { life }
  const { since, firedAt, severity, lastBreach, peak, flaps } = life
  const spent = criticalOf(life.critical, 'none', at)
  const episode: Episode = { since, firedAt, severity, lastBreach, peak, ...tally(life, finding), flaps, ...spent }
  const goodSince = life.state === 'recovering' ? life.goodSince : at
  if (at - goodSince >= patience.keepFiringFor) {
    return { life: { state: 'resolved', ...episode, resolvedAt: at }, change: { to: 'resolved', because: 'resolved' } }
  }
  const next: Life = { state: 'recovering', ...episode, goodSince }
  return life.state === 'recovering' ? { life: next } : { life: next, change: { to: 'recovering' } }
}
