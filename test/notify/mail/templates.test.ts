import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { type AlertSnapshot, type Notification, BUILTIN_RULES } from '../../../src/model.ts'
import { renderMessage, formatSubject } from '../../../src/notify/mail/message.ts'
import { compileTemplate, TEMPLATE_NAMES } from '../../../src/text/template.ts'
import * as kinds from '../kinds.ts'
import { at, type Change, facts, notification, state } from '../samples.ts'

const options = { from: { address: 'alerts@example.org' }, domain: 'example.org' }
const OWN = '{{server}} is busy, {{value}}, since {{since}}. Runbook: https://wiki.example.org/{{rule}}'
const OWN_SAID = 'Runbook: https://wiki.example.org/cpu-high'

/** The text of a mail, with a body of the operator's own. */
const said = (mail: Notification, body = OWN): string => renderMessage({ ...mail, templates: { body } }, options).text
const plain = (mail: Notification): string => renderMessage(mail, options).text

const closed = (): Notification => {
  const [over] = kinds.over().alerts as readonly [AlertSnapshot]
  return {
    ...kinds.over(),
    alerts: [{ ...over, closeReason: 'host_retired', evidence: { why: { code: 'host_retired', params: {} } } }],
  }
}

const fell = (): Notification => ({
  ...kinds.rose(),
  reason: 'severity_lowered',
  alerts: [facts({ severity: 'warning' })],
})

test("a body of one's own describes an alert that fires", (t) => {
  t.match(said(notification()), `web-7 is busy, 94.2%, since 2026-11-22 12:04:00 UTC. ${OWN_SAID}\n`)
  t.notMatch(said(notification()), 'Rule cpu-high fired', 'its own words say so')
  t.end()
})

test('resolved, closed and flapping alerts are described by the default texts, not by templates for firing ones', (t) => {
  const mails = {
    resolved: kinds.over(),
    undelivered: kinds.untold(),
    closed: closed(),
    flapping: kinds.flapping(),
    settled: kinds.settled(),
    stillFiring: kinds.settled('firing'),
  }
  for (const [name, mail] of Object.entries(mails)) t.equal(said(mail), plain(mail), name)
  t.match(said(closed()), 'was closed without recovery')
  t.end()
})

test("why a mail comes is said before a body of one's own", (t) => {
  const reasons: readonly (readonly [Notification, string])[] = [
    [kinds.rose(), 'Rule cpu-high first fired as warning and is now critical.'],
    [fell(), 'Rule cpu-high was critical and is still firing as warning.'],
    [kinds.repeated(), 'Rule cpu-high is still firing after 4 h 1 min.'],
    [kinds.escalated(), 'Not acknowledged for 30 min 12 s: rule cpu-high is still firing.'],
    [kinds.unsilenced(), 'silenced by Grace until 2026-11-22 16:05:00 UTC: the racks are moved.'],
    [kinds.stalled(), 'No data since 2026-11-22 12:41:00 UTC'],
    [kinds.joined(), '5 other alerts in this group are still firing.'],
  ]
  for (const [mail, reason] of reasons) {
    t.match(said(mail), reason, reason)
    t.match(said(mail), OWN_SAID, reason)
    t.notMatch(said(mail), 'Resolves at', reason)
  }
  t.match(said(kinds.escalated()), /Not acknowledged for [^\n]*\n\nweb-7 is busy/)
  t.match(
    said({ ...notification(), replaces: { at: at('12:00:00'), reason: 'fired' } }),
    `${OWN_SAID}\n\nThis mail replaces the one from`,
  )
  t.end()
})

test("templates of a receiver are for rules; the product's own alerts keep their words", (t) => {
  for (const rule of Object.values(BUILTIN_RULES)) {
    const mail = notification({
      alerts: [
        facts({
          rule,
          measure: state('source_silence'),
          value: 150,
          evidence: {
            limit: { op: 'at_least', value: 150 },
            why: { code: 'source_silent', params: { source: 'logstash-a', hosts: 3 } },
          },
        }),
      ],
    })
    const templated = {
      ...mail,
      templates: { subject: '{{value | percent}}', body: '{{what}} is {{value | percent}}' },
    }
    t.equal(renderMessage(templated, options).text, plain(mail), rule)
    t.equal(formatSubject(templated), formatSubject(mail), rule)
  }
  t.end()
})

test('how an absent host is called comes after what its rule and its receiver say', (t) => {
  const absent = (change: Change = {}): AlertSnapshot =>
    facts({ rule: 'host-absent', measure: state('absence'), ...change })
  const templates = { subject: 'gone: {{server}}' }
  t.equal(formatSubject(notification({ alerts: [absent()] })), 'web-7 is absent')
  t.equal(formatSubject(notification({ alerts: [absent()], templates })), 'gone: web-7')
  t.equal(formatSubject(notification({ alerts: [absent({ subject: 'rule: {{server}}' })], templates })), 'rule: web-7')
  t.end()
})

/** The rows of the table in docs/alerting.md whose head begins with a word. */
function documented(head: string): readonly (readonly string[])[] {
  const text = readFileSync(new URL('../../../docs/alerting.md', import.meta.url), 'utf8')
  const [, ...rows] = (text.split(`| ${head} |`)[1]?.split('\n\n')[0] ?? '').split('\n').slice(1)
  return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
}
const codes = (cell = ''): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

test('the documentation has every placeholder, with what it makes of an alert', (t) => {
  const rows = documented('placeholder')
  const names = rows.flatMap(([name]) => codes(name).map((code) => code.slice(2, -2)))
  t.strictSame(names.toSorted(), [...TEMPLATE_NAMES, 'label.team', 'event.message', 'event.user.name'].toSorted())
  const fields = [
    ['message', 'Failed password for root'],
    ['user.name', 'root'],
  ] as const
  const events = [{ ts: at('12:04:40'), fields }]
  const mail = notification({ alerts: [facts({ ruleLabels: { team: 'web' }, events })] })
  for (const [name, , example] of rows) {
    for (const code of codes(name)) t.match(said(mail, `<${code}>`), `<${codes(example).join()}>`, code)
  }
  t.end()
})

test('the documentation has every formatter', (t) => {
  const names = documented('formatter').flatMap(([name]) => codes(name))
  // The error of an unknown formatter lists all of them.
  t.throws(() => compileTemplate('{{value | xxxxxxxxxxxx}}'), { message: `: expected one of ${names.join(', ')}` })
  t.end()
})
