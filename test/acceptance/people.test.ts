import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { MetricRule, Receiver } from '../../src/model.ts'
import { alerting, above, config, cpuHigh, HOUR, MINUTE, silent, bounds, TEN } from '../helpers/play.ts'
import { instant, matcher, type Story, tell } from '../helpers/story.ts'

const high = cpuHigh({ over: MINUTE })
const ladder = cpuHigh({ over: MINUTE, condition: bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)]) })
const disk = cpuHigh({
  name: 'disk-full',
  metric: 'disk',
  over: MINUTE,
  condition: bounds('last', [above(0.9, 0.8)]),
})
const grouped = (change: Partial<MetricRule> = {}): MetricRule => ({ ...high, groupBy: ['rule'], ...change })

test('a firing alert is repeated after 4 h, then after longer times, and notified at its end', async (t) => {
  const story = tell(config({ rules: [high] }), TEN)
  story.at('12:00').cpu('web-1', 0.99)
  story.at('1d 17:00').cpu('web-1', 0.1)
  t.strictSame(story.until('1d 17:10'), [
    '12:01:10 ada fired: cpu-high web-1',
    '16:01:10 ada repeat_interval: cpu-high web-1',
    '1d 00:01:10 ada repeat_interval: cpu-high web-1',
    '1d 16:01:10 ada repeat_interval: cpu-high web-1',
    '1d 17:01:10 ada resolved: cpu-high web-1',
  ])
})

test('the series of a host share a thread, and each recovery is notified at once', async (t) => {
  const story = tell(config({ rules: [disk] }))
  story.at('12:00').reports('db-1', { 'disk\u001f/': 0.99, 'disk\u001f/var': 0.5 })
  story.at('12:10').reports('db-1', { 'disk\u001f/': 0.99, 'disk\u001f/var': 0.99 })
  story.at('12:20').reports('db-1', { 'disk\u001f/': 0.5, 'disk\u001f/var': 0.99 })
  story.at('12:30').reports('db-1', { 'disk\u001f/': 0.5, 'disk\u001f/var': 0.5 })
  t.strictSame(story.until('12:40'), [
    '12:01:10 ada fired: disk-full db-1 /',
    '12:11:10 ada fired: disk-full db-1 /var',
    '12:21:10 ada resolved: disk-full db-1 /',
    '12:31:10 ada resolved: disk-full db-1 /var',
  ])
  const { mails } = story.play
  t.equal(new Set(mails.map(({ thread }) => thread)).size, 1)
  t.strictSame(
    mails.map(({ seq }) => seq),
    [0, 1, 2, 3],
  )
  t.strictSame(
    mails.map(({ alerts }) => alerts.length),
    [1, 2, 2, 1],
    'what fires beside the news is listed',
  )
})

test('a group over hosts waits, gathers, and repeats as Alertmanager does', async (t) => {
  const story = tell(config({ rules: [grouped({ every: 10_000 })] }))
  story.at('12:00').cpu('web-1', 0.99).cpu('web-3', 0.1)
  story.at('12:00:10').cpu('web-2', 0.99)
  story.at('12:04').cpu('web-3', 0.99)
  story.at('12:20').cpu('web-1', 0.1).cpu('web-2', 0.1)
  story.at('12:40').cpu('web-3', 0.1)
  t.strictSame(story.until('13:00'), [
    '12:01:40 ada fired: cpu-high web-1, cpu-high web-2',
    '12:06:40 ada fired: cpu-high web-3',
    '12:20:20 ada resolved: cpu-high web-1, cpu-high web-2',
    '12:40:20 ada resolved: cpu-high web-3',
  ])
})

test('an alert that fires and resolves within group_wait is not notified', async (t) => {
  const story = tell(config({ rules: [grouped({ every: 10_000, over: 20_000 })] }))
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:00:30').cpu('web-1', 0)
  t.strictSame(story.until('12:10'), [])
})

test('a raised severity is notified at once, and a lowered one is not', async (t) => {
  const story = tell(config({ rules: [ladder] }))
  story.at('12:00').cpu('web-1', 0.9)
  story.at('12:10').cpu('web-1', 0.99)
  story.at('12:20').cpu('web-1', 0.85)
  story.at('12:30').cpu('web-1', 0.1)
  t.strictSame(story.until('12:40'), [
    '12:01:10 ada fired: cpu-high web-1',
    '12:11:10 ada severity_raised: cpu-high web-1',
    '12:31:10 ada resolved: cpu-high web-1',
  ])
})

test('when a silence ends, firing alerts are notified, with what suppressed them', async (t) => {
  const story = tell(config({ rules: [high] }))
  story.at('12:00').cpu('web-1', 0.1).cpu('web-2', 0.1)
  story.at('12:05').silence('s1', ['host=~web-.*'], HOUR)
  story.at('12:10').cpu('web-1', 0.99).cpu('web-2', 0.99)
  story.at('12:30').cpu('web-2', 0.1)
  t.strictSame(story.until('13:20'), ['13:05:00 ada silence_ended: cpu-high web-1'])
  t.match(story.play.mails[0]?.alerts[0]?.heldBy, {
    by: 'silence',
    author: 'Grace',
    until: instant('13:05:00'),
    comment: 'known',
  })
  t.equal(story.play.mails[0]?.alerts[0]?.suppressed, 0, 'this mail tells what was held back')
})

test('a silence that is expired ends at once; addresses that were notified before get the alert again, or its end', async (t) => {
  const story = tell(config({ rules: [high] }))
  story.at('12:00').cpu('web-1', 0.99).cpu('web-2', 0.99)
  story.at('12:05').silence('s1', ['rule=cpu-high'], HOUR)
  story.at('12:10').cpu('web-2', 0.1)
  story.at('12:20').expire('s1')
  t.strictSame(story.until('12:30'), [
    '12:01:10 ada fired: cpu-high web-1',
    '12:01:10 ada fired: cpu-high web-2',
    '12:20:00 ada silence_ended: cpu-high web-1',
    '12:20:00 ada resolved: cpu-high web-2',
  ])
})

test('a maintenance window recurs in its time zone, and alerts that fire after it are notified', async (t) => {
  const window = {
    name: 'nightly',
    matchers: [matcher('host=~web-.*')],
    timeZone: 'Europe/Berlin',
    times: [{ from: 14 * 60, to: 14 * 60 + 30 }],
    weekdays: [{ from: 6, to: 0 }],
    daysOfMonth: [],
    months: [],
    years: [],
  }
  const story = tell(config({ rules: [high], alerting: alerting({ maintenanceWindows: [window] }) }), TEN)
  story.at('12:00').cpu('web-1', 0.1).cpu('db-1', 0.1)
  story.at('13:05').cpu('web-1', 0.99).cpu('db-1', 0.99)
  story.at('14:00').cpu('web-1', 0.1).cpu('db-1', 0.1)
  story.at('1d 13:05').cpu('web-1', 0.99)
  t.strictSame(story.until('1d 13:10'), [
    '13:06:10 ada fired: cpu-high db-1',
    '13:30:00 ada silence_ended: cpu-high web-1',
    '14:01:10 ada resolved: cpu-high web-1',
    '14:01:10 ada resolved: cpu-high db-1',
    '1d 13:06:10 ada fired: cpu-high web-1',
  ])
})

test('a silent host holds back its other alerts, and its return lets them go', async (t) => {
  const slow = cpuHigh({ over: MINUTE, for: 4 * MINUTE })
  const story = tell(config({ rules: [high, { ...slow, name: 'memory-high', metric: 'memory' }, silent()] }))
  story.at('12:00').reports('web-1', { cpu: 0.99, memory: 0.1 }).cpu('web-2', 0.1)
  story.at('12:05').dies('web-1')
  story.at('12:15').reports('web-1', { cpu: 0.1, memory: 0.1 })
  t.strictSame(story.until('12:20'), [
    '12:01:10 ada fired: cpu-high web-1',
    '12:07:50 ada fired: host-silent web-1',
    '12:15:00 ada resolved: host-silent web-1',
    '12:16:10 ada resolved: cpu-high web-1',
  ])
})

test('a critical alert of a series holds back a warning of another rule about it', async (t) => {
  const warning = cpuHigh({ name: 'cpu-warm', over: MINUTE, condition: bounds('mean', [above(0.5, 0.4)]) })
  const critical = cpuHigh({ over: MINUTE, severity: 'critical', condition: bounds('mean', [], [above(0.9, 0.8)]) })
  const story = tell(config({ rules: [warning, critical] }))
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:10').cpu('web-1', 0.6)
  story.at('12:20').cpu('web-1', 0.1)
  t.strictSame(story.until('12:30'), [
    '12:01:10 ada fired: cpu-high web-1',
    '12:11:10 ada silence_ended: cpu-warm web-1',
    '12:11:10 ada resolved: cpu-high web-1',
    '12:21:10 ada resolved: cpu-warm web-1',
  ])
})

test('an inhibition that is configured holds back what agrees with its source', async (t) => {
  const rules = [
    cpuHigh({ name: 'switch-down', over: MINUTE, metric: 'memory', labels: { rack: 'a' } }),
    cpuHigh({ over: MINUTE, labels: { rack: 'a' } }),
    cpuHigh({ name: 'cpu-b', over: MINUTE, labels: { rack: 'b' } }),
  ]
  const inhibitRules = [
    { sourceMatchers: [matcher('rule=switch-down')], targetMatchers: [matcher('rule=~cpu-.*')], equal: ['rack'] },
  ]
  const story = tell(config({ rules, alerting: alerting({ inhibitRules }) }))
  story.at('12:00').reports('switch', { memory: 0.99 }).cpu('web-1', 0.99)
  story.at('12:10').reports('switch', { memory: 0.1 })
  t.strictSame(story.until('12:15'), [
    '12:01:10 ada fired: switch-down switch',
    '12:01:10 ada fired: cpu-b web-1',
    '12:11:10 ada resolved: switch-down switch',
    '12:11:10 ada silence_ended: cpu-high web-1',
  ])
})

const receivers = ['ops', 'boss', 'dba'].map((name) => ({ name, email: [{ address: `${name}@example.org` }] }))

test('an alert that nobody acknowledges is escalated until somebody does', async (t) => {
  const rule = {
    ...ladder,
    escalation: [
      { after: 30 * MINUTE, notify: ['boss'] },
      { after: HOUR, notify: ['dba'] },
    ],
  }
  const story = tell(config({ rules: [rule], receivers }), TEN)
  story.at('12:00').cpu('web-1', 0.9)
  story.at('12:40').acknowledge('cpu-high', 'web-1', 8 * HOUR)
  story.at('17:00').cpu('web-1', 0.1)
  t.strictSame(story.until('17:10'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:31:10 boss escalated: cpu-high web-1',
    '17:01:10 ops resolved: cpu-high web-1',
    '17:01:10 boss resolved: cpu-high web-1',
  ])
})

test('send_resolved: false of a rule or a receiver stops notifications of the end, and the mails say so', async (t) => {
  const [ops, boss] = receivers as readonly Receiver[] as [Receiver, Receiver]
  const both = { ...high, notify: ['ops', 'boss'] }
  const run = (rule: MetricRule, them: readonly Receiver[]): Story => {
    const story = tell(config({ rules: [rule], receivers: them }), TEN)
    story.at('12:00').cpu('web-1', 0.99)
    story.at('12:20').cpu('web-1', 0.1)
    story.at('12:40').cpu('web-1', 0.99)
    return story
  }
  const receiver = run(both, [ops, { ...boss, sendResolved: false }])
  t.strictSame(receiver.until('12:45'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:01:10 boss fired: cpu-high web-1',
    '12:21:10 ops resolved: cpu-high web-1',
    '12:41:10 ops fired: cpu-high web-1',
    '12:41:10 boss fired: cpu-high web-1',
  ])
  const [toOps, toBoss] = receiver.play.mails
  t.strictSame([toOps?.sendResolved, toBoss?.sendResolved], [undefined, false])
  const why = runQuery(receiver.play.fold, { kind: 'why', rule: 'cpu-high', host: 'web-1' })
  const alert = why?.alerts.find(({ state }) => state === 'resolved')
  t.match(
    alert?.decisions?.find(({ kind }) => kind === 'suppressed'),
    { event: 'resolved', why: { by: 'send_resolved' }, to: 'boss@example.org' },
  )
  const rule = run({ ...high, sendResolved: false }, receivers)
  t.strictSame(rule.until('12:45'), ['12:01:10 ops fired: cpu-high web-1', '12:41:10 ops fired: cpu-high web-1'])
})

test('an escalation counts from when somebody could have looked after the alert', async (t) => {
  const escalation = [{ after: 10 * MINUTE, notify: ['boss'] }]
  const muted = tell(config({ rules: [{ ...high, escalation }], receivers }), TEN)
  muted.at('12:00').silence('s1', ['host=web-1'], HOUR).cpu('web-1', 0.99)
  t.strictSame(muted.until('13:20'), [
    '13:00:00 ops silence_ended: cpu-high web-1',
    '13:10:00 boss escalated: cpu-high web-1',
  ])

  const rising = tell(
    config({
      rules: [{ ...ladder, notify: [] }],
      receivers,
      alerting: alerting({
        routes: [
          { matchers: [matcher('severity=critical')], notify: ['ops'], escalation, continue: false },
          { matchers: [], notify: ['ops'], continue: false },
        ],
      }),
    }),
    TEN,
  )
  rising.at('12:00').cpu('web-1', 0.85)
  rising.at('12:30').cpu('web-1', 0.99)
  t.strictSame(rising.until('12:45'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:31:10 ops severity_raised: cpu-high web-1',
    '12:41:10 boss escalated: cpu-high web-1',
  ])

  const heeded = tell(config({ rules: [{ ...high, escalation }], receivers }), TEN)
  heeded.at('12:00').cpu('web-1', 0.99)
  heeded.at('12:05').acknowledge('cpu-high', 'web-1', HOUR)
  t.equal(heeded.until('13:20').at(-1), '13:14:50 boss escalated: cpu-high web-1')
})

test('a mail about what is acknowledged promises the next one for the end of that', async (t) => {
  const story = tell(config({ rules: [high] }), TEN)
  story.at('12:00').cpu('web-1', 0.99)
  story
    .at('12:05')
    .acknowledge('cpu-high', 'web-1', 8 * HOUR)
    .silence('s1', ['host=web-1'], 10 * MINUTE)
  t.strictSame(story.until('21:00'), [
    '12:01:10 ada fired: cpu-high web-1',
    '12:15:00 ada silence_ended: cpu-high web-1',
    '20:05:00 ada repeat_interval: cpu-high web-1',
  ])
  t.strictSame(
    story.play.mails.slice(0, 2).map(({ nextRepeatAt }) => nextRepeatAt),
    [instant('16:01:10'), instant('20:05')],
  )
})

test('an acknowledgement ends with its time and with a rise of the severity', async (t) => {
  const story = tell(config({ rules: [ladder] }), TEN)
  story.at('12:00').cpu('web-1', 0.9).cpu('web-2', 0.9)
  story
    .at('12:10')
    .acknowledge('cpu-high', 'web-1', 6 * HOUR)
    .acknowledge('cpu-high', 'web-2', 48 * HOUR)
  story.at('19:00').cpu('web-2', 0.99)
  t.strictSame(story.until('1d 00:00'), [
    '12:01:10 ada fired: cpu-high web-1',
    '12:01:10 ada fired: cpu-high web-2',
    '18:10:00 ada repeat_interval: cpu-high web-1',
    '19:01:10 ada severity_raised: cpu-high web-2',
    '23:01:10 ada repeat_interval: cpu-high web-2',
  ])
})

test('routes select the receivers of rules without notify', async (t) => {
  const routes = [
    { matchers: [matcher('severity=critical')], notify: ['boss'], continue: true },
    { matchers: [matcher('host=~db-.*')], notify: ['dba'], continue: false },
    { matchers: [], notify: ['ops'], continue: false },
  ]
  const rule = { ...ladder, notify: [] }
  const story = tell(
    config({
      rules: [rule, { ...high, name: 'named', metric: 'memory', notify: ['boss'] }],
      receivers,
      alerting: alerting({ routes }),
    }),
  )
  story.at('12:00').cpu('web-1', 0.85).reports('db-1', { cpu: 0.99, memory: 0.99 })
  t.strictSame(story.until('12:10'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:01:10 boss fired: cpu-high db-1',
    '12:01:10 boss fired: named db-1',
    '12:01:10 dba fired: cpu-high db-1',
  ])
})

test('an alert that keeps changing is one mail, and one when it has settled', async (t) => {
  const story = tell(config({ rules: [high] }))
  story.at('12:00').cpu('web-1', 0.1)
  for (let minute = 1; minute < 40; minute++) {
    story.at(`12:${String(minute).padStart(2, '0')}`).cpu('web-1', minute % 2 === 0 ? 0.1 : 0.99)
  }
  t.strictSame(story.until('13:30'), [
    '12:02:10 ada fired: cpu-high web-1',
    '12:03:10 ada resolved: cpu-high web-1',
    '12:04:10 ada fired: cpu-high web-1',
    '12:05:10 ada flapping_started: cpu-high web-1',
    '12:59:10 ada flapping_stopped: cpu-high web-1',
  ])
  const [started, settled] = story.play.mails.slice(-2).map(({ alerts: [alert] }) => alert)
  t.ok((started?.flapping ?? 0) >= 20, 'with its share of changes')
  t.match(settled, { state: 'firing', flapping: undefined })
})

test('an alert that goes on changing is repeated like any other, and says that it does', async (t) => {
  const story = tell(config({ rules: [{ ...high, repeat: { initial: 20 * MINUTE, max: HOUR } }] }))
  story.at('12:00').cpu('web-1', 0.1)
  for (let minute = 1; minute < 40; minute++) {
    story.at(`12:${String(minute).padStart(2, '0')}`).cpu('web-1', minute % 2 === 0 ? 0.1 : 0.99)
  }
  t.equal(story.until('12:30').at(-1), '12:25:10 ada repeat_interval: cpu-high web-1')
  t.ok((story.play.mails.at(-1)?.alerts[0]?.flapping ?? 0) >= 20)
})

test('a new configuration applies to firing alerts: removed receivers get the end, added ones "fired"', async (t) => {
  const two = (name: string): typeof receivers => [{ name: 'ops', email: [{ address: `${name}@example.org` }] }]
  const story = tell(config({ rules: [high], receivers: two('ada') }), TEN)
  story.at('12:00').cpu('web-1', 0.99)
  story
    .at('12:30')
    .configure(config({ rules: [{ ...high, repeat: { initial: HOUR, max: HOUR } }], receivers: two('ada') }))
  story.at('13:30').configure(config({ rules: [high], receivers: two('grace') }))
  story.at('18:00').cpu('web-1', 0.1)
  t.strictSame(story.until('18:10'), [
    '12:01:10 ada fired: cpu-high web-1',
    '13:01:10 ada repeat_interval: cpu-high web-1',
    '13:29:50 grace fired: cpu-high web-1',
    '17:29:50 grace repeat_interval: cpu-high web-1',
    '18:01:10 ada resolved: cpu-high web-1',
    '18:01:10 grace resolved: cpu-high web-1',
  ])
})
