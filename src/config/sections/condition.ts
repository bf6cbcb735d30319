import type { AnyDetector, ReadContext } from '../../detect/detector.ts'
import { DETECTORS } from '../../detect/index.ts'
import type * as Raw from '../../generated/config.ts'
import type { Metric, MetricRule, Millis } from '../../model.ts'
import { below, describe } from '../../text/diagnostic.ts'
import { suggest } from '../../text/suggest.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { readHosts } from './host-patterns.ts'

/** What rules may refer to. */
export interface RuleContext {
  readonly diagnostics: Diagnostics
  readonly bucket: Millis
  /** The valid metrics, and the names of all. */
  readonly metrics: ReadonlyMap<string, Metric>
  readonly metricNames: readonly string[]
  readonly receivers: readonly string[]
  /** Receivers of rules without their own, if there are no routes. */
  readonly notify: readonly string[]
  readonly hasRoutes: boolean
}

/** The keys of detectors under `when`. */
export const CONDITIONS = DETECTORS.map(({ name }) => name)

/** Reads the rule's detector with its overrides; undefined after an error that leaves nothing to go on with. */
export function readCondition(
  raw: Raw.Rule,
  pointer: string,
  context: RuleContext,
): (Pick<MetricRule, 'condition' | 'overrides'> & Pick<MetricRule, 'severity'>) | undefined {
  const detector = chooseDetector(raw, `${pointer}/when`, context.diagnostics)
  if (detector === undefined) return undefined
  const metric =
    raw.when.metric === undefined ? undefined : findMetric(raw.when.metric, `${pointer}/when/metric`, context)
  if (raw.when.metric !== undefined && metric === undefined) return undefined
  const { diagnostics } = context
  const at = { metric, rule: pointer, severity: raw.severity, diagnostics }
  const params = detector.read(raw.when, { ...at, pointer: `${pointer}/when/${detector.name}` })
  if (params === undefined) return undefined
  const overrides = (raw.overrides ?? []).map((override, index) => {
    const place = below(`${pointer}/overrides`, index)
    const hosts = readHosts(override.hosts, below(place, 'hosts'), diagnostics)
    return { hosts, params: readOverride(raw, override, detector, params, { ...at, pointer: place }) }
  })
  const [severity = raw.severity ?? 'warning'] = detector.severities(params)
  return { condition: { detector: detector.name, params }, overrides, severity }
}

/** A rule has one detector. */
function chooseDetector(raw: Raw.Rule, when: string, diagnostics: Diagnostics): AnyDetector | undefined {
  const written = Object.keys(raw.when)
  const [detector, other] = DETECTORS.filter(({ name }) => written.includes(name))
  if (detector === undefined) {
    const what = 'the rule has no detector'
    const expected = `${CONDITIONS.join(', ')} under 'when'`
    diagnostics.error(`${when}/detector`, describe(what, { expected }))
  } else if (other !== undefined) {
    const fix = 'keep one of them, or split the rule in two'
    const what = `a rule cannot have both '${detector.name}' and '${other.name}'`
    diagnostics.error(below(when, other.name), describe(what, { fix }), 'key')
    return undefined
  }
  return detector
}

function readOverride(
  raw: Raw.Rule,
  override: Raw.Override,
  detector: AnyDetector,
  base: unknown,
  context: ReadContext,
): unknown {
  const { name } = detector
  const { pointer, diagnostics } = context
  const written = Object.keys(override)
  const other = CONDITIONS.find((key) => key !== name && written.includes(key))
  if (other !== undefined) {
    const what = `'${other}' is not what the rule is judged by`
    diagnostics.error(below(pointer, other), describe(what, { expected: `'${name}'` }), 'key')
  } else if (!written.includes(name)) {
    diagnostics.error(below(pointer, name), describe(`'${name}' is missing`, { expected: "the rule's other limits" }))
  }
  if (!written.includes(name)) return base
  return detector.override(base, { when: raw.when, override }, { ...context, pointer: below(pointer, name) })
}

function findMetric(
  name: string,
  pointer: string,
  { metrics, metricNames, diagnostics }: RuleContext,
): Metric | undefined {
  if (!metricNames.includes(name)) {
    diagnostics.error(pointer, `unknown metric ${diagnostics.describeValue(pointer)}${suggest(name, metricNames)}`)
  }
  return metrics.get(name)
}
