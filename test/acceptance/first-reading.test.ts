import { test } from 'tap'
import { loadConfig } from '../../src/config/index.ts'
import { runQuery } from '../../src/engine/query/index.ts'
import { encodeEntry } from '../../src/engine/step.ts'
import type { EngineConfig, HostDetail, Notification, WhyView } from '../../src/model.ts'
import { renderMessage } from '../../src/notify/mail/message.ts'
import {
  above,
  at,
  bounds,
  config,
  countRule,
  cpuHigh,
  createPlay,
  event,
  every,
  HOUR,
  MINUTE,
  type Play,
  SECOND,
  TEN,
} from '../helpers/play.ts'
import { tell } from '../helpers/story.ts'

/* What a reader finds when they open a mail or ask `why`: the evidence, the worst first, and nothing that is untrue. */

const high = cpuHigh({ over: MINUTE, every: TEN })
const options = { from: { address: 'alerts@example.org' }, domain: 'example.org' }
const textOf = (mail: Notification | undefined): string =>
  mail === undefined ? 'no such mail' : renderMessage(mail, options).text
const lastMail = ({ mails }: Play): Notification => mails.at(-1) as Notification

test('the first mail about an alert has its chart, whatever muted it before', (t) => {
  const story = tell(config({ rules: [high] }))
  story.at('12:00').cpu('web-1', 0.5)
  story.at('12:01').silence('s1', ['host=web-1'], 10 * MINUTE)
  story.at('12:05').cpu('web-1', 0.99)
  story.until('12:12')
  const mail = lastMail(story.play)
  t.equal(mail.reason, 'silence_ended')
  const [alert] = mail.alerts
  t.equal(alert?.chart?.window.to, alert?.evaluatedAt, 'it shows the present')
  t.ok((alert?.chart?.buckets.length ?? 0) > 20)
  t.match(textOf(mail), /█.* to 99%/)
  t.end()
})

test('an address that is notified first by an escalation gets the chart; one that was notified before does not', (t) => {
  const boss = { name: 'boss', email: [{ address: 'boss@example.org' }] }
  const rule = { ...high, escalation: [{ after: 10 * MINUTE, notify: ['boss'] }] }
  const repeat = { repeat: { initial: HOUR, max: HOUR } }
  const base = config({ rules: [rule] })
  const story = tell({ ...base, receivers: [...base.receivers, boss], alerting: { ...base.alerting, ...repeat } }, TEN)
  story.at('12:00').cpu('web-1', 0.99)
  story.until('13:05')
  const seen = story.play.mails.map(
    ({ to, reason, alerts }) => `${to.address} ${reason} ${alerts[0]?.chart !== undefined}`,
  )
  t.strictSame(seen.slice(0, 3), [
    'ada@example.org fired true',
    'boss@example.org escalated true',
    'ada@example.org repeat_interval false',
  ])
  t.end()
})

test('a count by a field that was muted has its chart and its events', (t) => {
  const rule = countRule({
    over: MINUTE,
    condition: bounds('count', [above(1)]),
    by: ['user'],
    byFields: ['user.name'],
  })
  const play = createPlay(config({ rules: [rule] }))
  const silence = {
    id: 's1',
    matchers: [{ label: 'host', op: '=' as const, value: 'web-1' }],
    startsAt: play.now(),
    endsAt: play.now() + 5 * MINUTE,
    createdBy: 'Grace',
    comment: '',
    createdAt: play.now(),
  }
  play.enter({ kind: 'command', data: encodeEntry({ kind: 'silence', silence, now: play.now() }) })
  const line = (now: number, i: number) => ({
    ...event('web-1', now - i, { 'count(ssh-failures)\u001fada': 1 }),
    shown: [['message', 'Failed password']] as const,
  })
  play.until(
    '12:06',
    every(TEN, (now) => void play.post([0, 1].map((i) => line(now, i)))),
  )
  const [alert] = lastMail(play).alerts
  t.equal(lastMail(play).reason, 'silence_ended')
  t.ok(alert?.chart !== undefined && alert.events?.length === 5)
  t.end()
})

const fleetOf = (values: readonly number[]): Play => {
  const play = createPlay(config({ rules: [{ ...high, groupBy: ['rule'] }] }))
  const hosts = values.map((value, i) => [`web-${String(i + 10)}`, value] as const)
  play.until(
    '12:02:30',
    every(TEN, (now) => void play.post(hosts.map(([host, cpu]) => event(host, now, { cpu })))),
  )
  return play
}

test('of many alerts the worst come first: in the list, in the subject and in the ten links', (t) => {
  const values = Array.from({ length: 60 }, (_, i) => 0.9014 + ((i * 7) % 60) * 0.0014)
  const mail = lastMail(fleetOf(values))
  t.equal(mail.alerts.length, 60)
  const linkKey = Buffer.alloc(32, 1)
  const { text, subject } = renderMessage(mail, { ...options, url: 'https://sw.example.org', linkKey })
  const rows = [...text.matchAll(/^ {2}warning {3}(web-\d+) .*?: ([\d.]+)%/gm)].map(([, host, value]) => ({
    host,
    value,
  }))
  t.equal(rows.length, 60)
  t.strictSame(
    rows.map(({ value }) => Number(value)),
    rows.map(({ value }) => Number(value)).toSorted((a, b) => b - a),
  )
  const linked = [...text.matchAll(/^ {2}\[\w+\] (web-\d+)$/gm)].map(([, host]) => host)
  t.strictSame(
    linked,
    rows.slice(0, 10).map(({ host }) => host),
  )
  t.match(subject, `CPU on ${rows[0]?.host} and 59 more is high`)
  t.end()
})

test('alerts of rules with different units are ordered by their share beyond the limit, lower limits too', (t) => {
  const rules = [
    cpuHigh({ name: 'cpu', over: MINUTE, every: TEN, groupBy: [] }),
    cpuHigh({
      name: 'net',
      metric: 'disk',
      over: MINUTE,
      every: TEN,
      groupBy: [],
      condition: bounds('mean', [above(100)]),
    }),
    cpuHigh({
      name: 'memory',
      metric: 'memory',
      over: MINUTE,
      every: TEN,
      groupBy: [],
      condition: bounds('mean', [{ op: 'below', value: 0.5, clear: 0.6 }]),
    }),
  ]
  const play = createPlay(config({ rules }))
  const samples = { cpu: 0.92, 'disk\u001f/': 150, memory: 0.4 }
  play.until(
    '12:02:30',
    every(TEN, (now) => void play.post([event('web-1', now, samples)])),
  )
  const rows = [...textOf(lastMail(play)).matchAll(/^ {2}warning .* (cpu|net|memory): /gm)].map(([, rule]) => rule)
  t.strictSame(rows, ['net', 'memory', 'cpu'])
  t.end()
})

test('the footer names the receiver of the route, not that of the escalation', (t) => {
  const base = config({ rules: [{ ...high, escalation: [{ after: 10 * MINUTE, notify: ['boss'] }] }] })
  const ada = base.receivers.flatMap(({ email }) => email)
  const boss = { name: 'boss', email: [...ada, { address: 'eve@example.org' }] }
  const story = tell({ ...base, receivers: [...base.receivers, boss] }, TEN)
  story.at('12:00').cpu('web-1', 0.99)
  story.at('17:00').cpu('web-1', 0.1)
  story.until('17:30')
  const footers = story.play.mails.map((mail) => [
    `${mail.to.address.slice(0, 3)} ${mail.reason}`,
    /^You receive this mail because (.*), which lists/m.exec(textOf(mail))?.[1],
  ])
  const byRule = 'rule cpu-high notifies receiver ops'
  const byEscalation = 'an escalation of rule cpu-high notifies receiver boss'
  t.strictSame(
    footers.filter(([mail]) => mail?.startsWith('ada')),
    [
      ['ada fired', byRule],
      ['ada escalated', byEscalation],
      ['ada repeat_interval', byRule],
      ['ada resolved', byRule],
    ],
  )
  t.ok(footers.filter(([mail]) => mail?.startsWith('eve')).every(([, why]) => why === byEscalation))
  t.end()
})

test('an address that two receivers spell with other capitals gets one mail', (t) => {
  const text = [
    'receivers:',
    '  ops: { email: { to: [Ada@Example.org] } }',
    '  boss: { email: { to: ["Ada Lovelace <ada@example.org>", eve@example.org] } }',
    'self_monitoring: { notify: [ops] }',
    'metrics: { cpu: { field: cpu, unit: ratio } }',
    'rules:',
    '  - { name: cpu-high, notify: [ops, boss], when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } } }',
  ].join('\n')
  const { config: read } = loadConfig({ text, env: {}, cwd: '/' })
  const play = createPlay(read.engine)
  play.until(
    '12:01:30',
    every(TEN, (now) => void play.post([event('web-1', now, { cpu: 0.99 })])),
  )
  t.strictSame(
    play.mails.map(({ to }) => to.address),
    ['Ada@Example.org', 'eve@example.org'],
  )
  t.end()
})

/** Down from 12:03 to 12:09; hosts whose sender kept their events send them afterwards. */
function afterDowntime(keeps: boolean, change: Partial<EngineConfig> = {}): Play {
  const play = createPlay(config({ rules: [high], ...change }))
  const post = (ts: number): void => void play.post([event('web-1', ts, { cpu: 0.99 })])
  play.until('12:03', every(TEN, post))
  play.until('12:03:00')
  const back = at('12:09:00')
  play.enter({ kind: 'command', data: encodeEntry({ kind: 'started', now: back }) })
  if (keeps)
    play.post(
      Array.from({ length: 36 }, (_, i) => event('web-1', at('12:03:00') + i * TEN, { cpu: 0.99 })),
      { rcv: back },
    )
  return play
}

test('a downtime is mentioned once, and not as one in which nothing was watched where senders kept their events', (t) => {
  const repeat = { repeat: { initial: 20 * MINUTE, max: 20 * MINUTE } }
  for (const keeps of [false, true]) {
    const play = afterDowntime(keeps, { alerting: { ...config().alerting, ...repeat } })
    const resume = (now: number): void => {
      if (now >= at('12:09:00') && now % TEN === 0)
        play.post([event('web-1', now, { cpu: now < at('13:00:00') ? 0.99 : 0.1 })])
    }
    play.until('13:05', resume)
    const reasons = play.mails.map(({ reason }) => reason)
    t.strictSame(reasons, ['fired', 'repeat_interval', 'repeat_interval', 'resolved'])
    const span = 'Stashwatch was down from 2026-11-22 12:03:00 UTC to 2026-11-22 12:09:00 UTC'
    const end = keeps ? 'events of that time arrived later and were evaluated then' : 'no rules were evaluated'
    const texts = play.mails.map(textOf)
    t.strictSame(
      texts.map((text) => text.includes('Stashwatch was down')),
      [false, true, false, false],
    )
    t.match(texts[1], `${span}; ${end}.`)
  }
  t.end()
})

test('why shows the last windows of each series, the newest first', (t) => {
  const play = createPlay(config({ rules: [high] }))
  const cpu = (now: number): number => ((now - at('12:00:00')) / MINUTE) * 0.1
  play.until(
    '12:05',
    every(TEN, (now) => void play.post([event('web-1', now, { cpu: cpu(now) })])),
  )
  const { evaluations } = runQuery(play.fold, { kind: 'why', rule: 'cpu-high', host: 'web-1' }) as WhyView
  t.equal(evaluations.length, 5)
  const ends = evaluations.map(({ evaluatedAt }) => evaluatedAt)
  t.strictSame(
    ends,
    [0, 1, 2, 3, 4].map((back) => (ends[0] ?? 0) - back * TEN),
  )
  const values = evaluations.map(({ value }) => value ?? 0)
  t.strictSame(
    values,
    values.toSorted((a, b) => b - a),
  )
  t.equal(runQuery(play.fold, { kind: 'rules' })[0]?.evaluations.length, 1, 'a list of rules has the newest only')
  t.end()
})

test('why shows fewer windows of a series that has fewer', (t) => {
  const play = createPlay(config({ rules: [cpuHigh({ breaches: { atLeast: 2, of: 3 } })] }))
  play.until(
    '12:03:30',
    every(TEN, (now) => void play.post([event('web-1', now, { cpu: 0.99 })])),
  )
  const { evaluations } = runQuery(play.fold, { kind: 'why', rule: 'cpu-high', host: 'web-1' }) as WhyView
  t.match(evaluations[0]?.evidence.breaches, { of: 3 })
  t.ok(evaluations.slice(1).every(({ evidence }) => evidence.breaches === undefined))
  t.end()
})

test('no series of a host is newer than its newest event', (t) => {
  const play = createPlay(config())
  play.until(at('12:00:07'))
  play.post([event('web-1', play.now() - 2 * SECOND, { cpu: 0.5, memory: 0.5 })])
  play.until(at('12:00:08'))
  const { series, lastSeenAt } = runQuery(play.fold, { kind: 'host', host: 'web-1' }) as HostDetail
  t.equal(lastSeenAt, at('12:00:07'))
  t.strictSame(
    series.map(({ newest }) => newest),
    [at('12:00:05'), at('12:00:05')],
  )
  t.end()
})
