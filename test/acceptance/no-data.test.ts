import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { AlertView } from '../../src/model.ts'
import { at, config, cpuHigh, HOUR, MINUTE, silent } from '../helpers/play.ts'
import { type Story, tell } from '../helpers/story.ts'

const high = cpuHigh({ over: MINUTE })
const viewsOf = ({ play }: Story): readonly AlertView[] => runQuery(play.fold, { kind: 'alerts' })

test('a host that dies while its alert fires is not well: the alert fires on, says so, and ends when it is', async (t) => {
  const story = tell(config({ rules: [high] }))
  story.at('12:00').cpu('web-1', 0.99).cpu('web-2', 0.1)
  story.at('12:10').dies('web-1')
  t.strictSame(story.until('12:40'), ['12:01:10 ada fired: cpu-high web-1'])
  t.match(viewsOf(story), [{ identity: { host: 'web-1' }, state: 'firing', noDataSince: at('12:10:00') }])
  story.at('12:50').cpu('web-1', 0.1)
  t.strictSame(story.until('13:00').slice(1), ['12:51:10 ada resolved: cpu-high web-1'])
  const [end] = story.play.mails.at(-1)?.alerts ?? []
  t.match(end, { startsAt: at('12:01:00'), resolvedAt: at('12:51:00') }, 'with its true duration')
  t.notOk(end?.noDataSince)
})

test('a host that comes back as bad as it was fires on in the same episode', async (t) => {
  const story = tell(config({ rules: [high] }))
  story.at('12:00').cpu('web-1', 0.99).cpu('web-2', 0.1)
  story.at('12:10').dies('web-1')
  story.at('12:40').cpu('web-1', 0.97)
  story.at('12:50').cpu('web-1', 0.1)
  t.strictSame(story.until('13:00'), ['12:01:10 ada fired: cpu-high web-1', '12:51:10 ada resolved: cpu-high web-1'])
})

test('what fired before many hosts fell silent together is held back, not ended, and goes on when they are back', async (t) => {
  const hosts = Array.from({ length: 30 }, (_, i) => `node-${i}`)
  const story = tell(
    config({
      rules: [
        { ...high, repeat: { initial: 10 * MINUTE, max: 10 * MINUTE } },
        silent({ repeat: { initial: HOUR, max: HOUR } }),
      ],
    }),
  )
  const start = story.at('12:00').cpu('web-1', 0.1)
  for (const host of hosts) start.cpu(host, host === 'node-3' || host === 'node-4' ? 0.99 : 0.1)
  const dies = story.at('12:05')
  for (const host of hosts) dies.dies(host)
  t.strictSame(story.until('12:30'), [
    '12:01:10 ada fired: cpu-high node-3',
    '12:01:10 ada fired: cpu-high node-4',
    '12:08:50 ada fired: mass-absence logstash-a',
    '12:12:10 ada fired: source-degraded logstash-a',
  ])
  t.match(
    viewsOf(story).filter(({ identity: { rule } }) => rule === 'cpu-high'),
    [
      { state: 'firing', muted: { by: 'inhibition' } },
      { state: 'firing', muted: { by: 'inhibition' } },
    ],
  )
  const back = story.at('12:40')
  for (const host of hosts) back.cpu(host, host === 'node-3' ? 0.99 : 0.1)
  t.strictSame(story.until('12:45').slice(4), [
    '12:40:00 ada repeat_interval: cpu-high node-3',
    '12:40:00 ada repeat_interval: cpu-high node-4',
    '12:40:00 ada resolved: mass-absence logstash-a',
    '12:40:00 ada resolved: source-degraded logstash-a',
    '12:41:10 ada resolved: cpu-high node-4',
  ])
})
