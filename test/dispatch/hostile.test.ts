import { test } from 'tap'
import { addSilence } from '../../src/dispatch/commands.ts'
import { windowsInForce } from '../../src/dispatch/calendar.ts'
import { createDispatchPlan } from '../../src/dispatch/plan.ts'
import { emptyDispatch } from '../../src/dispatch/state.ts'
import type { MaintenanceWindow, Millis, Silence } from '../../src/model.ts'
import { alerting, config, cpuHigh, createPlay, HOUR, MINUTE, NOON, SECOND, TEN } from '../helpers/play.ts'
import { matcher, tell } from '../helpers/story.ts'

const high = cpuHigh({ over: MINUTE })
const silence = (id: string, matchers: readonly string[]): Silence => ({
  id,
  matchers: matchers.map(matcher),
  startsAt: NOON,
  endsAt: NOON + HOUR,
  createdBy: 'Grace',
  comment: 'known',
  createdAt: NOON,
})

test('ten thousand silences are a thousand, the others are refused, and those that are there can still be changed', async (t) => {
  const state = emptyDispatch()
  const answers = Array.from({ length: 10_000 }, (_, i) => addSilence(state, silence(`s${i}`, [`host=web-${i}`])).kind)
  t.equal(answers.filter((kind) => kind === 'refused').length, 9000)
  t.equal(state.silences.size, 1000)
  t.equal(addSilence(state, { ...silence('s7', ['host=x']), endsAt: NOON + 1 }).kind, 'done')
  t.match(addSilence(state, silence('new', ['host=x'])), { kind: 'refused', code: 'too-many-silences', value: 1000 })
})

test('a thousand silences that all look at each alert hold back what fits one of them', async (t) => {
  const story = tell(config({ rules: [high] }), TEN)
  const moment = story.at('12:00')
  for (let i = 0; i < 1000; i++) moment.silence(`s${i}`, [`host=~(a|b|web)-${i}.*`, 'rule!=other'], HOUR)
  for (let i = 990; i < 1010; i++) moment.cpu(`web-${i}`, 0.99)
  t.strictSame(story.until('12:05'), [])
  const muted = [...story.play.fold.state.dispatch.alerts.values()].map(({ snapshot, muted: by }) => [
    snapshot.identity.host,
    by?.by === 'silence' && by.id,
  ])
  t.strictSame(
    muted.slice(0, 2),
    [
      ['web-990', 's9'],
      ['web-991', 's9'],
    ],
    'the first that fits is named',
  )
  t.equal(muted.length, 20)
})

test('a label that an alert does not have is the empty text to matchers, groups and equal labels', async (t) => {
  const rules = [
    high,
    cpuHigh({
      name: 'memory-high',
      metric: 'memory',
      over: MINUTE,
      labels: { rack: 'a' },
      groupBy: ['rack', 'absent'],
    }),
  ]
  const story = tell(config({ rules }), TEN)
  story.at('12:00').reports('web-1', { cpu: 0.99, memory: 0.99 }).silence('s1', ['rack=', 'host=web-1'], HOUR)
  story.at('12:00').silence('s2', ['absent!=', 'host=web-1'], HOUR)
  t.strictSame(story.until('12:10'), ['12:01:40 ada fired: memory-high web-1'])
})

test('a group by a value of ten thousand characters is a group', async (t) => {
  const long = 'x'.repeat(10_000)
  const story = tell(
    config({ rules: [cpuHigh({ name: 'disk-full', metric: 'disk', over: MINUTE, groupBy: ['mount', 'host'] })] }),
    TEN,
  )
  story.at('12:00').reports('web-1', { [`disk\u001f${long}`]: 0.99, [`disk\u001f${long}y`]: 0.99 })
  t.strictSame(story.until('12:05'), [
    `12:01:10 ada fired: disk-full web-1 ${long}`,
    `12:01:10 ada fired: disk-full web-1 ${long}y`,
  ])
  t.equal(story.play.fold.state.dispatch.groups.size, 2)
  for (const { id } of story.play.mails) t.ok(id.length < 100)
})

test('each of 500 addresses is notified, over as many minutes as the total limit takes', async (t) => {
  const email = Array.from({ length: 500 }, (_, i) => ({ address: `a${i}@example.org` }))
  const story = tell(config({ rules: [high], receivers: [{ name: 'ops', email }] }), TEN)
  story.at('12:00').cpu('web-1', 0.99).cpu('web-2', 0.99)
  story.at('12:10').cpu('web-1', 0.1).cpu('web-2', 0.1)
  story.until('12:20')
  const heard = Map.groupBy(story.play.mails, ({ to }) => to.address)
  t.equal(heard.size, 500)
  for (const [address, mails] of heard) {
    const states = mails.flatMap(({ alerts, newCount }) =>
      alerts.slice(0, newCount).map(({ identity: { host }, state }) => `${host} ${state}`),
    )
    if (new Set(states).size !== 4 || states.length !== 4) t.fail(`${address}: ${states.join()}`)
  }
})

test('each of 200 routes with continue notifies its receiver, and an address once', async (t) => {
  const receivers = Array.from({ length: 100 }, (_, i) => ({
    name: `r${i}`,
    email: [{ address: `r${i}@example.org` }],
  }))
  const routes = Array.from({ length: 200 }, (_, i) => ({
    matchers: [matcher(`host=~web-.*${i % 2 === 0 ? '' : '|db'}`)],
    notify: [`r${i % 100}`],
    continue: true,
  }))
  const story = tell(
    config({
      rules: [{ ...high, notify: [] }],
      receivers,
      alerting: alerting({ routes, totalPerMinute: 1000 }),
      mailsPerMinute: 1000,
    }),
    TEN,
  )
  story.at('12:00').cpu('web-1', 0.99)
  story.at('12:05').cpu('web-1', 0.1)
  t.equal(story.until('12:10').length, 200)
  t.equal(new Set(story.play.mails.map(({ to }) => to.address)).size, 100)
})

test('a window of an hour a night comes once each night in every zone, whatever its clocks do', async (t) => {
  const all = Intl.supportedValuesOf('timeZone')
  // Clocks that change by half an hour, at midnight, at other times of the year, or stand beside the hour.
  const odd = [
    'Australia/Lord_Howe',
    'America/Havana',
    'America/Santiago',
    'America/New_York',
    'Africa/Casablanca',
    'Asia/Kathmandu',
  ]
  t.strictSame(
    wrongNights(all, Date.parse('2026-03-26T00:00:00Z'), 4),
    [],
    `${all.length} zones, while most of their clocks are put forward`,
  )
  for (const start of ['2026-02-16T12:00:00Z', '2026-09-20T12:00:00Z'])
    t.strictSame(wrongNights(odd, Date.parse(start), 50), [])
})

/** Plays ten hours with a window from 02:15 to 02:45 in Berlin; returns the times (UTC) at which it begins and ends. */
function changesOfWindow(start: string): readonly string[] {
  const always = { matchers: [matcher('host=~.+')], weekdays: [], daysOfMonth: [], months: [], years: [] }
  const window = { ...always, name: 'nightly', timeZone: 'Europe/Berlin', times: [{ from: 135, to: 165 }] }
  const play = createPlay(config({ alerting: alerting({ maintenanceWindows: [window] }) }), Date.parse(start))
  const changes: string[] = []
  let wasInForce: string | undefined
  play.until(play.now() + SECOND)
  play.until(play.now() + 10 * HOUR, (now) => {
    const { mutesInForce: inForce } = play.fold.state.dispatch
    if (wasInForce !== undefined && inForce !== wasInForce)
      changes.push(new Date(now - SECOND).toISOString().slice(11, 16))
    wasInForce = inForce
  })
  return changes
}

test('a maintenance window that daylight saving time skips is never in force, one that it repeats is twice', async (t) => {
  t.strictSame(changesOfWindow('2026-03-27T20:00:00Z'), ['01:15', '01:45'], 'the night before')
  t.strictSame(changesOfWindow('2026-03-29T00:00:00Z'), [], 'from 02:00 the clocks show 03:00')
  t.strictSame(
    changesOfWindow('2026-10-24T20:00:00Z'),
    ['00:15', '00:45', '01:15', '01:45'],
    'from 03:00 they show 02:00',
  )
})

/** Zones in which a window from 4 to 5 was not in force at exactly one full hour of each night. */
function wrongNights(zones: readonly string[], start: Millis, nights: number): readonly string[] {
  const always = { matchers: [], weekdays: [], daysOfMonth: [], months: [], years: [] }
  const maintenanceWindows = zones.map((timeZone): MaintenanceWindow => ({
    ...always,
    name: timeZone,
    timeZone,
    times: [{ from: 4 * 60, to: 5 * 60 }],
  }))
  const plan = createDispatchPlan(config({ alerting: alerting({ maintenanceWindows }) }))
  const counts = new Map<string, number>()
  for (let now = start; now < start + nights * 24 * HOUR; now += HOUR) {
    for (const { name } of windowsInForce(plan.config.alerting.maintenanceWindows, now, plan.clocks))
      counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return zones.filter((zone) => counts.get(zone) !== nights)
}
