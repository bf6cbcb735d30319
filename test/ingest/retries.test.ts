import { test } from 'tap'
import { createRetries, type Retries } from '../../src/ingest/retries.ts'
import { measurePauses } from '../../src/ingest/pauses.ts'
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

test('what waits beside an equal body may be its retry', async (t) => {
  const { clock, retries } = await start()
  t.equal(retries.arrive('a'), false)
  t.equal(retries.arrive('a'), true)
  retries.leave('a', clock.now(), true)
  retries.leave('a', clock.now(), true)
  t.equal(retries.arrive('a'), false, 'both were answered')
})

test('a body that waited while the process was held up may come again, although its answer was sent', async (t) => {
  const { clock, retries } = await start()
  const sentAt = clock.now() - 12_000
  t.equal(retries.arrive('a', sentAt), false)
  retries.leave('a', sentAt, true)
  t.equal(retries.arrive('a', sentAt), true)
})

test('a pause of the process is measured, also by what comes before the first timer after it', async (t) => {
  const clock = createVirtualClock()
  let shift = 0
  const { waited, stop } = measurePauses({ ...clock, now: () => clock.now() + shift })
  await clock.advance(10_000)
  t.equal(waited(), 0)
  shift += 12_000
  t.equal(waited(), 11_500)
  await clock.advance(2000)
  t.equal(waited(), 11_500, 'what else waited is read a little later')
  await clock.advance(4000)
  t.equal(waited(), 0)
  stop()
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
