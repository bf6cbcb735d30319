import { test } from 'tap'
import { renderMessage } from '../../../src/notify/mail/message.ts'
import type { Notification, RetiredItem } from '../../../src/model.ts'
import { at, notification } from '../samples.ts'

const options = { from: { address: 'alerts@example.org' }, domain: 'example.org' }
const LINE =
  'web-7: last event at 2026-11-22 12:05:10 UTC; logstash-a kept delivering for more than 1 d; closes host-absent (K7QM2)'

const ITEM: RetiredItem = {
  kind: 'host',
  name: 'web-7',
  reason: { code: 'absent_for', params: { source: 'logstash-a', for: 86_400_000 } },
  lastSeenAt: at('12:05:10'),
  closed: [{ rule: 'host-absent', code: 'K7QM2' }],
}

const notice = (items: readonly RetiredItem[], change: Partial<Notification> = {}): Notification =>
  notification({
    kind: 'notice',
    reason: 'hosts_retired',
    id: 'notice.1.ada',
    thread: 'notice.1.ada',
    alerts: [],
    notice: { kind: 'hosts_retired', items, counts: { host: items.length, source: 0, mass_absence: 0 } },
    ...change,
  })

test('a notice says what happened, each thing on a line, and what to do', async (t) => {
  const mail = renderMessage(notice([ITEM]), { ...options, apiUrl: 'https://watch.example.org' })
  t.equal(mail.subject, '1 host retired')
  t.ok(mail.text.startsWith('[Notice] 1 host retired\n\n'))
  t.ok(mail.text.includes(`\n  - ${LINE}\n`))
  t.match(mail.text, /add it to hosts\.expected/)
  t.match(mail.text, /https:\/\/watch\.example\.org\/api\/v1\/hosts\n/)
  t.match(mail.text, /because self_monitoring\.notify names receiver ops, which lists ada@example\.org\./)
  t.match(mail.html, /<li>web-7: last event at <span class="one">2026-11-22 12:05:10 UTC<\/span>/)
  t.match(mail.headers, {
    'X-Stashwatch-State': 'notice',
    'X-Stashwatch-Severity': 'none',
    'X-Stashwatch-Rule': 'none',
    'X-Stashwatch-Host': 'none',
    'X-Stashwatch-Episode': 'notice.1.ada',
  })
})

test('names in a notice are shown, never obeyed', async (t) => {
  const mail = renderMessage(notice([{ ...ITEM, name: '<script>\u202Eevil\r\nBcc: x' }]), options)
  t.notMatch(mail.html, /<script>|\u202E/)
  t.notMatch(mail.text, /\u202E|\nBcc/)
  t.notMatch(mail.subject, /[\r\n]/)
})

test('a notice of a thousand lines has all of them in its text, and stays readable as HTML', async (t) => {
  const items = Array.from({ length: 1000 }, () => ITEM)
  const mail = renderMessage(notice(items), options)
  t.equal(mail.text.split(LINE).length, 1001)
  t.ok(Buffer.byteLength(mail.html) < 102_000, `${Buffer.byteLength(mail.html)} bytes`)
  t.match(mail.html, /And \d+ more; the text part of this mail has them all/)
})

test('what does not fit into a notice is counted, and the reader sees instants of its own zone', async (t) => {
  const counts = { host: 2, source: 1, mass_absence: 0 }
  const items: readonly RetiredItem[] = [
    { ...ITEM, lastSeenAt: null, closed: [], reason: { code: 'retired_by', params: { author: 'Ada' } } },
    {
      kind: 'source',
      name: 'logstash-b',
      reason: { code: 'no_request', params: { since: at('09:00:00') } },
      lastSeenAt: null,
      closed: [],
    },
  ]
  const mail = renderMessage(
    notice(items, { timeZone: 'Europe/Berlin', notice: { kind: 'hosts_retired', items, counts } }),
    options,
  )
  t.equal(mail.subject, '2 hosts and 1 source retired')
  t.match(mail.text, '\n  - web-7: never seen; retired by Ada\n')
  t.match(
    mail.text,
    '\n  - source logstash-b: no request since 10:00:00 CET (09:00:00 UTC), and it is not in the configuration\n',
  )
  t.match(mail.text, '\n  - and 1 more (/api/v1/hosts lists the remaining hosts)\n')
})
