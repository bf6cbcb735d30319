import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { type AlertFacts, type Notification, OWN_RULES } from '../../src/model.ts'
import { renderMessage, subjectOf } from '../../src/notify/message.ts'
import { TEMPLATE_FORMATTERS, TEMPLATE_NAMES } from '../../src/template.ts'
import * as kinds from './kinds.ts'
import { at, facts, notification } from './samples.ts'

const options = { from: { address: 'alerts@example.org' }, domain: 'example.org' }
const OWN = '{{server}} is busy, {{value}}, since {{since}}. Runbook: https://wiki.example.org/{{rule}}'
const OWN_SAID = 'Runbook: https://wiki.example.org/cpu-high'

/** The text of a mail, with a body of the operator's own. */
const said = (mail: Notification, body = OWN): string => renderMessage({ ...mail, templates: { body } }, options).text
const plain = (mail: Notification): string => renderMessage(mail, options).text

const closed = (): Notification => {
  const [over] = kinds.over().alerts as readonly [AlertFacts]
  return { ...kinds.over(), alerts: [{ ...over, ended: 'retired', reason: 'web-7 is retired' }] }
}

const fell = (): Notification => ({
  ...kinds.rose(),
  because: 'severity fell',
  alerts: [facts({ severity: 'warning' })],
})

test("a body of one's own describes an alert that fires", (t) => {
  t.match(
    said(notification()),
    `Hello Ada Lovelace,\n\nweb-7 is busy, 94.2 %, since 2026-11-22 12:04:00 UTC. ${OWN_SAID}\n`,
  )
  t.notMatch(said(notification()), 'has fired', 'its own words say so')
  t.end()
})

test('what is over, closed, or keeps changing is told in the words of the product, which are true of it', (t) => {
  const mails = {
    resolved: kinds.over(),
    untold: kinds.untold(),
    closed: closed(),
    flapping: kinds.flapping(),
    settled: kinds.settled(),
    stillFiring: kinds.settled('firing'),
  }
  for (const [name, mail] of Object.entries(mails)) t.equal(said(mail), plain(mail), name)
  t.match(said(closed()), 'was closed; nothing got better')
  t.end()
})

test("why a mail comes is said before a body of one's own", (t) => {
  const reasons: readonly (readonly [Notification, string])[] = [
    [kinds.rose(), 'the rule cpu-high first fired as a warning and is critical now.'],
    [fell(), 'the rule cpu-high was critical and is still firing, as a warning.'],
    [kinds.repeated(), 'the rule cpu-high is still firing, after 4 h 1 min.'],
    [kinds.escalated(), 'nobody has looked after this for 30 min 12 s: the rule cpu-high is still firing.'],
    [kinds.unsilenced(), 'silenced by Grace until 2026-11-22 16:05:00 UTC: the racks are moved.'],
    [kinds.stalled(), 'No data has come since 2026-11-22 12:41:00 UTC'],
    [kinds.joined(), '5 other alerts of the group are still firing.'],
  ]
  for (const [mail, reason] of reasons) {
    t.match(said(mail), reason, reason)
    t.match(said(mail), OWN_SAID, reason)
    t.notMatch(said(mail), 'It is over once', reason)
  }
  t.match(said(kinds.escalated()), /Hello Ada Lovelace,\n\nnobody has looked after this [^\n]*\n\nweb-7 is busy/)
  t.match(
    said({ ...notification(), insteadOf: { at: at('12:00:00'), because: 'fired' } }),
    `${OWN_SAID}\n\nThis mail replaces the one of`,
  )
  t.end()
})

test("templates of a receiver are for rules; the product's own alerts keep their words", (t) => {
  for (const rule of Object.values(OWN_RULES)) {
    const mail = notification({
      alerts: [
        facts({
          rule,
          unit: 'seconds',
          value: 150,
          what: 'time since the last request',
          bound: 'silent for 2 min 30 s',
          clear: '',
        }),
      ],
    })
    const templated = {
      ...mail,
      templates: { subject: '{{value | percent}}', body: '{{what}} is {{value | percent}}' },
    }
    t.equal(renderMessage(templated, options).text, plain(mail), rule)
    t.equal(subjectOf(templated), subjectOf(mail), rule)
  }
  t.end()
})

test('how a silent host is called comes after what its rule and its receiver say', (t) => {
  const silent = facts({ rule: 'host-silent', usualSubject: '{{server}} is silent' })
  const templates = { subject: 'gone: {{server}}' }
  t.equal(subjectOf(notification({ alerts: [silent] })), 'web-7 is silent')
  t.equal(subjectOf(notification({ alerts: [silent], templates })), 'gone: web-7')
  t.equal(subjectOf(notification({ alerts: [{ ...silent, subject: 'rule: {{server}}' }], templates })), 'rule: web-7')
  t.end()
})

/** The rows of the table in docs/alerting.md whose head begins with a word. */
function documented(head: string): readonly (readonly string[])[] {
  const text = readFileSync(new URL('../../docs/alerting.md', import.meta.url), 'utf8')
  const [, ...rows] = (text.split(`| ${head} |`)[1]?.split('\n\n')[0] ?? '').split('\n').slice(1)
  return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
}
const codes = (cell = ''): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

test('the documentation has every placeholder, with what it makes of an alert', (t) => {
  const rows = documented('placeholder')
  const names = rows.flatMap(([name]) => codes(name).map((code) => code.slice(2, -2)))
  t.strictSame(names.toSorted(), [...TEMPLATE_NAMES, 'label.team'].toSorted())
  const mail = notification({ alerts: [facts({ ruleLabels: { team: 'web' } })] })
  for (const [name, , example] of rows) {
    for (const code of codes(name)) t.match(said(mail, `<${code}>`), `<${codes(example).join()}>`, code)
  }
  t.end()
})

test('the documentation has every formatter', (t) => {
  t.strictSame(
    documented('formatter')
      .flatMap(([name]) => codes(name))
      .toSorted(),
    TEMPLATE_FORMATTERS.toSorted(),
  )
  t.end()
})
