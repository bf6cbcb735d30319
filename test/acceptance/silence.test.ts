import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import {
  columns,
  deliver,
  type Fleet,
  HOSTS,
  nameOf,
  PERIOD,
  run as runFleet,
  sourceOf,
  STRIDE,
  within,
} from '../helpers/fleet.ts'
import { at, config, createPlay, MINUTE, type Play, SECOND, silent } from '../helpers/play.ts'

/**
 * What a fleet's silence is worth, as columns of mails: about single hosts, about many at once, about sources. The mail
 * budget is out of the way: every mail that is decided is counted.
 */
const fleet = config({ rules: [silent()], sources: ['logstash-a', 'logstash-b'], mailsPerMinute: 10_000 })
/** A fleet behind one Logstash alone. */
const single = { ...fleet, sources: ['logstash-a'] }
const run = ({ until, ...rest }: Fleet & { readonly until: string }, settings = fleet): Play =>
  runFleet(settings, rest, until)

test('both Logstash are down for 20 minutes, and no host is called dead', async (t) => {
  const play = run({ until: '13:00:00', speaks: (_, now) => !within(now, '12:15:00', '12:35:00') })
  t.strictSame(columns(play), { hosts: 0, many: 0, down: 2, degraded: 0 })
})

test('one of two Logstash is down for 20 minutes, and one mail says so', async (t) => {
  const play = run({ until: '13:00:00', speaks: (i, now) => i % 2 === 1 || !within(now, '12:15:00', '12:35:00') })
  t.strictSame(columns(play), { hosts: 0, many: 0, down: 1, degraded: 0 })
})

test('hosts reconnect over 5 min after an outage, and none of them is called dead', async (t) => {
  const back = (i: number): number => at('12:35:00') + (i / HOSTS) * 5 * MINUTE
  const play = run({ until: '13:00:00', speaks: (i, now) => now < at('12:15:00') || now >= back(i) })
  t.strictSame(columns(play), { hosts: 0, many: 0, down: 2, degraded: 0 })
})

test('hosts that report every five minutes are watched alike', async (t) => {
  const speaks = (i: number, now: number): boolean =>
    !within(now, '13:00:00', '13:20:00') && (i > 2 || now < at('13:40:00'))
  const play = createPlay({ ...fleet, rules: [silent({ after: 12 * MINUTE })] })
  play.until('14:00:00', (now) => deliver(play, now, { speaks, period: 300 }, STRIDE), STRIDE)
  t.strictSame(columns(play), { hosts: 3, many: 0, down: 2, degraded: 0 })
})

test('the flow of hosts that report every five minutes is looked at over ten', async (t) => {
  const speaks = (i: number, now: number): boolean => i % 10 === 0 && (now < at('13:00:00') || i % 100 < 30)
  const play = createPlay({ ...single, rules: [silent({ after: 12 * MINUTE })] })
  const source = (): string => 'logstash-a'
  play.until('13:25:00', (now) => deliver(play, now, { speaks, source, period: 300 }, STRIDE), STRIDE)
  t.strictSame(columns(play), { hosts: 0, many: 0, down: 0, degraded: 1 })
})

test('most hosts report at the same instant every five minutes, and nothing is amiss in between', async (t) => {
  const speaks = (i: number, now: number): boolean => i < 50 || now % (5 * MINUTE) < PERIOD * SECOND
  const play = createPlay({ ...single, rules: [silent({ after: 12 * MINUTE })] })
  play.until('13:00:00', (now) => deliver(play, now, { speaks, source: () => 'logstash-a' }, STRIDE), STRIDE)
  t.strictSame(play.notified(), [])
})

test('hosts that move to another Logstash are not missed by the old one', async (t) => {
  let moved = false
  const source = (i: number): string => (moved && i % 10 !== 0 ? 'logstash-b' : sourceOf(i))
  const play = createPlay(fleet)
  play.until(
    '12:50:00',
    (now) => {
      moved = within(now, '12:15:00', '12:30:00')
      deliver(play, now, { speaks: () => true, source }, STRIDE)
    },
    STRIDE,
  )
  t.strictSame(play.notified(), [])
})

test('70 % vanish at once: the source is degraded, and no host is called dead', async (t) => {
  const play = run(
    {
      until: '12:40:00',
      speaks: (i, now) => now < at('12:15:00') || i % 10 < 3,
      source: () => 'logstash-a',
    },
    single,
  )
  t.strictSame(columns(play), { hosts: 0, many: 0, down: 0, degraded: 1 })
  const [mail] = play.mails
  t.ok(
    mail !== undefined && within(mail.decidedAt, '12:17:00', '12:19:00'),
    'after the minute in which they still count, and two more',
  )
  t.strictSame(mail?.alerts[0]?.evidence, {
    limit: { op: 'below', value: 250 },
    why: { code: 'hosts_missing', params: { hosts: 150, usual: 500 } },
  })
})

test('a degraded source that recovers is notified once more, and no host was absent', async (t) => {
  const isGone = (i: number, now: number): boolean => within(now, '12:15:00', '12:30:00') && i % 10 >= 3
  const play = run({ until: '12:50:00', speaks: (i, now) => !isGone(i, now), source: () => 'logstash-a' }, single)
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    ['source-degraded logstash-a firing (fired)', 'source-degraded logstash-a resolved (resolved)'],
  )
})

test('40 hosts become absent: one mail names all 40, and one their return', async (t) => {
  const isDead = (i: number, now: number): boolean => i < 80 && i % 2 === 0 && within(now, '12:15:00', '12:40:00')
  const play = createPlay(fleet)
  const speaks = (i: number, now: number): boolean => !isDead(i, now)
  play.until('12:30:00', (now) => deliver(play, now, { speaks }, STRIDE), STRIDE)
  t.strictSame(columns(play), { hosts: 0, many: 1, down: 0, degraded: 0 })
  const rack = Array.from({ length: 40 }, (_, i) => nameOf(2 * i))
  const [alert] = play.mails[0]?.alerts ?? []
  const { code, params } = alert?.evidence.why ?? { code: '', params: {} }
  t.match({ code, params }, { code: 'absent_together', params: { source: 'logstash-a', count: 40 } })
  t.strictSame(new Set(params['hosts'] as readonly string[]), new Set(rack))
  const open = runQuery(play.fold, { kind: 'alerts' })
  t.strictSame(
    open
      .filter((one) => one.identity.rule === 'host-silent')
      .map((one) => one.identity.host)
      .sort(),
    rack.toSorted(),
    'each has an alert of its own',
  )
  play.until('12:50:00', (now) => deliver(play, now, { speaks }, STRIDE), STRIDE)
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    ['mass-absence logstash-a firing (fired)', 'mass-absence logstash-a resolved (resolved)'],
  )
})

test('a degraded source is taken as it is after half an hour, and one mail names who is missing', async (t) => {
  const play = run(
    {
      until: '13:00:00',
      speaks: (i, now) => now < at('12:12:00') || i % 10 < 3,
      source: () => 'logstash-a',
    },
    single,
  )
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    [
      'source-degraded logstash-a firing (fired)',
      'source-degraded logstash-a resolved (resolved)',
      'mass-absence logstash-a firing (fired)',
    ],
  )
  t.match(play.mails[1]?.alerts[0], {
    closeReason: 'baseline_accepted',
    evidence: { why: { code: 'flow_accepted', params: { hosts: 150, for: 30 * MINUTE } } },
  })
  t.equal(play.mails[2]?.alerts[0]?.value, 350)
})

test('9 hosts die one by one, and there are 9 mails', async (t) => {
  const died = (i: number): number => (i < 9 ? at('12:10:00') + i * 2 * MINUTE : Infinity)
  const play = run({ until: '12:40:00', speaks: (i, now) => now < died(i) })
  t.strictSame(columns(play), { hosts: 9, many: 0, down: 0, degraded: 0 })
})
