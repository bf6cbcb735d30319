import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { EventSamples, Millis } from '../../src/model.ts'
import { at, config, countRule, createPlay, event, HOUR, MINUTE, type Play, SECOND, TEN } from '../helpers/play.ts'

/*
 * Logstash with a persistent queue is stopped hard: after its start it sends the batches again that were not yet
 * acknowledged on its disk, although we had answered them, and it cuts them anew.
 */

const LOST_AT = at('12:03:00')

/** Three failed logins every ten seconds: eighteen a minute, never twenty-one in any one. */
function linesOf(now: Millis, identified: boolean): EventSamples[] {
  return Array.from({ length: 3 }, (_, i) => {
    const line = event('door', now - i * SECOND, { 'count(ssh-failures)': 1, cpu: 0.1 })
    return identified ? { ...line, id: `${now}-${i}` } : line
  })
}

/** Posts for four minutes; at 12:03 the last minute comes again, cut into pieces of a size. */
function restart(identified: boolean, size: number, gap = 0): { readonly play: Play; readonly known: number } {
  const play = createPlay(config({ rules: [countRule({ over: MINUTE })] }))
  const held: EventSamples[] = []
  let known = 0
  play.until(LOST_AT, (now) => {
    if (now % TEN !== 0) return
    const lines = linesOf(now, identified)
    if (now > LOST_AT - MINUTE) held.push(...lines)
    play.post(lines)
  })
  play.until(LOST_AT + gap)
  for (let first = 0; first < held.length; first += size) known += play.post(held.slice(first, first + size)).known
  play.until(play.now() + MINUTE, (now) => now % TEN === 0 && play.post(linesOf(now, identified)))
  return { play, known }
}

const counted = (play: Play, from: Millis, to: Millis): number | undefined =>
  runQuery(play.fold, { kind: 'aggregate', host: 'door', metric: 'cpu', from, to })?.count

test('with ids, what Logstash sends again in other cuts is counted once and fires nothing', async (t) => {
  for (const size of [1, 2, 7, 18, 100]) {
    const { play, known } = restart(true, size)
    t.equal(known, 18, `pieces of ${size}`)
    t.equal(counted(play, at('12:00:00'), at('12:05:00')), 72)
    t.strictSame(play.notified(), [])
  }
})

test('without ids, events that come again in other cuts count again, as the documentation says', async (t) => {
  const { play, known } = restart(false, 7)
  t.equal(known, 0)
  t.equal(counted(play, at('12:00:00'), at('12:05:00')), 72 + 18)
  t.match(play.notified()[0], /ssh-failures door firing/)
})

test('an id is remembered for an hour of running time', async (t) => {
  const { play } = restart(true, 18)
  const again = linesOf(LOST_AT, true)
  t.equal(play.post(again).known, 3)
  play.until(LOST_AT + HOUR - MINUTE)
  t.equal(play.post(again).known, 3)
  play.until(LOST_AT + HOUR + 2 * MINUTE)
  t.equal(play.post(again).known, 0)
})
