import type { Source } from '../../aggregate/watermark.ts'
import type { BuiltinRule, EngineConfig, Evidence, Measure, Severity } from '../../model.ts'
import type { WorkBudget } from '../evaluate/due-windows.ts'
import type { Plan } from '../plan.ts'
import type { Sample } from '../sample.ts'
import type { Fold, Host, HostScan } from '../state.ts'

/*
 * A state rule looks at what is so this second, whatever windows there are: the built-in rules, and the absence rules of
 * the configuration. Each is one file with all that it is: when it looks, what it says, and a sample of it.
 */

export interface StateRule {
  /** Looks at each host, once a tick. Cheap for a host that has no alert. */
  readonly watchHost?: (fold: Fold, scan: HostScan, host: Host, work: WorkBudget) => void
  /** Looks at what concerns many hosts, once all of them were looked at. */
  readonly watchHosts?: (fold: Fold, scan: HostScan) => void
  /** Looks at each source, once a tick. */
  readonly watchSource?: (fold: Fold, source: Source) => void
  /** Looks at the service itself, once a tick. */
  readonly watchService?: (fold: Fold) => void
}

/** What is so of a subject, for people who ask while it has no alert. */
export interface Observation {
  readonly measure: Measure
  readonly value: number | null
  readonly evidence: Evidence
}

export interface BuiltinStateRule extends StateRule {
  readonly name: BuiltinRule
  /** The severities that its alerts can have. */
  severities(plan: Plan): readonly Severity[]
  /** Undefined of what the rule does not look at. */
  observe(fold: Fold, of: string): Observation | undefined
  /** Undefined where the configuration leaves no room for such an alert. */
  sample(config: EngineConfig): Sample | undefined
}
