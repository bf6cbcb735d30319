import type * as Raw from '../../../generated/config.ts'
import { isInUnit, type Metric, type Of, type Unit } from '../../../model.ts'
import { below, describe } from '../../../text/diagnostic.ts'
import { readAggregate } from '../../configuration.ts'
import type { ReadContext } from '../../detector.ts'
import type { Change, Step } from '../judge.ts'

const CLEAR = 0.5
/** The smallest change that counts where none is written, in units that have a natural size. */
const LEAST: Partial<Readonly<Record<Unit, number>>> = { ratio: 0.05, percent: 5 }
const LEAST_EVENTS = 10

type Bounds = Omit<Raw.Change, 'of'>

/** The changes that a rule calls anomalous; undefined if it is not known of what. */
export function readChange({ change: raw = {} }: Raw.Condition, context: ReadContext): Change | undefined {
  const { metric, pointer, diagnostics } = context
  const of =
    metric === undefined ? readCounted(raw, context) : readAggregate(raw.of, metric, `${pointer}/of`, diagnostics)
  if (of === undefined) return undefined
  const change = readBounds(raw, of, context)
  if (change.up === undefined && change.down === undefined && diagnostics.isClean(pointer)) {
    const expected = "'up', 'down', 'up_factor' or 'down_factor'"
    diagnostics.error(pointer, describe('the change has no bound', { expected }))
  }
  return change
}

/** The rule's changes with those of an override in the place of the directions that it names. */
export function readChangeOverride(
  base: Change,
  { when, override }: { readonly when: Raw.Condition; readonly override: Raw.Override },
  context: ReadContext,
): Change {
  const own = override.change ?? {}
  const { up, up_factor: upFactor, down, down_factor: downFactor, ...rest } = when.change ?? {}
  const isUp = own.up !== undefined || own.up_factor !== undefined
  const isDown = own.down !== undefined || own.down_factor !== undefined
  const kept = {
    ...rest,
    ...(isUp || up === undefined ? {} : { up }),
    ...(isUp || upFactor === undefined ? {} : { up_factor: upFactor }),
    ...(isDown || down === undefined ? {} : { down }),
    ...(isDown || downFactor === undefined ? {} : { down_factor: downFactor }),
  }
  return readBounds({ ...kept, ...own }, base.of, context)
}

function readCounted({ of }: Raw.Change, { pointer, diagnostics }: ReadContext): Of | undefined {
  if (of === undefined) return 'count'
  const what = "'of' applies to metrics only: a count has a single value"
  diagnostics.error(`${pointer}/of`, describe(what, { fix: 'remove it' }), 'key')
  return undefined
}

function readBounds(raw: Bounds, of: Of, context: ReadContext): Change {
  const { severity = 'warning', metric } = context
  const min = raw.min_change ?? defaultLeast(metric, of)
  const up = readStep(raw, 'up', min, context)
  const down = readStep(raw, 'down', min, context)
  return {
    of,
    severity,
    clear: raw.clear ?? CLEAR,
    ...(up === undefined ? {} : { up }),
    ...(down === undefined ? {} : { down }),
  }
}

function readStep(
  raw: Bounds,
  side: 'up' | 'down',
  min: number | undefined,
  { pointer, diagnostics }: ReadContext,
): Step | undefined {
  const [by, factor] = [raw[side], raw[`${side}_factor`]]
  if (by !== undefined && factor !== undefined) {
    const what = `'${side}_factor' cannot be combined with '${side}'`
    diagnostics.error(below(pointer, `${side}_factor`), describe(what, { fix: 'remove one of them' }), 'key')
  }
  if (by !== undefined) return { kind: 'by', by }
  if (factor === undefined) return undefined
  if (min === undefined) {
    const what = "'min_change' is missing: the smallest change that counts, so that a trifle is not many times nothing"
    diagnostics.error(below(pointer, 'min_change'), describe(what, { expected: "a number in the metric's unit" }))
  }
  return { kind: 'factor', factor, least: min ?? Number.MIN_VALUE }
}

function defaultLeast(metric: Metric | undefined, of: Of): number | undefined {
  if (metric === undefined) return LEAST_EVENTS
  return isInUnit(of) ? LEAST[metric.unit] : undefined
}
