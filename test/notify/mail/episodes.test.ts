import { test } from 'tap'
import { encodeEntry } from '../../../src/engine/step.ts'
import type { AbsenceRule, EngineConfig, Notification, Receiver } from '../../../src/model.ts'
import { renderMessage, formatSubject } from '../../../src/notify/mail/message.ts'
import {
  above,
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
  bounds,
  TEN,
} from '../../helpers/play.ts'
import { facts, notification } from '../samples.ts'
import { type Story, tell } from '../../helpers/story.ts'

/* The mails of whole episodes, as their readers get them: what the folds decide, in words. */

const ladder = cpuHigh({ over: MINUTE, condition: bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)]) })
const options = { from: { address: 'alerts@example.org' }, domain: 'example.org' }
const textOf = (mail: Notification | undefined): string =>
  mail === undefined ? 'no such mail' : renderMessage(mail, options).text
const inBerlin = (change: Partial<EngineConfig> = {}): EngineConfig => {
  const { receivers } = config()
  return config({ receivers: receivers.map((one) => ({ ...one, timeZone: 'Europe/Berlin' })), ...change })
}

test('the mail that it is over says that it had been critical, from when to when, and by which bound', (t) => {
  const story = tell(config({ rules: [ladder] }), TEN)
  story.at('12:00').cpu('web-1', 0.9)
  story.at('12:10').cpu('web-1', 0.99)
  story.at('12:20').cpu('web-1', 0.85)
  story.at('12:30').cpu('web-1', 0.1)
  story.until('12:40')
  const [fired, rose, over] = story.play.mails.map(textOf)
  t.notMatch(fired, /ritical/)
  t.match(rose, /  Threshold +above 95%\n/)
  t.match(rose, /  Critical +since 2026-11-22 12:11:00 UTC\n/)
  t.match(
    over,
    /It began at 2026-11-22 12:01:00 UTC, lasted 30 min, and was critical from 2026-11-22 12:11:00 UTC to 2026-11-22 12:21:00 UTC\./,
  )
  t.match(over, /  Threshold +above 80%; critical: above 95%\n/)
  t.match(over, /  Critical +from 2026-11-22 12:11:00 UTC to 2026-11-22 12:21:00 UTC, for 10 min\n/)
  t.end()
})

test('a mail says that an alert was critical twice, or all the time', (t) => {
  const story = tell(config({ rules: [ladder] }), TEN)
  story.at('12:00').cpu('web-1', 0.99).cpu('web-2', 0.99)
  story.at('12:10').cpu('web-1', 0.85)
  story.at('12:20').cpu('web-1', 0.99)
  story.at('12:30').cpu('web-1', 0.1).cpu('web-2', 0.1)
  story.until('12:40')
  const over = (host: string): string =>
    textOf(story.play.mails.find(({ reason, alerts }) => reason === 'resolved' && alerts[0]?.identity.host === host))
  t.match(over('web-1'), /and was critical 2 times between 2026-11-22 12:01:00 UTC and 2026-11-22 12:31:00 UTC\./)
  t.match(over('web-2'), 'lasted 30 min, and was critical all the time.')
  t.match(over('web-2'), /  Threshold +above 80%; critical: above 95%\n/)
  t.end()
})

test('the mail that it is over says who looked after it, with the note, also when it got worse since', (t) => {
  const story = tell(config({ rules: [ladder] }), TEN)
  story.at('12:00').cpu('web-1', 0.9).cpu('web-2', 0.9)
  story.at('12:05').acknowledge('cpu-high', 'web-1', HOUR).acknowledge('cpu-high', 'web-2', HOUR)
  story.at('12:10').cpu('web-1', 0.99)
  story.at('12:30').cpu('web-1', 0.1).cpu('web-2', 0.1)
  story.until('12:40')
  const mail = (reason: string, host: string): string =>
    textOf(
      story.play.mails.find(({ reason: because, alerts }) => because === reason && alerts[0]?.identity.host === host),
    )
  const note = ': on it\\n'
  t.match(
    mail('severity_raised', 'web-1'),
    new RegExp(`  Acknowledged +by Grace, until 2026-11-22 12:11:10 UTC \\(expired\\)${note}`),
  )
  t.match(
    mail('resolved', 'web-1'),
    new RegExp(`  Acknowledged +by Grace from 2026-11-22 12:05:00 UTC to 2026-11-22 12:11:10 UTC${note}`),
  )
  t.match(mail('resolved', 'web-2'), new RegExp(`  Acknowledged +by Grace since 2026-11-22 12:05:00 UTC${note}`))
  t.end()
})

test('the begin of an alert is the end of its first window beyond the threshold', (t) => {
  const drawn: string[] = []
  const story = tell(config({ rules: [cpuHigh({ for: 3 * MINUTE })] }), TEN)
  story.at('12:00').cpu('web-1', 0.1)
  story.at('12:10').cpu('web-1', 0.99)
  story.at('12:30').cpu('web-1', 0.1)
  story.until('12:40')
  const [fired, over] = story.play.mails.map(
    (mail) => renderMessage(mail, { ...options, draw: (svg) => void drawn.push(svg) }).text,
  )
  const began = '2026-11-22 12:12:00 UTC'
  t.match(fired, `The value has been beyond its threshold since ${began}.`)
  t.match(fired, new RegExp(`  Since +${began}, 3 min 10 s so far\\n`))
  t.match(over, `It began at ${began} and lasted 19 min.`)
  t.match(over, /  Ended +2026-11-22 12:31:00 UTC, after 19 min\n/)
  t.equal(story.play.mails[0]?.alerts[0]?.startsAt, at('12:12:00'))
  t.equal(story.play.mails[0]?.alerts[0]?.chart?.window.to, at('12:15:00'))
  t.equal(placeOf(drawn[0], 'began'), placeAt(drawn[0], at('12:12:00'), story.play.mails[0]))
  t.end()
})

/** Where the line of a mark is drawn. */
function placeOf(svg = '', label: string): number {
  const end = svg.indexOf(`>${label}</text>`)
  return Number(/.*<path d="M([\d.]+) /s.exec(svg.slice(0, end))?.[1])
}

/** Where an instant is, between the ends of the axis. */
function placeAt(svg = '', instant: number, mail: Notification | undefined): number {
  const [, left, bottom, right] = /<path d="M([\d.]+) ([\d.]+)H([\d.]+)" stroke="#8792a0"/.exec(svg) ?? []
  const picture = mail?.alerts[0]?.chart
  if (picture === undefined || bottom === undefined) return Number.NaN
  const share = (instant - picture.from) / (picture.width * picture.buckets.length)
  return Math.round((Number(left) + (Number(right) - Number(left)) * share) * 10) / 10
}

test('a downtime is mentioned for alerts that were open during it or began right after it, and for no others', (t) => {
  const settings = config({ rules: [cpuHigh()] })
  const posts = (play: Play, hot: (host: string, now: number) => boolean) => (now: number) => {
    if (now % TEN !== 0) return
    const hosts = ['web-1', 'web-2', 'web-3'].map((host) => event(host, now, { cpu: hot(host, now) ? 0.99 : 0.1 }))
    play.post([heartbeat(now), ...hosts])
  }
  const before = createPlay(settings)
  before.until(
    '12:05:00',
    posts(before, (host) => host === 'web-1'),
  )
  const play = createPlay(settings, at('12:09:00'), before.fold)
  play.enter({ kind: 'command', data: encodeEntry({ kind: 'started', now: at('12:09:00') }) })
  const hot = (host: string, now: number): boolean =>
    host === 'web-1' ? now < at('12:20:00') : host === 'web-2' || now >= at('12:30:00')
  play.until('12:50:00', posts(play, hot))
  const down = /Stashwatch was down from 2026-11-22 12:05:00 UTC to 2026-11-22 12:09:00 UTC/
  const notified = play.mails.map(
    (mail) => `${mail.alerts[0]?.identity.host} ${mail.reason} ${down.test(textOf(mail))}`,
  )
  t.strictSame(notified, ['web-2 fired true', 'web-1 resolved true', 'web-3 fired false'])
  t.end()
})

test('the times of what kept a mail back are those of its reader', (t) => {
  const story = tell(inBerlin({ rules: [cpuHigh({ over: MINUTE })] }), TEN)
  story.at('12:00').cpu('web-1', 0.1)
  story.at('12:05').silence('s1', ['host=web-1'], HOUR)
  story.at('12:10').cpu('web-1', 0.99)
  story.until('13:20')
  const text = textOf(story.play.mails[0])
  t.match(text, 'Suppressed until now: silenced by Grace until 14:05:00 CET (13:05:00 UTC): known.')
  t.match(text, /  Suppressed +silenced by Grace until 14:05:00 CET \(13:05:00 UTC\): known\n/)
  t.end()
})

test('every figure of a mail has its unit, and none looks like the bound that it is beyond', (t) => {
  const story = tell(config({ rules: [cpuHigh({ over: MINUTE })] }), TEN)
  story.at('12:00').cpu('web-1', 0.95).cpu('web-2', 0.900_001)
  story.at('12:10').cpu('web-1', 0.5)
  story.until('12:20')
  const [plain, close, over] = story.play.mails.map(textOf)
  t.match(plain, /  Reason +cpu averaged 95% over 1 min \(5 samples\): above 90%\n/)
  t.match(over, /  Reason +cpu averaged 50% over 1 min \(6 samples\): at most 85%\n/)
  t.match(close, /^\[Warning\] CPU averaged 90\.0001% over 1 min on web-2 \(threshold 90%\)\n/)
  t.match(close, /  Value +90\.0001% in the window/)
  t.match(close, /  Reason +cpu averaged 90\.0001% over 1 min \(5 samples\): above 90%\n/)
  t.end()
})

test('a receiver that wants the state in the subject gets it in each mail of an episode', (t) => {
  const [ops] = config().receivers
  if (ops === undefined) throw new Error('the play has no receiver')
  const story = tell(config({ rules: [ladder], receivers: [{ ...ops, subjectMode: 'status' }] }), TEN)
  story.at('12:00').cpu('web-1', 0.9)
  story.at('12:10').cpu('web-1', 0.99)
  story.at('12:30').cpu('web-1', 0.1)
  story.until('12:40')
  t.strictSame(
    story.play.mails.map(formatSubject),
    ['warning', 'critical', 'resolved'].map((state) => `[${state}] CPU on web-1 is high`),
  )
  t.equal(new Set(story.play.mails.map(({ thread }) => thread)).size, 1)
  t.end()
})

test('what fires beside an alert is counted with what is muted of it', (t) => {
  const story = tell(config({ rules: [cpuHigh({ over: MINUTE })] }), TEN)
  for (const host of ['web-1', 'web-2', 'web-3']) story.at('12:00').cpu(host, host === 'web-3' ? 0.1 : 0.99)
  story.at('12:20').silence('s1', ['host=web-2'], HOUR)
  story.at('12:30').cpu('web-3', 0.99)
  story.until('12:40')
  t.match(story.play.mails.map(textOf).at(-1), 'In total   2 other alerts are firing on 2 hosts, 1 of them muted\n')
  t.end()
})

test("a receiver's subject counts for silent hosts whose rule has none", (t) => {
  const subjects = (rule: Partial<AbsenceRule>, change: Partial<Receiver>): readonly string[] => {
    const receivers = config().receivers.map((one) => ({ ...one, ...change }))
    const story = tell(config({ rules: [silent({ after: 3 * MINUTE, ...rule })], receivers }), TEN)
    story.at('12:00').cpu('web-1', 0.1).cpu('web-2', 0.1).cpu('web-3', 0.1)
    story.at('12:30').dies('web-2')
    story.until('12:40')
    return story.play.mails.map(formatSubject)
  }
  t.strictSame(subjects({}, {}), ['web-2 is absent'])
  t.strictSame(subjects({}, { subject: 'gone: {{server}}' }), ['gone: web-2'])
  t.strictSame(subjects({ subject: '{{server}}!' }, { subject: 'gone: {{server}}' }), ['web-2!'])
  t.end()
})

test('a heartbeat lists suppressed alerts apart from firing ones', (t) => {
  const countsOf = (act: (story: Story) => void, hosts: readonly string[]): readonly number[] => {
    const receivers = config().receivers.map((one) => ({ ...one, heartbeat: { at: 13 * 60 } }))
    const story = tell(config({ rules: [cpuHigh({ over: MINUTE })], receivers }), TEN)
    for (const host of hosts) story.at('12:00').cpu(host, 0.99)
    act(story)
    story.until('13:01')
    const { notice } = story.play.mails.findLast(({ reason }) => reason === 'scheduled') ?? {}
    if (notice?.kind !== 'heartbeat') throw new Error('there is no heartbeat')
    const { firing, suppressed } = notice.items
    t.equal(firing.first.length, hosts.length)
    return [firing.total, suppressed.silence, suppressed.acknowledgement]
  }
  const three = ['web-1', 'web-2', 'web-3']
  t.strictSame(
    countsOf(() => undefined, three),
    [3, 0, 0],
  )
  t.strictSame(
    countsOf((story) => void story.at('12:20').silence('s1', ['host=web-2'], HOUR), three),
    [3, 1, 0],
  )
  t.strictSame(
    countsOf((story) => void story.at('12:20').silence('s1', ['host=web-1'], HOUR), ['web-1']),
    [1, 1, 0],
  )
  const both = (story: Story): void =>
    void story.at('12:20').silence('s1', ['host=web-2'], HOUR).acknowledge('cpu-high', 'web-3', HOUR)
  t.strictSame(countsOf(both, three), [3, 1, 1])
  t.end()
})

test('each fact of an alert has its row', (t) => {
  const above98 = { op: 'above', value: 0.98 } as const
  const from = at('12:00:40')
  const cases: readonly (readonly [Parameters<typeof facts>[0], RegExp])[] = [
    [{ state: 'resolved', evaluations: 7, breaches: 4 }, /History +4 of 7 windows breached\n/],
    [
      { value: 0.93, limit: above98, clear: { op: 'at_most', value: 0.8 }, why: { code: 'held', params: {} } },
      /Threshold +above 98%; resolves at or below 80%\n/,
    ],
    [{ peers: { median: 0.3, hosts: 100, known: 140 } }, /Other hosts +median 30% of 100 of the 140 other hosts\n/],
    [{ value: 0.95, evaluatedAt: from }, /95% in the window that ended at 2026-11-22 12:00:40 UTC/],
    [
      { severity: 'critical', critical: { from, count: 2, lastFrom: at('12:01:10'), limit: above98 } },
      /Critical +since 2026-\S+ 12:01:10 UTC \(2 times in all, first at 2026-\S+ 12:00:40 UTC\)\n/,
    ],
    [
      { state: 'resolved', critical: { from, until: at('12:01:10'), count: 1, limit: above98 } },
      /Threshold +above 90%; critical: above 98%\n/,
    ],
  ]
  for (const [change, row] of cases) t.match(textOf(notification({ alerts: [facts(change)] })), row)
  t.end()
})

test('an absent host is described without windows, in the time of the reader', (t) => {
  const play = createPlay(inBerlin({ rules: [silent({ after: 90 * SECOND, body: 'nothing since {{since}}' })] }))
  play.until(
    '12:10:03',
    every(TEN, (now) => void play.post([event('a', now), event('b', now)])),
  )
  play.until(
    '12:13:14',
    every(TEN, (now) => void play.post([event('a', now)])),
  )
  play.post([event('b', play.now())])
  play.until('12:13:20')
  const [fired, over] = play.mails
  const text = textOf(fired)
  t.match(text, /^nothing since 2026-11-22 13:10:00 CET$/m)
  t.match(text, /Since +13:10:00 CET \(12:10:00 UTC\), 1 min (\d+) s so far\n/)
  const [value = '', moment = ''] = /Value +(1 min \d+ s) at (\S+)/.exec(text)?.slice(1) ?? []
  t.match(text, `, ${value} so far`, 'one figure, said twice')
  t.notMatch(text, /window|History/)
  t.equal(at(moment) - HOUR - at('12:10:00'), (fired as Notification).decidedAt - at('12:10:00'))
  const plain = (fired as Notification).alerts.map((alert) => ({ ...alert, templates: {} }))
  t.match(
    textOf({ ...(fired as Notification), alerts: plain, timeZone: 'UTC' }),
    /fired\. It began at 2026-11-22 12:10:00 UTC\./,
  )
  const ended = textOf({ ...(over as Notification), timeZone: 'UTC' })
  t.match(ended, /Ended +2026-11-22 12:13:15 UTC, after 3 min 15 s\n/)
  t.match(ended, /host-silent resolved on b after 3 min 15 s/)
  t.notMatch(ended, /History|Value|Peak|back to/)
  t.end()
})

test('a source that delivers again is described without windows', (t) => {
  const play = createPlay(config({ sources: ['logstash-a'] }))
  play.until(
    '12:10:00',
    every(TEN, (now) => void play.post([event('a', now)])),
  )
  play.until('12:13:14')
  play.post([event('a', play.now())])
  play.until('12:13:20')
  const text = textOf(play.mails.at(-1))
  t.match(text, /source-down resolved on logstash-a after 3 min 15 s/)
  t.notMatch(text, /History|window|back to/)
  t.end()
})

test('a lower threshold says what the value must reach', (t) => {
  const clear = { op: 'at_least', value: 1 } as const
  const text = textOf(notification({ alerts: [facts({ limit: { op: 'below', value: 1 }, clear, value: 0.9 })] }))
  t.match(text.replaceAll(/\s+/g, ' '), 'Resolves at or above 100%')
  t.end()
})

test('a mail about undelivered notifications names each with the response', (t) => {
  const subject = { kind: 'alert', rule: 'cpu-high', host: 'web-0', state: 'firing' } as const
  const item = { address: 'ada@example.org', receiver: 'team', subject, result: { response: '554 5.7.1 no' }, at: NOON }
  const notice = { kind: 'undelivered', items: [item], count: 30 } as const
  const text = textOf(notification({ kind: 'notice', reason: 'undelivered', alerts: [], notice }))
  t.match(text, /cpu-high on web-0, of 2026-11-22 12:00:00 UTC, to\s+ada@example.org\s+\(team\):\s+554 5.7.1 no/)
  t.match(text, /its\s+receiver\s+may\s+not\s+know/)
  t.end()
})
