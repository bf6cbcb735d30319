import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { openMailRoute } from '../../src/notify/index.ts'
import { openMailbox } from '../../src/notify/mailbox.ts'
import { renderMessage } from '../../src/notify/message.ts'
import { createVirtualClock } from '../helpers/clock.ts'
import { conform } from './conformance.ts'
import { facts, notification, resolved } from './samples.ts'
import { mailConfig, smtpConfig } from './smtp.ts'

const options = { from: { name: 'Stashwatch', address: 'stashwatch@localhost' }, domain: 'localhost' }
const envelope = { from: 'stashwatch@localhost', to: 'ada@example.org' }
const never = new AbortController().signal

conform('the mailbox', async (t) => {
  const transport = await openMailbox(t.testdir({}))
  return {
    transport,
    async received() {
      const mails = await Promise.all((await transport.list()).map(({ n }) => transport.read(n)))
      return mails.map((mail) => ({
        raw: Buffer.from(mail?.raw ?? ''),
        to: [/[^\s<]+@[^\s>]+/.exec(mail?.to ?? '')?.[0] ?? ''],
      }))
    },
  }
})

test('a mail that is sent again takes the place of its first copy, also after a restart', async (t) => {
  const folder = t.testdir({})
  const first = await openMailbox(folder)
  const bytes = await first.build(renderMessage(notification(), options))
  await first.send(bytes, envelope, never)
  await first.send(await first.build(renderMessage(resolved(), options)), envelope, never)
  const second = await openMailbox(folder)
  t.match(await second.send(bytes, envelope, never), { answer: /^kept as 0001-[0-9a-f]{12}\.eml$/ })
  t.same(
    (await second.list()).map(({ n }) => n),
    [2, 1],
  )
  t.equal((await readdir(folder)).length, 2)
})

test('the mailbox reads a mail back as it was written', async (t) => {
  const folder = t.testdir({})
  const mailbox = await openMailbox(folder)
  const alert = facts({
    host: 'wéb-主机 = 7',
    labels: { mount: '/var=lib ' },
    subject: 'Größe auf {{server}} ist zu hoch, viel zu hoch und das schon lange',
  })
  const message = renderMessage(
    notification({ to: { name: 'Ádá Lovelace', address: 'ada@example.org' }, alerts: [alert] }),
    options,
  )
  const bytes = await mailbox.build(message)
  await mailbox.send(bytes, envelope, never)
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
  const mailbox = await openMailbox(t.testdir({}), 3)
  for (let i = 1; i <= 5; i += 1) {
    const message = renderMessage(notification({ thread: `episode${i}` }), options)
    t.equal((await mailbox.send(await mailbox.build(message), envelope, never)).state, 'sent')
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
  await openMailbox(folder)
  t.same(await readdir(folder), ['notes.txt'])
})

test('a folder that cannot be written to keeps the mail waiting', async (t) => {
  const folder = join(t.testdir({}), 'mailbox')
  const mailbox = await openMailbox(folder)
  const bytes = await mailbox.build(renderMessage(notification(), options))
  await rm(folder, { recursive: true })
  t.match(await mailbox.send(bytes, envelope, never), { state: 'retry', answer: /^cannot write 0001-\w+\.eml: ENOENT/ })
  t.same(await mailbox.list(), [])
  await mkdir(folder)
  t.match(await mailbox.send(bytes, envelope, never), { state: 'sent', answer: /^kept as 0001-/ })
})

test('a damaged file in the mailbox is shown as far as it can be read', async (t) => {
  const folder = t.testdir({})
  await writeFile(join(folder, '0003-0123456789ab.eml'), 'no mail at all')
  const mailbox = await openMailbox(folder)
  t.match(await mailbox.read(3), { n: 3, subject: '', text: '', raw: 'no mail at all' })
  t.match(await mailbox.list(), [{ n: 3, subject: '' }])
  t.equal(await readFile(join(folder, '0003-0123456789ab.eml'), 'utf8'), 'no mail at all')
})

test('without a mail server mails go to the mailbox, which is said; with one they do not', async (t) => {
  const data = t.testdir({})
  const said: string[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (_: object, message: string): void => void said.push(message) }
  const context = { clock: createVirtualClock(), log }
  const kept = await openMailRoute({ data, url: 'https://s.example.org/', engine: { mailsPerMinute: 5 } }, context)
  t.same([kept.transport.type, kept.from, said.length], ['mailbox', 'stashwatch@localhost', 1])
  t.match(kept.render(notification()), { messageId: /@localhost>$/, text: 'https://s.example.org/api/v1/hosts/web-7' })
  await kept.transport.send(await kept.transport.build(kept.render(notification())), envelope, never)
  t.equal((await kept.mailbox?.list())?.length, 1)
  t.equal((await readdir(join(data, 'mailbox'))).length, 1)
  const sent = await openMailRoute({ data, smtp: mailConfig([smtpConfig(25)]), engine: { mailsPerMinute: 5 } }, context)
  t.same([sent.transport.type, sent.from, sent.mailbox, said.length], ['email', 'alerts@example.org', undefined, 1])
  await sent.transport.close()
})
