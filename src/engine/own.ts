import type { Millis } from '../model.ts'
import { OWN_RULES } from '../model.ts'
import type { Found, Subject } from './raise.ts'
import type { Alert, Fold } from './state.ts'

/** An alert of the product's own that needs no second look. */
export const AT_ONCE = { for: 0, keepFiringFor: 0, forgetPending: 0 }

/** How these alerts are called in mails, unless the rule says it otherwise. */
const SUBJECTS: ReadonlyMap<string, string> = new Map([
  [OWN_RULES.source, 'Source {{server}} is silent'],
  [OWN_RULES.degraded, 'Source {{server}} delivers less than half of its hosts'],
  [OWN_RULES.mass, 'Many hosts behind {{server}} are silent'],
  [OWN_RULES.clock, 'The clock of {{server}} is wrong'],
  [OWN_RULES.cap, 'A limit of stashwatch is reached'],
])

/** Alerts whose figure is a number of things; that of the others is a time. */
const COUNTED: readonly string[] = [OWN_RULES.cap, OWN_RULES.degraded, OWN_RULES.mass]

/** Under what an alert that is about no series is kept. */
export function ownId(rule: string, of = ''): string {
  return `${rule}\n${of}`
}

/** @param what the figure in words: `time since the last request`. */
export function ownSubject(
  rule: string,
  host: string,
  what: string,
  source: string,
  notify: readonly string[],
): Subject {
  const unit = COUNTED.includes(rule) ? 'count' : 'seconds'
  const subject = SUBJECTS.get(rule)
  return {
    rule,
    host,
    key: '',
    labels: {},
    metric: what,
    unit,
    what,
    source,
    notify,
    ...(subject === undefined ? {} : { subject }),
  }
}

/** What is so, or is not, at this tick. */
export function found(
  fold: Fold,
  isAnomalous: boolean,
  severity: Alert['severity'],
  value: number,
  bound: string,
  reason: string,
  lower = false,
): Found {
  const at = fold.state.now
  const finding: Found['finding'] = isAnomalous
    ? { kind: 'anomalous', at, severity, value, lower }
    : { kind: 'normal', at }
  return { finding, value, bound, clear: '', reason }
}

/** Whether something has been silent for too long, at this tick. Its figure, that time, only grows: it has no peak. */
export function silence(
  fold: Fold,
  isSilent: boolean,
  severity: Alert['severity'],
  since: Millis,
  bound: string,
  reason: string,
): Found {
  const seconds = Math.round((fold.state.now - since) / 1000)
  const one = found(fold, isSilent, severity, seconds, bound, reason)
  return one.finding.kind === 'anomalous' ? { ...one, finding: { ...one.finding, since, value: null } } : one
}
