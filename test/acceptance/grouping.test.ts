import { test } from 'tap'
import { config, cpuHigh, HOUR, TEN } from '../helpers/play.ts'
import { type Story, tell } from '../helpers/story.ts'

/**
 * When a group over hosts is told, in the order of Alertmanager's questions. A window of 20 s is judged each ten
 * seconds, so that web-1 fires at 12:00:40; the group waits for 30 s, and then for 5 minutes between its mails.
 */
const rule = cpuHigh({ over: 2 * TEN, every: TEN, groupBy: ['rule'], repeat: { initial: HOUR, max: HOUR } })
const begin = (): Story => tell(config({ rules: [rule] }), TEN)
const first = '12:01:10 ada fired: cpu-high web-1'

test('1: nothing notified yet: a mail when something fires', async (t) => {
  const story = begin()
  story.at('12:00').cpu('web-1', 0.99).cpu('web-2', 0.99)
  story.at('12:00:30').cpu('web-2', 0)
  t.strictSame(story.until('12:04'), [first], 'what fires, after the wait')
})

test('1: nothing notified yet, and nothing fires any more: no mail', async (t) => {
  const story = begin()
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:00:30').cpu('web-1', 0)
  t.strictSame(story.until('12:30'), [])
  const [one] = story.play.fold.state.dispatch.alerts.values()
  t.match(one?.decisions.at(-1), {
    kind: 'suppressed',
    event: 'all',
    why: { by: 'resolved_in_group_wait' },
  })
})

test('2: something fires that was not notified: a mail at the end of the interval, with all firing alerts', async (t) => {
  const story = begin()
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:02').cpu('web-2', 0.99)
  story.at('12:03').cpu('web-3', 0.99)
  t.strictSame(story.until('12:20'), [first, '12:06:10 ada fired: cpu-high web-2, cpu-high web-3'])
  t.strictSame(
    story.play.mails[1]?.alerts.map(({ identity: { host } }) => host),
    ['web-2', 'web-3', 'web-1'],
  )
})

test('3: nothing fires any more and that was notified: a last mail at the end of the interval', async (t) => {
  const story = begin()
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:02').cpu('web-1', 0)
  t.strictSame(story.until('12:20'), [first, '12:06:10 ada resolved: cpu-high web-1'])
  t.equal(story.play.fold.state.dispatch.groups.size, 0)
})

test('4: the end of one was not notified and others still fire: a mail at the end of the interval', async (t) => {
  const story = begin()
  story.at('12:00').cpu('web-1', 0.99).cpu('web-2', 0.99)
  story.at('12:02').cpu('web-2', 0)
  t.strictSame(story.until('12:20'), [
    '12:01:10 ada fired: cpu-high web-1, cpu-high web-2',
    '12:06:10 ada resolved: cpu-high web-2',
  ])
  t.strictSame(
    story.play.mails[1]?.alerts.map(({ identity: { host }, state }) => [host, state]),
    [
      ['web-2', 'resolved'],
      ['web-1', 'firing'],
    ],
  )
})

test('5: nothing is new: a mail once the repeat interval has elapsed, counted from the last one of any kind', async (t) => {
  const story = begin()
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:30').cpu('web-2', 0.99)
  t.strictSame(story.until('14:40'), [
    first,
    '12:30:30 ada fired: cpu-high web-2',
    '13:30:30 ada repeat_interval: cpu-high web-1, cpu-high web-2',
    '14:30:30 ada repeat_interval: cpu-high web-1, cpu-high web-2',
  ])
})
