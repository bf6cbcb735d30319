import * as fc from 'fast-check'
import { test } from 'tap'
import { createIds, hasId, type Ids, MAX_IDS, rememberId, packIds, unpackIds } from '../../../src/engine/repeats/ids.ts'
import { startSnapshot, readSnapshot } from '../../../src/engine/snapshot.ts'
import { createFold } from '../../../src/engine/step.ts'

import { config, createPlay, event, MINUTE, NOON } from '../../helpers/play.ts'

const bytesOf = (ids: Ids): number =>
  [ids.low, ids.high, ids.ticks, ids.before, ids.newest].reduce((sum, { byteLength }) => sum + byteLength, 0)

test('an id is known from when it was noted last until it is too old, also out of a snapshot', async () => {
  const steps = fc.array(fc.record({ id: fc.nat(400), wait: fc.nat(3), pack: fc.nat(50) }), { maxLength: 3000 })
  fc.assert(
    fc.property(steps, (all) => {
      const model = new Map<string, number>()
      let ids = createIds(4)
      let tick = 0
      for (const { id: number, wait, pack } of all) {
        tick += wait
        const since = Math.max(0, tick - 100)
        const id = `id-${number}`
        if (hasId(ids, id, since) !== (model.get(id) ?? -1) >= since) return false
        rememberId(ids, id, tick, since)
        model.set(id, tick)
        if (pack === 0) ids = unpackIds(packIds(ids, since), 4)
      }
      return true
    }),
    { numRuns: 200 },
  )
})

test('half a million ids are known and take 10 MiB, however many came before', async (t) => {
  const ids = createIds()
  const extra = 100_000
  for (let i = 0; i < MAX_IDS + extra; i += 1) rememberId(ids, `fingerprint-${i}`, 1, 0)
  t.equal(bytesOf(ids), 10 * 1024 * 1024)
  const known = (from: number, to: number): number => {
    let count = 0
    for (let i = from; i < to; i += 1) if (hasId(ids, `fingerprint-${i}`, 0)) count += 1
    return count
  }
  t.equal(known(0, extra), 0, 'the oldest are forgotten')
  t.equal(known(extra, extra + MAX_IDS), MAX_IDS, 'the newest are known')
  t.equal(known(extra + MAX_IDS, 2 * MAX_IDS), 0, 'none is taken for another')
})

test('ids that are too old make room before the columns grow', async (t) => {
  const ids = createIds()
  const small = bytesOf(ids)
  for (let tick = 0; tick < 100_000; tick += 1) rememberId(ids, `id-${tick}`, tick, Math.max(0, tick - 500))
  t.equal(bytesOf(ids), small)
  t.ok(hasId(ids, 'id-99500', 0))
  t.equal(packIds(ids, 99_900).ticks.length, 100)
})

test('ids that were chosen to begin alike cost each other, and nobody else', async (t) => {
  const probe = createIds()
  const alike: string[] = []
  for (let i = 0; alike.length < 200; i += 1) {
    const place = probe.next
    rememberId(probe, `chosen-${i}`, 0, 1)
    if ((probe.low[place] ?? 0) % probe.low.length === 0) alike.push(`chosen-${i}`)
  }
  const ids = createIds()
  for (let i = 0; i < 500; i += 1) rememberId(ids, `honest-${i}`, 1, 0)
  for (const id of alike) rememberId(ids, id, 1, 0)
  t.equal(ids.low.length, probe.low.length)
  // Those whose fingerprint begins as the chosen ones do are in the same chain.
  const others = Array.from({ length: 500 }, (_, i) => i).filter((i) => (ids.low[i] ?? 0) % ids.low.length !== 0)
  t.ok(others.length > 450)
  t.ok(others.every((i) => hasId(ids, `honest-${i}`, 0)))
  t.ok(hasId(ids, alike.at(-1) ?? '', 0))
  t.notOk(hasId(ids, alike[0] ?? '', 0), 'a chain is followed only so far')
})

test('what a snapshot holds of ids is known after it', async (t) => {
  const play = createPlay(config())
  const named = { ...event('a', NOON, { cpu: 1 }), id: 'fingerprint-1' }
  const body = [event('a', NOON, { cpu: 1 }), event('a', NOON, { cpu: 1 })]
  play.post([named])
  play.post(body, { batchId: 'a'.repeat(16) })
  play.until(NOON + MINUTE)
  const cut = startSnapshot(play.fold.state, 1)
  const parts = Array.from({ length: cut.count }, () => cut.take()?.data ?? new Uint8Array())
  const again = createPlay(config(), play.now(), createFold(readSnapshot(Buffer.concat(parts))))
  t.equal(again.post([named]).known, 1)
  t.equal(again.post(body, { batchId: 'a'.repeat(16) }).duplicate, true)
})
