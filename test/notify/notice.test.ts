import { test } from 'tap'
import { renderMessage } from '../../src/notify/message.ts'
import type { Notification } from '../../src/model.ts'
import { notification } from './samples.ts'

const options = { from: { address: 'alerts@example.org' }, domain: 'example.org' }
const LINE =
  'web-7: silent since 2026-11-22 12:05:10 UTC: logstash-a went on delivering for more than 24h; closes host-silent (K7QM2)'

const notice = (lines: readonly string[], title = '1 host retired'): Notification =>
  notification({
    kind: 'notice',
    because: 'hosts retired',
    id: 'notice.1.ada',
    thread: 'notice.1.ada',
    alerts: [],
    notice: { title, lines },
  })

test('a notice says what happened, each thing on a line, and what to do', async (t) => {
  const mail = renderMessage(notice([LINE]), { ...options, url: 'https://watch.example.org' })
  t.equal(mail.subject, '1 host retired')
  t.ok(mail.text.startsWith('[Notice] 1 host retired\n\nHello Ada Lovelace,\n\n'))
  t.ok(mail.text.includes(`\n  - ${LINE}\n`))
  t.match(mail.text, /Name it under hosts\.expected/)
  t.match(mail.text, /https:\/\/watch\.example\.org\/api\/v1\/hosts\n/)
  t.match(mail.text, /because self_monitoring\.notify names the receiver ops, which lists ada@example\.org\./)
  t.match(mail.html, /<li>web-7: silent since <span class="one">2026-11-22 12:05:10 UTC<\/span>/)
  t.match(mail.headers, {
    'X-Stashwatch-State': 'notice',
    'X-Stashwatch-Severity': 'none',
    'X-Stashwatch-Rule': 'none',
    'X-Stashwatch-Host': 'none',
    'X-Stashwatch-Episode': 'notice.1.ada',
  })
})

test('names in a notice are shown, never obeyed', async (t) => {
  const mail = renderMessage(notice(['<script>\u202Eevil\r\nBcc: x: gone'], 'a\r\nBcc: y'), options)
  t.notMatch(mail.html, /<script>|\u202E/)
  t.notMatch(mail.text, /\u202E|\nBcc/)
  t.notMatch(mail.subject, /[\r\n]/)
})

test('a notice of a thousand lines has all of them in its text, and stays readable as HTML', async (t) => {
  const mail = renderMessage(
    notice(
      Array.from({ length: 1000 }, () => LINE),
      '1000 hosts retired',
    ),
    options,
  )
  t.equal(mail.text.split(LINE).length, 1001)
  t.ok(Buffer.byteLength(mail.html) < 102_000, `${Buffer.byteLength(mail.html)} bytes`)
  t.match(mail.html, /And \d+ more; the text part of this mail has them all/)
})
