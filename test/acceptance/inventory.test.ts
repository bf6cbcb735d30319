import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import { startSnapshot, readSnapshot } from '../../src/engine/snapshot.ts'
import { createFold, encodeEntry, step } from '../../src/engine/step.ts'
import type { AlertView, Command, EngineConfig, HostView, NewEntry, Notice } from '../../src/model.ts'
import { noticeLine } from '../helpers/decisions.ts'
import {
  alerting,
  at,
  config,
  cpuHigh,
  createPlay,
  event,
  every,
  heartbeat,
  HOUR,
  MINUTE,
  NOON,
  type Play,
  SECOND,
  silent,
  TEN,
  DAY,
} from '../helpers/play.ts'

const CODE = /^[2-9A-Z]{5}$/
const rules = [cpuHigh(), silent()]

const expecting = (expected: readonly string[], change: Partial<EngineConfig> = {}): EngineConfig =>
  config({ rules, hosts: { expected, retireAfter: HOUR }, ...change })
const forgetting = (retireAfter = HOUR, change: Partial<EngineConfig> = {}): EngineConfig =>
  config({ rules, hosts: { expected: [], retireAfter }, ...change })

const hosts = (play: Play): readonly HostView[] => runQuery(play.fold, { kind: 'hosts' })
const alerts = (play: Play): readonly AlertView[] => runQuery(play.fold, { kind: 'alerts' })
const open = (play: Play): string[] =>
  alerts(play)
    .filter((one) => one.state !== 'resolved')
    .map((one) => `${one.identity.rule} ${one.identity.host}`)
const retired = (play: Play): string[] =>
  alerts(play)
    .filter((one) => one.closeReason === 'host_retired')
    .map((one) => `${one.identity.rule} ${one.identity.host}`)
const notices = (play: Play): readonly Extract<Notice, { kind: 'hosts_retired' }>[] =>
  play.mails.flatMap(({ notice }) => (notice?.kind === 'hosts_retired' ? [notice] : []))
const titles = (play: Play): readonly string[] => notices(play).map(noticeLine)
const forget = (play: Play, host: string): unknown => {
  const command: Command = { kind: 'retire', host, author: 'ada', now: play.now() }
  return play.enter({ kind: 'command', data: encodeEntry(command) }).reply
}
/** A week is 604,800 ticks; of the silence that they would add up, this adds most at once. */
const passSilently = (play: Play, source: string, span: number): void => {
  const known = play.fold.state.sources.get(source)
  if (known !== undefined) known.idleFor += span
}
/** Posts for these hosts every ten seconds. */
const alive = (play: Play, names: (now: number) => readonly string[]) =>
  every(TEN, (now) => play.post(names(now).map((host) => event(host, now, { cpu: 0.1 }))))

test('an expected host that never sent is absent once any source has delivered for long enough', async (t) => {
  const play = createPlay(expecting(['a', 'b']))
  play.until('12:10:00')
  t.strictSame(play.notified(), [], 'nobody delivered, so that nobody could have been heard')
  t.strictSame(
    hosts(play).map((host) => [host.host, host.state, host.lastSeenAt, host.source, host.expected]),
    [
      ['a', 'never_seen', null, null, true],
      ['b', 'never_seen', null, null, true],
    ],
  )
  play.until(
    '12:20:00',
    alive(play, () => ['a']),
  )
  t.strictSame(play.notified(), ['12:13:20 host-silent b firing (fired)'])
  const [facts] = play.mails[0]?.alerts ?? []
  t.strictSame(facts?.evidence, { limit: { op: 'above', value: 180 }, why: { code: 'never_seen', params: {} } })
  t.strictSame(facts?.identity.measure, { kind: 'state', metric: 'expected', unit: 'seconds' })
  const rule = runQuery(play.fold, { kind: 'rules' }).find((one) => one.name === 'host-silent')
  t.match(
    rule?.evaluations.find((one) => one.host === 'b'),
    { value: 20 * 60 - 1, evidence: { why: { code: 'expected_since', params: { at: NOON + SECOND } } } },
  )
})

test('an expected host is found when its first event comes, and watched like any other', async (t) => {
  const play = createPlay(expecting(['a', 'b']))
  play.until(
    '12:30:00',
    alive(play, (now) => (now >= at('12:10:00') && now < at('12:20:00') ? ['a', 'b'] : ['a'])),
  )
  t.strictSame(play.notified(), [
    '12:03:20 host-silent b firing (fired)',
    '12:10:00 host-silent b resolved (resolved)',
    '12:22:50 host-silent b firing (fired)',
  ])
  const codes = play.mails.map(({ alerts: [alert] }) => alert?.evidence.why.code)
  t.strictSame(codes, ['never_seen', 'first_seen', 'absent'])
})

test('time counts of the source that delivered most, whichever it is, and from the configuration on', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '12:30:00',
    alive(play, () => ['a']),
  )
  play.configure(expecting(['a', 'late']))
  play.until('12:40:00', (now) => {
    if (now % TEN === 0 && now < at('12:32:00')) play.post([event('a', now)])
    if (now % TEN === 0 && now >= at('12:32:00')) play.post([event('a', now)], { source: 'logstash-b' })
  })
  t.strictSame(
    play.notified().filter((line) => line.includes('late')),
    ['12:35:10 host-silent late firing (fired)'],
    'two minutes of the one source do not count for the other',
  )
})

test('400 expected hosts that never sent give one mail, and one when the last of them sends', async (t) => {
  const names = Array.from({ length: 400 }, (_, i) => `node-${i}`)
  const play = createPlay(expecting(names))
  play.until(
    '12:20:00',
    alive(play, (now) => (now < at('12:10:00') ? ['other'] : ['other', ...names])),
  )
  t.strictSame(play.notified(), [
    '12:04:20 mass-absence hosts.expected firing (fired)',
    '12:10:00 mass-absence hosts.expected resolved (resolved)',
  ])
  t.strictSame(play.mails[0]?.alerts[0]?.evidence.why, {
    code: 'missing_everywhere',
    params: { hosts: names, count: 400 },
  })
  t.match(play.mails[1]?.alerts[0], {
    identity: { measure: { metric: 'missing_hosts' } },
    evidence: { why: { code: 'seen_again', params: { retired: 0 } } },
  })
  t.strictSame(open(play), [])
})

test('of a mass absence at most 500 hosts are named, and all are counted', async (t) => {
  const names = Array.from({ length: 600 }, (_, i) => `node-${i}`)
  const play = createPlay(expecting(names))
  play.until(
    '12:10:00',
    alive(play, (now) => (now < at('12:08:00') ? ['other'] : ['other', ...names.slice(0, 50)])),
  )
  const [alert] = play.mails[0]?.alerts ?? []
  t.match(alert?.evidence.why.params, { hosts: { length: 500 }, count: 600 })
  t.equal(alert?.evidence.why.params['peak'], undefined)
  const view = alerts(play).find(({ identity }) => identity.rule === 'mass-absence')
  t.match(view?.evidence.why.params, { hosts: { length: 500, 0: 'node-50' }, count: 550, peak: 600 })
})

test('ten expected hosts that never sent give one alert each', async (t) => {
  const names = Array.from({ length: 10 }, (_, i) => `node-${i}`)
  const play = createPlay(expecting(names, { mailsPerMinute: 100 }))
  play.until(
    '12:10:00',
    alive(play, () => ['other']),
  )
  t.equal(play.mails.length, 10)
})

test('hosts that never sent do not count for a source, which is not degraded', async (t) => {
  const names = Array.from({ length: 100 }, (_, i) => `node-${i}`)
  const play = createPlay(expecting(names))
  play.until(
    '12:40:00',
    alive(play, () => names.slice(0, 30)),
  )
  t.strictSame(play.notified(), ['12:04:20 mass-absence hosts.expected firing (fired)'])
})

test('only the rules that concern a host miss it', async (t) => {
  const play = createPlay(expecting(['db-1', 'web-1'], { rules: [silent({ hosts: ['web-*'] })] }))
  play.until(
    '12:10:00',
    alive(play, () => ['other']),
  )
  t.strictSame(play.notified(), ['12:03:20 host-silent web-1 firing (fired)'])
})

test('a host that never sent is retired when it leaves the list, and its alert closed', async (t) => {
  const play = createPlay(expecting(['a', 'b', 'c']))
  play.until(
    '12:10:00',
    alive(play, () => ['a']),
  )
  play.configure(expecting(['a', 'c']))
  play.until(
    '12:12:00',
    alive(play, () => ['a']),
  )
  t.strictSame(
    hosts(play)
      .map((host) => host.host)
      .sort(),
    ['a', 'c'],
  )
  t.strictSame(open(play), ['host-silent c'])
  t.strictSame(retired(play), ['host-silent b'])
  t.match(notices(play), [
    {
      counts: { host: 1 },
      items: [
        {
          kind: 'host',
          name: 'b',
          reason: { code: 'not_expected' },
          lastSeenAt: null,
          closed: [{ rule: 'host-silent', code: CODE }],
        },
      ],
    },
  ])
})

test('expected hosts are neither forgotten nor pushed out', async (t) => {
  const limits = { hosts: 3, series: 100, seriesPerHost: 10, sources: 10 }
  const play = createPlay(expecting(['a', 'b'], { limits }))
  play.until(
    '15:00:00',
    alive(play, (now) =>
      now < at('12:05:00') ? ['a'] : [`new-${Math.floor(now / HOUR)}`, `newer-${Math.floor(now / HOUR)}`],
    ),
  )
  t.ok(hosts(play).some((host) => host.host === 'a' && host.state === 'absent'))
  t.ok(hosts(play).some((host) => host.host === 'b' && host.state === 'never_seen'))
})

test('an absent host is retired with its alerts, which are not called resolved, and one mail says so', async (t) => {
  const play = createPlay(forgetting(HOUR, { selfMonitoring: ['ops'] }))
  play.until(
    '13:30:00',
    alive(play, (now) => (now < at('12:10:00') ? ['a', 'b', 'c'] : ['a'])),
  )
  t.strictSame(
    hosts(play).map((host) => host.host),
    ['a'],
  )
  t.equal(play.fold.state.series, 1, 'its series are gone as well')
  t.strictSame(open(play), [])
  t.strictSame(play.notified(), [
    '12:12:50 host-silent b firing (fired)',
    '12:12:50 host-silent c firing (fired)',
    '13:10:50 2 host (hosts_retired)',
  ])
  const why = { code: 'absent_for', params: { source: 'logstash-a', for: HOUR } }
  const closed = [{ rule: 'host-silent', code: CODE }]
  const items = ['b', 'c'].map((name) => ({ kind: 'host', name, reason: why, lastSeenAt: at('12:09:50'), closed }))
  t.match(notices(play), [{ counts: { host: 2, source: 0, mass_absence: 0 }, items }])
  t.strictSame(retired(play).sort(), ['host-silent b', 'host-silent c'])
  t.match(alerts(play)[0], {
    state: 'resolved',
    closeReason: 'host_retired',
    evidence: {
      why: { code: 'host_retired', params: { why: 'absent_for', ...why.params, lastSeen: at('12:09:50') } },
    },
  })
  t.equal(play.fold.state.dispatch.groups.size, 0)
})

test('hosts that are retired within a minute share a notice', async (t) => {
  const play = createPlay(forgetting())
  const until = new Map([
    ['b', at('12:10:00')],
    ['c', at('12:10:40')],
    ['d', at('12:15:00')],
  ])
  play.until(
    '13:30:00',
    alive(play, (now) => ['a', ...[...until].filter(([, end]) => now < end).map(([name]) => name)]),
  )
  t.strictSame(titles(play), ['2 host', '1 host'])
})

test('a retired host that sends again is watched again at once', async (t) => {
  const play = createPlay(forgetting())
  play.until(
    '14:00:00',
    alive(play, (now) => (now < at('12:10:00') || now >= at('13:30:00') ? ['a', 'b'] : ['a'])),
  )
  t.strictSame(
    hosts(play).map((host) => [host.host, host.state]),
    [
      ['a', 'live'],
      ['b', 'live'],
    ],
  )
  play.until(
    '14:10:00',
    alive(play, () => ['a']),
  )
  t.match(play.notified().at(-1), '14:03:00 host-silent b firing (fired)')
})

test('a host whose source is gone is kept until the source has delivered for long enough', async (t) => {
  const play = createPlay(forgetting(HOUR, { sources: ['logstash-a'] }))
  const isOut = (now: number): boolean => now >= at('12:20:00') && now < at('18:00:00')
  const speak = every(
    TEN,
    (now) => isOut(now) || play.post(['a', ...(now < at('12:10:00') ? ['b'] : [])].map((host) => event(host, now))),
  )
  play.until('18:49:00', speak)
  t.strictSame(
    hosts(play).map((host) => host.host),
    ['a', 'b'],
    'ten minutes before the outage and fifty after it',
  )
  play.until('18:51:00', speak)
  t.strictSame(
    hosts(play).map((host) => host.host),
    ['a'],
  )
})

test('a source that is gone for good goes with its hosts and its alert, when it is not configured', async (t) => {
  const play = createPlay(forgetting())
  play.until('13:00:00', (now) => {
    if (now % TEN === 0) play.post([heartbeat(now), event('a', now)], { source: 'old' })
    if (now % TEN === 0) play.post([heartbeat(now), event('b', now)], { source: 'new' })
  })
  const goOn = every(TEN, (now) => play.post([heartbeat(now), event('b', now)], { source: 'new' }))
  play.until('14:00:00', goOn)
  passSilently(play, 'old', 7 * DAY - 2 * HOUR)
  play.until('14:55:00', goOn)
  t.strictSame(open(play), ['source-down old'])
  t.strictSame(
    hosts(play).map((host) => host.host),
    ['a', 'b'],
    'nobody could have heard the host',
  )
  play.until('15:10:00', goOn)
  t.strictSame(open(play), [])
  t.strictSame(retired(play), ['source-down old'])
  t.strictSame([...play.fold.state.sources.keys()], ['new'])
  t.strictSame(
    hosts(play).map((host) => host.host),
    ['b'],
  )
  t.match(notices(play), [
    {
      counts: { host: 1, source: 1 },
      items: [
        {
          kind: 'source',
          name: 'old',
          reason: { code: 'no_request', params: { since: at('13:00:00') } },
          closed: [{ rule: 'source-down', code: CODE }],
        },
        {
          kind: 'host',
          name: 'a',
          reason: { code: 'source_gone', params: { source: 'old' } },
          lastSeenAt: at('13:00:00'),
          closed: [],
        },
      ],
    },
  ])
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    ['source-down old firing (fired)', '1 host, 1 source (hosts_retired)'],
  )
})

test('expected hosts outlive their source, and are missed when no other one brings them', async (t) => {
  const names = Array.from({ length: 30 }, (_, i) => `node-${i}`)
  const play = createPlay(expecting(['a', ...names]))
  play.until(
    '12:30:00',
    every(TEN, (now) =>
      play.post([heartbeat(now), ...['a', ...names].map((name) => event(name, now))], { source: 'old' }),
    ),
  )
  const other = every(TEN, (now) => play.post([heartbeat(now), event('a', now)], { source: 'new' }))
  play.until('13:00:00', other)
  t.strictSame(open(play), ['source-down old'], 'nobody can say of the others whether they live')
  passSilently(play, 'old', 7 * DAY)
  play.until('13:20:00', other)
  t.strictSame(hosts(play).length, 31)
  t.match(
    play.notified().map((line) => line.slice(9)),
    ['source-down old firing (fired)', '1 source (hosts_retired)', 'mass-absence hosts.expected firing (fired)'],
  )
  t.match(
    alerts(play).find((one) => one.identity.host === 'node-3'),
    {
      state: 'firing',
      evidence: { why: { code: 'absent_source_gone', params: { source: 'old' } } },
    },
  )
  t.match(
    hosts(play).find((one) => one.host === 'node-3'),
    { state: 'absent', lastSeenAt: at('12:30:00'), source: 'old' },
  )
})

test('an alert of an expected host stays when its source is let go, and ends with its next event', async (t) => {
  const play = createPlay(expecting(['b']))
  const names = (now: number): string[] => (now < at('12:20:00') ? ['a', 'b'] : ['a'])
  play.until(
    '12:40:00',
    every(TEN, (now) =>
      play.post(
        names(now).map((name) => event(name, now)),
        { source: 'old' },
      ),
    ),
  )
  t.strictSame(open(play), ['host-silent b'])
  passSilently(play, 'old', 7 * DAY)
  play.until(
    '12:50:00',
    every(TEN, (now) => play.post([event('c', now)], { source: 'new' })),
  )
  t.strictSame(open(play), ['host-silent b'])
  play.until(
    '12:51:00',
    every(TEN, (now) => play.post([event('b', now)], { source: 'new' })),
  )
  t.strictSame(
    play
      .notified()
      .map((line) => line.slice(9))
      .filter((line) => line.includes(' b ')),
    ['host-silent b firing (fired)', 'host-silent b resolved (resolved)'],
  )
})

test('an alert of a host that never sent stays open when the source that delivered is retired', async (t) => {
  const play = createPlay(expecting(['b']))
  play.until(
    '12:10:00',
    every(MINUTE, (now) => play.post([event('a', now)], { source: 'visitor' })),
  )
  t.strictSame(open(play), [], 'a minute of ten counts a bucket')
  play.until(
    '12:50:00',
    every(MINUTE, (now) => play.post([event('a', now)], { source: 'visitor' })),
  )
  t.strictSame(open(play), ['host-silent b'])
  passSilently(play, 'visitor', DAY)
  play.until('13:00:00')
  t.strictSame([...play.fold.state.sources.keys()], [])
  t.strictSame(open(play), ['host-silent b'])
})

test('a configured source is expected for ever, and its hosts go after the same time', async (t) => {
  const play = createPlay(forgetting(HOUR, { sources: ['logstash-a'] }))
  play.until(
    '12:30:00',
    alive(play, () => ['a']),
  )
  play.until('13:00:00')
  passSilently(play, 'logstash-a', 7 * DAY - HOUR)
  play.until('13:20:00')
  t.equal(hosts(play).length, 1)
  play.until('13:40:00')
  t.strictSame(open(play), ['source-down logstash-a'])
  t.strictSame(hosts(play), [])
  t.strictSame(titles(play), ['1 host'])
})

test('time in which stashwatch itself was down makes nobody forgotten', async (t) => {
  const play = createPlay(forgetting())
  play.until(
    '12:30:00',
    alive(play, (now) => (now < at('12:10:00') ? ['a', 'b'] : ['a'])),
  )
  const later = at('12:30:00') + 30 * DAY
  play.enter({ kind: 'command', data: encodeEntry({ kind: 'started', now: later }) })
  const resumed = createPlay(forgetting(), later, play.fold)
  resumed.until(
    later + 20 * MINUTE,
    alive(resumed, () => ['a']),
  )
  t.strictSame(
    hosts(resumed).map((host) => host.host),
    ['a', 'b'],
  )
  resumed.until(
    later + 45 * MINUTE,
    alive(resumed, () => ['a']),
  )
  t.strictSame(
    hosts(resumed).map((host) => host.host),
    ['a'],
  )
})

/** 400 hosts, of which the first 40 die together. */
function rack(change: Partial<EngineConfig> = {}): Play {
  const names = Array.from({ length: 400 }, (_, i) => `node-${i}`)
  const play = createPlay(forgetting(HOUR, change))
  play.until(
    '12:30:00',
    alive(play, (now) => (now < at('12:15:00') ? names : names.slice(40))),
  )
  return play
}
const rest = Array.from({ length: 360 }, (_, i) => `node-${i + 40}`)

test('a mass silence of which all hosts are retired is closed, and not called over', async (t) => {
  const play = rack()
  play.until(
    '13:30:00',
    alive(play, () => rest),
  )
  t.strictSame(open(play), [])
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    ['mass-absence logstash-a firing (fired)', '40 host, 1 mass_absence (hosts_retired)'],
  )
  const { items = [] } = notices(play)[0] ?? {}
  t.equal(items.length, 41)
  t.match(items.at(-1), {
    kind: 'mass_absence',
    name: 'logstash-a',
    reason: { code: 'last_retired' },
    closed: [{ rule: 'mass-absence', code: CODE }],
  })
})

test('a mass silence of which some hosts are forgotten by hand ends with the others, and says so', async (t) => {
  const play = rack()
  for (let i = 0; i < 3; i++) forget(play, `node-${i}`)
  play.until(
    '12:40:00',
    alive(play, () => rest),
  )
  play.until(
    '12:50:00',
    alive(play, () => [...rest, ...Array.from({ length: 37 }, (_, i) => `node-${i + 3}`)]),
  )
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    ['mass-absence logstash-a firing (fired)', '3 host (hosts_retired)', 'mass-absence logstash-a resolved (resolved)'],
  )
  t.strictSame(play.mails.at(-1)?.alerts[0]?.evidence.why, { code: 'seen_again', params: { retired: 3 } })
})

test('a mass silence of which the last host is forgotten by hand is not called over', async (t) => {
  const play = rack()
  for (let i = 0; i < 40; i++) forget(play, `node-${i}`)
  play.until(
    '12:40:00',
    alive(play, () => rest),
  )
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    ['mass-absence logstash-a firing (fired)', '40 host, 1 mass_absence (hosts_retired)'],
  )
})

test('a host is forgotten by command, with all its alerts, and the mail says by whom', async (t) => {
  const play = createPlay(forgetting())
  play.until(
    '12:10:00',
    every(TEN, (now) => play.post([event('a', now, { cpu: 0.1 }), event('b', now, { cpu: 0.99 })])),
  )
  const code = alerts(play)[0]?.code
  t.strictSame(forget(play, 'b'), {
    kind: 'done',
    value: { host: 'b', lastSeenAt: at('12:10:00'), closed: [{ rule: 'cpu-high', code }] },
  })
  t.match(forget(play, 'b'), { kind: 'refused', code: 'unknown-host', value: ['a'] })
  play.until(
    '12:20:00',
    alive(play, () => ['a']),
  )
  t.strictSame(
    hosts(play).map((host) => host.host),
    ['a'],
  )
  const why = { code: 'retired_by', params: { author: 'ada' } }
  t.match(notices(play), [
    {
      items: [
        { kind: 'host', name: 'b', reason: why, lastSeenAt: at('12:10:00'), closed: [{ rule: 'cpu-high', code }] },
      ],
    },
  ])
})

/** `a` stays, `b` fires and then becomes absent; its rule notifies self_monitoring, another address, and a webhook. */
function burning(change: Partial<EngineConfig> = {}, end = '12:10:00'): Play {
  const play = createPlay(
    forgetting(HOUR, {
      rules: [cpuHigh({ notify: ['ops', 'boss', 'hook'] })],
      receivers: [
        { name: 'ops', email: [{ address: 'ops@example.org' }] },
        { name: 'boss', email: [{ address: 'boss@example.org' }] },
        { name: 'hook', email: [], webhook: true, alertmanager: true },
      ],
      ...change,
    }),
  )
  play.until(
    end,
    every(TEN, (now) => play.post([event('a', now, { cpu: 0.1 }), event('b', now, { cpu: 0.99 })])),
  )
  return play
}
const toldOf = (play: Play): string[] =>
  play.mails
    .filter(({ reason }) => reason !== 'repeat_interval')
    .map(({ to, reason, alerts: [alert] }) =>
      [to.address.split('@')[0], reason, alert?.closeReason].filter(Boolean).join(' '),
    )

test('when a firing host is retired by hand, addresses that were notified and get no notice, and webhooks, are notified of the end', async (t) => {
  const takenAway = {
    'by hand': (play: Play) => forget(play, 'b'),
    'by its silence': (play: Play) =>
      play.until(
        '13:15:00',
        alive(play, () => ['a']),
      ),
  }
  for (const [how, act] of Object.entries(takenAway)) {
    const play = burning()
    act(play)
    play.until(
      '13:20:00',
      alive(play, () => ['a']),
    )
    t.strictSame(
      toldOf(play),
      [
        ...['ops', 'boss', 'webhook:hook', 'alertmanager:hook'].map((name) => `${name} fired`),
        ...['boss', 'webhook:hook', 'alertmanager:hook'].map((name) => `${name} resolved host_retired`),
        'ops hosts_retired',
      ],
      how,
    )
    const [first, last] = play.mails.filter(({ to }) => to.address.startsWith('boss'))
    t.equal(last?.thread, first?.thread, 'in the conversation that it belongs to')
    t.equal(last?.alerts[0]?.evidence.why.code, 'host_retired')
    t.equal(play.fold.state.dispatch.groups.size, 0)
  }
})

test('when a host is retired by hand, addresses that were not notified of its alert are not notified of the end', async (t) => {
  const silenced = [{ label: 'host', op: '=' as const, value: 'b' }]
  const windows = [
    { name: 'w', matchers: silenced, timeZone: 'UTC', times: [], weekdays: [], daysOfMonth: [], months: [], years: [] },
  ]
  const muted = burning({ alerting: alerting({ maintenanceWindows: windows }) })
  forget(muted, 'b')
  muted.until(
    '12:20:00',
    alive(muted, () => ['a']),
  )
  t.strictSame(toldOf(muted), ['ops hosts_retired'])
  const late = burning({ mailsPerMinute: 1 }, '12:02:15')
  t.ok(late.fold.state.dispatch.rateLimits.get('boss@example.org')?.deferred.size, 'it waits for a list')
  forget(late, 'b')
  late.until(
    '12:20:00',
    alive(late, () => ['a']),
  )
  t.strictSame(
    toldOf(late).filter((line) => line.startsWith('boss')),
    [],
  )
})

test('an expected host is not forgotten by command', async (t) => {
  const play = createPlay(expecting(['a', 'b']))
  play.until(
    '12:10:00',
    alive(play, () => ['a']),
  )
  t.match(forget(play, 'a'), { kind: 'refused', code: 'host-expected' })
  t.match(forget(play, 'b'), { kind: 'refused', code: 'host-expected' })
  t.equal(hosts(play).length, 2)
})

test('a notice keeps to the mail budget, and comes as soon as it allows', async (t) => {
  const play = createPlay(forgetting(HOUR, { mailsPerMinute: 1 }))
  const names = Array.from({ length: 5 }, (_, i) => `node-${i}`)
  play.until(
    '13:40:00',
    every(TEN, (now) => {
      const isHot = now % (2 * MINUTE) < MINUTE
      play.post(
        names.slice(0, now < at('12:10:00') ? 5 : 4).map((host) => event(host, now, { cpu: isHot ? 0.99 : 0.1 })),
      )
    }),
  )
  t.equal(notices(play).length, 1)
  for (const mail of play.mails) {
    const others = play.mails.filter(
      (one) => one !== mail && one.decidedAt >= mail.decidedAt && one.decidedAt - mail.decidedAt < MINUTE,
    )
    t.strictSame(others, [], `one mail in the minute of ${mail.id}`)
  }
})

/** Hosts that are expected, retired, forgotten, and come back, under two configurations. */
function eventful(): Play {
  const play = createPlay(expecting(['a', 'x', 'y']))
  play.until(
    '12:20:00',
    alive(play, (now) => (now < at('12:10:00') ? ['a', 'b', 'c', 'd'] : ['a', 'c'])),
  )
  forget(play, 'd')
  play.configure(expecting(['a', 'y', 'z']))
  play.until(
    '13:15:00',
    alive(play, (now) => (now < at('13:00:00') ? ['a', 'c'] : ['a', 'c', 'z'])),
  )
  return play
}

test('a restart at any moment changes nothing', async (t) => {
  const play = eventful()
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    [
      'host-silent x firing (fired)',
      'host-silent y firing (fired)',
      'host-silent b firing (fired)',
      'host-silent d firing (fired)',
      '2 host (hosts_retired)',
      'host-silent z firing (fired)',
      'host-silent z resolved (resolved)',
      '1 host (hosts_retired)',
    ],
  )
  const { entries } = play
  const fold = (list: readonly NewEntry[], from = createFold()) => ({
    from,
    ids: list.flatMap((entry) => step(from, entry).effects.map(({ id }) => id)),
  })
  const whole = fold(entries)
  for (const cut of [1, 2, 300, 1322, 1323, 1324, 1330, 1400, 3000, entries.length - 300]) {
    const before = fold(entries.slice(0, cut))
    const snapshot = startSnapshot(before.from.state, cut)
    const parts: Uint8Array[] = []
    for (let part = snapshot.take(); part !== undefined; part = snapshot.take()) parts.push(part.data)
    const after = fold(entries.slice(cut), createFold(readSnapshot(Buffer.concat(parts))))
    t.strictSame([...before.ids, ...after.ids], whole.ids, `cut at ${cut}`)
    t.strictSame(after.from.state.hosts, whole.from.state.hosts)
    t.strictSame(after.from.state.retired, whole.from.state.retired)
  }
})
