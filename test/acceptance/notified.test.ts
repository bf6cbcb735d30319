import { test } from 'tap'
import { enqueueNotice } from '../../src/dispatch/notices.ts'
import { runQuery } from '../../src/engine/query/index.ts'
import { encodeEntry } from '../../src/engine/step.ts'
import type { AlertView, NotificationReason, Decision, EngineConfig, Notice, WhyView } from '../../src/model.ts'
import { decisionLine, noticeLine } from '../helpers/decisions.ts'
import { above, alerting, at, config, cpuHigh, event, every, HOUR, MINUTE, NOON, bounds, TEN } from '../helpers/play.ts'
import { matcher, type Story, tell } from '../helpers/story.ts'

const high = cpuHigh({ over: MINUTE })
const ADA = 'ada@example.org'
const receivers = ['ops', 'boss'].map((name) => ({ name, email: [{ address: `${name}@example.org` }] }))

/** What is known of a rule and a host. */
const why = ({ play }: Story, host: string, rule = 'cpu-high'): WhyView =>
  runQuery(play.fold, { kind: 'why', rule, host }) as WhyView
const episode = (story: Story, host: string): AlertView => why(story, host).alerts[0] as AlertView

/** What people were told, or not told, of the alert of a host: one line each, without what was judged. */
const decided = (story: Story, host: string, name = 'ada'): readonly string[] =>
  (episode(story, host).decisions ?? [])
    .filter((one) => one.kind !== 'evaluated' && (!('to' in one) || one.to?.startsWith(name)))
    .map((one) => `${new Date(one.at).toISOString().slice(11, 19)} ${decisionLine(one)}`)
/** Whether something of an alert is not told for the reason that its receiver left at 12:01. */
const hasLeft = (story: Story, host: string, event: NotificationReason): boolean =>
  (episode(story, host).decisions ?? []).some(
    (one) =>
      one.kind === 'suppressed' &&
      one.event === event &&
      one.why.by === 'receiver_removed' &&
      new Date(one.why.at).toISOString().startsWith('2026-11-22T12:01'),
  )

test('while a group waits, its alerts say until when and why', async (t) => {
  const story = tell(config({ rules: [cpuHigh({ over: MINUTE, every: TEN, groupBy: ['rule'] })] }))
  story.at('12:00').cpu('web-1', 0.99).cpu('web-2', 0.1)
  story.at('12:03').cpu('web-2', 0.99)
  story.until('12:01:20')
  t.strictSame(episode(story, 'web-1').pending, [
    { to: ADA, event: 'fired', reason: 'group_wait', until: at('12:01:40') },
  ])
  story.until('12:01:45')
  t.strictSame(episode(story, 'web-1').pending, [])
  story.until('12:05')
  t.strictSame(episode(story, 'web-2').pending, [
    { to: ADA, event: 'fired', reason: 'group_interval', until: at('12:06:40') },
  ])
})

test('what waits for a list says until when, and when it went', async (t) => {
  const story = tell(config({ rules: [high], mailsPerMinute: 1 }))
  story.at('12:00').cpu('web-1', 0.99).cpu('web-2', 0.99)
  story.until('12:01:15')
  t.match(episode(story, 'web-2').pending, [{ to: ADA, event: 'fired', reason: 'rate_limit', until: at('12:01:20') }])
  t.strictSame(decided(story, 'web-2'), [], 'it was not told yet')
  story.until('12:02')
  t.strictSame(decided(story, 'web-2'), ['12:01:20 notified fired, list rate_limited'])
})

test('what is silenced, in a window, held back by another alert or by a backlog says so while it waits', async (t) => {
  const story = tell(config({ rules: [high] }), TEN)
  story.at('12:00').cpu('web-1', 0.99).silence('s1', ['host=web-1'], HOUR)
  story.until('12:05')
  t.strictSame(episode(story, 'web-1').pending, [{ to: ADA, event: 'fired', reason: 'silence', until: at('13:00:00') }])
})

test('in one mail each alert has its own reason', async (t) => {
  const ladder = cpuHigh({
    over: MINUTE,
    groupBy: [],
    condition: bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)]),
    repeat: { initial: HOUR, max: HOUR },
  })
  const story = tell(config({ rules: [ladder] }), TEN)
  const all = story.at('12:00')
  for (const host of ['rises', 'goes-on']) all.cpu(host, 0.85)
  story
    .at('12:00')
    .cpu('muted', 0.85)
    .silence('s1', ['host=muted'], HOUR / 6)
  story.at('12:05').cpu('fresh', 0.85)
  story.at('12:08').cpu('rises', 0.99)
  story.until('13:20')
  t.match(
    story.play.mails.map(({ reason, alerts }) => [
      reason,
      alerts.map(({ identity: { host }, reason: own }) => `${host} ${own}`),
    ]),
    [
      ['fired', ['rises fired', 'goes-on fired']],
      ['fired', ['fresh fired', 'rises undefined', 'goes-on undefined']],
      ['severity_raised', ['rises severity_raised', 'goes-on undefined', 'fresh undefined']],
      ['silence_ended', ['muted silence_ended', 'rises undefined', 'goes-on undefined', 'fresh undefined']],
      ['repeat_interval', ['rises', 'goes-on', 'muted', 'fresh'].map((host) => `${host} repeat_interval`)],
    ],
  )
  t.strictSame(
    decided(story, 'goes-on').map((line) => line.slice(9)),
    ['notified fired', ...Array.from({ length: 3 }, () => 'notified beside'), 'notified repeat_interval'],
  )
  t.equal(
    decided(story, 'muted').find((line) => line.includes('notified')),
    '12:14:10 notified silence_ended, held by silence',
  )
  t.equal(episode(story, 'goes-on').notificationCount, 2, 'what only went along was not sent for its sake')
})

test('the history of a rule that left the configuration is kept, and says since when it is gone', async (t) => {
  const story = tell(config({ rules: [high, cpuHigh({ name: 'other', metric: 'memory' })] }), TEN)
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:10').configure(config({ rules: [] }))
  story.at('12:20').configure(config({ rules: [cpuHigh({ name: 'third' })] }))
  story.until('12:25')
  const { rule, alerts, host } = why(story, 'web-1')
  t.match(rule, { name: 'cpu-high', kind: 'metric', removedAt: at('12:09:50') })
  t.strictSame(rule.nextEvaluation, { kind: 'rule_removed', at: at('12:09:50') })
  t.equal(host?.host, 'web-1')
  t.match(alerts, [{ state: 'resolved', closeReason: 'rule_changed', evidence: { why: { code: 'rule_removed' } } }])
  t.match(alerts[0]?.decisions?.at(-1), { kind: 'notified', event: 'resolved' })
  t.equal(
    runQuery(story.play.fold, { kind: 'why', rule: 'other', host: 'web-1' }),
    null,
    'of the other nothing is kept',
  )
  t.strictSame([...story.play.fold.state.removedRules], [['cpu-high', at('12:09:50')]])
  story.play.configure(config({ rules: [high] }))
  t.equal(why(story, 'web-1').rule.removedAt, undefined, 'it is back')
  t.notOk(story.play.fold.state.removedRules.has('cpu-high'))
})

test('a lowered severity is notified only with notify_on_downgrade', async (t) => {
  for (const notifyOnDowngrade of [true, false]) {
    const ladder = bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)])
    const rule = cpuHigh({ over: MINUTE, condition: ladder, notifyOnDowngrade })
    const story = tell(config({ rules: [rule] }), TEN)
    story.at('12:00').cpu('web-1', 0.99)
    story.at('12:05').cpu('web-1', 0.85)
    story.at('12:10').cpu('web-1', 0.99)
    story.at('12:15').cpu('web-1', 0.1)
    t.strictSame(story.until('12:20'), [
      '12:01:10 ada fired: cpu-high web-1',
      ...(notifyOnDowngrade ? ['12:06:10 ada severity_lowered: cpu-high web-1'] : []),
      '12:11:10 ada severity_raised: cpu-high web-1',
      '12:16:10 ada resolved: cpu-high web-1',
    ])
  }
})

test('a lowered severity that is raised again before its notification is not notified', async (t) => {
  const ladder = bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)])
  const rule = cpuHigh({ over: MINUTE, condition: ladder, notifyOnDowngrade: true, groupBy: ['rule'] })
  const story = tell(config({ rules: [rule] }), TEN)
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:02').cpu('web-1', 0.85)
  story.at('12:04').cpu('web-1', 0.99)
  t.strictSame(story.until('12:20'), ['12:01:40 ada fired: cpu-high web-1'])
})

test('while an alert flaps, only a severity above all notified ones is notified', async (t) => {
  for (const notifyOnDowngrade of [true, false]) {
    const ladder = bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)])
    const story = tell(config({ rules: [cpuHigh({ over: MINUTE, condition: ladder, notifyOnDowngrade })] }), TEN)
    // It flaps as a warning, then rises again and again; settles; and flaps once more.
    const [flaps, rises] = [
      [0.85, 0.1, 0.85, 0.1, 0.85, 0.1, 0.85, 0.1],
      [0.85, 0.99, 0.85, 0.99, 0.1, 0.85, 0.99, 0.1, 0.85, 0.99],
    ]
    const settles = Array.from({ length: 30 }, () => 0.1)
    const minutes = [flaps, rises, settles, flaps, rises].flat()
    for (const [i, value] of minutes.entries()) {
      story.at(new Date(NOON + i * MINUTE).toISOString().slice(11, 19)).cpu('web-1', value)
    }
    const notified = story.until('13:00').map((line) => line.slice(9))
    const spell = notified.slice(notified.indexOf('ada flapping_started: cpu-high web-1'))
    const rose = ['flapping_started', 'severity_raised', 'flapping_stopped']
    t.strictSame(
      spell.filter((line) => rose.some((because) => line.includes(because))),
      [...rose, 'flapping_started', 'severity_raised'].map((because) => `ada ${because}: cpu-high web-1`),
    )
  }
})

/** Three hosts fire at once, which one mail a minute has no room for; the list goes at 12:01:20. */
function crowd(change: Partial<EngineConfig> = {}): Story {
  const story = tell(config({ rules: [high], mailsPerMinute: 1, ...change }))
  const moment = story.at('12:00')
  for (const host of ['web-1', 'web-2', 'web-3']) moment.cpu(host, 0.99)
  return story
}

test('a deferred alert that is silenced is omitted from the list, and notified when the silence ends', async (t) => {
  const story = crowd()
  story.at('12:01:15').silence('s1', ['host=web-2'], 5 * MINUTE)
  t.strictSame(story.until('12:10'), [
    '12:01:20 ada rate_limited: cpu-high web-1, cpu-high web-3',
    '12:06:25 ada silence_ended: cpu-high web-2',
  ])
  t.match(decided(story, 'web-2'), [
    /12:01:20 suppressed fired: silence/,
    /12:06:25 notified silence_ended, held by silence/,
  ])
})

test('a deferred alert that is silenced and resolves during the silence is not notified', async (t) => {
  const story = crowd()
  story.at('12:01:15').silence('s1', ['host=web-2'], 20 * MINUTE)
  story.at('12:05').cpu('web-2', 0.1)
  t.strictSame(story.until('12:30'), ['12:01:20 ada rate_limited: cpu-high web-1, cpu-high web-3'])
  t.match(decided(story, 'web-2').at(-1), /suppressed all: silence$/)
  t.equal(
    [...story.play.fold.state.dispatch.alerts.values()].find(({ snapshot }) => snapshot.identity.host === 'web-2')
      ?.isClosed,
    true,
  )
})

test('a deferred end of a notified alert that is silenced is notified after the silence', async (t) => {
  const story = crowd()
  const end = story.at('12:05')
  for (const host of ['web-1', 'web-2', 'web-3']) end.cpu(host, 0.1)
  story.at('12:06:15').silence('s1', ['host=web-2'], 5 * MINUTE)
  t.strictSame(story.until('12:20'), [
    '12:01:20 ada rate_limited: cpu-high web-1, cpu-high web-2, cpu-high web-3',
    '12:06:20 ada rate_limited: cpu-high web-1, cpu-high web-3',
    '12:11:25 ada resolved: cpu-high web-2',
  ])
  const ids = story.play.mails.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
  t.equal(story.play.fold.state.dispatch.groups.size, 0)
})

test('an end that a silence delayed is notified with that reason, and is not counted as suppressed', async (t) => {
  const story = crowd()
  const end = story.at('12:05')
  for (const host of ['web-1', 'web-2', 'web-3']) end.cpu(host, 0.1)
  story.at('12:06:15').silence('s1', ['host=~web-[23]'], HOUR)
  // The command comes a moment after the newest tick, so that the silence ends ahead of it.
  story.at('12:08').does((play) => {
    play.enter({ kind: 'command', data: encodeEntry({ kind: 'expire', id: 's1', now: play.now() + 400 }) })
  })
  t.match(story.until('12:20').slice(1), [
    '12:06:20 ada resolved: cpu-high web-1',
    /12:08:\d\d ada rate_limited: cpu-high web-2, cpu-high web-3/,
  ])
  t.strictSame(
    story.play.mails.at(-1)?.alerts.map(({ suppressed }) => suppressed),
    [0, 0],
  )
  t.match(decided(story, 'web-2').slice(1), [
    /12:06:20 suppressed resolved: silence/,
    /12:08:\d\d notified resolved, held by silence, list rate_limited/,
  ])
  t.equal(decided(story, 'web-2').length, 3)
  t.equal(episode(story, 'web-2').suppressed, 0)
})

test('a suppressed notification that a newer one replaces is counted once', async (t) => {
  const ladder = cpuHigh({ over: MINUTE, condition: bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)]) })
  const story = tell(config({ rules: [ladder] }), TEN)
  story.at('12:00').cpu('web-1', 0.85)
  story
    .at('12:05')
    .silence('s1', ['host=web-1'], HOUR / 3)
    .cpu('web-1', 0.99)
  story.at('12:20').cpu('web-1', 0.1)
  t.match(story.until('12:40'), ['12:01:10 ada fired: cpu-high web-1', /12:25:\d\d ada resolved: cpu-high web-1/])
  t.equal(story.play.mails[1]?.alerts[0]?.suppressed, 1)
  t.match(decided(story, 'web-1').slice(1), [
    /suppressed severity_raised: silence$/,
    /suppressed resolved: silence$/,
    /12:25:\d\d notified resolved, held by silence$/,
  ])
})

test('what is inhibited while it waits for a list is left out', async (t) => {
  const down = cpuHigh({ name: 'switch-down', metric: 'memory', over: 2 * TEN, every: TEN, notify: ['boss', 'ada'] })
  const inhibitRules = [
    { sourceMatchers: [matcher('rule=switch-down')], targetMatchers: [matcher('rule=cpu-high')], equal: [] },
  ]
  const people = [...receivers, { name: 'ada', email: [{ address: ADA }] }]
  const rules = [cpuHigh({ over: MINUTE, notify: ['ada'] }), down]
  const story = crowd({ rules, receivers: people, alerting: alerting({ inhibitRules }) })
  story.at('12:00:40').reports('switch', { memory: 0.99 })
  t.strictSame(story.until('12:05'), [
    '12:01:20 boss fired: switch-down switch',
    '12:01:20 ada fired: switch-down switch',
  ])
  t.match(episode(story, 'web-2').decisions?.at(-1), {
    kind: 'suppressed',
    event: 'fired',
    why: { by: 'inhibition', rule: 'switch-down', host: 'switch' },
  })
})

test('whoever looks after what waits for a list is named in it, and an escalation waits for the end of that', async (t) => {
  const escalation = [{ after: 5 * MINUTE, notify: ['ops', 'boss'] }]
  const rules = [cpuHigh({ over: MINUTE, escalation })]
  const story = crowd({ rules, receivers })
  story.at('12:06:15').acknowledge('cpu-high', 'web-2', 10 * MINUTE)
  t.strictSame(story.until('12:30'), [
    '12:01:20 ops rate_limited: cpu-high web-1, cpu-high web-2, cpu-high web-3',
    '12:06:20 ops rate_limited: cpu-high web-1, cpu-high web-3',
    '12:06:20 boss rate_limited: cpu-high web-1, cpu-high web-3',
    '12:16:25 ops escalated: cpu-high web-2',
    '12:16:25 boss escalated: cpu-high web-2',
  ])
  t.match(
    episode(story, 'web-2').decisions?.find((one) => one.kind === 'suppressed' && one.to?.startsWith('boss')),
    {
      at: at('12:06:20'),
      event: 'escalated',
      why: { by: 'acknowledgement', author: 'Grace', until: at('12:16:15') },
    },
  )
})

test('an acknowledgement says until when it holds, and its end is a decision, by its time or by a rise', async (t) => {
  const ladder = cpuHigh({ over: MINUTE, condition: bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)]) })
  const story = tell(config({ rules: [ladder] }))
  story.at('12:00').cpu('up', 0.85).cpu('late', 0.85).cpu('over', 0.85)
  for (const host of ['up', 'late', 'over']) story.at('12:05').acknowledge('cpu-high', host, 10 * MINUTE)
  story.at('12:08').cpu('up', 0.99).cpu('over', 0.1)
  story.until('12:30')
  const acknowledged = (host: string): readonly Decision[] =>
    (episode(story, host).decisions ?? []).filter(({ kind }) => kind === 'acknowledged' || kind === 'unacknowledged')
  const author = 'Grace'
  const taken = { at: at('12:05:00'), kind: 'acknowledged', author, until: at('12:15:00'), note: 'on it' } as const
  const over = { kind: 'unacknowledged', author } as const
  t.strictSame(acknowledged('late'), [taken, { ...over, at: at('12:15:00'), reason: 'expired' }])
  t.strictSame(acknowledged('up'), [taken, { ...over, at: at('12:09:10'), reason: 'severity_raised' }])
  t.strictSame(acknowledged('over'), [taken], 'what is over needs nobody')
})

test('a deferred repeat omits alerts that were acknowledged meanwhile', async (t) => {
  const rules = [cpuHigh({ over: MINUTE, repeat: { initial: 10 * MINUTE, max: 10 * MINUTE } })]
  const story = crowd({ rules, receivers })
  story.at('12:11:15').acknowledge('cpu-high', 'web-2', 5 * MINUTE)
  const notified = story.until('12:14')
  t.equal(notified.at(-1), '12:11:20 ops rate_limited: cpu-high web-1, cpu-high web-3')
  t.match(decided(story, 'web-2', 'ops').at(-1), /suppressed repeat_interval: acknowledgement$/)
})

test('what ended while it waited for a list says so there, although its group would wait longer', async (t) => {
  const rules = [
    cpuHigh({ over: MINUTE, every: TEN, groupBy: ['rule'] }),
    cpuHigh({ name: 'memory-high', metric: 'memory', over: MINUTE }),
  ]
  const story = tell(config({ rules, mailsPerMinute: 1 }))
  story.at('12:00').cpu('web-1', 0.99).cpu('web-2', 0.99).reports('db-1', { memory: 0.99 })
  story.at('12:01:50').cpu('web-1', 0)
  t.strictSame(story.until('12:30'), [
    '12:01:20 ada fired: memory-high db-1',
    '12:02:20 ada rate_limited: cpu-high web-1, cpu-high web-2',
  ])
  t.strictSame(
    story.play.mails[1]?.alerts.map(({ identity: { host }, state, reason }) => [host, state, reason]),
    [
      ['web-1', 'resolved', 'resolved'],
      ['web-2', 'firing', 'fired'],
    ],
  )
})

test('reports and heart-beats take from the budget of their address', async (t) => {
  const heartbeat = { at: 12 * 60 + 1 }
  const story = tell(
    config({ rules: [high], mailsPerMinute: 2, receivers: [{ name: 'ops', email: [{ address: ADA }], heartbeat }] }),
  )
  story.at('12:00').cpu('web-1', 0.99)
  story.until('12:03')
  t.strictSame(
    story.play.mails.map(({ decidedAt: when, reason }) => [when - at('12:01:00'), reason]),
    [
      [0, 'scheduled'],
      [20_000, 'fired'],
    ],
    'the last mail of the minute is kept for the list',
  )
})

test('a budget that nothing was taken from for a minute is let go', async (t) => {
  const story = crowd()
  story.until('12:01:30')
  t.equal(story.play.fold.state.dispatch.rateLimits.size, 1)
  story.until('12:02:30')
  t.equal(story.play.fold.state.dispatch.rateLimits.size, 0)
})

const grace = [{ name: 'ops', email: [{ address: 'grace@example.org' }] }]

test('deferred alerts of a removed address go to the new receivers', async (t) => {
  const story = crowd()
  story.at('12:01:15').configure(config({ rules: [high], receivers: grace }))
  story.at('12:05').cpu('web-1', 0.1)
  t.strictSame(story.until('12:20'), [
    '12:01:14 grace fired: cpu-high web-1',
    '12:01:14 grace fired: cpu-high web-2',
    '12:01:14 grace fired: cpu-high web-3',
    '12:06:10 grace resolved: cpu-high web-1',
  ])
  t.equal(decided(story, 'web-1').length, 1)
  t.ok(hasLeft(story, 'web-1', 'fired'))
  t.notOk([...story.play.fold.state.dispatch.groups.values()].some(({ target }) => target.to.address === ADA))
})

test('pending alerts of a removed address end with that reason, and go to the new receivers', async (t) => {
  const rule = cpuHigh({ over: MINUTE, groupBy: ['rule'] })
  const story = tell(config({ rules: [rule] }))
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:01:20').configure(config({ rules: [rule], receivers: grace }))
  t.strictSame(story.until('12:10'), ['12:01:49 grace fired: cpu-high web-1'])
  t.equal(decided(story, 'web-1').length, 1)
  t.ok(hasLeft(story, 'web-1', 'fired'))
})

test('a removed address gets the end of notified alerts and nothing else; one that is added again gets all', async (t) => {
  const ladder = cpuHigh({ over: MINUTE, condition: bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)]) })
  const story = tell(config({ rules: [ladder] }), TEN)
  story.at('12:00').cpu('web-1', 0.85).cpu('web-2', 0.85)
  story.at('12:01:30').configure(config({ rules: [ladder], receivers: grace }))
  story.at('12:05').cpu('web-1', 0.99)
  story.at('12:10').cpu('web-1', 0.1)
  story.at('12:15').configure(config({ rules: [ladder] }))
  story.at('12:20').cpu('web-2', 0.99)
  const notified = story.until('12:30')
  t.strictSame(
    notified.filter((line) => line.includes('ada')),
    [
      '12:01:10 ada fired: cpu-high web-1',
      '12:01:10 ada fired: cpu-high web-2',
      '12:11:10 ada resolved: cpu-high web-1',
      '12:21:10 ada severity_raised: cpu-high web-2',
    ],
  )
  t.match(decided(story, 'web-1').at(1), /suppressed severity_raised: receiver_removed$/)
  t.ok(hasLeft(story, 'web-1', 'severity_raised'))
})

test('a removed webhook gets nothing more, and the alert says so', async (t) => {
  const machine = [
    { name: 'hook', email: [], webhook: true },
    { name: 'ada', email: [{ address: ADA }] },
  ]
  const both = cpuHigh({ over: MINUTE, notify: ['hook', 'ada'] })
  const story = tell(config({ rules: [both], receivers: machine, selfMonitoring: [] }), TEN)
  story.at('12:00').cpu('web-1', 0.99)
  const next = { rules: [{ ...both, notify: ['ada'] }], receivers: machine.slice(1), system: [] }
  story.at('12:01:30').configure(config(next))
  story.at('12:05').cpu('web-1', 0.1)
  t.strictSame(story.until('12:10'), [
    '12:01:10 webhook:hook fired: cpu-high web-1',
    '12:01:10 ada fired: cpu-high web-1',
    '12:06:10 ada resolved: cpu-high web-1',
  ])
  t.match(decided(story, 'web-1', 'webhook').at(-1), /suppressed resolved: receiver_removed$/)
  t.ok(hasLeft(story, 'web-1', 'resolved'))
  t.equal(story.play.fold.state.dispatch.groups.size, 0)
})

test("when the receivers of the service's own alerts change, those that come hear of what is open", async (t) => {
  const people = (name: string): EngineConfig =>
    config({
      rules: [],
      receivers: [{ name, email: [{ address: `${name}@example.org` }] }],
      selfMonitoring: [name],
      sources: ['logstash-a'],
    })
  const { play } = tell(people('ada'))
  play.until(
    '12:05:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: 0.1 })])),
  )
  play.until('12:10:00')
  play.configure(people('grace'))
  play.until('12:11:00')
  t.strictSame(
    play.mails.map(({ to, reason, alerts }) => [to.address, reason, alerts[0]?.identity.rule]),
    [
      [ADA, 'fired', 'source-down'],
      ['grace@example.org', 'fired', 'source-down'],
    ],
  )
})

test('a notice that waits for the budget of an address that leaves goes to whoever takes its place', async (t) => {
  const people = (name: string): EngineConfig =>
    config({
      rules: [],
      receivers: [{ name, email: [{ address: `${name}@example.org` }] }],
      selfMonitoring: [name],
      mailsPerMinute: 1,
    })
  const { play } = tell(people('ada'))
  const { dispatch } = play.fold.state
  const retiring = (host: number): Notice => ({
    kind: 'hosts_retired',
    items: [],
    counts: { host, source: 0, mass_absence: 0 },
  })
  for (const hosts of [1, 2]) enqueueNotice(dispatch, play.fold.dispatchPlan, retiring(hosts), NOON)
  play.until('12:00:10')
  play.configure(people('grace'))
  play.until('12:03:00')
  t.strictSame(
    play.mails.map(({ to, notice }) => [to.address, noticeLine(notice)]),
    [
      [ADA, '1 host'],
      ['grace@example.org', '2 host'],
    ],
  )
})
