import * as fc from 'fast-check'
import { test } from 'tap'
import {
  acceptBaseline,
  createThroughput,
  type Throughput,
  measurementSpan,
  isFlowing,
  MIN_HOSTS,
  measureThroughput,
  recordPause,
} from '../../src/aggregate/throughput.ts'
import { config, createPlay, event, MINUTE, NOON, SECOND, TEN } from '../helpers/play.ts'

/** Measures the same number of hosts for some buckets. */
function measure(
  flow: Throughput,
  heard: number,
  buckets: number,
  { hosts = heard, isDelivering = true } = {},
): Throughput {
  for (let i = 0; i < buckets; i++) measureThroughput(flow, heard, hosts, TEN, isDelivering)
  return flow
}

const usual = (heard: number): Throughput => measure(createThroughput(), heard, 60)

test('the usual flow is unknown for ten minutes, and until then nothing is amiss', async (t) => {
  const flow = measure(createThroughput(), 100, 59)
  flow.delivered = 1
  t.ok(isFlowing(flow))
  measure(flow, 100, 1)
  t.equal(flow.baseline, 100)
  measure(flow, 49, 1, { hosts: 100 })
  t.notOk(isFlowing(flow))
})

test('half of the usual hosts is enough, and of few hosts nobody can tell', async (t) => {
  t.ok(isFlowing(measure(usual(100), 50, 1, { hosts: 100 })))
  t.notOk(isFlowing(measure(usual(MIN_HOSTS), 9, 1, { hosts: MIN_HOSTS })))
  t.ok(isFlowing(measure(usual(MIN_HOSTS - 1), 1, 1, { hosts: MIN_HOSTS - 1 })))
})

test('hosts that have moved to another source are not missed', async (t) => {
  t.ok(isFlowing(measure(usual(100), 20, 1, { hosts: 30 })))
})

test('a weak flow counts as weak only while the source delivers, and as stuck only while it does not grow', async (t) => {
  const flow = measure(usual(100), 10, 3, { hosts: 100, isDelivering: false })
  t.match(flow, { degradedFor: 0, notRecoveringFor: 0 })
  measure(flow, 10, 2, { hosts: 100 })
  t.match(flow, { degradedFor: 2 * TEN, notRecoveringFor: 2 * TEN })
  measure(flow, 20, 1, { hosts: 100 })
  measure(flow, 30, 1, { hosts: 100 })
  t.match(flow, { degradedFor: 4 * TEN, notRecoveringFor: 2 * TEN })
  measure(flow, 80, 1, { hosts: 100 })
  t.match(flow, { degradedFor: 0, notRecoveringFor: 0, baseline: 100 })
})

test('nothing is learnt from a weak flow, nor from one that is not there', async (t) => {
  const flow = measure(usual(100), 10, 500, { hosts: 100 })
  t.equal(flow.baseline, 100)
  const idle = measure(createThroughput(), 0, 500)
  t.strictSame(idle.recent, [])
})

test('the usual flow follows one that grows, and one that falls slowly', async (t) => {
  t.equal(measure(usual(100), 300, 31).baseline, 300)
  const flow = usual(100)
  for (let heard = 100; heard > 10; heard--) measure(flow, heard, 60, { hosts: 100 })
  t.equal(flow.baseline, 11)
})

test('a flow that was accepted is the usual one from then on', async (t) => {
  const flow = measure(usual(100), 10, 180, { hosts: 100 })
  acceptBaseline(flow)
  t.match(flow, { baseline: 10, degradedFor: 0, notRecoveringFor: 0 })
  t.ok(isFlowing(measure(flow, 10, 1, { hosts: 100 })))
})

test('a host counts as delivering for twice its usual pause, and for at least a minute', async (t) => {
  const flow = createThroughput()
  t.equal(measurementSpan(flow), MINUTE)
  for (let i = 0; i < 60; i++) {
    recordPause(flow, 5 * MINUTE)
    measure(flow, 10, 1)
  }
  t.equal(measurementSpan(flow), 10 * MINUTE)
})

test('one bucket gives one pause, the mean of those in it, in whole buckets', async (t) => {
  const flow = createThroughput()
  for (const pause of [TEN, 0, 2 * TEN, 2 * TEN, 0]) recordPause(flow, pause)
  measure(flow, 10, 1)
  measure(flow, 10, 1)
  t.strictSame(
    flow.meanPauses,
    [2 * TEN],
    'an event of the same bucket makes no pause, and a bucket without any tells nothing',
  )
})

/** When the hosts of a source speak: for each of some buckets, the seconds in it at which each host does, if it does. */
const spoken = fc.array(
  fc.array(fc.option(fc.integer({ min: 1, max: 10 }), { freq: 3 }), { minLength: 24, maxLength: 24 }),
  { minLength: 8, maxLength: 20 },
)

function flowAfter(buckets: readonly (readonly (number | null)[])[]): Throughput {
  const play = createPlay(config({ rules: [] }))
  buckets.forEach((seconds, bucket) => {
    play.until(NOON + (bucket + 1) * TEN, (now) => {
      const second = (now - NOON) / SECOND - bucket * 10
      const names = seconds.flatMap((at, i) => (at === second ? [`node-${i}`] : []))
      if (names.length > 0) play.post(names.map((name) => event(name, now)))
    })
  })
  const [source] = play.fold.state.sources.values()
  return source === undefined ? createThroughput() : source.throughput
}

test('no order of hosts within a bucket changes the flow', async (t) => {
  const property = fc.property(spoken, fc.infiniteStream(fc.integer({ min: 1, max: 10 })), (buckets, chance) => {
    const other = buckets.map((seconds) => seconds.map((at) => (at === null ? null : (chance.next().value as number))))
    return JSON.stringify(flowAfter(other)) === JSON.stringify(flowAfter(buckets))
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 30 }))
})
