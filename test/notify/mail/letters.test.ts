import { assert, property, string } from 'fast-check'
import PostalMime from 'postal-mime'
import { test } from 'tap'
import type { AlertSnapshot, FiringContext, Notification } from '../../../src/model.ts'
import { buildMime } from '../../../src/notify/email/smtp.ts'
import { kibanaLink } from '../../../src/notify/mail/actions.ts'
import { renderMessage } from '../../../src/notify/mail/message.ts'
import { LINK_LIFE, readLink } from '../../../src/links/signature.ts'
import { hostileNames } from '../hostile.ts'
import * as kinds from '../kinds.ts'
import { as, at, type Change, facts, identityOf, notification, pictured, state } from '../samples.ts'

const linkKey = Buffer.alloc(32, 7)
const options = {
  from: { name: 'Stashwatch', address: 'alerts@example.org' },
  domain: 'example.org',
  url: 'https://stashwatch.example.org',
  apiUrl: 'https://stashwatch.example.org',
  kibana: "https://kibana.example.org/#/?_g=(time:(from:'{{from}}',to:'{{to}}'))&_a=(query:'host:\"{{host}}\"')",
  linkKey,
}
const read = async (mail: Notification, change = {}): Promise<{ text: string; html: string; subject: string }> => {
  const {
    text = '',
    html = '',
    subject = '',
  } = await PostalMime.parse(await buildMime(renderMessage(mail, { ...options, ...change })))
  return { text, html, subject }
}
const lines = (text: string): readonly string[] => text.split('\n')
const headOf = (text: string): string => `${lines(text)[0]} | ${lines(text)[2]}`

test('every reason has words of its own', async (t) => {
  const heads = async (mail: Notification): Promise<string> => headOf((await read(mail)).text)
  const value = 'CPU averaged 96.7% over 2 min on web-7 (threshold 90%)'
  const end = 'Resolves at or below 85%.'
  t.equal(
    await heads(kinds.repeated()),
    `[Warning: still firing] ${value} | Rule cpu-high is still firing after 4 h 1 min. ${end}`,
  )
  t.match(
    await heads(kinds.rose()),
    /^\[Escalated to critical\] .* \| Rule cpu-high first fired as warning and is now critical\. It began at /,
  )
  t.equal(
    await heads(kinds.unsilenced()),
    `[Warning: suppressed until now] ${value} | Rule cpu-high has been firing for 4 h 1 min. Suppressed until now: ` +
      `silenced by Grace until 2026-11-22 16:05:00 UTC: the racks are moved. ${end}`,
  )
  t.equal(
    await heads(kinds.escalated()),
    `[Warning: escalated] ${value} | Not acknowledged for 30 min 12 s: rule cpu-high is still firing. ${end}`,
  )
  t.equal(
    await heads(kinds.flapping()),
    '[Warning: flapping] cpu-high is flapping on web-7, 61% now | The alert of rule cpu-high is flapping between ' +
      'firing and resolved (24% state change, recent evaluations weighted higher). Its value is within the threshold right now. ' +
      'It counts as firing until it stops flapping. Single state changes are not notified.',
  )
  t.match(
    (await read(kinds.flapping())).text,
    'Next mail: when it stops flapping or its severity is raised, or a reminder at',
  )
  const rose = kinds.rose()
  const unsettled = { ...rose, alerts: rose.alerts.map((one) => ({ ...one, flapping: 24 })) }
  t.match(await heads(unsettled), 'is now critical. It is flapping between firing and resolved. It began at')
  t.match(
    await heads(kinds.settled('firing')),
    /^\[Warning: stopped flapping, still firing\] .* and is still firing\. It began at 2026-11-22 12:04:00 UTC\. Resolves at/,
  )
  t.match(
    await heads(kinds.settled()),
    /^\[Stopped flapping: resolved\] .* back to 40% on web-7 after 4 h 1 min \| .* is resolved\. It began at/,
  )
  t.equal(
    await heads(kinds.untold()),
    '[Fired and resolved] CPU back to 50% on web-7 after 2 min | Rule cpu-high fired at 2026-11-22 12:05:00 UTC ' +
      'and resolved at 2026-11-22 12:06:00 UTC, before you were notified. It began at 2026-11-22 12:04:00 UTC and lasted 2 min. This is the only mail about it.',
  )
  const untold = kinds.untold()
  const closed = { ...untold, alerts: untold.alerts.map((one) => ({ ...one, closeReason: 'rule_changed' }) as const) }
  t.match(
    await heads(closed),
    /^\[Fired and closed\] .* \| Rule cpu-high fired at .* and was closed without recovery at .*, before you were notified\. It began/,
  )
})

test('the text of a mail has the facts first and the links last', async (t) => {
  for (const [kind, make] of Object.entries(kinds.KINDS)) {
    const { text } = await read(make())
    const body = text.slice(0, text.indexOf('\n-- \n'))
    const link = body.indexOf('https://')
    t.ok(link > body.lastIndexOf('\n  Code  '), kind)
    t.ok(link > body.lastIndexOf('UTC  ['), kind)
  }
})

test('other reasons for suppression are shown where a silence is', async (t) => {
  const reasons: readonly (readonly [NonNullable<AlertSnapshot['heldBy']>, string])[] = [
    [{ by: 'maintenance', name: 'patch-day' }, "maintenance window 'patch-day'"],
    [{ by: 'inhibition', episode: 'a', rule: 'host-silent', host: 'web-7' }, 'inhibited by host-silent on web-7'],
    [
      { by: 'acknowledgement', author: 'Grace', until: at('15:00:00') },
      'acknowledged by Grace until 2026-11-22 15:00:00 UTC',
    ],
  ]
  for (const [wasMuted, words] of reasons) {
    const mail = kinds.unsilenced()
    const { text } = await read({ ...mail, alerts: mail.alerts.map((one) => ({ ...one, heldBy: wasMuted })) })
    t.ok(text.includes(`Suppressed until now: ${words}. Resolves at`), text)
  }
})

test('a value that is back within its bound while the alert still fires is not called beyond it', async (t) => {
  const { text } = await read(notification({ reason: 'repeat_interval', seq: 1, alerts: [facts({ value: 0.87 })] }))
  t.equal(lines(text)[0], '[Warning: still firing] CPU averaged 87% over 2 min on web-7 (threshold 90%)')
})

test('a mail about a firing alert has earlier alerts, values of other hosts, and other firing alerts', async (t) => {
  const { text } = await read(kinds.fired())
  t.match(text, '  Other hosts  median 31% of 57 hosts\n')
  t.match(text, '  Also firing  memory-high (critical, since 2026-11-22 12:01:00 UTC, P3QM8)\n')
  t.match(text, '  In total     12 other alerts are firing on 5 hosts\n')
  const [beside] = kinds.fired().context?.onHost ?? []
  if (beside === undefined) throw new Error('no sample')
  const contexts: readonly (readonly [Partial<FiringContext>, string])[] = [
    [{ muted: 3 }, '12 other alerts are firing on 5 hosts, 3 of them muted'],
    [{ muted: 12 }, '12 other alerts are firing on 5 hosts, all of them muted'],
    [{ onHost: [], firing: 1, hosts: 1, muted: 1 }, '1 other alert is firing on 1 host, muted'],
    [{ onHost: [{ ...beside, muted: true }] }, 'memory-high (critical, muted, since 2026-11-22 12:01:00 UTC, P3QM8)'],
  ]
  for (const [change, words] of contexts) {
    const mail = kinds.fired()
    const context = { onHost: [], firing: 12, muted: 0, hosts: 5, ...change }
    t.match((await read({ ...mail, context })).text, `  ${words}\n`)
  }
  t.notMatch(text, /Notifications|History|Suppressed|Acknowledged/)
  const ack = { at: at('12:20:00'), until: at('15:00:00'), author: 'Grace', note: 'a runaway job' }
  const mail = kinds.stalled()
  const later = (await read({ ...mail, alerts: mail.alerts.map((one) => ({ ...one, ack, suppressed: 1 })) })).text
  t.match(later, /^\[Warning: still firing\] CPU averaged 96\.7% over 2 min on web-7 \(threshold 90%\)\n/)
  t.match(later, /  Since +2026-11-22 12:04:00 UTC, 4 h 1 min so far\n/)
  t.match(later, /  History +241 windows breached; re-fired twice\n/)
  t.match(later, /  Data +none since 2026-11-22 12:41:00 UTC \(the alert keeps firing\)\n/)
  t.match(later, /  Acknowledged +by Grace, until 2026-11-22 15:00:00 UTC \(expired\): a runaway job\n/)
  t.match(later, /  Notifications +1 before this one; 1 update suppressed\n/)
  t.match(later, ' No data since 2026-11-22 12:41:00 UTC. The values are from the last window with data. ')
})

test('a mail about a resolved alert has value, begin, end, peak, course and number of mails', async (t) => {
  const { text, html } = await read(kinds.over())
  for (const row of [
    /  Value +61% in the window/,
    /  Began +2026-11-22 12:04:00 UTC\n/,
    /  Ended +2026-11-22 12:19:00 UTC, after 15 min\n/,
    /  Peak +98\.7%\n/,
    /  History +14 windows breached; re-fired twice\n/,
    /  Notifications +3 before this one; 2 updates suppressed\n/,
    /\nThis is the last mail about it\.\n/,
  ])
    t.match(text, row)
  t.notMatch(text + html, />Acknowledge<|Acknowledge:|\/act\/|To stop|stops the reminders/)
})

test('links that act are signed for this alert and this reader, work for a week, and are the same every time', async (t) => {
  const { text, html } = await read(kinds.fired())
  const [ack, silence, ...more] = [...text.matchAll(/^ {4}https:\/\/stashwatch\.example\.org\/act\/(\S+)$/gm)].map(
    ([, token = '']) => token,
  )
  t.same(more, [])
  for (const [token, what] of [
    [ack, 'ack'],
    [silence, 'silence'],
  ] as const) {
    t.match(readLink(linkKey, token ?? '', at('12:06:00')), {
      kind: 'valid',
      action: {
        do: what,
        episode: '4f1c0a9b2e7d5c31',
        rule: 'cpu-high',
        host: 'web-7',
        to: 'ada@example.org',
        exp: at('12:05:12') + LINK_LIFE,
      },
    })
    t.ok(html.includes(`href="https://stashwatch.example.org/act/${token}"`))
  }
  t.match(html, /<td class="button main" bgcolor="#1d5fa8"[^>]*><a [^>]*>Acknowledge<\/a><\/td>/)
  t.match(text, '  Acknowledge:\n    https://')
  t.same(await buildMime(renderMessage(kinds.fired(), options)), await buildMime(renderMessage(kinds.fired(), options)))
  const { linkKey: _, ...keyless } = options
  const { url: __, apiUrl: ___, ...nowhere } = options
  for (const without of [keyless, nowhere]) {
    const mail = renderMessage(kinds.fired(), without)
    t.notMatch(mail.text + mail.html, /\/act\/|Acknowledge/)
    t.match(mail.text, 'To stop reminders, run "stashwatch alerts ack K7X2"')
  }
  const long = renderMessage(notification({ alerts: [facts({ host: 'x'.repeat(10_240) })] }), options)
  t.notMatch(long.text, '/act/', 'an address that no browser takes')
})

test('the link to the events has the host and the times filled in, whatever the host is called', (t) => {
  const { text } = renderMessage(kinds.over(), options)
  t.match(
    text,
    "_g=(time:(from:'2026-11-22T11%3A49%3A00.000Z',to:'2026-11-22T12%3A34%3A12.000Z'))&_a=(query:'host:%22web-7%22')\n",
  )
  const link = (template: string, host: string): string => kibanaLink(template, { host, from: 0, to: 1 }) ?? ''
  t.equal(link('https://k/?h={{ host }}', `a&b='c"!(d)#\ud800`), 'https://k/?h=a%26b%3D%27c%22%21%28d%29%23%EF%BF%BD')
  t.equal(
    decodeURIComponent(link("https://k/#a=(q:'{{host}}')", "x'y!z")),
    "https://k/#a=(q:'x!'y!!z')",
    'inside rison',
  )
  t.equal(
    decodeURIComponent(link('https://k/#q=host:"{{host}}"', 'x"y\\z')),
    'https://k/#q=host:"x\\"y\\\\z"',
    'inside a query',
  )
  t.equal(link('https://k/{{host | upper}}', 'web-7'), 'https://k/WEB-7')
  t.equal(link('https://{{host}}.example.org/', '<b>'), '', 'no address at all')
  for (const host of hostileNames) {
    const url = link(options.kibana, host)
    t.match(url, /^https:\/\/kibana\.example\.org\/#\/\?_g=[!-~]*$/)
    t.notMatch(url, /["<>\\^`{|}\s]/)
    t.equal(url.split("'").length, 7, 'no quote but the own ones')
    t.ok(URL.canParse(url))
  }
  t.end()
})

test('a receiver with a zone reads both its own time and UTC, with dates where they are needed', async (t) => {
  const { text } = await read({ ...kinds.fired(), timeZone: 'Europe/Berlin' })
  t.match(text, 'beyond its threshold since 13:04:00 CET (12:04:00 UTC).')
  t.match(text, 'or a reminder at 17:05:12 CET (16:05:12 UTC).')
  const midnight = { startsAt: Date.parse('2026-11-21T22:59:50Z'), evaluatedAt: Date.parse('2026-11-21T23:00:10Z') }
  const night = await read(
    notification({ decidedAt: midnight.evaluatedAt, timeZone: 'Europe/Berlin', alerts: [facts(midnight)] }),
  )
  t.match(night.text, 'beyond its threshold since 2026-11-21 23:59:50 CET (22:59:50 UTC).')
  t.match(night.text, 'ended at 00:00:10 CET (2026-11-21 23:00:10 UTC)')
  const own = await read(
    notification({ timeZone: 'Europe/Berlin', alerts: [facts({ subject: 'CPU since {{since}}' })] }),
  )
  t.match(own.subject, /^CPU since 2026-11-22 13:04:00 (?:CET|GMT\+1)$/)
})

test('a group with one new alert shows it in full and lists the others', async (t) => {
  const { text, subject } = await read(kinds.joined())
  t.equal(subject, 'Re: cpu-high on web-1 and 36 more: mean of cpu over 2 min')
  t.match(text, '[Warning] CPU averaged 94.2% over 2 min on web-99 (threshold 90%)')
  t.match(text, '5 other alerts in this group are still firing.')
  t.match(
    text,
    '\nAlso firing in this group\nAll since 2026-11-22 12:04:00 UTC:\n  critical  web-1  cpu-high: 91% (threshold 90%)  [G0]\n  warning   web-5',
  )
  t.match(text, 'Next mail: when an alert changes, or a reminder at 2026-11-22 16:05:12 UTC.')
})

test('no reminder is promised of what somebody looks after', async (t) => {
  const ack = { at: at('12:00:00'), until: at('20:05:00'), author: 'Grace', note: 'on it' }
  const alert = facts({ ack })
  const { text } = await read(notification({ alerts: [alert], nextRepeatAt: at('20:05:00') }))
  const one = await read(notification({ alerts: [alert], nextRepeatAt: at('20:05:00'), sendResolved: false }))
  t.match(
    one.text,
    /^No mail when it resolves: send_resolved is false\.$/m,
    'and no reminders while it is acknowledged',
  )
  const plain = facts()
  const two = await read(notification({ alerts: [plain, plain], nextRepeatAt: at('20:05:00'), sendResolved: false }))
  t.match(two.text, 'Next mail: a reminder at 2026-11-22 20:05:00 UTC. None when they resolve: send_resolved is false.')
  t.match(text, 'Next mail: when it resolves. No reminders while it is acknowledged (until 2026-11-22 20:05:00 UTC).')
  const past = facts({ ack: { ...ack, until: at('12:05:00') } })
  t.match((await read(notification({ alerts: [past], nextRepeatAt: at('20:05:00') }))).text, 'or a reminder at')
})

test('each of the first ten alerts of a list can be acknowledged from the mail', async (t) => {
  const tokens = (text: string): readonly string[] =>
    [...text.matchAll(/^ {2}\[G\d+\] web-\d+\n {4}https:\/\/stashwatch\.example\.org\/act\/(\S+)/gm)].map(
      ([, token = '']) => token,
    )
  const episodes = (text: string): readonly unknown[] =>
    tokens(text).map((token) => {
      const link = readLink(linkKey, token, at('12:06:00'))
      return link.kind === 'valid' && link.action.do === 'ack' && link.action.episode
    })
  const lists = (text: string): readonly string[] =>
    [...text.matchAll(/https:\/\/stashwatch\.example\.org\/act\/([\w.-]+)/g)].flatMap(([, token = '']) => {
      const link = readLink(linkKey, token, at('12:06:00'))
      return link.kind === 'valid' && link.action.do === 'ack_all' ? [link.action.notification] : []
    })
  const ack = { at: at('12:00:00'), until: at('20:05:00'), author: 'Grace', note: 'on it' }
  const one = kinds.group(4)
  const [first, second, third, fourth] = one.alerts as [AlertSnapshot, AlertSnapshot, AlertSnapshot, AlertSnapshot]
  const mixed = [
    first,
    { ...second, ack },
    { ...third, state: 'resolved' as const, resolvedAt: third.evaluatedAt },
    fourth,
  ]
  const few = await read({ ...one, alerts: mixed })
  t.strictSame(episodes(few.text), ['group0', 'group3'], 'what fires and nobody looks after')
  for (const token of tokens(few.text)) t.ok(few.html.includes(`href="https://stashwatch.example.org/act/${token}"`))
  t.match(few.text, '  [G2]\n\n  Acknowledge all (2):\n    https://', 'the list stays one')
  t.match(few.text, '\n\nAcknowledge:\n  [G0] web-1\n    https://')
  t.match(few.text, 'To stop the reminders for one alert, use the Acknowledge link or')
  t.match(few.text, 'Acknowledge all (2):')
  t.match(few.text, 'Acknowledge all stops the reminders for all alerts of this mail.')

  const many = await read(kinds.group(37))
  t.equal(episodes(many.text).length, 10)
  t.strictSame(lists(many.text), [kinds.group(37).id], 'one link acts on all of them, and is signed for this mail')
  t.equal(lists(many.html).length, 1)
  const single = await read({ ...one, alerts: mixed.slice(0, 3) })
  t.strictSame([episodes(single.text), lists(single.text)], [['group0'], []], 'one alert needs no link for all')
  t.match(many.text, 'use the Acknowledge link (first 10 alerts) or')
  t.strictSame(episodes((await read(kinds.joined())).text).length, 5, 'beside the buttons of the one that is new')
  t.equal(episodes((await read(notification({ kind: 'digest', alerts: one.alerts }))).text).length, 4)
})

test('a group with much news lists it first, and keeps its subject through its thread', async (t) => {
  const first = renderMessage(kinds.group(), options)
  t.equal(first.subject, 'cpu-high on web-1 and 36 more: mean of cpu over 2 min')
  t.match(first.text, /^\[37 firing\] 37 alerts on 37 hosts: web-25, web-13, web-1 and 34 more\n/)
  t.match(first.text, '37 alerts have fired in this group.\n')
  t.equal(first.headers['X-Stashwatch-State'], 'firing')
  const then = renderMessage(kinds.mixed(), options)
  t.equal(then.subject, `Re: ${first.subject}`)
  t.match(
    then.text,
    /^\[2 firing, 3 resolved\] 2 firing, 3 resolved on 5 hosts: .* and 2 more; 2 others still firing\n/,
  )
  t.match(then.text, '2 alerts have fired or changed, and 3 alerts are resolved.')
  const order = [...then.text.matchAll(/^(?: {2}(\w+) +web-|(New|Also))/gm)].map(([, status, title]) => status ?? title)
  t.same(order, ['New', 'critical', 'warning', 'resolved', 'resolved', 'resolved', 'Also', 'warning', 'warning'])
  t.equal(then.headers['X-Stashwatch-State'], 'firing')
  const gone = kinds
    .mixed()
    .alerts.map((one): AlertSnapshot => ({ ...one, state: 'resolved', resolvedAt: at('12:20:00') }))
  const last = renderMessage({ ...kinds.mixed(), reason: 'resolved', alerts: gone, newCount: 7 }, options)
  t.match(last.text, /^\[All resolved\] [^]*This is the last mail about them\.\n$/)
  t.equal(last.headers['X-Stashwatch-State'], 'resolved')
  const closed = gone.map((one): AlertSnapshot => ({ ...one, closeReason: 'rule_changed' }))
  const ended = { ...kinds.mixed(), reason: 'resolved', newCount: 7 } as const
  const all = renderMessage({ ...ended, alerts: closed }, options)
  t.match(all.text, /^\[All closed\] 7 closed on [^]*7 alerts were closed without recovery in this group\./)
  t.equal(all.headers['X-Stashwatch-State'], 'closed')
  const some = renderMessage({ ...ended, alerts: [...gone.slice(0, 3), ...closed.slice(3)] }, options)
  t.match(some.text, /^\[3 resolved, 4 closed\] [^]*3 alerts are resolved, and 4 alerts were closed without recovery/)
  t.equal(some.headers['X-Stashwatch-State'], 'resolved')
  const again = renderMessage({ ...kinds.group(), reason: 'repeat_interval', seq: 1 }, options)
  t.match(
    again.text,
    '37 alerts in this group are still firing, the oldest since 2026-11-22 12:04:00 UTC. Nothing is new since the last mail.',
  )
  t.end()
})

test("the subject's template reads the lead of the thread, also when another alert is told", (t) => {
  const lead = { alert: facts({ host: 'web-1', subject: 'CPU on {{server}} is high ({{value}})' }), more: 36 }
  const mail = renderMessage({ ...kinds.joined(), lead }, options)
  t.equal(mail.subject, 'Re: CPU on web-1 and 36 more is high (94.2%)')
  const long = renderMessage(
    { ...kinds.joined(), lead: { ...lead, alert: as(lead.alert, { host: 'x'.repeat(10_240) }) } },
    options,
  )
  t.match(long.subject, /^Re: CPU on x+…x+ and 36 more is high/)
  t.end()
})

test("a receiver's templates count after the rule's own, and before the product's", async (t) => {
  const templates = { subject: 'ops: {{rule}}', body: 'Receiver: {{host}}' }
  const plain = await read(notification({ templates }))
  t.equal(plain.subject, 'ops: cpu-high')
  t.match(plain.text, 'Receiver: web-7\n')
  const own = await read(
    notification({ templates, alerts: [facts({ subject: 'rule: {{rule}}', body: 'Rule: {{host}}' })] }),
  )
  t.equal(own.subject, 'rule: cpu-high')
  t.match(own.text, 'Rule: web-7\n')
  const empty = await read(notification({ templates: { body: '{{label.nothing}}' } }))
  t.match(empty.text, 'Rule cpu-high fired', 'a text that comes out empty is none')
})

test('the footer says who named the reader', async (t) => {
  const footer = async (change: Partial<Notification>): Promise<string> =>
    (await read(notification(change))).text.split('\n-- \n')[1] ?? ''
  t.match(await footer({}), 'because rule cpu-high notifies receiver ops, which lists ada@example.org.')
  t.match(await footer({ namedBy: 'route' }), 'because a route for rule cpu-high notifies receiver ops')
  t.match(
    await footer({ namedBy: 'escalation', receiver: 'boss' }),
    'because an escalation of rule cpu-high notifies receiver boss',
  )
  t.match(await footer({ alerts: [facts({ rule: 'source-down' })] }), 'because built-in rule source-down notifies')
})

test('every kind of mail is well-formed HTML that loads nothing but its own picture', (t) => {
  for (const [kind, sample] of Object.entries(kinds.KINDS)) {
    const { html } = renderMessage(sample(), options)
    t.same(openTags(html), [], kind)
    t.notMatch(html, /<script|<link|@import|url\(|\ssrc="(?!cid:)/i, kind)
    t.ok(html.length < 102_000, kind)
  }
  t.end()
})

test('names and notes of any kind are shown, never obeyed, in every kind of mail', (t) => {
  const isSafe = (words: string): boolean =>
    [kinds.fired(), kinds.unsilenced(), kinds.joined(), kinds.mixed()].every((mail) => {
      const ack = { at: 0, until: at('18:00:00'), author: words, note: words }
      const alerts = mail.alerts.map((one): AlertSnapshot => ({
        ...one,
        identity: {
          rule: words,
          host: words,
          key: words,
          labels: { [words]: words },
          measure: { kind: 'aggregate', metric: words, unit: 'ratio', of: 'mean', over: 120_000 },
        },
        evidence: { ...one.evidence, why: { code: 'absent', params: { source: words } } },
        heldBy: { by: 'silence', id: words, until: 0, author: words, comment: words },
        critical: { from: 0, until: 1, count: 1 },
        code: words,
        ack,
      }))
      const context = {
        onHost: [{ identity: identityOf({ rule: words }), severity: 'warning' as const, startsAt: 0, code: words }],
        firing: 3,
        muted: 0,
        hosts: 2,
      }
      const lead = { alert: alerts[0] as AlertSnapshot, more: 3 }
      const templates = { subject: '{{server}} {{reason}}', body: '{{host}}\n{{reason}}' }
      const { subject, text, html } = renderMessage({ ...mail, alerts, context, lead, templates }, options)
      const seen = [subject, text.replaceAll('\n', ''), html.replaceAll('\n', '')].join('')
      return (
        !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(seen) &&
        openTags(html).length === 0 &&
        !/<(?:script|img src=x|iframe|b>a second)/.test(html)
      )
    })
  for (const name of hostileNames) t.ok(isSafe(name), encodeURIComponent(name.slice(0, 40).toWellFormed()))
  assert(property(string({ unit: 'binary', maxLength: 60 }), isSafe), { numRuns: 50 })
  t.end()
})

test('no name is put into a command that people may copy', (t) => {
  const { text } = renderMessage(notification({ alerts: [facts({ host: '$(reboot)', code: '";reboot;"' })] }), {
    from: options.from,
    domain: options.domain,
  })
  t.match(text, '"stashwatch alerts ack CODE"')
  t.end()
})

test('the mark of a picture stands at the end of the window that decided, also where the mail came later', (t) => {
  const drawn: string[] = []
  const draw = (svg: string): undefined => void drawn.push(svg)
  renderMessage(pictured(), { ...options, draw })
  renderMessage(pictured({ evaluatedAt: at('12:30:00') }), { ...options, draw })
  const markOf = (svg = ''): string | undefined => /<text x="([\d.]+)"[^>]*>fired</.exec(svg)?.[1]
  t.equal(markOf(drawn[1]), markOf(drawn[0]))
  t.ok(markOf(drawn[0]))
  t.end()
})

/** Tags that are not closed, or closed in the wrong order. */
function openTags(html: string): readonly string[] {
  const open: string[] = []
  for (const [, end, tag = ''] of html.replace(/<style>[^]*?<\/style>/g, '').matchAll(/<(\/?)([a-z]\w*)[^>]*>/gi)) {
    if (['meta', 'br', 'img', 'wbr'].includes(tag)) continue
    if (end === '') open.push(tag)
    else if (open.pop() !== tag) return [`</${tag}>`]
  }
  return open
}

test('a subject begins with the state where its receiver wants that, and stays the same through its thread else', async (t) => {
  const subject = 'CPU on {{server}} is high'
  const own = (mail: Notification): Notification => ({
    ...mail,
    alerts: mail.alerts.map((one) => ({ ...one, templates: { subject } })),
    ...(mail.lead === undefined
      ? {}
      : { lead: { ...mail.lead, alert: { ...mail.lead.alert, templates: { subject } } } }),
  })
  const parsed = async (mail: Notification) => PostalMime.parse(await buildMime(renderMessage(own(mail), options)))
  const expected: readonly (readonly [Notification, string, string])[] = [
    [kinds.fired(), 'CPU on web-7 is high', '[warning] CPU on web-7 is high'],
    [kinds.rose(), 'Re: CPU on web-7 is high', '[critical] CPU on web-7 is high'],
    [kinds.over(), 'Re: CPU on web-7 is high', '[resolved] CPU on web-7 is high'],
    [kinds.joined(), 'Re: CPU on web-1 and 36 more is high', '[6 firing] CPU on web-1 and 36 more is high'],
    [kinds.mixed(), 'Re: CPU on web-1 and 36 more is high', '[4 firing, 3 resolved] CPU on web-1 and 36 more is high'],
  ]
  for (const [mail, thread, status] of expected) {
    const [one, other] = [await parsed(mail), await parsed({ ...mail, subjectMode: 'status' })]
    t.equal(one.subject, thread)
    t.equal(other.subject, status)
    const rest = ({ headers, html }: typeof one): object => ({
      html,
      headers: headers.filter(({ key }) => key !== 'subject' && key !== 'content-type'),
    })
    t.strictSame(rest(other), rest(one), 'all else is the same, and both stay in their thread')
  }
  const closed = kinds.over().alerts.map((one): AlertSnapshot => ({ ...one, closeReason: 'series_gone' }))
  t.equal(
    (await parsed({ ...kinds.over(), alerts: closed, subjectMode: 'status' })).subject,
    '[closed] CPU on web-7 is high',
  )
  t.equal((await parsed({ ...kinds.KINDS['report']!(), subjectMode: 'status' })).subject, 'Weekly report: ops')
  const long = await parsed({
    ...notification({ alerts: [facts({ host: 'x'.repeat(10_240) })] }),
    subjectMode: 'status',
  })
  t.match(long.subject, /^\[warning\] CPU on x+…x+ is high$/)
})

test('what is over, closed or gone comes with no advice that no longer fits', async (t) => {
  const adviceOf = async (change: Partial<AlertSnapshot>): Promise<string> => {
    const [alert] = kinds.over().alerts
    const { text } = await read({ ...kinds.over(), alerts: [{ ...(alert as AlertSnapshot), ...change }] })
    return /What to do next\n([^]*?)\n\n/.exec(text)?.[1] ?? ''
  }
  t.match(await adviceOf({}), /Series and current windows of web-7[^]*Too noisy\? Adjust rule cpu-high/)
  const removed = await adviceOf({ closeReason: 'rule_changed' })
  t.match(removed, 'Series and current windows of web-7')
  t.notMatch(removed, 'Adjust rule')
  t.notMatch(await adviceOf({ closeReason: 'host_retired' }), /windows of web-7|Adjust rule/)
  const source = await adviceOf({
    identity: { rule: 'source-down', host: 'logstash-b', key: '', labels: {}, measure: state('source_silence') },
  })
  t.match(source, /^ {2}- Alert timeline/)
  t.notMatch(source, 'Check this Logstash')
})

test('an alert about a source calls it so, once', async (t) => {
  const alert = facts({
    rule: 'source-down',
    host: 'logstash-b',
    source: 'logstash-b',
    measure: state('source_silence'),
  })
  const { text } = await read(notification({ alerts: [alert] }))
  t.equal([...text.matchAll(/^ {2}Source +logstash-b$/gm)].length, 1)
  t.notMatch(text, /^ {2}Host /m)
})

test('a list says in its subject, its heading and its colour what of it is over', async (t) => {
  const subject = 'CPU on {{server}} is high'
  const notified = (states: readonly Change[]) => {
    const alerts = states.map((state, i) => facts({ subject, host: `web-${i}`, resolvedAt: at('12:20:00'), ...state }))
    return read(notification({ kind: 'digest', reason: 'rate_limited', thread: 'list.1', alerts }))
  }
  const over = await notified([{ state: 'resolved' }, { state: 'resolved' }])
  t.equal(over.subject, '2 resolved: CPU on web-0 and 1 more is high')
  t.match(over.text, /^\[Digest\] 2 resolved on 2 hosts: web-0, web-1\n/)
  t.match(over.html, 'class="status good"')
  const mixed = await notified([{ state: 'resolved' }, { state: 'resolved', closeReason: 'host_retired' }, {}])
  t.equal(mixed.subject, '1 firing, 1 resolved, 1 closed: CPU on web-2 and 2 more is high')
  const plain = await notified([{}, {}])
  t.match(plain.text, /^\[Digest\] 2 alerts on 2 hosts: /)
  t.equal((await notified([{ state: 'resolved' }])).subject, '1 resolved: CPU on web-0 is high')
})

test('a list of one rule is called as the rule calls its alerts, and says where to look', async (t) => {
  const subject = 'CPU on {{server}} is high'
  const list = (alerts: readonly AlertSnapshot[]): Notification =>
    notification({
      kind: 'digest',
      reason: 'rate_limited',
      thread: 'list.1',
      alerts: alerts.map((one) => ({ ...one, templates: { subject } })),
    })
  const hosts = (...names: readonly string[]): readonly AlertSnapshot[] => names.map((host) => facts({ host }))
  const many = await read(list(hosts('web-1', 'web-2', 'web-3')))
  t.equal(many.subject, '3 alerts: CPU on web-1 and 2 more is high')
  t.match(many.text, 'Check what these hosts have in common')
  const single = await read(
    list([facts({ host: 'web-1', labels: { core: '0' } }), facts({ host: 'web-1', labels: { core: '1' } })]),
  )
  t.equal(single.subject, '2 alerts: CPU on web-1 is high')
  t.notMatch(single.text, 'in common')
  t.match(
    single.text,
    '  - Series and current windows of web-1:\n    https://stashwatch.example.org/api/v1/hosts/web-1\n',
  )
  t.equal((await read(list(hosts('web-1')))).subject, 'CPU on web-1 is high')
  const mixed = await read(list([facts({ host: 'web-1' }), facts({ host: 'web-2', rule: 'memory-high' })]))
  t.equal(mixed.subject, '2 alerts on 2 hosts: web-1, web-2')
  const one = { ...kinds.group(2), alerts: kinds.group(2).alerts.map((alert) => as(alert, { host: 'web-1' })) }
  t.notMatch((await read(one)).text, 'in common')
  const own = await read(
    list([facts({ rule: 'source-down', host: 'logstash-a' }), facts({ rule: 'source-down', host: 'logstash-a' })]),
  )
  t.match(own.text, '  - Check this Logstash: ')
})
