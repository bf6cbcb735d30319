import { test } from 'tap'
import { computeCapacity } from '../../src/service/capacity.ts'
import type { Metric } from '../../src/model.ts'
import { bounds, above, config, cpuHigh, DAY, MINUTE } from '../helpers/play.ts'

const gauge = (name: string, by: readonly string[] = []): Metric => ({
  name,
  fields: [name],
  unit: 'ratio',
  kind: 'gauge',
  by,
  byFields: by,
})
const limits = { hosts: 1000, series: 5000, seriesPerHost: 100, sources: 10 }

test('the largest series are counted first, as many as the limits allow', async (t) => {
  const rules = [
    cpuHigh({ over: 5 * MINUTE }),
    cpuHigh({ name: 'long', metric: 'load', over: DAY, every: MINUTE, condition: bounds('max', [above(9)]) }),
  ]
  const small = config({ limits, metrics: [gauge('cpu'), gauge('load')], rules })
  const capacity = computeCapacity(small)
  t.equal(capacity?.largest.metric, 'load')
  const load = capacity?.largest.bytes ?? 0
  t.ok(load > 36_000 && load < 39_000, `${load} B: 1442 minutes with mean and extremes`)
  const cpu = 42 * 10 + 4 * 8 + 140
  t.equal(capacity?.bytes, 1000 * load + 1000 * cpu, 'one series per host each')
  const many = computeCapacity({ ...small, metrics: [gauge('cpu', ['core']), gauge('load')] })
  t.equal(many?.bytes, 1000 * load + 4000 * cpu, 'the rest of the limit is for series by core')
})

test('nothing measured takes nothing', async (t) => {
  t.equal(computeCapacity(config({ metrics: [], rules: [] })), undefined)
})
