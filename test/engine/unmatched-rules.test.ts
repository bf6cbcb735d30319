import { test } from 'tap'
import type { Notice } from '../../src/model.ts'
import { describeNotice } from '../../src/text/notice.ts'
import { config, cpuHigh, createPlay, DAY, event, HOUR, MINUTE, NOON, type Play, silent } from '../helpers/play.ts'

const rules = [
  cpuHigh(),
  cpuHigh({ name: 'memory-high', metric: 'memory' }),
  cpuHigh({ name: 'web-cpu', hosts: ['wbe-*'] }),
  cpuHigh({ name: 'gw-cpu', hosts: ['gw-*'] }),
  silent({ name: 'db-absent', hosts: ['db-*', 'sql-*'] }),
]

/** Lets hours pass, with an event each minute. */
function pass(play: Play, hours: number, samples: Readonly<Record<string, number>> = { cpu: 0.1 }): void {
  const end = play.now() + hours * HOUR
  play.until(end, (now) => void play.post([event('web-1', now, samples), event('gw-1', now)]), MINUTE)
}

const unmatched = (play: Play): readonly Extract<Notice, { kind: 'rules_unmatched' }>[] =>
  play.mails.flatMap(({ notice }) => (notice?.kind === 'rules_unmatched' ? [notice] : []))

test('a rule that matched nothing for a day of events is reported once, with the reason', async (t) => {
  const play = createPlay(config({ rules }))
  pass(play, 23)
  t.strictSame(unmatched(play), [])
  pass(play, 2)
  const [notice] = unmatched(play)
  t.strictSame(
    notice?.items.map(({ rule, reason }) => [rule, reason.code]),
    [
      ['memory-high', 'no_series'],
      ['web-cpu', 'no_host'],
      ['gw-cpu', 'no_host_with_metric'],
      ['db-absent', 'no_host'],
    ],
  )
  t.strictSame(notice && describeNotice(notice, NOON), {
    title: '4 rules matched nothing for 24 h',
    lines: [
      'memory-high: no event has a value for memory (field memory)',
      'web-cpu: no host matches wbe-*',
      'gw-cpu: hosts send cpu, but none that matches gw-*',
      'db-absent: no host matches db-*, sql-*',
    ],
  })
  pass(play, 30)
  t.equal(unmatched(play).length, 1)
  play.configure(config({ rules: [cpuHigh({ name: 'memory-high', metric: 'memory', hosts: ['web-*'] })] }))
  pass(play, 25)
  t.equal(unmatched(play).length, 2, 'a rule that looks for something else starts anew')
})

test('hours without events do not count, and what matched once is not reported', async (t) => {
  const play = createPlay(config({ rules: rules.slice(0, 2), hosts: { expected: ['web-1'], retireAfter: DAY } }))
  pass(play, 1, { cpu: 0.1, memory: 0.1 })
  play.until(play.now() + 48 * HOUR, undefined, MINUTE)
  pass(play, 25)
  t.strictSame(unmatched(play), [])
})
