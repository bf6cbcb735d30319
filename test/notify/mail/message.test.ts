import { assert, property, string } from 'fast-check'
import PostalMime from 'postal-mime'
import { test } from 'tap'
import type { AlertSnapshot, Notification } from '../../../src/model.ts'
import { buildMime } from '../../../src/notify/email/smtp.ts'
import { renderMessage } from '../../../src/notify/mail/message.ts'
import { as, at, type Change, facts, notification, resolved, state, storm } from '../samples.ts'

const options = {
  from: { name: 'Stashwatch', address: 'alerts@example.org' },
  domain: 'example.org',
  url: 'https://stashwatch.example.org',
  apiUrl: 'https://stashwatch.example.org',
  mailsPerMinute: 5,
}
const render = (mail: Notification): ReturnType<typeof renderMessage> => renderMessage(mail, options)

test('an alert mail says what, where, how much, since when, why, and what to do', (t) => {
  const mail = render(notification({ alerts: [facts({ subject: 'CPU on {{server}} is high' })] }))
  t.equal(mail.subject, 'CPU on web-7 is high')
  t.equal(
    mail.text,
    `[Warning] CPU averaged 94.2% over 2 min on web-7 (threshold 90%)

Rule cpu-high fired. The value has been beyond its threshold since 2026-11-22 12:04:00 UTC. Resolves at or below 85%.

  Metric     mean of cpu over 2 min
  Host       web-7
  Value      94.2% in the window that ended at 2026-11-22 12:05:00 UTC
  Threshold  above 90%
  Since      2026-11-22 12:04:00 UTC, 1 min 12 s so far
  Reason     cpu averaged 94.2% over 2 min (24 samples): above 90%
  Source     logstash-a
  Rule       cpu-high
  Code       K7X2

What to do next
  - Series and current windows of web-7:
    https://stashwatch.example.org/api/v1/hosts/web-7
  - Alert timeline:
    https://stashwatch.example.org/api/v1/alerts/4f1c0a9b2e7d5c31
  - Too noisy? Adjust rule cpu-high in the configuration and verify it with "stashwatch check".

-- 
You receive this mail because rule cpu-high notifies receiver ops, which lists ada@example.org.
Next mail: when it resolves.
To stop reminders, run "stashwatch alerts ack K7X2". To mute more, run "stashwatch silences add".
`,
  )
  for (const words of ['Rule cpu-high fired', 'above', 'logstash-a', 'K7X2', 'What to do next'])
    t.match(mail.html, words)
  t.end()
})

test('a mail about a resolved alert has the value, threshold, begin, end, duration and peak', (t) => {
  const mail = render(resolved())
  t.equal(mail.subject, 'Re: cpu-high on web-7: mean of cpu over 2 min')
  t.match(mail.text, /^\[Resolved\] CPU back to 61% on web-7 after 15 min\n/)
  for (const row of ['Threshold  above 90%', 'Peak       98.7%', 'Began      2026-11-22 12:04:00 UTC'])
    t.match(mail.text, row)
  t.match(mail.text, 'Ended      2026-11-22 12:19:00 UTC, after 15 min')
  t.match(mail.headers, { 'X-Stashwatch-State': 'resolved', 'X-Stashwatch-Severity': 'warning' })
  t.end()
})

test('the mails of an episode are one thread, and a Message-ID is the same whenever it is made', async (t) => {
  const first = render(notification())
  const rise = render(notification({ seq: 1, reason: 'severity_raised', alerts: [facts({ severity: 'critical' })] }))
  const last = render(notification({ seq: 2, reason: 'resolved', alerts: [facts({ state: 'resolved' })] }))
  t.match(first.messageId, /^<4f1c0a9b2e7d5c31\.0\.[0-9a-f]{12}@example\.org>$/)
  t.same([first.references, rise.references], [[], [first.messageId]])
  t.same(last.references, [first.messageId, rise.messageId])
  t.same([rise.subject, last.subject], [`Re: ${first.subject}`, `Re: ${first.subject}`])
  t.match(rise.text, /^\[Escalated to critical\] /)
  t.same(render(notification()), first)
  const grace = render(notification({ to: { address: 'grace@example.org' } }))
  t.not(grace.messageId, first.messageId)
  t.notMatch(grace.text, 'Hello')
  const source = Buffer.from(await buildMime(last)).toString()
  t.match(source, `In-Reply-To: ${rise.messageId}`)
  t.match(source.replace(/\r\n /g, ' '), `References: ${first.messageId} ${rise.messageId}`)
  t.end()
})

test('a mail carries the headers that filters and auto-responders need', (t) => {
  const { headers } = render(notification({ alerts: [facts({ severity: 'critical' })] }))
  t.same(headers, {
    'List-Id': '<stashwatch.example.org>',
    'Auto-Submitted': 'auto-generated',
    'X-Auto-Response-Suppress': 'All',
    'X-Stashwatch-Rule': 'cpu-high',
    'X-Stashwatch-Host': 'web-7',
    'X-Stashwatch-State': 'firing',
    'X-Stashwatch-Severity': 'critical',
    'X-Stashwatch-Episode': '4f1c0a9b2e7d5c31',
  })
  t.end()
})

test('a mail says when stashwatch was down, and when the news is old', (t) => {
  const gap = { from: at('12:03:10'), to: at('12:09:00') }
  const down = render(notification({ alerts: [facts({ gaps: [gap, gap] })] }))
  const note = 'Stashwatch was down from 2026-11-22 12:03:10 UTC to 2026-11-22 12:09:00 UTC; no rules were evaluated.'
  t.equal(down.text.split(note).length, 2, 'once')
  const late = render(notification({ decidedAt: at('13:05:00') }))
  t.match(late.text, 'This mail was sent late, at 2026-11-22 13:05:00 UTC')
  t.notMatch(down.text, 'sent late')
  t.end()
})

test('downtimes in a list are one note, and another where senders kept their events', (t) => {
  const gap = { from: at('12:03:10'), to: at('12:09:00') }
  const kept = { from: at('11:00:00'), to: at('11:02:00'), isRecovered: true }
  const alerts = ['a', 'b', 'c'].map((host) => facts({ host, gaps: [kept, gap] }))
  const { text, html } = render(
    notification({ alerts: [...alerts, facts({ host: 'd', gaps: [{ ...gap, isRecovered: true }] })] }),
  )
  t.strictSame(text.match(/^Stashwatch was down.*$/gm), [
    'Stashwatch was down from 2026-11-22 11:00:00 UTC to 2026-11-22 11:02:00 UTC, and from 2026-11-22 12:03:10 UTC to 2026-11-22 12:09:00 UTC; events of that time arrived later and were evaluated then.',
  ])
  t.equal(html.match(/class="note"/g)?.length, 1)
  t.end()
})

test('each alert of a list links to its page', (t) => {
  const alerts = ['a', 'b'].map((host) => facts({ host, episode: `episode/${host}` }))
  const apiUrl = 'https://sw.example.org'
  const { html } = renderMessage(notification({ alerts }), { ...options, apiUrl })
  t.match(html, '<a href="https://sw.example.org/api/v1/alerts/episode%2Fb">K7X2</a>')
  const { from, domain, url } = options
  const closed = renderMessage(notification({ alerts }), { from, domain, url })
  t.notMatch(closed.html, '>K7X2</a>', 'not where the API is not reached')
  t.end()
})

test('a list says which of its alerts flap', (t) => {
  const alerts = [facts({ host: 'a', flapping: 42 }), facts({ host: 'b' })]
  const { text, html } = render(notification({ alerts }))
  t.match(text, /a {2}cpu-high: .*, since 2026-11-22 12:04:00 UTC, flapping {2}\[K7X2\]/)
  t.equal(text.match(/flapping/g)?.length, 1)
  t.match(html, 'flapping')
  t.end()
})

test('the text part has the facts before all links, and only the footer after them', (t) => {
  const linkKey = Buffer.alloc(32, 1)
  const linked = { ...options, url: 'https://sw.example.org', linkKey }
  const many = ['a', 'b', 'c'].map((host) => facts({ host }))
  for (const alerts of [[facts()], many, [facts({ gaps: [{ from: at('12:03:10'), to: at('12:09:00') }] })]]) {
    const { text } = renderMessage(notification({ alerts }), linked)
    const [before = '', ...after] = text.split(/^(?=.*https:)/m)
    t.match(before, /  Rule +cpu-high\n {2}Code|\[K7X2\]/, 'what it is about')
    t.notMatch(after.join(''), /^ {2}(?:Value|Threshold|Since|Rule) /m)
    t.notMatch(after.join(''), 'Stashwatch was down')
    t.notMatch(after.join('').split('\n-- \n')[1] ?? '', 'https:')
  }
  t.end()
})

const absent = (change: Change = {}): AlertSnapshot =>
  facts({
    rule: 'host-absent',
    measure: state('absence'),
    value: null,
    peak: null,
    evidence: { why: { code: 'absent', params: { source: 'logstash-a' } } },
    ...change,
  })

test('an alert without a value is described by its reason', (t) => {
  const mail = render(notification({ alerts: [absent()] }))
  t.match(mail.text, /^\[Warning\] web-7: no events from web-7, while logstash-a kept delivering\n/)
  t.notMatch(mail.text, /no data|Value|Threshold|at most/)
  const over = render(notification({ alerts: [absent({ state: 'resolved', resolvedAt: at('12:30:00') })], seq: 1 }))
  t.match(over.text, /^\[Resolved\] host-absent resolved on web-7 after 26 min\n/)
  t.end()
})

test('a digest describes an alert without a value by its reason', (t) => {
  const mail = render(notification({ kind: 'digest', reason: 'rate_limited', alerts: [absent(), absent()] }))
  t.match(mail.text, '  warning   web-7  host-absent: no events from web-7, while logstash-a kept delivering  [K7X2]\n')
  t.equal(mail.subject, '2 alerts: web-7 is absent')
  t.end()
})

test('pictographs stay whole, and invisible characters beside letters are shown', (t) => {
  const subject = '\u26a0\ufe0f CPU on {{server}} \u{1f469}\u200d\u{1f4bb}'
  const mail = render(notification({ alerts: [facts({ host: 'web-7\ufe0f\u200d', subject })] }))
  t.equal(mail.subject, '\u26a0\ufe0f CPU on web-7\\u{FE0F}\\u{200D} \u{1f469}\u200d\u{1f4bb}')
  t.end()
})

test('the labels of a series are part of its name', (t) => {
  const mail = render(
    notification({ alerts: [facts({ rule: 'disk-full', labels: { 'system.filesystem.mount_point': '/var' } })] }),
  )
  t.equal(mail.subject, 'disk-full on web-7 /var: mean of cpu over 2 min')
  t.match(mail.text, '  system.filesystem.mount_point  /var\n')
  t.end()
})

test('web addresses that a template writes out are links, and no others', (t) => {
  const hrefs = (body: string, change: Change = {}): readonly string[] => {
    const { html } = renderMessage(notification({ alerts: [facts({ body, ...change })] }), options)
    return [...html.matchAll(/<p>.*<\/p>/g)].flatMap(([p]) =>
      [...p.matchAll(/href="([^"]*)"/g)].map(([, url = '']) => url),
    )
  }
  t.strictSame(hrefs('Runbook: https://wiki.example.org/run?a=1&b=2#x. Or (http://b.example.org/y), or ask.'), [
    'https://wiki.example.org/run?a=1&amp;b=2#x',
    'http://b.example.org/y',
  ])
  t.strictSame(hrefs('https://wiki.example.org/a_(b)'), ['https://wiki.example.org/a_(b)'])
  t.strictSame(hrefs('javascript:alert(1) ftp://example.org/ https:// file:///etc/passwd'), [])
  const evil = 'https://evil.example.org/x'
  t.strictSame(
    hrefs('{{host}} and {{reason}}', { host: evil, why: { code: 'absent', params: { source: evil } } }),
    [],
    'what comes with events',
  )
  t.strictSame(hrefs('https://wiki.example.org/{{host}} https://{{host}}/x', { host: 'evil' }), [], 'nor a part of one')
  t.strictSame(hrefs('{{host}}https://wiki.example.org/ ok', { host: evil }), [])
  t.strictSame(hrefs('{{ host }} https://ok.example.org/', { host: '"><a href="https://evil.example.org">' }), [
    'https://ok.example.org/',
  ])
  t.end()
})

test("the operator's own body comes first, and a template that cannot be used costs no mail", (t) => {
  const own = facts({
    body: 'Runbook: https://wiki.example.org/cpu\n{{server}} is at {{value}}, {{threshold}}.{{label.team}}',
  })
  const mail = render(notification({ alerts: [own] }))
  t.match(mail.text, 'Runbook: https://wiki.example.org/cpu\nweb-7 is at 94.2%, above 90%.\n\n  Metric')
  t.match(mail.html, 'Runbook: <a href="https://wiki.example.org/cpu">https://wiki.example.org/cpu</a><br>web-7 is at')
  const broken = render(notification({ alerts: [facts({ subject: '{{nonsense}}', body: '{{' })] }))
  t.equal(broken.subject, 'cpu-high on web-7: mean of cpu over 2 min')
  t.match(broken.text, 'Rule cpu-high fired')
  t.end()
})

test('a digest names every host of a storm, in both parts, and stays small enough to be shown', (t) => {
  const mail = render(storm(5000))
  t.equal(mail.subject, '3750 firing, 1250 resolved on 5000 hosts: web-6, web-26, web-46 and 4997 more')
  t.match(mail.text, '5000 alerts in one mail: the limit of 5 mails per minute was reached. Nothing was dropped.')
  for (const part of [mail.text, mail.html]) {
    const words = new Set(part.split(/[\s,<>]+/))
    t.same(
      Array.from({ length: 5000 }, (_, i) => `web-${i + 1}`).filter((host) => !words.has(host)),
      [],
    )
  }
  t.ok(mail.html.length < 102_000, `${mail.html.length} characters of HTML`)
  t.match(mail.headers, {
    'X-Stashwatch-State': 'digest',
    'X-Stashwatch-Rule': 'cpu-high',
    'X-Stashwatch-Host': '5000 different',
  })
  t.match(
    render(storm(12)).text,
    '  resolved  web-4  cpu-high: 40%, peak 97% (threshold 90%), from 2026-11-22 12:04:00 UTC to 2026-11-22 12:09:00 UTC',
  )
  t.ok(mail.text.length < 400_000 && mail.html.length < 400_000, `${mail.text.length} + ${mail.html.length} characters`)
  t.end()
})

test('a digest of a backlog has begin and end of each alert', (t) => {
  const over = facts({ state: 'resolved', startsAt: at('12:23:00'), resolvedAt: at('12:30:00') })
  const mail = render(notification({ kind: 'digest', reason: 'backlog', alerts: [over, as(over, { host: 'web-8' })] }))
  t.equal(mail.subject, '2 resolved on 2 hosts: web-7, web-8')
  t.match(mail.text, '2 alerts began and ended in events that arrived long after they happened')
  t.match(mail.text, '\nAll from 2026-11-22 12:23:00 UTC to 2026-11-22 12:30:00 UTC (7 min):\n')
  t.end()
})

test('a long name is cut in headers and sentences, and whole in the text', (t) => {
  const host = `${'a'.repeat(5_000)}-${'b'.repeat(5_000)}`
  const mail = render(notification({ alerts: [facts({ host, subject: 'CPU on {{server}} is high' })] }))
  t.match(mail.subject, /^CPU on a{40}…b{39} is high$/)
  t.match(mail.headers['X-Stashwatch-Host'], /^a{60}…b{59}$/)
  t.ok(mail.text.includes(`  Host       ${host}\n`))
  t.ok((mail.text.split('\n')[0] ?? '').length < 200)
  t.ok(mail.html.length < 40_000)
  t.end()
})

test('an encoded word in a name is not decoded by the mail program', async (t) => {
  const host = '=?UTF-8?B?ZXZpbA==?='
  const mail = render(notification({ alerts: [facts({ host, subject: 'CPU on {{server}}' })] }))
  t.equal(mail.subject, 'CPU on =\\u{003F}UTF-8?B?ZXZpbA==\\u{003F}=')
  const { subject, headers } = await PostalMime.parse(await buildMime(mail))
  t.equal(subject, mail.subject)
  t.notMatch(JSON.stringify(headers), 'evil')
})

test('the HTML loads nothing, and its only links lead to stashwatch', (t) => {
  const host = 'a/b?c#d"><img src=x>\ud800'
  const { html } = render(notification({ alerts: [facts({ host })] }))
  t.notMatch(html, /<[^>]*\ssrc=|url\(|@import|<link|<img|<script/i)
  const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)
  t.same(links, [
    'https://stashwatch.example.org/api/v1/hosts/a%2Fb%3Fc%23d%22%3E%3Cimg%20src%3Dx%3E%EF%BF%BD',
    'https://stashwatch.example.org/api/v1/alerts/4f1c0a9b2e7d5c31',
  ])
  const bare = renderMessage(notification(), { from: options.from, domain: options.domain })
  t.notMatch(bare.html, 'href')
  t.match(bare.text, 'Check what is running on web-7, and since when.')
  t.end()
})

test('no text whatever breaks a header, a thread or the page', (t) => {
  const texts = string({ unit: 'binary', maxLength: 120 })
  assert(
    property(texts, texts, texts, texts, (host, label, reason, name) => {
      const alert = facts({
        host,
        labels: { [label]: host },
        why: { code: 'absent', params: { source: reason } },
        source: label,
        rule: name,
      })
      const mail = render(notification({ alerts: [alert], to: { name, address: 'ada@example.org' } }))
      const inHeaders = [mail.subject, mail.messageId, ...mail.references, ...Object.values(mail.headers)].join('')
      return (
        !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|=\?/u.test(inHeaders) &&
        !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test((mail.text + mail.html).replaceAll('\n', '')) &&
        [...mail.html.matchAll(/<\/?(\w*)/g)].every(([, tag]) => TAGS.has(tag ?? ''))
      )
    }),
    { numRuns: 100 },
  )
  t.end()
})

const TAGS = new Set(' html head meta title style body table tr td p h1 h2 ul li a br b span wbr'.split(' '))

test('ids are ASCII where the domain of the sender is not', async (t) => {
  const from = { address: 'alerts@bücher.example' }
  const mail = notification({ seq: 2, previousSeq: 1 })
  const message = renderMessage(mail, { from, domain: 'bücher.example' })
  const raw = Buffer.from(await buildMime(message)).toString('latin1')
  const headers = raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ')
  for (const name of ['Message-ID', 'References', 'In-Reply-To', 'List-Id']) {
    t.match(new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1], /[@.]xn--bcher-kva\.example>$/, name)
  }
  t.notMatch(headers, /[\u0080-\u00ff]|b=C3=BC/i)
})

test('two instances with the same rules never share a Message-ID, and each is true to its own', (t) => {
  const mail = notification({ seq: 2, previousSeq: 1 })
  const of = (seed: number) => renderMessage(mail, { ...options, linkKey: Buffer.alloc(32, seed) })
  const ids = ({ messageId, references, inReplyTo }: ReturnType<typeof renderMessage>) => [
    messageId,
    ...references,
    inReplyTo,
  ]
  t.strictSame(ids(of(1)), ids(of(1)))
  t.equal(ids(of(1)).filter((id) => ids(of(2)).includes(id)).length, 0)
  t.equal(of(1).references.at(-1), of(1).inReplyTo, 'a reply goes to a mail of the same instance')
  t.end()
})
