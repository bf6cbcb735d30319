import { test } from 'tap'
import { acknowledge, addSilence } from '../../src/dispatch/commands.ts'
import { createDispatchPlan } from '../../src/dispatch/plan.ts'
import { type TrackedAlert, type DispatchState, emptyDispatch } from '../../src/dispatch/state.ts'
import { onAlertEvent, onTick, flushAfterEntry, onAlertClosed } from '../../src/dispatch/step.ts'
import type { AlertSnapshot, AlertEvent, EngineConfig, Effect, Notification, ChartData } from '../../src/model.ts'
import { alerting, config, cpuHigh } from '../helpers/play.ts'

const S = 1000
const MIN = 60 * S
const START = 1_800_000_000_000
const ADA = { name: 'Ada', address: 'ada@example.org' }
const GRACE = { address: 'grace@example.org' }
const SETTINGS = config({
  receivers: [
    { name: 'ops', email: [ADA] },
    { name: 'all', email: [GRACE, ADA] },
  ],
})

const facts = (episode: string, state: AlertSnapshot['state'] = 'firing', host = episode): AlertSnapshot => ({
  episode,
  code: 'ABCDE',
  identity: {
    rule: 'cpu-high',
    host,
    key: 'cpu',
    labels: {},
    measure: { kind: 'aggregate', metric: 'cpu', unit: 'ratio', of: 'mean', over: 2 * MIN },
  },
  ruleLabels: {},
  templates: {},
  state,
  severity: 'warning',
  value: 1,
  evidence: {
    limit: { op: 'above', value: 0.9 },
    clear: { op: 'at_most', value: 0.85 },
    why: { code: state === 'firing' ? 'breached' : 'cleared', params: { samples: 12 } },
  },
  startsAt: START,
  evaluatedAt: START,
  peak: 1,
  source: 'logstash-a',
  gaps: [],
})

interface Desk {
  readonly state: DispatchState
  readonly notified: string[]
  readonly mails: Notification[]
  readonly effects: Effect[]
  say(
    episode: string,
    because: AlertEvent['event'],
    now: number,
    change?: { at?: number; notify?: readonly string[]; host?: string },
  ): void
  wait(from: number, to: number): void
}

const never = (): never => {
  throw new Error('nobody is to be asked for a report')
}

/** The second fold, with a line for each mail: second, address, reason, episodes. */
function createDesk(settings: EngineConfig = SETTINGS): Desk {
  const state = emptyDispatch()
  const plan = createDispatchPlan(settings)
  const alerts = {
    snapshot: () => undefined,
    surroundings: () => ({}),
    isCurrent: () => true,
    report: never,
    pulse: never,
  }
  const notified: string[] = []
  const mails: Notification[] = []
  const all: Effect[] = []
  const ids = new Set<string>()
  const send = (effects: readonly Effect[]): void => {
    all.push(...effects)
    for (const { id, data } of effects) {
      if (ids.has(id)) throw new Error(`${id} came twice`)
      ids.add(id)
      const mail = JSON.parse(data) as Notification
      mails.push(mail)
      notified.push(
        `${(mail.decidedAt - START) / S} ${mail.to.address.split('@')[0]} ${mail.reason}: ${mail.alerts.map((one) => one.episode).join(' ')}`,
      )
    }
  }
  return {
    state,
    notified,
    mails,
    effects: all,
    say(episode, because, now, { at = now, notify = ['ops'], host = episode } = {}) {
      const news = {
        event: because,
        eventTime: at,
        detectedAt: now,
        notify,
        snapshot: facts(episode, because === 'resolved' ? 'resolved' : 'firing', host),
      }
      onAlertEvent(state, plan, news, { host: episode, id: 'cpu-high' })
      send(flushAfterEntry(state, plan, alerts, now))
    },
    wait(from, to) {
      for (let now = from; now <= to; now += S) send(onTick(state, plan, alerts, now))
    },
  }
}

test('an address of two receivers is notified once, under the first', async (t) => {
  const desk = createDesk()
  desk.say('web-1', 'fired', START, { notify: ['ops', 'all', 'nobody'] })
  t.strictSame(desk.notified, ['0 ada fired: web-1', '0 grace fired: web-1'])
  t.equal(desk.mails[0]?.receiver, 'ops')
})

test('the mails of an episode are numbered and share a thread', async (t) => {
  const desk = createDesk()
  desk.say('web-1', 'fired', START)
  desk.say('web-1', 'severity_raised', START + MIN)
  desk.say('web-1', 'resolved', START + 2 * MIN)
  t.strictSame(
    desk.mails.map(({ seq, thread }) => [seq, thread]),
    [
      [0, 'web-1'],
      [1, 'web-1'],
      [2, 'web-1'],
    ],
  )
  t.equal(desk.state.groups.size, 0, 'and the conversation is over')
})

test('within any minute nobody gets more than five mails, and nothing is left out', async (t) => {
  const desk = createDesk()
  const names: string[] = []
  for (let second = 0; second < 300; second++) {
    const name = `node-${second}`
    if (second < 180) names.push(name)
    if (second < 180) desk.say(name, 'fired', START + second * S)
    desk.wait(START + second * S, START + second * S)
  }
  for (const { decidedAt } of desk.mails) {
    t.ok(desk.mails.filter((mail) => mail.decidedAt > decidedAt - MIN && mail.decidedAt <= decidedAt).length <= 5)
  }
  t.strictSame(new Set(desk.mails.flatMap((mail) => mail.alerts.map((alert) => alert.episode))), new Set(names))
})

test('with a limit of one mail per minute nothing is lost', async (t) => {
  const desk = createDesk({ ...SETTINGS, mailsPerMinute: 1 })
  desk.say('a', 'fired', START)
  desk.wait(START + S, START + 20 * S)
  desk.say('b', 'fired', START + 21 * S)
  desk.say('c', 'fired', START + 22 * S)
  desk.wait(START + 23 * S, START + 90 * S)
  t.strictSame(desk.notified, ['10 ada fired: a', '70 ada rate_limited: b c'])
})

test('of deferred notifications each episode is sent once, with its state at that time', async (t) => {
  const desk = createDesk({ ...SETTINGS, mailsPerMinute: 1 })
  desk.say('a', 'fired', START)
  desk.say('b', 'fired', START)
  desk.say('a', 'resolved', START + S)
  desk.say('b', 'severity_raised', START + S)
  desk.wait(START + 2 * S, START + 20 * S)
  t.strictSame(
    desk.mails.map((mail) => mail.alerts.map((alert) => `${alert.episode} ${alert.state}`)),
    [['a resolved', 'b firing']],
  )
})

test('an address that was not notified yet gets "fired", even if the severity rose meanwhile', async (t) => {
  const desk = createDesk({ ...SETTINGS, mailsPerMinute: 1 })
  desk.say('a', 'fired', START)
  desk.say('a', 'severity_raised', START + S)
  desk.wait(START + 2 * S, START + 20 * S)
  desk.say('old', 'fired', START + 10 * MIN, { at: START - 10 * MIN })
  desk.say('old', 'severity_raised', START + 10 * MIN, { at: START - 9 * MIN })
  desk.wait(START + 10 * MIN, START + 13 * MIN)
  t.strictSame(
    desk.mails.map(({ reason }) => reason),
    ['fired', 'fired'],
  )
})

test('a budget that is used up in the future, by a clock that was wrong, is open again', async (t) => {
  const desk = createDesk()
  for (let i = 0; i < 9; i++) desk.say(`a-${i}`, 'fired', START + 365 * 24 * 60 * MIN)
  desk.wait(START, START + 10 * S)
  t.strictSame(desk.mails.at(-1)?.alerts.length, 5)
  desk.say('b', 'fired', START + 11 * S)
  t.equal(desk.notified.at(-1), '11 ada fired: b')
})

test('alerts that are over when a backlog is read come in one digest, firing ones as usual', async (t) => {
  const desk = createDesk()
  const old = { at: START - 20 * MIN }
  desk.say('over', 'fired', START, old)
  desk.say('over', 'resolved', START + S, { at: START - 18 * MIN })
  desk.say('lasts', 'fired', START + 2 * S, old)
  desk.say('ends-live', 'fired', START + 2 * S, old)
  desk.say('ends-live', 'resolved', START + 30 * S)
  desk.say('live', 'fired', START + 31 * S)
  desk.wait(START + 32 * S, START + 5 * MIN)
  desk.say('lasts', 'resolved', START + 6 * MIN)
  t.strictSame(desk.notified, [
    '31 ada fired: live',
    '62 ada backlog: over ends-live',
    '62 ada fired: lasts',
    '360 ada resolved: lasts',
  ])
})

test('a list of a backlog goes out whatever the budget says, and takes from it', async (t) => {
  const desk = createDesk({ ...SETTINGS, mailsPerMinute: 2 })
  desk.say('over', 'fired', START, { at: START - 20 * MIN })
  desk.say('over', 'resolved', START + S, { at: START - 18 * MIN })
  desk.wait(START + 2 * S, START + 65 * S)
  desk.say('next', 'fired', START + 65 * S)
  desk.wait(START + 66 * S, START + 3 * MIN)
  t.strictSame(
    desk.notified,
    ['61 ada backlog: over', '75 ada fired: next'],
    'the last mail of the minute is kept for a list',
  )
})

test('a digest of a backlog has all episodes, even more than are kept for queries', async (t) => {
  const desk = createDesk()
  const names = Array.from({ length: 700 }, (_, i) => `node-${i}`)
  for (const name of names) desk.say(name, 'fired', START, { at: START - 20 * MIN })
  for (const name of names) desk.say(name, 'resolved', START + S, { at: START - 18 * MIN })
  desk.wait(START + 2 * S, START + 2 * MIN)
  t.equal(desk.mails.length, 1)
  t.strictSame(
    desk.mails[0]?.alerts.map(({ episode }) => episode),
    names,
  )
  t.equal(desk.state.closedEpisodes.length, new Set(desk.state.closedEpisodes).size)
  t.ok(desk.state.alerts.size <= 300, `${desk.state.alerts.size} are kept`)
})

test('alerts that were silenced in a backlog are not notified, with the reason; those still firing are when the silence ends', async (t) => {
  const desk = createDesk()
  const old = { at: START - 20 * MIN }
  const silence = {
    id: 's',
    matchers: [{ label: 'host', op: '=~' as const, value: '(over|lasts)' }],
    createdBy: 'Grace',
    comment: 'known',
  }
  addSilence(desk.state, { ...silence, startsAt: START, endsAt: START + 10 * MIN, createdAt: START })
  for (const name of ['over', 'lasts', 'other']) desk.say(name, 'fired', START, old)
  for (const name of ['over', 'other']) desk.say(name, 'resolved', START + S, old)
  desk.wait(START + 2 * S, START + 11 * MIN)
  t.strictSame(desk.notified, ['61 ada backlog: other', '600 ada silence_ended: lasts'])
  t.match(desk.state.alerts.get('over')?.decisions.at(-1), {
    kind: 'suppressed',
    event: 'all',
    why: { by: 'silence', author: 'Grace' },
  })
})

test('an alert that was let go is not found in the backlog', async (t) => {
  const desk = createDesk()
  for (const name of ['gone', 'over']) desk.say(name, 'fired', START, { at: START - 20 * MIN })
  const gone = facts('gone', 'resolved')
  onAlertClosed(desk.state, createDispatchPlan(SETTINGS), gone, START + S)
  desk.say('over', 'resolved', START + S, { at: START - 18 * MIN })
  desk.wait(START + 2 * S, START + 2 * MIN)
  t.strictSame(desk.notified, ['61 ada backlog: over'])
})

test('an alert without a receiver says so', async (t) => {
  const desk = createDesk()
  desk.say('a', 'fired', START, { notify: [] })
  desk.say('old', 'fired', START, { notify: [], at: START - 20 * MIN })
  desk.say('old', 'resolved', START, { notify: [], at: START - 18 * MIN })
  desk.wait(START, START + 2 * MIN)
  for (const name of ['a', 'old']) {
    t.match(desk.state.alerts.get(name)?.decisions.at(-1), {
      kind: 'suppressed',
      why: { by: 'no_receiver' },
    })
  }
})

test('an address that gets an alert under another grouping gets it in the same thread', async (t) => {
  const routes = [
    { matchers: [], notify: ['ops'], continue: true },
    {
      matchers: [],
      notify: ['all'],
      grouping: { by: ['rule'], wait: 0, interval: 0 },
      escalation: [{ after: MIN, notify: ['ops'] }],
      continue: false,
    },
  ]
  const desk = createDesk({ ...SETTINGS, alerting: alerting({ routes }) })
  desk.say('a', 'fired', START, { notify: [] })
  desk.wait(START + S, START + 2 * MIN)
  const toAda = desk.mails.filter(({ to }) => to.address === ADA.address)
  t.strictSame(
    toAda.map(({ reason, thread, seq }) => [reason, thread, seq]),
    [
      ['fired', 'a', 0],
      ['escalated', 'a', 1],
    ],
  )
})

test('a backlog that goes on and on is read out after ten minutes', async (t) => {
  const desk = createDesk()
  for (let second = 0; second <= 15 * 60; second++) {
    if (second % 30 === 0) {
      desk.say(`e-${second}`, 'fired', START + second * S, { at: START - 60 * MIN })
      desk.say(`e-${second}`, 'resolved', START + second * S, { at: START - 59 * MIN })
    }
    desk.wait(START + second * S, START + second * S)
  }
  t.equal(desk.mails.length, 1)
  t.equal(desk.mails[0]?.alerts.length, 21)
})

test('two lists of one instant are two mails', async (t) => {
  const desk = createDesk({ ...SETTINGS, mailsPerMinute: 1 })
  for (const names of ['ab', 'cd']) {
    for (const name of names) desk.say(name, 'fired', START)
    desk.wait(START + 10 * S, START + 10 * S)
    desk.wait(START - MIN, START - MIN)
  }
  desk.wait(START + 10 * S, START + 10 * S)
  t.equal(desk.mails.length, 2)
})

test('a raised severity in a backlog is notified as such to addresses that know of the alert', async (t) => {
  const desk = createDesk()
  desk.say('a', 'fired', START)
  desk.say('a', 'severity_raised', START + 60 * MIN, { at: START + 10 * MIN })
  desk.wait(START + 60 * MIN, START + 63 * MIN)
  t.strictSame(
    desk.mails.map(({ reason }) => reason),
    ['fired', 'severity_raised'],
  )
})

test('the end of a notified alert in a backlog is sent in its thread', async (t) => {
  const desk = createDesk()
  desk.say('a', 'fired', START)
  desk.say('a', 'resolved', START + 60 * MIN, { at: START + 10 * MIN })
  desk.say('b', 'fired', START + 60 * MIN, { at: START + 5 * MIN })
  desk.say('b', 'resolved', START + 60 * MIN, { at: START + 10 * MIN })
  desk.wait(START + 60 * MIN, START + 63 * MIN)
  t.strictSame(
    desk.mails.map(({ reason, alerts }) => `${reason} ${alerts[0]?.episode}`),
    ['fired a', 'backlog b', 'resolved a'],
  )
  t.equal(desk.state.groups.size, 0)
})

const PICTURE: ChartData = {
  width: 10_000,
  from: START,
  buckets: [],
  window: { from: START, to: START + MIN },
  limits: [],
}

/** The notifications of an alert with a chart, and what is kept of it. */
function createGallery(
  settings: EngineConfig = SETTINGS,
): Desk & { readonly pictures: () => readonly string[]; readonly kept: () => number } {
  const state = emptyDispatch()
  const plan = createDispatchPlan(settings)
  const mails: Notification[] = []
  const alerts = {
    snapshot: (one: TrackedAlert) => facts(one.snapshot.episode),
    surroundings: () => ({}),
    isCurrent: () => true,
    report: never,
    pulse: never,
  }
  const send = (effects: readonly Effect[]): void =>
    void mails.push(...effects.map(({ data }) => JSON.parse(data) as Notification))
  return {
    state,
    notified: [],
    mails,
    effects: [],
    pictures: () =>
      mails.map(
        (mail) =>
          `${mail.to.address.split('@')[0]} ${mail.reason}: ${mail.alerts.filter(({ chart }) => chart !== undefined).length}`,
      ),
    kept: () =>
      JSON.stringify(
        [...state.alerts, ...state.rateLimits].map(([, one]) => ('deferred' in one ? [...one.deferred] : one.snapshot)),
      ).split('buckets').length - 1,
    say(episode, because, now, { at = now, notify = ['ops'] } = {}) {
      const news = {
        event: because,
        eventTime: at,
        detectedAt: now,
        notify,
        snapshot: {
          ...facts(episode, because === 'resolved' ? 'resolved' : 'firing'),
          chart: PICTURE,
          peers: { median: 0.3, hosts: 7 },
        },
      }
      onAlertEvent(state, plan, news, { host: episode, id: 'cpu-high' })
      send(flushAfterEntry(state, plan, alerts, now))
    },
    wait(from, to) {
      for (let now = from; now <= to; now += S) send(onTick(state, plan, alerts, now))
    },
  }
}

test('a picture goes with the mail that it was made for, and is not kept for later ones', async (t) => {
  const desk = createGallery({ ...SETTINGS, alerting: alerting({ repeat: { initial: 10 * MIN, max: 10 * MIN } }) })
  desk.say('web-1', 'fired', START)
  t.match(desk.mails[0]?.alerts[0]?.peers, { hosts: 7 })
  t.equal(desk.kept(), 0)
  desk.wait(START + S, START + 11 * MIN)
  desk.say('web-1', 'resolved', START + 12 * MIN)
  t.strictSame(desk.pictures(), ['ada fired: 1', 'ada repeat_interval: 0', 'ada resolved: 1'])
  t.equal(desk.mails[1]?.alerts[0]?.peers, undefined, 'nor is what other hosts measured then')
  t.equal(desk.kept(), 0)
})

test('a picture waits for the last of those who are to see it', async (t) => {
  const slow = { by: ['rule'], wait: 30 * S, interval: 30 * S }
  const desk = createGallery({ ...SETTINGS, alerting: alerting({ grouping: slow }) })
  desk.say('web-1', 'fired', START, { notify: ['all'] })
  t.equal(desk.kept(), 1)
  desk.wait(START + S, START + 31 * S)
  t.strictSame(desk.pictures(), ['grace fired: 1', 'ada fired: 1'])
  t.equal(desk.kept(), 0)
})

test('a notification after a silence has no outdated chart', async (t) => {
  const desk = createGallery()
  const silence = {
    id: 's1',
    matchers: [{ label: 'rule', op: '=' as const, value: 'cpu-high' }],
    startsAt: START,
    endsAt: START + MIN,
    createdBy: 'Grace',
    comment: 'moved',
    createdAt: START,
  }
  addSilence(desk.state, silence)
  desk.say('web-1', 'fired', START)
  t.equal(desk.kept(), 0)
  desk.wait(START + S, START + MIN)
  t.strictSame(desk.pictures(), ['ada silence_ended: 0'])
})

test('what waits for a list keeps no pictures, and machines get none', async (t) => {
  const desk = createGallery({
    ...SETTINGS,
    mailsPerMinute: 1,
    receivers: [{ name: 'ops', email: [ADA], webhook: true, alertmanager: true }],
  })
  for (let i = 0; i < 5; i++) desk.say(`web-${i}`, 'fired', START)
  t.equal(desk.kept(), 0)
  t.equal(desk.mails.length, 10)
  t.strictSame(new Set(desk.pictures()), new Set(['webhook:ops fired: 0', 'alertmanager:ops fired: 0']))
})

test('mails are counted for each reader', async (t) => {
  const desk = createGallery()
  desk.say('web-1', 'fired', START, { notify: ['all'] })
  desk.say('web-1', 'severity_raised', START + MIN, { notify: ['all'] })
  desk.say('web-1', 'resolved', START + 2 * MIN, { notify: ['all'] })
  t.strictSame(
    desk.mails.map((mail) => `${mail.to.address.split('@')[0]} ${mail.reason} ${mail.alerts[0]?.notifications}`),
    [
      'grace fired 0',
      'ada fired 0',
      'grace severity_raised 1',
      'ada severity_raised 1',
      'grace resolved 2',
      'ada resolved 2',
    ],
  )
})

test('an alert that resolved before its first mail was sent is described so', async (t) => {
  const desk = createGallery({ ...SETTINGS, mailsPerMinute: 1 })
  desk.say('a', 'fired', START)
  desk.say('a', 'resolved', START + S)
  desk.wait(START + 2 * S, START + 20 * S)
  t.match(desk.mails, [{ reason: 'resolved', alerts: [{ state: 'resolved', notifications: 0 }] }])
})

test('a mail says whether a route or an escalation chose its reader', async (t) => {
  const rule = cpuHigh({ notify: [] })
  const routes = [{ matchers: [], notify: ['ops'], continue: false, escalation: [{ after: MIN, notify: ['all'] }] }]
  const desk = createGallery({ ...SETTINGS, rules: [rule], alerting: alerting({ routes }) })
  desk.say('cpu', 'fired', START, { notify: [] })
  desk.wait(START + S, START + MIN)
  t.strictSame(
    desk.mails.map(({ to, reason, namedBy }) => `${to.address.split('@')[0]} ${reason} ${namedBy}`),
    ['ada fired route', 'ada escalated escalation', 'grace escalated escalation'],
  )
})

test('who takes an episode on once more without a note leaves the note as it is, and an empty one takes it away', async (t) => {
  const desk = createDesk()
  desk.say('web-1', 'fired', START)
  const take = (at: number, note?: string) => {
    const ack = { at, until: at + MIN, author: 'Ada', ...(note === undefined ? {} : { note }) }
    acknowledge(desk.state, 'web-1', ack, at)
    const one = desk.state.alerts.get('web-1')
    return [one?.ack?.note, one?.decisions.at(-1)]
  }
  const taken = (at: number, note: string) => [note, { at, kind: 'acknowledged', author: 'Ada', until: at + MIN, note }]
  t.strictSame(take(START, 'a job'), taken(START, 'a job'))
  t.strictSame(take(START + S), taken(START + S, 'a job'))
  t.strictSame(take(START + 2 * S, ''), taken(START + 2 * S, ''))
  take(START + 3 * S, 'a job')
  t.strictSame(take(START + 10 * MIN), taken(START + 10 * MIN, ''), 'one that is over is no longer there')
})

test('an effect says in which queue it waits, for whom, and behind what', async (t) => {
  const desk = createDesk({ ...SETTINGS, mailsPerMinute: 3, receivers: [{ name: 'ops', email: [ADA], webhook: true }] })
  desk.say('first', 'fired', START, { host: 'web-1' })
  desk.say('first', 'resolved', START + 5 * MIN, { host: 'web-1' })
  desk.say('second', 'fired', START + 10 * MIN, { host: 'web-1' })
  t.match(desk.effects[0], { queue: 'email', recipient: 'ada@example.org', thread: 'first' })
  t.match(desk.effects[1], { queue: 'webhook', recipient: 'webhook:ops', thread: 'first' })
  const keys = new Set(desk.effects.map(({ orderingKey }) => orderingKey))
  t.equal(keys.size, 1, 'the next episode of a rule on a host does not overtake the end of the first')
  t.equal(new Set(desk.effects.map(({ thread }) => thread)).size, 2)
  for (const host of ['web-2', 'web-3', 'web-4']) desk.say(host, 'fired', START + 10 * MIN)
  desk.wait(START + 10 * MIN, START + 12 * MIN)
  const list = desk.effects.find((_, i) => desk.mails[i]?.kind === 'digest')
  t.equal(list?.orderingKey, list?.thread, 'a list is about itself alone')
  t.notOk(keys.has(list?.orderingKey ?? ''))
})

test('a conversation over several hosts stays behind its first alert', async (t) => {
  const grouping = { by: ['rule'], wait: 0, interval: 0 }
  const desk = createDesk({ ...SETTINGS, alerting: alerting({ grouping }) })
  desk.say('a', 'fired', START)
  desk.say('b', 'fired', START + MIN)
  desk.say('a', 'resolved', START + 2 * MIN)
  desk.say('b', 'resolved', START + 3 * MIN)
  t.strictSame(
    desk.effects.map(({ orderingKey, thread }) => [orderingKey, thread]),
    Array.from({ length: 4 }, () => ['["cpu-high","a"]', 'a']),
  )
})

test('a notification names the labels of its group, and a key that is the same over all episodes', async (t) => {
  const desk = createDesk()
  for (const [i, episode] of ['first', 'second'].entries()) {
    desk.say(episode, 'fired', START + i * 10 * MIN, { host: 'web-1' })
    desk.say(episode, 'resolved', START + (i * 10 + 5) * MIN, { host: 'web-1' })
  }
  desk.say('other', 'fired', START + 30 * MIN, { host: 'web-2', notify: ['all'] })
  const groups = desk.mails.map(({ group }) => group)
  t.equal(groups.length, 6)
  const labels = { rule: 'cpu-high', host: 'web-1' }
  for (const group of groups.slice(0, 4)) {
    t.strictSame(group, { key: 'ops:{rule="cpu-high",host="web-1"}', labels })
  }
  t.match(groups.at(-1), { key: 'all:{rule="cpu-high",host="web-2"}', labels: { host: 'web-2' } })
})
