import { test } from 'tap'
import { showAlert } from '../../src/api/views/alert.ts'
import { episodePage } from '../../src/api/pages/detail.ts'
import { runQuery } from '../../src/engine/query/index.ts'
import { readSnapshot, startSnapshot } from '../../src/engine/snapshot.ts'
import { createFold, encodeEntry, step } from '../../src/engine/step.ts'
import { createExtractor } from '../../src/extract/samples.ts'
import { limitShown } from '../../src/extract/shown.ts'
import type { AlertView, CountRule, EventSamples, Millis, Notification } from '../../src/model.ts'
import { renderMessage } from '../../src/notify/mail/message.ts'
import { eventPlaceholders } from '../../src/text/template.ts'
import {
  above,
  at,
  below,
  bounds,
  config,
  countRule,
  createPlay,
  event,
  every,
  HOUR,
  MINUTE,
  NOON,
  type Play,
  TEN,
} from '../helpers/play.ts'
import { hostileNames } from '../notify/hostile.ts'

/* Alerts about log lines contain log lines: bounded, masked, and harmless wherever they are shown. */

const failures = (change: Partial<CountRule> = {}): CountRule =>
  countRule({ over: MINUTE, condition: bounds('count', [above(2)]), ...change })

/** The host sends on, but logs nothing that matches. */
const beat = (play: Play): ((now: Millis) => void) => every(TEN, (now) => void play.post([event('web-1', now)]))

/** Log lines through the real extractor, as one request of the plugin. */
function postLines(play: Play, rule: CountRule, lines: readonly object[], host = 'web-1'): void {
  const placeholders = eventPlaceholders(rule, play.fold.plan.config.receivers)
  const extract = createExtractor({ metrics: [], rules: [{ ...rule, zeroes: false, placeholders }], host: {} })
  const events = lines.map((line, i): EventSamples => {
    const time = new Date(play.now() - lines.length + i).toISOString()
    const taken = extract({ '@timestamp': time, host, ...line }, 'base')
    if ('reason' in taken) throw new Error(taken.reason)
    return taken
  })
  play.post(limitShown(events))
}

const failed = (user: string): object => ({ message: `Failed password for ${user}`, user: { name: user } })
const several = (prefix: string, count: number): object[] =>
  Array.from({ length: count }, (_, i) => failed(`${prefix}${i}`))

/** An alert that fires on these lines, and its first mail. */
function fire(
  lines: readonly object[],
  rule = failures(),
  change = {},
): { readonly play: Play; readonly mail: Notification } {
  const play = createPlay(config({ rules: [rule], ...change }))
  play.until('12:00:30')
  postLines(play, rule, lines)
  play.until('12:00:40')
  const [mail] = play.mails
  if (mail === undefined) throw new Error('no mail')
  return { play, mail }
}

const options = { from: { address: 'alerts@example.org' }, domain: 'example.org', url: 'https://sw.example.org' }
const openAlert = (play: Play): AlertView => runQuery(play.fold, { kind: 'alerts' })[0] as AlertView
const messages = ({ events = [] }: Pick<AlertView, 'events'>): string[] =>
  events.map(({ fields }) => fields[0]?.[1] ?? '')

test('an alert about log lines shows some of them: in the mail, the API, the page, as CSV and in templates', async (t) => {
  const body = '{{event.message}} (user {{event.user.name}}, {{event.nothing}})'
  const { play, mail } = fire(several('ada', 4), failures({ subject: 'ssh: {{event.message}}', body }))
  const { text, html, subject, attachments } = renderMessage(mail, options)
  t.equal(subject, 'ssh: Failed password for ada3')
  t.match(text, 'Failed password for ada3 (user ada3, )')
  t.match(
    text,
    /Matching events\n {2}2026-11-22 12:00:29 UTC {2}Failed password for ada1\n.*ada2\n.*ada3\n\n {2}Metric/,
  )
  t.match(html, '<code>Failed password for ada1</code>')
  const csv = attachments.find(({ name }) => name.endsWith('-events.csv'))
  t.equal(
    csv?.content.toString().split('\r\n')[1],
    '2026-11-22T12:00:29.997Z,"Failed password for ada1","ada1"',
    'all fields that are known',
  )
  t.strictSame(showAlert(openAlert(play)).events?.at(-1), {
    timestamp: '2026-11-22T12:00:29.999Z',
    fields: { message: 'Failed password for ada3', 'user.name': 'ada3' },
  })
  t.match(episodePage(openAlert(play), [], play.now()), '<code><bdi>Failed password for ada1</bdi></code>')
})

test('an episode shows its first three events and the newest two, however many there are', async (t) => {
  const rule = failures()
  const { play } = fire(several('first', 3), rule)
  const before = JSON.stringify(play.fold.state.matched).length
  play.until(
    '12:10',
    every(TEN, (now) => postLines(play, rule, several(`${now - at('12:00:00')}-`, 50))),
  )
  t.strictSame(messages(openAlert(play)), [
    'Failed password for first0',
    'Failed password for first1',
    'Failed password for first2',
    'Failed password for 590000-48',
    'Failed password for 590000-49',
  ])
  t.ok(JSON.stringify(play.fold.state.matched).length <= before + 100)
  const resolved = play.mails.length
  play.until('12:15', beat(play))
  const over = play.mails[resolved] as Notification
  t.equal(over.reason, 'resolved')
  t.match(renderMessage(over, options).text, 'Failed password for first0')
})

test('only events of the window count as evidence, and one episode does not show those of another', async (t) => {
  const rule = failures()
  const play = createPlay(config({ rules: [rule] }))
  play.until('12:00:30')
  postLines(play, rule, several('old', 2))
  play.until('12:05', beat(play))
  postLines(play, rule, several('one', 3))
  play.until('12:09', beat(play))
  postLines(play, rule, several('two', 3))
  play.until('12:09:30')
  const shown = play.mails.map(({ reason, alerts: [alert] }) => `${reason} ${messages(alert ?? {}).join(', ')}`)
  const lines = (of: string): string => [0, 1, 2].map((i) => `Failed password for ${of}${i}`).join(', ')
  t.strictSame(shown, [`fired ${lines('one')}`, `resolved ${lines('one')}`, `fired ${lines('two')}`])
})

test('a list shows the newest event of each alert', async (t) => {
  const rule = failures({ groupBy: ['rule'] })
  const play = createPlay(config({ rules: [rule] }))
  for (const host of ['web-1', 'web-2']) postLines(play, rule, several(`${host}-`, 4), host)
  play.until('12:02')
  const [mail] = play.mails
  t.strictSame(mail?.alerts.map(messages), [['Failed password for web-1-3'], ['Failed password for web-2-3']])
  const { text, html } = renderMessage(mail as Notification, options)
  t.match(text, /critical|warning {3}web-1 .*\n {12}Failed password for web-1-3\n/)
  t.match(html, '<code>Failed password for web-2-3</code>')
})

test('counts by a field are an alert for each of its values', async (t) => {
  const rule = failures({ by: ['user'], byFields: ['user.name'], subject: '{{label.user}}: {{event.user.name}}' })
  const many = (user: string, count: number): object[] => Array.from({ length: count }, () => failed(user))
  const { play } = fire([...many('ada', 4), ...many('bob', 2), ...many('eve', 3)], rule)
  const alerts = play.mails.flatMap((mail) => mail.alerts)
  t.strictSame(
    alerts.map(
      (alert) => `${alert.identity.labels['user']} ${alert.value}: ${alert.events?.at(-1)?.fields.join('; ')}`,
    ),
    ['ada 4: message,Failed password for ada; user.name,ada', 'eve 3: message,Failed password for eve; user.name,eve'],
  )
})

test('by what is counted may change: the alerts of the old labels are closed', async (t) => {
  const { play } = fire(several('ada', 4))
  play.configure(config({ rules: [failures({ by: ['user'], byFields: ['user.name'] })] }))
  play.until('12:00:50')
  t.equal(play.mails.at(-1)?.alerts[0]?.evidence.why.code, 'regrouped')
})

test('where too few events are the trouble, those that match are not kept', async (t) => {
  const rule = failures({ condition: bounds('count', [below(1)]) })
  const play = createPlay(config({ rules: [rule] }))
  postLines(play, rule, several('ada', 3))
  t.equal(play.fold.state.matched.recent.size, 0)
})

const SECRET = 'hunter2hunter2'
const SECRETS: readonly string[] = [
  `password=${SECRET}`,
  `password = "${SECRET} and more"`,
  `{"db_password":"${SECRET}"}`,
  `{\\"client_secret\\": \\"${SECRET}\\"}`,
  `aws_secret_access_key=${SECRET}`,
  `Authorization: Basic ${SECRET}`,
  `authorization: ApiKey ${SECRET}`,
  `sent Bearer ${SECRET}`,
  `mysqldump --password ${SECRET} db`,
  `Cookie: session=${SECRET}; other=${SECRET}`,
  `redis://:${SECRET}@db-1/0 and https://ada:${SECRET}@example.org`,
  `https://example.org/hook?token=${SECRET}&x=1`,
  `jwt eyJhbGciOiJIUzI1NiJ9.eyJ${SECRET}.c2ln`,
  `git clone with ghp_${SECRET}${SECRET}`,
  `-----BEGIN RSA PRIVATE KEY----- ${SECRET} -----END RSA PRIVATE KEY-----`,
  `${'x'.repeat(470)} https://ada:${SECRET}${'y'.repeat(200)}@example.org`,
]

test('secrets in log lines are masked before they are stored', async (t) => {
  for (const text of SECRETS) {
    const line = { message: `Failed password: ${text}`, user: { password: SECRET } }
    const { play, mail } = fire([line, line, line], failures({ body: '{{event.user.password}} {{event.message}}' }))
    const everything = [...play.entries.map(({ data }) => Buffer.from(data).toString()), JSON.stringify(mail)].join()
    t.notMatch(everything, SECRET.slice(0, 7), text)
    t.match(renderMessage(mail, options).text, '***')
  }
})

test('what is no secret is left as it is', async (t) => {
  const plain = [
    'Failed password for root from 10.0.0.1 port 22 ssh2',
    'pam_unix(sshd:auth): Failed password; logname= uid=0 euid=0 tty=ssh rhost=10.0.0.1 user=ada@example.org',
    'Failed password, see https://example.org/a:b/c@d',
  ]
  for (const message of plain) {
    const { mail } = fire([{ message }, { message }, { message }])
    t.match(renderMessage(mail, options).text, message)
  }
})

test('log lines attack nobody: not the mail, its headers, the page, the CSV or a terminal', async (t) => {
  for (const attack of hostileNames) {
    const lines = [0, 1, 2].map((i) => ({
      message: `${i % 2 === 0 ? '' : ' '}${attack} Failed password`,
      user: { name: attack },
    }))
    const rule = failures({ subject: '{{event.message}}', body: 'see {{event.message}} of {{event.user.name}}' })
    const { play, mail } = fire(lines, rule)
    const { subject, text, html, attachments } = renderMessage(mail, options)
    const page = episodePage(openAlert(play), [], play.now())
    const csv = attachments.find(({ name }) => name.endsWith('-events.csv'))?.content.toString() ?? ''
    for (const shown of [subject, text, html, page, csv]) {
      t.notMatch(
        shown,
        /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u.source === ''
          ? ''
          : /(?![\r\n])[\p{Cc}\u200b\u202e\u2028\u2029\u2066]/u,
      )
    }
    t.notMatch(subject, /[\r\n]/)
    t.notMatch(`${html}${page}`, /<(?:script|img src=x|iframe|b>)/)
    t.notMatch(csv, /(?:^|,)"?[=+@-]/m, 'no cell is a formula')
    for (const row of csv.trim().split('\r\n').slice(1)) t.match(row, /^[^,"]+(?:,"(?:[^"]|"")*")+$/)
    t.notMatch(html, /href="[^"]*evil/)
  }
})

test('a flood of matching lines costs the journal a bounded number of bytes', async (t) => {
  const rule = failures()
  const play = createPlay(config({ rules: [rule] }))
  const size = (lines: readonly object[]): number => {
    postLines(play, rule, lines)
    return play.entries.at(-1)?.data.length ?? 0
  }
  const long = { message: `Failed password ${'x'.repeat(2000)}` }
  const one = size([long])
  t.ok(one < 700, `${one} bytes`)
  const flood = size(Array.from({ length: 5000 }, (_, i) => ({ ...long, message: `${i} ${long.message}` })))
  t.ok(flood < 5000 * 20 + 3 * 700, `${flood} bytes`)
  const hosts = Array.from({ length: 500 }, (_, i) => ({ ...long, host: `h${i}`, message: `${i} ${long.message}` }))
  t.ok(size(hosts) < 500 * 24 + 64 * 700)
})

test('what is remembered of log lines is bounded in all', async (t) => {
  const rule = failures({ condition: bounds('count', [above(0)]), notify: [] })
  const play = createPlay(
    config({ rules: [rule], limits: { hosts: 9000, series: 9000, seriesPerHost: 10, sources: 5 } }),
  )
  const text = 'x'.repeat(800)
  for (let i = 0; i < 2600; i += 100) {
    const events = Array.from({ length: 300 }, (_, k): EventSamples => ({
      ...event(`h${i + (k % 100)}`, play.now() - k, { 'count(ssh-failures)': 1 }),
      shown: [['message', text]],
    }))
    play.post(events)
  }
  const { matched, hosts } = play.fold.state
  t.ok(matched.size <= 4 << 20)
  t.ok(matched.recent.size > 1000 && matched.recent.size < 2000)
  play.until('12:00:10', undefined, TEN)
  const shown = [...hosts.values()].flatMap(({ alerts }) =>
    [...alerts.values()].filter(({ events }) => events.length > 0),
  )
  t.equal(shown.length, matched.alerts)
  t.ok(shown.length > 1000 && shown.length <= 2000)
  play.configure(config({ rules: [] }))
  t.equal(matched.alerts, 0, 'alerts that are over hold none')
})

test('log lines survive a restart at any entry', async (t) => {
  const rule = failures()
  const play = createPlay(config({ rules: [rule] }))
  for (const minute of [0, 4]) {
    play.until(NOON + minute * MINUTE, beat(play))
    postLines(play, rule, several(`${minute}-`, 4))
  }
  play.until('12:05', beat(play))
  const whole = play.mails.map((mail) => JSON.stringify(mail))
  t.ok(whole.length > 2 && whole.every((mail) => mail.includes('Failed password')))
  const { entries } = play
  for (let cut = 1; cut < entries.length; cut += 41) {
    const before = createFold()
    const effects = entries.slice(0, cut).flatMap((entry) => step(before, entry).effects)
    const parts: Uint8Array[] = []
    const writer = startSnapshot(before.state, cut)
    for (let part = writer.take(); part !== undefined; part = writer.take()) parts.push(part.data)
    const after = createFold(readSnapshot(Buffer.concat(parts)))
    effects.push(...entries.slice(cut).flatMap((entry) => step(after, entry).effects))
    t.strictSame(
      effects.map(({ data }) => data),
      whole,
      `cut at ${cut}`,
    )
    t.strictSame(after.state.matched, play.fold.state.matched)
  }
})

test('a clock that is set back does not keep old lines before new ones', async (t) => {
  const rule = failures()
  const { play } = fire(several('old', 3), rule)
  const back: Millis = play.now() - HOUR
  play.enter({ kind: 'tick', data: encodeEntry({ now: back, refused: false }) })
  t.equal(play.fold.state.matched.recent.size, 0)
  t.ok(openAlert(play).events?.every(({ ts }) => ts <= back))
})
