import { clearOf, type Evidence, isUpper, limitOf } from '../../model.ts'
import { defineDetector, type Verdict } from '../detector.ts'
import { readOverride, readThreshold } from './configuration/read.ts'
import { OVERRIDE_SCHEMA, SCHEMA } from './configuration/schema.ts'
import { explain, findBounds, isMonotone, isUndoable, judge, type Threshold } from './judge.ts'
import { sample } from './sample.ts'

const SEVERITIES = ['warning', 'critical'] as const

/** Compares a figure of the window with bounds of one or two severities. */
export const threshold = defineDetector<Threshold, never>({
  name: 'threshold',
  schema: SCHEMA,
  overrideSchema: OVERRIDE_SCHEMA,
  learnt: {},
  read: readThreshold,
  override: readOverride,
  needs: (params) => ({
    of: params.of,
    lookback: 0,
    zeroes: params.of === 'count' && isUndoable(params),
    trigger: isMonotone(params) ? 'early' : 'closed',
    extraLateness: isUndoable(params),
  }),
  severities: (params) => SEVERITIES.filter((severity) => params[severity].length > 0),
  judge(params, window, held): Verdict {
    const found = judge(params, window.figure(params.of), held)
    if (found.kind !== 'anomalous') return found.kind === 'normal' ? { kind: 'normal', value: found.value } : found
    const { value, severity, isHeld, bound } = found
    return { kind: 'anomalous', value, severity, direction: isUpper(bound.op) ? 'high' : 'low', isHeld }
  },
  evidence: (params, { samples }, verdict): Evidence =>
    explain(findBounds(params, verdict), samples, params.of === 'count'),
  limits: (params) =>
    (['critical', 'warning'] as const).flatMap((severity) =>
      params[severity].map((bound) => ({ severity, limit: limitOf(bound), clear: clearOf(bound) })),
    ),
  sample,
})
