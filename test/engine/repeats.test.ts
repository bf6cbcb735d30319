import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { EventSamples } from '../../src/model.ts'
import { config, createPlay, event, every, heartbeat, MINUTE, NOON, type Play, silent, TEN } from '../helpers/play.ts'

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
  t.strictSame(play.told(), [])
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

test('a retry proves that its hosts are heard, and moves no clock', async (t) => {
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
    t.strictSame(play.told(), [], way)
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
  t.strictSame(play.told(), [])
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
