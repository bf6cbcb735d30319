import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import type { Notification } from '../../../src/model.ts'
import { createNotifiers } from '../../../src/notify/index.ts'
import { openMailbox } from '../../../src/notify/email/mailbox.ts'
import { renderMessage } from '../../../src/notify/mail/message.ts'
import type { MailMessage } from '../../../src/notify/notifier.ts'
import { createVirtualClock } from '../../helpers/clock.ts'
import { compose as composeDrawn, conform, MAIL } from '../conformance.ts'
import { facts, notification, resolved } from '../samples.ts'
import { mailConfig, silent, smtpConfig } from './smtp-server.ts'

const options = { from: { name: 'Stashwatch', address: 'stashwatch@localhost' }, domain: 'localhost' }
const compose = (mail: Notification): MailMessage => renderMessage(mail, options)
const never = new AbortController().signal

conform('the mailbox', MAIL, async (t) => {
  const way = await openMailbox(t.testdir({}), composeDrawn)
  return {
    way,
    async received() {
      const mails = await Promise.all((await way.list()).map(({ n }) => way.read(n)))
      return mails.map((mail) => ({
        raw: Buffer.from(mail?.raw ?? ''),
        to: [/[^\s<]+@[^\s>]+/.exec(mail?.to ?? '')?.[0] ?? ''],
      }))
    },
  }
})

test('a mail that is sent again takes the place of its first copy, also after a restart', async (t) => {
  const folder = t.testdir({})
  const first = await openMailbox(folder, compose)
  const bytes = await first.render(notification())
  await first.send(bytes, notification(), never)
  await first.send(await first.render(resolved()), resolved(), never)
  const second = await openMailbox(folder, compose)
  t.match(await second.send(bytes, notification(), never), {
    why: { code: 'saved', params: { file: /^0001-[0-9a-f]{12}\.eml$/ } },
  })
  t.same(
    (await second.list()).map(({ n }) => n),
    [2, 1],
  )
  t.equal((await readdir(folder)).length, 2)
})

test('the mailbox reads a mail back as it was written', async (t) => {
  const folder = t.testdir({})
  const mailbox = await openMailbox(folder, compose)
  const alert = facts({
    host: 'wéb-主机 = 7',
    labels: { mount: '/var=lib ' },
    subject: 'Größe auf {{server}} ist zu hoch, viel zu hoch und das schon lange',
  })
  const notified = notification({ to: { name: 'Ádá Lovelace', address: 'ada@example.org' }, alerts: [alert] })
  const message = compose(notified)
  const bytes = await mailbox.render(notified)
  await mailbox.send(bytes, notification(), never)
  const mail = await mailbox.read(1)
  t.match(mail, {
    n: 1,
    subject: message.subject,
    from: 'Stashwatch <stashwatch@localhost>',
    to: 'Ádá Lovelace <ada@example.org>',
  })
  t.equal(mail?.date, 'Sun, 22 Nov 2026 12:05:12 +0000')
  t.equal(mail?.text.trimEnd(), message.text.trimEnd())
  t.equal(mail?.html.trimEnd(), message.html.trimEnd())
  t.equal(mail?.raw, Buffer.from(bytes).toString())
  t.ok(mail?.headers.some(({ name, value }) => name === 'X-Stashwatch-Host' && value === 'wéb-主机 = 7'))
  t.match(await mailbox.list(), [{ n: 1, subject: message.subject, to: 'Ádá Lovelace <ada@example.org>' }])
  t.equal(await mailbox.read(2), undefined)
})

test('the mailbox keeps the newest mails and goes on counting', async (t) => {
  const mailbox = await openMailbox(t.testdir({}), compose, 3)
  for (let i = 1; i <= 5; i += 1) {
    const notified = notification({ thread: `episode${i}` })
    t.equal((await mailbox.send(await mailbox.render(notified), notified, never)).state, 'sent')
  }
  t.same(
    (await mailbox.list()).map(({ n }) => n),
    [5, 4, 3],
  )
  t.same(
    (await mailbox.list(1)).map(({ n }) => n),
    [5],
  )
  t.equal(await mailbox.read(1), undefined)
})

test('the mailbox clears away half-written mails and leaves other files alone', async (t) => {
  const folder = t.testdir({ 'notes.txt': 'mine', '0007-0123456789ab.eml.part': 'half' })
  await openMailbox(folder, compose)
  t.same(await readdir(folder), ['notes.txt'])
})

test('a folder that cannot be written to keeps the mail waiting', async (t) => {
  const folder = join(t.testdir({}), 'mailbox')
  const mailbox = await openMailbox(folder, compose)
  const bytes = await mailbox.render(notification())
  await rm(folder, { recursive: true })
  t.match(await mailbox.send(bytes, notification(), never), {
    state: 'retry',
    why: { code: 'not_saved', params: { file: /^0001-\w+\.eml$/, error: /^ENOENT/ } },
  })
  t.same(await mailbox.list(), [])
  await mkdir(folder)
  t.match(await mailbox.send(bytes, notification(), never), { state: 'sent', why: { code: 'saved' } })
})

test('a damaged file in the mailbox is shown as far as it can be read', async (t) => {
  const folder = t.testdir({})
  await writeFile(join(folder, '0003-0123456789ab.eml'), 'no mail at all')
  const mailbox = await openMailbox(folder, compose)
  t.match(await mailbox.read(3), { n: 3, subject: '', text: '', raw: 'no mail at all' })
  t.match(await mailbox.list(), [{ n: 3, subject: '' }])
  t.equal(await readFile(join(folder, '0003-0123456789ab.eml'), 'utf8'), 'no mail at all')
})

test('without a mail server mails go to the mailbox; with one they do not', async (t) => {
  const data = t.testdir({})
  const [clock, log] = [createVirtualClock(), silent]
  const base = { data, targets: new Map(), engine: { mailsPerMinute: 5 } }
  const kept = await createNotifiers({ ...base, apiUrl: 'https://s.example.org' }, { clock, log })
  const { email } = kept.notifiers
  t.equal(email.type, 'mailbox')
  await email.send(await email.render(notification()), notification(), never)
  const mail = await kept.mailbox?.read(1)
  t.match(mail, { from: 'Stashwatch <stashwatch@localhost>', text: 'https://s.example.org/api/v1/hosts/web-7' })
  t.match(mail?.raw, /^Message-ID: <.*@localhost>\r$/m)
  t.equal((await readdir(join(data, 'mailbox'))).length, 1)
  t.notMatch(mail?.text, /Acknowledge|kibana/, 'without a key no links that act')
  const links = { url: 'https://s.example.org', kibana: 'https://k.example.org/?h={{host}}' }
  const acting = await createNotifiers({ ...base, ...links }, { clock, log, linkKey: Buffer.alloc(32) })
  const bytes = Buffer.from(await acting.notifiers.email.render(notification())).toString()
  t.match(bytes.replaceAll('=\r\n', ''), /Acknowledge:\r\n {4}https:\/\/s\.example\.org\/act\//)
  t.match(bytes, 'https://k.example.org/?h=3Dweb-7')
  const sent = await createNotifiers({ ...base, smtp: mailConfig([smtpConfig(25)]) }, { clock, log })
  t.same([sent.notifiers.email.type, sent.mailbox], ['email', undefined])
  await sent.notifiers.email.close()
})
