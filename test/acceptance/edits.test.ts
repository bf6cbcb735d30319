import { test } from 'tap'
import type { EngineConfig, MetricRule, Reason } from '../../src/model.ts'
import { refold, restarted } from '../helpers/fate.ts'
import { above, alerting, config, cpuHigh, HOUR, MINUTE, threshold, bounds, TEN } from '../helpers/play.ts'
import { matcher, type Story, tell } from '../helpers/story.ts'

const high = cpuHigh({ over: MINUTE })
const receivers = ['ops', 'boss', 'dba'].map((name) => ({ name, email: [{ address: `${name}@example.org` }] }))
const base = config({ rules: [high], receivers })
const withRule = (change: Partial<MetricRule>): EngineConfig => ({ ...base, rules: [{ ...high, ...change }] })

/** The mails until a time; a service that starts anew again and again sends the same. */
function until(story: Story, time: string): readonly string[] {
  const notified = story.until(time)
  const { effects } = refold(story.play.entries, (fold, i) => (i % 7 === 0 ? restarted(fold) : fold))
  const [again, mails] = [effects.map(({ data }) => data), story.play.mails.map((mail) => JSON.stringify(mail))]
  if (again.join('\n') !== mails.join('\n')) throw new Error('with restarts, other mails are sent')
  return notified
}

/** One hot host, and a configuration that changes ten minutes after. */
function edited(first: EngineConfig, next: EngineConfig): Story {
  const story = tell(first, TEN)
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:10').configure(next)
  story.at('12:20').cpu('web-1', 0.1)
  return story
}

const lastReason = ({ play }: Story): Reason | undefined => play.mails.at(-1)?.alerts[0]?.evidence.why

test('the alerts of a rule that is removed end, and say why', async (t) => {
  const story = edited(base, { ...base, rules: [] })
  t.strictSame(until(story, '12:30'), ['12:01:10 ops fired: cpu-high web-1', '12:09:50 ops resolved: cpu-high web-1'])
  t.strictSame(lastReason(story), { code: 'rule_removed', params: {} })
})

test('a rule that gets another name is another rule: its alerts end, and begin anew', async (t) => {
  const story = edited(base, withRule({ name: 'cpu-hot' }))
  t.strictSame(until(story, '12:30'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:09:50 ops resolved: cpu-high web-1',
    '12:10:10 ops fired: cpu-hot web-1',
    '12:21:10 ops resolved: cpu-hot web-1',
  ])
  t.equal(new Set(story.play.mails.map(({ thread }) => thread)).size, 2)
})

test('after a change of receivers the new ones are notified that it fires, and the old ones of its end', async (t) => {
  const story = edited(base, withRule({ notify: ['boss'] }))
  story.at('12:30').cpu('web-1', 0.99)
  t.strictSame(until(story, '12:40'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:09:50 boss fired: cpu-high web-1',
    '12:21:10 ops resolved: cpu-high web-1',
    '12:21:10 boss resolved: cpu-high web-1',
    '12:31:10 boss fired: cpu-high web-1',
  ])
})

test('a removed address is notified of the end of its alerts', async (t) => {
  const story = edited(base, { ...withRule({ notify: ['boss'] }), receivers: receivers.slice(1), selfMonitoring: [] })
  t.strictSame(until(story, '12:30'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:09:50 boss fired: cpu-high web-1',
    '12:21:10 ops resolved: cpu-high web-1',
    '12:21:10 boss resolved: cpu-high web-1',
  ])
})

test('a removed receiver gets no repeats', async (t) => {
  const story = tell(withRule({ repeat: { initial: HOUR, max: HOUR } }), TEN)
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:10').configure(withRule({ notify: ['boss'], repeat: { initial: HOUR, max: HOUR } }))
  story.at('13:20').cpu('web-1', 0.1)
  t.strictSame(until(story, '13:30'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:09:50 boss fired: cpu-high web-1',
    '13:09:50 boss repeat_interval: cpu-high web-1',
    '13:21:10 ops resolved: cpu-high web-1',
    '13:21:10 boss resolved: cpu-high web-1',
  ])
})

test('a severity that an override lowers is notified only with the end', async (t) => {
  const ladder = bounds('mean', [above(0.7, 0.6)], [above(0.9, 0.8)])
  const lower = { hosts: ['web-*'], params: threshold('mean', [above(0.7, 0.6)]) }
  const story = edited(withRule({ condition: ladder }), withRule({ condition: ladder, overrides: [lower] }))
  t.strictSame(until(story, '12:30'), ['12:01:10 ops fired: cpu-high web-1', '12:21:10 ops resolved: cpu-high web-1'])
  t.strictSame(
    story.play.mails.map(({ alerts }) => alerts[0]?.severity),
    ['critical', 'warning'],
  )
})

test('the alerts of hosts that a rule is not for any more end, the others go on', async (t) => {
  const story = edited(base, withRule({ hosts: ['db-*'] }))
  story.at('12:00').cpu('db-1', 0.99)
  story.at('12:20').cpu('db-1', 0.1)
  t.strictSame(until(story, '12:30'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:01:10 ops fired: cpu-high db-1',
    '12:09:50 ops resolved: cpu-high web-1',
    '12:21:10 ops resolved: cpu-high db-1',
  ])
  t.strictSame(story.play.mails[2]?.alerts[0]?.evidence.why, {
    code: 'rule_not_applicable',
    params: { host: 'web-1' },
  })
})

test('a thread continues under another grouping, also for addresses that are notified later', async (t) => {
  const escalation = [{ after: HOUR / 4, notify: ['ops', 'boss'] }]
  const story = edited(withRule({ escalation }), withRule({ escalation, groupBy: ['rule'] }))
  t.strictSame(until(story, '12:30'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:16:10 ops escalated: cpu-high web-1',
    '12:16:40 boss escalated: cpu-high web-1',
    '12:21:10 ops resolved: cpu-high web-1',
    '12:21:40 boss resolved: cpu-high web-1',
  ])
  t.strictSame(
    story.play.mails.map(({ seq }) => seq),
    [0, 1, 0, 2, 1],
  )
})

test('a silence holds over a reload, and a route that is gone leaves its reason', async (t) => {
  const routes = [{ matchers: [matcher('host=web-1')], notify: ['ops'], continue: false }]
  const silent = { ...withRule({ notify: [] }), alerting: alerting({ routes }) }
  const story = edited(silent, withRule({ notify: [] }))
  story.at('12:05').silence('s1', ['host=web-1'], HOUR / 4)
  story.at('12:30').cpu('web-1', 0.99)
  t.strictSame(until(story, '12:40'), [
    '12:01:10 ops fired: cpu-high web-1',
    '12:20:00 ops silence_ended: cpu-high web-1',
    '12:21:10 ops resolved: cpu-high web-1',
  ])
  const last = [...story.play.fold.state.dispatch.alerts.values()].at(-1)
  t.match(last?.decisions.at(-1), {
    kind: 'suppressed',
    event: 'fired',
    why: { by: 'no_receiver' },
  })
})
