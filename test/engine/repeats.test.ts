import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { EventSamples } from '../../src/model.ts'
import { config, createPlay, event, every, heartbeat, MINUTE, NOON, type Play, silent, TEN } from '../helpers/play.ts'
import * as fc from 'fast-check'
import { createIds, hasId, type Ids, MAX_IDS, rememberId, packIds, unpackIds } from '../../src/engine/repeats.ts'
import { startSnapshot, readSnapshot } from '../../src/engine/snapshot.ts'
import { createFold } from '../../src/engine/step.ts'

/*
 * Bodies that come again: which of them are retries, which are honest repeats, and what even a retry proves.
 */

const END = NOON + 20 * MINUTE
const BODY = { batchId: 'a'.repeat(16) }

const counted = (play: Play, host: string): number | undefined =>
  (runQuery(play.fold, { kind: 'aggregate', host, metric: 'cpu', from: 0, to: END }) as { count: number } | null)?.count

const untimed = ['a', 'b'].map((host) => event(host, NaN, { cpu: 0.5 }))
const watched = (): Play => createPlay(config({ rules: [silent({ after: 2 * MINUTE })] }))

test('equal bodies of events without times all count, and their hosts do not fall silent', async (t) => {
  const play = watched()
  const repeats: boolean[] = []
  play.until(
    END,
    every(TEN, () => void repeats.push(play.post(untimed, BODY).duplicate)),
  )
  t.equal(repeats.length, 120)
  t.notOk(repeats.includes(true))
  t.equal(play.fold.counters.get('samples'), 240)
  t.strictSame(play.notified(), [])
})

test('one event without a time makes a body that may honestly be repeated', async (t) => {
  const mixed = [event('a', NOON, { cpu: 0.5 }), event('b', NaN, { cpu: 0.5 })]
  const play = watched()
  play.post(mixed, BODY)
  t.equal(play.post(mixed, BODY).duplicate, false)
  t.strictSame([counted(play, 'a'), counted(play, 'b')], [2, 2])
})

test('a body without times is a retry where the answer to the first may not have arrived', async (t) => {
  const play = watched()
  t.equal(play.post(untimed, { ...BODY, maybeRetry: true }).duplicate, false)
  t.equal(play.post(untimed, { ...BODY, maybeRetry: true }).duplicate, true)
  t.equal(play.post(untimed, { ...BODY, batchId: 'b'.repeat(16), maybeRetry: true }).duplicate, false)
  t.equal(counted(play, 'a'), 2)
  play.until(play.now() + 6 * MINUTE)
  t.equal(play.post(untimed, { ...BODY, maybeRetry: true }).duplicate, false, 'remembered for five minutes')
})

test('equal bodies of two sources are two', async (t) => {
  const play = watched()
  for (const [what, many, events] of [
    ['a timed body', true, [event('a', NOON, { cpu: 1 }), event('a', NOON, { cpu: 2 })]],
    ['a single event in doubt', false, [event('a', NOON, { cpu: 1 })]],
  ] as const) {
    const post = (source: string): boolean =>
      play.post(events, { batchId: what.padStart(30), many, source, maybeRetry: !many }).duplicate
    t.equal(post('logstash-a'), false, what)
    t.equal(post('logstash-b'), false, what)
    t.equal(post('logstash-a'), true, what)
    t.equal(post('logstash-b'), true, what)
  }
  t.equal(counted(play, 'a'), 6)
})

/** Host a comes only in what is known already; b delivers. */
function repeatBeside(known: readonly EventSamples[], options: { readonly batchId?: string } = {}): Play {
  const play = watched()
  play.post(known, options)
  play.until(
    END,
    every(TEN, (now) => {
      play.post(known, options)
      play.post([event('b', now, { cpu: 0.5 })])
    }),
  )
  return play
}

test('a retry counts as a delivery of its hosts, and advances no watermark', async (t) => {
  const ways: Record<string, Play> = {
    'a known body': repeatBeside([event('a', NOON, { cpu: 0.5 }), event('a', NOON, { cpu: 0.5 })], BODY),
    'events with known ids': repeatBeside([
      { ...event('a', NOON, { cpu: 0.5 }), id: '1' },
      { ...event('a', NOON, { cpu: 0.5 }), id: '2' },
    ]),
  }
  for (const [way, play] of Object.entries(ways)) {
    const host = play.fold.state.hosts.get('a')
    t.strictSame([host?.lastSeenAt, host?.newestEvent], [END, NOON], way)
    t.equal(counted(play, 'a'), 2, way)
    t.strictSame(play.notified(), [], way)
  }
})

test('a batch that is sent for ever makes no other host fall silent', async (t) => {
  const play = watched()
  const body = (now: number): EventSamples[] => ['a', 'b', 'c'].map((host) => event(host, now, { cpu: 0.5 }))
  play.until(
    NOON + 5 * MINUTE,
    every(TEN, (now) => play.post([...body(now), heartbeat(now)])),
  )
  const stuck = [event('a', play.now(), { cpu: 1 }), heartbeat(play.now())]
  play.until(
    END,
    every(TEN, () => play.post(stuck, BODY)),
  )
  t.strictSame(play.notified(), [])
  t.equal(play.fold.state.sources.get('logstash-a')?.lastSeenAt, END)
})

test('a retry brings back no host that was let go', async (t) => {
  const play = watched()
  const events = [event('a', NOON, { cpu: 1 }), heartbeat(NOON)]
  const ids = events.map((one, i) => ({ ...one, id: `${i}` }))
  play.post(events, BODY)
  play.post(ids)
  play.fold.state.hosts.delete('a')
  t.equal(play.post(events, BODY).duplicate, true)
  t.equal(play.post(ids).known, 2)
  t.notOk(play.fold.state.hosts.has('a'))
})

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

test('ids are compared within their host, whichever source delivers it', async (t) => {
  const play = watched()
  const line = (host: string) => ({ ...event(host, NOON, { cpu: 1 }), id: '17' })
  t.equal(play.post([line('a'), line('b')]).known, 0, 'each host numbers its own lines')
  t.equal(play.post([line('b'), line('c')], { source: 'logstash-b' }).known, 1)
  t.strictSame(
    ['a', 'b', 'c'].map((host) => counted(play, host)),
    [1, 1, 1],
  )
})

test('an equal single event with a fraction of a second is a retry, with whole seconds an honest repeat', async (t) => {
  const play = watched()
  const post = (ts: number, batchId: string): boolean =>
    play.post([event('a', ts, { cpu: 0.5 })], { many: false, batchId }).duplicate
  t.strictSame([post(NOON + 1.5, 'a'), post(NOON + 1.5, 'a')], [false, true])
  t.strictSame([post(NOON, 'b'), post(NOON, 'b')], [false, false])
  t.strictSame([post(NaN, 'c'), post(NaN, 'c')], [false, false])
  t.equal(counted(play, 'a'), 5)
})
