import { test } from 'tap'
import { createRetries, type Retries } from '../../src/ingest/retries.ts'
import { createVirtualClock } from '../helpers/clock.ts'

const MINUTE = 60_000

/** Retries of a process that has run for a while, in virtual time. */
async function start(): Promise<{ readonly clock: ReturnType<typeof createVirtualClock>; readonly retries: Retries }> {
  const clock = createVirtualClock()
  const retries = createRetries(clock)
  await clock.advance(5 * MINUTE)
  return { clock, retries }
}

test('an answer that was lost accounts for one retry within five minutes', async (t) => {
  const { clock, retries } = await start()
  const lose = (id: string): boolean => {
    const maybe = retries.arrive(id)
    retries.leave(id, clock.now(), false)
    return maybe
  }
  t.equal(lose('a'), false)
  t.equal(lose('b'), false)
  await clock.advance(4 * MINUTE)
  t.equal(retries.arrive('a'), true)
  retries.leave('a', clock.now(), true)
  t.equal(retries.arrive('a'), false, 'it came again already')
  await clock.advance(2 * MINUTE)
  t.equal(retries.arrive('b'), false, 'too late')
})

test('a body that waits for its answer for more than nine seconds may come again meanwhile', async (t) => {
  const { clock, retries } = await start()
  t.equal(retries.arrive('a'), false)
  t.equal(retries.arrive('a'), false, 'an honest repeat')
  await clock.advance(10_000)
  t.equal(retries.arrive('a'), true)
})

test('however many answers are lost, those of the newest 25,000 bodies at least are remembered', async (t) => {
  const { clock, retries } = await start()
  const count = 120_000
  for (let i = 0; i < count; i += 1) {
    retries.arrive(`${i}`)
    retries.leave(`${i}`, clock.now(), false)
  }
  const known: boolean[] = []
  for (let i = count - 25_000; i < count; i += 1) {
    known.push(retries.arrive(`${i}`))
    retries.leave(`${i}`, clock.now(), true)
  }
  t.notOk(known.includes(false))
  t.equal(retries.arrive('0'), false, 'the oldest are let go')
})
