import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { EventSamples } from '../../src/model.ts'
import { at, config, countRule, createPlay, event, MINUTE, tally } from '../helpers/play.ts'

/** An event that the extraction could not match with the rule. */
const unmatched = (now: number): EventSamples => ({
  ...event('web-1', now, { cpu: 0.1 }),
  series: ['cpu', 'count(ssh-failures)'],
  values: [0.1, Number.NaN],
})

test('events that could not be matched raise one alert, which ends when none comes any more', async (t) => {
  const play = createPlay(config({ rules: [countRule()] }))
  play.until('12:20:00', (now) =>
    play.post([now > at('12:05:00') && now <= at('12:06:00') ? unmatched(now) : event('web-1', now, { cpu: 0.1 })]),
  )
  t.strictSame(play.notified(), [
    '12:05:01 unmatched-events stashwatch firing (fired)',
    '12:16:00 unmatched-events stashwatch resolved (resolved)',
  ])
  t.match(play.mails[0]?.alerts, [
    {
      evidence: {
        why: {
          code: 'events_unmatched',
          params: { rule: 'ssh-failures', host: 'web-1', source: 'logstash-a', count: 1 },
        },
      },
    },
  ])
  t.equal(tally(play, 'events_unmatched'), 60)
  t.equal(tally(play, 'samples'), 20 * 60, 'their other samples count')
  t.equal(tally(play, 'samples_no_metric'), 0)
  t.match(runQuery(play.fold, { kind: 'why', rule: 'unmatched-events', host: 'stashwatch' }), {
    rule: { severity: 'warning' },
    evaluations: [{ value: 0, evidence: { why: { code: 'events_matched', params: { for: 10 * MINUTE } } } }],
  })
})
