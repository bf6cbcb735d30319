import { test } from 'tap'
import { loadConfig } from '../../src/config/index.ts'
import { at, createPlay, event, every, SECOND } from '../helpers/play.ts'

const YAML = `
metrics:
  up: { field: service.up, unit: none }
  nodes: { field: cluster.nodes, unit: none }
  avail: { field: service.avail, unit: ratio }
receivers: { ops: { email: { to: [ada@example.org] } } }
self_monitoring: { notify: [ops] }
rules:
  - { name: service-down, when: { metric: up, over: 1m, threshold: { of: min, below: 1 } }, every: 30s, notify: [ops] }
  - { name: node-missing, when: { metric: nodes, over: 1m, threshold: { of: last, below: 3 } }, every: 30s, notify: [ops] }
  - { name: not-100, when: { metric: avail, over: 1m, threshold: { of: mean, below: 1 } }, every: 30s, notify: [ops] }
`

test('alerts about too little end when all is well again, although more is not possible', async (t) => {
  const { engine } = loadConfig({ text: YAML, env: {}, cwd: '/srv' }).config
  const play = createPlay(engine)
  const isBad = (now: number): boolean => now >= at('12:05:00') && now < at('12:10:00')
  const samples = (now: number): Record<string, number> =>
    isBad(now) ? { up: 0, nodes: 2, avail: 0.9 } : { up: 1, nodes: 3, avail: 1 }
  play.until(
    '12:20:00',
    every(10 * SECOND, (now) => play.post([event('web-1', now, samples(now))])),
  )
  const notified = play.notified()
  for (const rule of ['service-down', 'node-missing', 'not-100']) {
    const story = notified.filter((line) => line.includes(rule)).map((line) => line.slice(9))
    t.strictSame(story, [`${rule} web-1 firing (fired)`, `${rule} web-1 resolved (resolved)`])
  }
  const ends = new Map(play.mails.map(({ alerts: [alert] }) => [alert?.identity.rule, alert?.evidence.clear]))
  t.strictSame(ends.get('service-down'), { op: 'at_least', value: 1 })
  t.strictSame(ends.get('not-100'), { op: 'at_least', value: 1 })
})

test('an alert about a count says in whole numbers what ends it', async (t) => {
  const rule = (bound: string): string => `
metrics: {}
rules:
  - { name: r, when: { count: { where: { a: x } }, over: 1m, threshold: { ${bound} } }, every: 10s }
`
  const clearOf = (bound: string): unknown => {
    const { engine } = loadConfig({ text: rule(bound), env: {}, cwd: '/srv' }).config
    const play = createPlay(engine)
    play.until(
      '12:05:00',
      every(10 * SECOND, (now) => play.post([event('web-1', now, { 'count(r)': 1 })])),
    )
    return play.mails[0]?.alerts[0]?.evidence.clear
  }
  t.strictSame(clearOf('at_least: 1'), { op: 'at_most', value: 0 })
  t.strictSame(clearOf('above: 1'), { op: 'at_most', value: 1 })
  t.strictSame(clearOf('above: 1, clear: 0.95'), { op: 'at_most', value: 0 })
})
