import { CLOCK_BOUND } from '../../aggregate/clock-skew.ts'
import { BUILTIN_RULES, type Limit, type Millis, type Reason } from '../../model.ts'
import { updateAlert } from '../evaluate/alerts.ts'
import type { WorkBudget } from '../evaluate/due-windows.ts'
import { sampleEvent, sampleHosts, sampleSource } from '../sample.ts'
import type { Fold, Host, HostScan } from '../state.ts'
import { builtinAlertId, builtinResult, builtinSubject, COST, IMMEDIATE_TIMERS, stateMeasure } from './evaluation.ts'
import type { BuiltinStateRule } from './rule.ts'

const SECOND: Millis = 1000
const LIMIT: Limit = { op: 'above', value: CLOCK_BOUND / SECOND }
const ID = builtinAlertId(BUILTIN_RULES.clock)

/** The clock of a host is wrong. */
export const clockSkew: BuiltinStateRule = {
  name: BUILTIN_RULES.clock,
  severities: () => ['warning'],
  watchHost,
  observe({ state }, of) {
    if (!state.hosts.has(of)) return undefined
    const why: Reason = { code: 'clock_in_sync', params: {} }
    return { measure: stateMeasure('clock_offset'), value: null, evidence: { limit: LIMIT, why } }
  },
  sample(config) {
    const source = sampleSource(config)
    const [about = '', other = ''] = sampleHosts([], 2)
    const off = 12 * CLOCK_BOUND
    return {
      about,
      settle: 60 * SECOND,
      every: config.bucket,
      patience: 30 * 60 * SECOND,
      arrive: (phase, _, to) => [
        { source, events: [sampleEvent(other, to), sampleEvent(about, phase === 'good' ? to : to - off)] },
      ],
    }
  },
}

function watchHost(fold: Fold, _: HostScan, host: Host, work: WorkBudget): void {
  const off = host.skew?.offset
  const isOpen = host.alerts.size > 0 && host.alerts.has(ID)
  if (off === undefined && !isOpen) return
  work.spent += isOpen === (off !== undefined) ? COST.figure : COST.step
  const seconds = Math.round(Math.abs(off ?? 0) / SECOND)
  const why: Reason =
    off === undefined
      ? { code: 'clock_in_sync', params: {} }
      : { code: 'clock_skewed', params: { seconds: Math.sign(off) * seconds } }
  const { selfMonitoring } = fold.plan.config
  const subject = builtinSubject(BUILTIN_RULES.clock, host.name, 'clock_offset', host.source, selfMonitoring)
  const result = builtinResult(fold, off !== undefined, 'warning', seconds, { limit: LIMIT, why })
  updateAlert(fold, host.alerts, ID, subject, result, IMMEDIATE_TIMERS)
}
