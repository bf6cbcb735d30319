import { test } from 'tap'
import type { EngineConfig, Inhibition } from '../../src/model.ts'
import { above, alerting, bounds, config, cpuHigh, HOUR, MINUTE, silent } from '../helpers/play.ts'
import { matcher, type Story, tell } from '../helpers/story.ts'

const receivers = ['ops', 'oncall', 'boss'].map((name) => ({ name, email: [{ address: `${name}@example.org` }] }))
const minute = { over: MINUTE, repeat: { initial: 0, max: 0 } }
const cpu = cpuHigh({ ...minute })
const memory = cpuHigh({ ...minute, name: 'memory-high', metric: 'memory' })
const disk = cpuHigh({ ...minute, name: 'disk-high', metric: 'disk' })

const inhibits = (source: string, target: string): Inhibition => ({
  sourceMatchers: [matcher(source)],
  targetMatchers: [matcher(target)],
  equal: ['host'],
})
const mirrored = [inhibits('rule=cpu-high', 'rule=memory-high'), inhibits('rule=memory-high', 'rule=cpu-high')]

const play = (rules: EngineConfig['rules'], inhibitRules: readonly Inhibition[] = []): Story =>
  tell(config({ rules, receivers, alerting: alerting({ inhibitRules }) }))

const warm = cpuHigh({ ...minute, name: 'cpu-warm', condition: bounds('mean', [above(0.5, 0.4)]) })
const hot = cpuHigh({
  ...minute,
  severity: 'critical',
  condition: bounds('mean', [], [above(0.9, 0.8)]),
  notify: ['oncall'],
})

test('a critical alert that ops are not notified of does not keep the warning from them', async (t) => {
  const story = play([{ ...warm, notify: ['ops', 'oncall'] }, hot])
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:10').cpu('web-1', 0.6)
  t.strictSame(story.until('12:15'), [
    '12:01:10 ops fired: cpu-warm web-1',
    '12:01:10 oncall fired: cpu-high web-1',
    '12:11:10 oncall silence_ended: cpu-warm web-1',
    '12:11:10 oncall resolved: cpu-high web-1',
  ])
})

test('a critical alert that is silenced keeps the warning from nobody, and again when the silence ends', async (t) => {
  const story = play([{ ...warm, notify: ['oncall'] }, hot])
  story.at('12:00').silence('s1', ['rule=cpu-high', 'host=web-2'], 10 * MINUTE)
  story.at('12:01').cpu('web-1', 0.99).cpu('web-2', 0.99)
  t.strictSame(story.until('12:15'), [
    '12:02:10 oncall fired: cpu-high web-1',
    '12:02:10 oncall fired: cpu-warm web-2',
    '12:10:00 oncall silence_ended: cpu-high web-2',
  ])
})

test('a source under maintenance keeps nothing from anybody', async (t) => {
  const always = { timeZone: 'UTC', times: [], weekdays: [], daysOfMonth: [], months: [], years: [] }
  const maintenanceWindows = [{ ...always, name: 'memory', matchers: [matcher('rule=memory-high')] }]
  const inhibitRules = [inhibits('rule=memory-high', 'rule=cpu-high')]
  const story = tell(
    config({ rules: [cpu, memory], receivers, alerting: alerting({ maintenanceWindows, inhibitRules }) }),
  )
  story.at('12:00').reports('web-1', { cpu: 0.99, memory: 0.99 })
  t.strictSame(story.until('12:05'), ['12:01:10 ops fired: cpu-high web-1'])
})

test('of two rules that inhibit each other, the alert that fired first is notified, and then the other one', async (t) => {
  const story = play([cpu, memory], mirrored)
  story.at('12:00').reports('web-1', { cpu: 0.99, memory: 0.99 }).reports('web-2', { cpu: 0.1, memory: 0.99 })
  story.at('12:05').reports('web-2', { cpu: 0.99, memory: 0.99 })
  story.at('12:10').reports('web-1', { cpu: 0.1, memory: 0.99 })
  t.strictSame(story.until('12:15'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:01:10 ops fired: memory-high web-2',
    '12:11:10 ops resolved: cpu-high web-1',
    '12:11:10 ops silence_ended: memory-high web-1',
  ])
})

test('of three rules in a cycle one alert is notified, and none where another alert inhibits one of them', async (t) => {
  const cycle = [
    inhibits('rule=cpu-high', 'rule=memory-high'),
    inhibits('rule=memory-high', 'rule=disk-high'),
    inhibits('rule=disk-high', 'rule=cpu-high'),
  ]
  const all = { cpu: 0.99, memory: 0.99, 'disk\u001f/var': 0.99 }
  const story = play([cpu, memory, disk], cycle)
  story.at('12:00').reports('web-1', all)
  t.strictSame(story.until('12:05'), ['12:01:10 ops fired: cpu-high web-1'])

  const net = cpuHigh({ ...minute, name: 'full', metric: 'disk', notify: ['ops'], labels: { root: 'yes' } })
  const rooted = play([cpu, memory, net], [...mirrored, inhibits('root=yes', 'rule=memory-high')])
  rooted.at('12:00').reports('web-1', all)
  t.strictSame(rooted.until('12:05'), ['12:01:10 ops fired: full web-1 /var'])
})

test('an older alert that a cycle inhibits is not notified in its place', async (t) => {
  const story = play([cpu, memory, disk], [...mirrored, inhibits('rule=~(cpu|memory)-high', 'rule=disk-high')])
  story.at('12:00').reports('web-1', { 'disk\u001f/var': 0.99, cpu: 0.1, memory: 0.1 })
  story.at('12:05').reports('web-1', { 'disk\u001f/var': 0.99, cpu: 0.99, memory: 0.99 })
  t.strictSame(story.until('12:10'), ['12:01:10 ops fired: disk-high web-1 /var', '12:06:10 ops fired: cpu-high web-1'])
})

test('an alert that is itself inhibited, or acknowledged, goes on inhibiting others', async (t) => {
  const chain = [inhibits('rule=cpu-high', 'rule=memory-high'), inhibits('rule=memory-high', 'rule=disk-high')]
  const all = { cpu: 0.99, memory: 0.99, 'disk\u001f/var': 0.99 }
  const story = play([cpu, memory, disk], chain)
  story.at('12:00').reports('web-1', all)
  t.strictSame(story.until('12:05'), ['12:01:10 ops fired: cpu-high web-1'])

  const heeded = play([cpu, memory], [inhibits('rule=cpu-high', 'rule=memory-high')])
  heeded.at('12:00').reports('web-1', { cpu: 0.99, memory: 0.1 })
  heeded.at('12:05').acknowledge('cpu-high', 'web-1', HOUR)
  heeded.at('12:10').reports('web-1', { cpu: 0.99, memory: 0.99 })
  t.strictSame(heeded.until('12:15'), ['12:01:10 ops fired: cpu-high web-1'])
})

test('a source counts for a receiver once it was escalated to it, and the escalation of what is held for some goes on', async (t) => {
  const escalation = [{ after: 5 * MINUTE, notify: ['boss'] }]
  const story = play(
    [
      { ...cpu, escalation },
      { ...memory, notify: ['ops', 'oncall'], escalation: [{ after: 10 * MINUTE, notify: ['boss'] }] },
    ],
    [inhibits('rule=cpu-high', 'rule=memory-high')],
  )
  story.at('12:00').reports('web-1', { cpu: 0.99, memory: 0.99 })
  story.at('12:20').reports('web-1', { cpu: 0.1, memory: 0.99 })
  t.strictSame(story.until('12:25'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:01:10 oncall fired: memory-high web-1',
    '12:06:10 boss escalated: cpu-high web-1',
    '12:21:10 ops resolved: cpu-high web-1',
    '12:21:10 ops silence_ended: memory-high web-1',
    '12:21:10 boss resolved: cpu-high web-1',
    '12:21:10 boss escalated: memory-high web-1',
  ])
})

test('what a mass absence covers inhibits for those who are notified of that, and for nobody else', async (t) => {
  const hosts = Array.from({ length: 30 }, (_, i) => `node-${i}`)
  const repeat = { initial: 10 * MINUTE, max: 10 * MINUTE }
  const rules = [
    { ...cpu, notify: ['ops', 'boss'], repeat },
    silent({ notify: ['ops'], repeat: { initial: HOUR, max: HOUR } }),
  ]
  for (const isSilenced of [false, true]) {
    const story = tell(config({ rules, receivers, selfMonitoring: ['oncall'] }))
    const start = story.at('12:00')
    if (isSilenced) start.silence('s1', ['rule=mass-absence'], HOUR)
    for (const host of hosts) start.cpu(host, host === 'node-3' ? 0.99 : 0.1)
    const dies = story.at('12:05')
    for (const host of hosts) dies.dies(host)
    const notified = story.until('12:20').filter((line) => !line.includes('oncall'))
    t.strictSame(notified, [
      '12:01:10 ops fired: cpu-high node-3',
      '12:01:10 boss fired: cpu-high node-3',
      ...(isSilenced ? [] : ['12:08:50 ops fired: mass-absence logstash-a']),
      ...(isSilenced ? ['12:11:10 ops repeat_interval: cpu-high node-3'] : []),
      '12:11:10 boss repeat_interval: cpu-high node-3',
    ])
  }
})
