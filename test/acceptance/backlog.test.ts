import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { Millis } from '../../src/model.ts'
import { columns, deadOf, deliver, eventsOf, type Fleet, nameOf, within } from '../helpers/fleet.ts'
import { at, config, cpuHigh, createPlay, HOUR, MINUTE, type Play, SECOND, silent, tally } from '../helpers/play.ts'

/**
 * What a queue that was held up for 20 minutes and is read at twelve times the speed makes of mails. Seven hosts died
 * meanwhile, three were hot for a while and two are hot since. Both Logstash stand still from 12:15 to 12:35.
 */
const fleet = config({ rules: [cpuHigh(), silent()], sources: ['logstash-a', 'logstash-b'], mailsPerMinute: 10_000 })
const DEAD = 7
const HOT: readonly (readonly [host: string, from: string, to: string])[] = [
  [nameOf(100), '12:16:00', '12:20:00'],
  [nameOf(101), '12:20:00', '12:26:00'],
  [nameOf(102), '12:27:00', '12:31:00'],
  [nameOf(103), '12:18:00', '14:00:00'],
  [nameOf(104), '12:29:00', '14:00:00'],
]
/** Of each episode: the first window that was beyond the bound, and the one that was good again. */
const TRUE_EPISODES = [
  [nameOf(100), at('12:18:00'), at('12:21:00')],
  [nameOf(101), at('12:22:00'), at('12:27:00')],
  [nameOf(102), at('12:29:00'), at('12:32:00')],
  [nameOf(103), at('12:20:00'), undefined],
  [nameOf(104), at('12:31:00'), undefined],
]

const died = (i: number): Millis => (i < DEAD ? at('12:16:00') + i * 2 * MINUTE : Infinity)
const cluster: Fleet = {
  speaks: (i, ts) => ts < died(i),
  samples: (i, ts) => ({
    cpu: HOT.some(([host, from, to]) => host === nameOf(i) && within(ts, from, to)) ? 0.99 : 0.1,
  }),
}
const isOut = (now: Millis): boolean => within(now, '12:15:00', '12:35:00')

/** Reads a queue: in step with the time, not at all while both Logstash stand, twelve times as fast until it is empty. */
function readQueue(read: (play: Play, second: Millis) => void, alongside?: (play: Play, now: Millis) => void): Play {
  const play = createPlay(fleet)
  let position = play.now()
  play.until('12:45:00', (now) => {
    if (isOut(now)) return
    alongside?.(play, now)
    const end = Math.min(now, position + (position < now - SECOND ? 12 : 1) * SECOND)
    while (position < end) read(play, (position += SECOND))
  })
  return play
}

/** Host, since and end of every episode of a rule. */
function episodes(play: Play): unknown[] {
  const views = runQuery(play.fold, { kind: 'alerts' }).filter((view) => view.identity.rule === 'cpu-high')
  return views
    .map(({ identity: { host }, startsAt, resolvedAt }) => [host, startsAt, resolvedAt])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}

/** What is told of a rule: the kind of mail, why it came, whom it names. */
function toldOf(play: Play, rule: string): string[] {
  const mails = play.mails.filter((mail) => mail.alerts[0]?.identity.rule === rule)
  return mails
    .map((mail) => `${mail.kind} (${mail.reason}): ${mail.alerts.map((alert) => alert.identity.host).join()}`)
    .sort()
}

const TOLD = [
  `alert (fired): ${nameOf(101)}`,
  `alert (fired): ${nameOf(102)}`,
  `alert (fired): ${nameOf(103)}`,
  `alert (fired): ${nameOf(104)}`,
  `alert (resolved): ${nameOf(101)}`,
  `alert (resolved): ${nameOf(102)}`,
  `digest (backlog): ${nameOf(100)}`,
]

test('20 min of backlog replayed at 12x: 7 dead hosts, 5 alerts fired and 3 resolved, each at its true minute', async (t) => {
  const play = readQueue((one, second) => deliver(one, second, cluster))
  t.strictSame(columns(play), { hosts: DEAD, many: 0, down: 2, degraded: 0 })
  t.strictSame(
    deadOf(play),
    Array.from({ length: DEAD }, (_, i) => nameOf(i)),
  )
  t.strictSame(episodes(play), TRUE_EPISODES)
  t.equal(tally(play, 'samples_late_merged') + tally(play, 'samples_late_dropped'), 0)
  t.strictSame(toldOf(play, 'cpu-high'), TOLD, 'what is over and old comes in one digest, what goes on as an alert')
})

/** How many seconds an event of a host is under way before it joins the queue: none to 14, without any order. */
const delay = (i: number, ts: Millis): number => (((i * 7919 + ts / SECOND) * 2_654_435_761) % 2 ** 32) % 15

/** Posts what joined the queue in one second, with `delay` after it came about. */
function deliverJittered(play: Play, second: Millis): void {
  for (let late = 0; late < 15; late++) {
    deliver(play, second - late * SECOND, {
      ...cluster,
      speaks: (i, ts) => cluster.speaks(i, ts) && delay(i, ts) === late,
    })
  }
}

test('same, 15 s arrival jitter: the same mails and minutes, and no sample of the backlog is late', async (t) => {
  const late = new Map<Millis, number>()
  const play = readQueue(deliverJittered, (one, now) => late.set(now, tally(one, 'samples_late_merged')))
  t.strictSame(columns(play), { hosts: DEAD, many: 0, down: 2, degraded: 0 })
  t.strictSame(
    deadOf(play),
    Array.from({ length: DEAD }, (_, i) => nameOf(i)),
  )
  t.strictSame(episodes(play), TRUE_EPISODES)
  t.strictSame(toldOf(play, 'cpu-high'), TOLD)
  t.equal(
    late.get(at('12:36:40')),
    late.get(at('12:35:02')),
    'but for those that were under way when the queue stood still',
  )
  t.ok(tally(play, 'samples_late_merged') > 0, 'some of the live ones are: they take longer than the lateness')
  t.equal(tally(play, 'samples_late_dropped'), 0)
})

test('backlog interleaved with current events: 7 absent hosts and firing alerts are notified, and late samples counted', async (t) => {
  const live: Fleet = { ...cluster, speaks: (i, ts) => cluster.speaks(i, ts) && !isOut(ts) }
  const held: Fleet = { ...cluster, speaks: (i, ts) => cluster.speaks(i, ts) && isOut(ts) }
  const play = readQueue(
    (one, second) => deliver(one, second, held),
    (one, now) => deliver(one, now, live),
  )
  t.strictSame(columns(play), { hosts: DEAD, many: 0, down: 2, degraded: 0 })
  t.strictSame(
    deadOf(play),
    Array.from({ length: DEAD }, (_, i) => nameOf(i)),
  )
  t.strictSame(toldOf(play, 'cpu-high'), [`alert (fired): ${nameOf(103)}`, `alert (fired): ${nameOf(104)}`])
  const [taken, dropped] = [tally(play, 'samples'), tally(play, 'samples_late_dropped')]
  const asked = readQueue((one, second) => deliver(one, second, cluster))
  t.equal(taken + dropped, tally(asked, 'samples'), 'each sample is either taken or counted as dropped')
  t.ok(dropped > 0)
})

test("one host's clock is two hours fast: no host is called dead, and its own alerts are told", async (t) => {
  const isFast = (i: number): boolean => i === 100
  const play = createPlay(fleet)
  play.until('12:45:00', (now) => {
    deliver(play, now, { ...cluster, speaks: (i) => !isFast(i) })
    for (const [source, events] of eventsOf({ ...cluster, speaks: isFast }, now)) {
      play.post(
        events.map((one) => ({ ...one, ts: one.ts + 2 * HOUR })),
        { source },
      )
    }
  })
  t.strictSame(columns(play), { hosts: 0, many: 0, down: 0, degraded: 0 })
  t.strictSame(toldOf(play, 'clock-skew'), [`alert (fired): ${nameOf(100)}`])
  t.strictSame(episodes(play), TRUE_EPISODES, 'for the fast host as for the others')
})
