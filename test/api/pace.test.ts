import { test } from 'tap'
import { createPace } from '../../src/api/pace.ts'
import { createVirtualClock } from '../helpers/clock.ts'

test('each key has its own count a minute, and any number of keys takes bounded memory', async (t) => {
  const clock = createVirtualClock()
  const isInPace = createPace(clock, 3)
  t.strictSame(
    [1, 2, 3, 4].map(() => isInPace('a')),
    [true, true, true, false],
  )
  t.equal(isInPace('b'), true)
  for (let i = 0; i < 10_001; i += 1) isInPace(`key ${i}`)
  t.equal(isInPace('one too many'), false, 'those that are not told apart share one count')
  t.equal(isInPace('b'), true, 'a known one keeps its own')
  await clock.advance(60_000)
  t.strictSame([isInPace('a'), isInPace('one too many')], [true, true])
})
