import type { Source } from '../../aggregate/watermark.ts'
import type { BuiltinRule, EngineConfig, Evidence, Measure, Severity } from '../../model.ts'
import type { WorkBudget } from '../evaluate/due-windows.ts'
import type { Plan } from '../plan.ts'
import type { Sample } from '../sample.ts'
import type { Fold, Host, HostScan } from '../state.ts'

/*
 * A state rule evaluates the present state, without windows: the built-in rules, and the absence rules of the
 * configuration. Each is one file with everything about it: when it is evaluated, its evidence, and a sample.
 */

export interface StateRule {
  /** Evaluates each host, once a tick. Must be cheap for a host without an alert. */
  readonly watchHost?: (fold: Fold, scan: HostScan, host: Host, work: WorkBudget) => void
  /** Evaluates what concerns many hosts, once all of them were evaluated. */
  readonly watchHosts?: (fold: Fold, scan: HostScan) => void
  /** Evaluates each source, once a tick. */
  readonly watchSource?: (fold: Fold, source: Source) => void
  /** Evaluates the service itself, once a tick. */
  readonly watchService?: (fold: Fold) => void
}

/** Returns the present state of a subject without an alert, for queries. */
export interface Observation {
  readonly measure: Measure
  readonly value: number | null
  readonly evidence: Evidence
}

export interface BuiltinStateRule extends StateRule {
  readonly name: BuiltinRule
  /** The severities that its alerts can have. */
  severities(plan: Plan): readonly Severity[]
  /** Undefined if the rule does not apply to the subject. */
  observe(fold: Fold, of: string): Observation | undefined
  /** Undefined if the configuration makes such an alert impossible. */
  sample(config: EngineConfig): Sample | undefined
}
