import { test } from 'tap'
import type { Report } from '../../../src/model.ts'
import { renderMessage } from '../../../src/notify/mail/message.ts'
import { heartbeat, identityOf, report, weekly } from '../samples.ts'

const options = { from: { address: 'alerts@example.org' }, domain: 'example.org', apiUrl: 'https://watch.example.org' }
const mailOf = (change: Partial<Report> = {}): ReturnType<typeof renderMessage> =>
  renderMessage(weekly(change), options)
const headlineOf = (change: Partial<Report>): string => /^\[\w+ report\] (.*)/.exec(mailOf(change).text)?.[1] ?? ''
const alerts = (change: Partial<Report['alerts']> = {}): Report['alerts'] => ({ ...report().alerts, ...change })

test('the first line of a report says all', async (t) => {
  const none = alerts({ started: 0, alreadyOpen: 0, open: 0, hosts: 0 })
  t.equal(headlineOf({}), 'Quiet week: 3 alerts on 2 of 412 hosts; 61% of the CPU was unused')
  t.equal(headlineOf({ alerts: none }), 'Quiet week: no alerts on 412 hosts; 61% of the CPU was unused')
  t.equal(headlineOf({ every: 'day', utilization: [] }), 'Quiet day: 3 alerts on 2 of 412 hosts')
  t.equal(
    headlineOf({ hosts: 412, utilization: [], alerts: alerts({ started: 20, alreadyOpen: 1 }) }),
    'Busy week: 21 alerts on 2 of 412 hosts',
  )
  t.equal(
    headlineOf({ utilization: [], alerts: alerts({ critical: 1 }) }),
    'A week with 1 critical alert: 3 alerts on 2 of 412 hosts',
    'a critical alert is never quiet',
  )
  t.equal(headlineOf({ hosts: 0, utilization: [], alerts: none }), 'No events received this week')
  t.equal(
    headlineOf({ hosts: 1, utilization: [], alerts: alerts({ hosts: 2 }) }),
    'Quiet week: 3 alerts on 2 of 2 hosts',
    'some are gone',
  )
})

test('a first report that is about a part of its day says since when', async (t) => {
  const to = Date.parse('2026-11-23T07:00Z')
  const first = (from: string, change: Partial<Report['alerts']> = {}, seq = 0): string => {
    const mail = {
      ...weekly({ every: 'day', from: Date.parse(from), to, utilization: [], alerts: alerts(change) }),
      seq,
    }
    return renderMessage(mail, options).text
  }
  t.match(first('2026-11-23T06:53Z'), '[Daily report] Quiet since 07:53: 3 alerts on 2 of 412 hosts\n')
  t.match(first('2026-11-23T06:53Z', { critical: 1 }), '[Daily report] 1 critical alert since 07:53: 3 alerts on ')
  t.match(first('2026-11-23T06:53Z', { started: 99 }), '[Daily report] Busy since 07:53: 99 alerts on ')
  t.match(first('2026-11-22T12:00Z'), '[Daily report] Quiet since 2026-11-22 13:00: 3 alerts on ')
  t.match(
    first('2026-11-23T06:53Z'),
    'This report covers 2026-11-23 07:53 CET, when this report was set up, to 2026-11-23 08:00 CET.',
  )
  t.match(first('2026-11-22T07:00Z'), '[Daily report] Quiet day: ', 'a whole day')
  t.match(first('2026-11-23T06:53Z', {}, 3), '[Daily report] Quiet day: ', 'not the first')
})

test('what goes on and is silenced or acknowledged is marked', async (t) => {
  const [one] = report().alerts.longest.first
  if (one === undefined) throw new Error('no sample')
  const marked = (change: Partial<typeof one>): string =>
    mailOf({ alerts: alerts({ longest: { total: 1, first: [{ ...one, ...change }] } }) }).text
  t.match(marked({ muted: 'silence' }), 'since 2026-11-19 08:00, silenced\n')
  t.match(marked({ muted: 'maintenance', ack: 'Ada' }), ', under maintenance, acknowledged by Ada\n')
  t.match(marked({ muted: 'inhibition' }), ', inhibited by another alert\n')
})

test('the text of a report is complete by itself', async (t) => {
  const { text } = mailOf()
  t.match(text, /This report covers 2026-11-16 08:00 CET to 2026-11-23 08:00 CET\. One alert is still open\./)
  t.match(
    text,
    /\n {2}web-7 {21}4 d, still open {2}warning, cpu-high, peak 98%, since 2026-11-19 08:00\n/,
    'since, on the wall of Berlin',
  )
  t.match(text, /\n {2}cpu-high {3}█{12} {2}7 mails {2}2 alerts\n {2}disk-full {2}███·{9} {2}2 mails {2}1 alert\n/)
  t.match(text, /CPU: 39% used, 61% unused\n {2}render-12 {2}█{12} {2}97%, peak 100%\n/)
  t.match(
    text,
    /\n {2}\.\.\. 402 in between\n[^]*old-mail[^\n]*<1%, peak 3%\nNever above 10%: 3 hosts \(old-mail, spare-1, spare-2\)\./,
  )
  t.match(
    text,
    /Stashwatch was down once, for 1 min 35 s; no rules were evaluated\. Sources without events: logstash-b for 25 min in 2 periods\./,
  )
  t.match(text, /because the configuration sets a weekly report for receiver ops, which lists ada@example\.org/)
})

test('when alerts began is drawn day by day, unless they are few', async (t) => {
  t.notMatch(mailOf().text, /Alerts by day/)
  const days = [4, 0, 2].map((started, i) => ({ day: Date.parse('2026-11-17') + i * 86_400_000, started }))
  const { text, html } = mailOf({ alerts: alerts({ started: 6, days }) })
  t.match(
    text,
    /Alerts by day\n {2}Tue 17 Nov {2}█{12} {2}4\n {2}Wed 18 Nov {2}·{12} {2}0\n {2}Thu 19 Nov {2}█{6}·{6} {2}2\n/,
  )
  t.match(html, /Thu 19 Nov<\/td><td class="scale">.*width="50%"/)
})

test('a report lists the rejects of each source with their most frequent reasons and fields', async (t) => {
  const { text, html } = mailOf()
  t.match(text, /140 events were rejected as invalid\./)
  t.match(
    text,
    new RegExp(
      'Rejected as invalid\\n' +
        '  logstash-b  █{11}·  133 events  130 schema \\(e\\.g\\. at /system/cpu/total/norm/pct\\), 3 timestamp \\(e\\.g\\. at /@timestamp\\)\\n' +
        '  192\\.0\\.2\\.7   █·{11}  7 events    7 json\\n',
    ),
  )
  t.match(html, /Rejected as invalid[^]*logstash-b[^]*130 schema \(e\.g\. at [^]*133 events/)
  const rejects = { events: 0, sources: { total: 0, first: [] } }
  t.notMatch(mailOf({ quality: { ...report().quality, rejects } }).text, /as invalid/, 'where nothing was refused')
})

test('a report with nothing doubtful says so', async (t) => {
  const none = { total: 0, first: [] }
  const rejects = { events: 0, sources: none }
  const counts = { merged: 0, dropped: 0, future: 0, refused: 0, downtime: 0, stops: 0 }
  const quality = { ...counts, rejects, skewedClocks: none, sources: none }
  t.match(
    mailOf({ quality }).text,
    /The data is complete: no source was down, nothing was late or rejected, and no clock was wrong\./,
  )
})

test('all reports of a receiver are one conversation, whatever they say', async (t) => {
  const first = mailOf()
  const third = renderMessage({ ...weekly({ alerts: alerts({ critical: 2 }) }), seq: 2 }, options)
  t.equal(first.subject, 'Weekly report: ops')
  t.equal(third.subject, first.subject)
  t.strictSame(first.references, [])
  t.equal(third.references[0], first.messageId)
  t.equal(third.references.length, 2)
  t.match(first.headers, {
    'X-Stashwatch-State': 'report',
    'X-Stashwatch-Severity': 'none',
    'X-Stashwatch-Rule': 'none',
  })
})

test('the HTML of the largest report stays small, and counts what it leaves out', async (t) => {
  const name = 'x'.repeat(255)
  const ten = <T>(one: T): { total: number; first: T[] } => ({
    total: 9000,
    first: Array.from({ length: 10 }, () => one),
  })
  const load = { host: name, mean: 0.5, max: 0.6 }
  const share = {
    metric: name,
    hosts: 9000,
    mean: 0.5,
    unused: 0.5,
    busiest: ten(load).first.slice(5),
    idlest: ten(load).first.slice(5),
    idle: ten(name),
  }
  const episode = {
    identity: identityOf({ rule: name, host: name, labels: { mount: name } }),
    severity: 'critical',
    startsAt: 0,
    peak: 1,
  } as const
  const mail = mailOf({
    alerts: alerts({ longest: ten(episode) }),
    rules: ten({ rule: name, started: 1, mails: 1 }),
    outside: ten({ host: name, span: 1 }),
    utilization: [share, share, share, share],
    quality: {
      ...report().quality,
      skewedClocks: ten(name),
      sources: ten({ source: name, span: 1, times: 1 }),
      rejects: {
        events: 9000,
        sources: ten({ source: name, events: 1, reasons: ten({ code: 'schema', count: 1, path: name }) }),
      },
    },
  })
  t.ok(Buffer.byteLength(mail.html) < 60_000, `${Buffer.byteLength(mail.html)} bytes`)
  t.match(mail.html, />and 8995 more</, 'five are shown')
  t.match(mail.text, /\n {2}and 8990 more\n/, 'ten are')
  t.match(mail.html, />8994 in between</, 'three of either end')
})

test('names in a report are shown, never obeyed', async (t) => {
  const evil = '<script>\u202E\r\nBcc: x'
  const mail = mailOf({
    alerts: alerts({
      longest: {
        total: 1,
        first: [
          {
            identity: identityOf({ rule: evil, host: evil, labels: { a: evil } }),
            severity: 'warning',
            startsAt: 0,
            peak: null,
          },
        ],
      },
    }),
    rules: { total: 1, first: [{ rule: evil, started: 1, mails: 1 }] },
    outside: { total: 1, first: [{ host: evil, span: 1000 }] },
    utilization: [
      {
        metric: evil,
        hosts: 1,
        mean: 0.5,
        unused: 0.5,
        busiest: [{ host: evil, mean: 0.5, max: 2 }],
        idlest: [],
        idle: { total: 1, first: [evil] },
      },
    ],
    quality: {
      ...report().quality,
      skewedClocks: { total: 1, first: [evil] },
      sources: { total: 1, first: [{ source: evil, span: 1, times: 1 }] },
      rejects: {
        events: 1,
        sources: {
          total: 1,
          first: [
            { source: evil, events: 1, reasons: { total: 1, first: [{ code: 'schema', count: 1, path: evil }] } },
          ],
        },
      },
    },
  })
  t.notMatch(mail.html, /<script>|\u202E/)
  t.notMatch(mail.text, /\u202E|\nBcc/)
})

test('a heart-beat says who sends it and what its absence means', async (t) => {
  const mail = renderMessage(heartbeat(), options)
  t.equal(mail.subject, '1 alert is firing')
  t.match(mail.text, /If it does not arrive, check stashwatch and its mail server\./)
  t.match(mail.text, /\n {2}- Hosts: events from 411 of 412 within the last 15 min\n/)
  t.match(mail.text, /because the configuration sets a heartbeat for receiver ops, which lists ada@example\.org/)
  t.match(mail.html, /<span class="one">08:00:00 CET<\/span> \(<span class="one">07:00:00 UTC<\/span>\)/)
})
