import { readLearnt, type Store, writeLearnt } from '../../aggregate/store.ts'
import { type BucketRange, computeFigure, hasCoverage, readWindow, type Window } from '../../aggregate/window.ts'
import { type LearntCells, NOTHING_LEARNT, type WindowView } from '../../detect/detector.ts'
import type { Of } from '../../model.ts'
import type { WindowPlan } from '../plan.ts'
import type { Host } from '../state.ts'

interface Series {
  readonly host: Pick<Host, 'newestEvent'>
  readonly store: Store
  readonly slot: number
}

/** Returns a detector's view of a window. Earlier windows are read on demand. */
export function viewWindow(series: Series, plan: WindowPlan, span: BucketRange, window: Window): WindowView {
  const { rule, width } = plan
  return {
    end: span.to * width,
    over: rule.over,
    samples: rule.kind === 'count' ? undefined : window.n,
    figure: (of) => readFigure(series, plan, span, window, of),
    before(n) {
      const by = n * plan.over
      const earlier = { from: span.from - by, to: span.to - by }
      return viewWindow(series, plan, earlier, readWindow(series.store, series.slot, earlier))
    },
  }
}

/** Returns a figure of a window; NaN if it has too few samples. A count is 0 if the host sends only other events. */
function readFigure(series: Series, plan: WindowPlan, span: BucketRange, window: Window, of: Of): number {
  const { store, slot, host } = series
  if (of === 'count' && window.n === 0) return host.newestEvent >= span.from * plan.width ? 0 : NaN
  if (!hasEnoughData(series, plan, span, window)) return NaN
  return computeFigure(store, slot, span, plan.rule.kind === 'count' ? 'sum' : of, window)
}

/** Returns true if the window has enough samples. A verdict that more data cannot undo needs `min_samples` only. */
function hasEnoughData({ store, slot }: Series, plan: WindowPlan, span: BucketRange, window: Window): boolean {
  const { minSamples } = plan.rule
  if (plan.isMonotone) return minSamples === undefined || window.n >= minSamples
  return hasCoverage(store, slot, span, window, minSamples)
}

/** Returns what a rule's detector has learnt about a series. */
export function learntCells(
  { store, slot }: Pick<Series, 'store' | 'slot'>,
  { learnt, firstLearnt }: WindowPlan,
): LearntCells<string> {
  if (learnt.length === 0) return NOTHING_LEARNT
  const place = (column: string): number => {
    const index = learnt.findIndex(({ name }) => name === column)
    if (index === -1) throw new Error(`no column is called ${column}`)
    return firstLearnt + index
  }
  return {
    get: (column) => readLearnt(store, slot, place(column)),
    set: (column, value) => writeLearnt(store, slot, place(column), value),
  }
}
