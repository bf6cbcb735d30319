import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import PostalMime from 'postal-mime'
import { type Test, test } from 'tap'
import { startAlertmanager, whereItIs } from '../helpers/alertmanager.ts'
import { begin, type Life } from '../helpers/life.ts'
import { temporary, until } from '../helpers/service.ts'
import { startWebServer, type WebServer } from '../notify/http.ts'

const MINUTE = 60_000

/** A configuration in a file, which a reload reads again. */
async function beginFrom(
  t: Test,
  yaml: string,
  start?: number,
): Promise<Life & { reload(next: string): Promise<void> }> {
  const file = join(temporary(t), 'stashwatch.yaml')
  const read = (): string => readFileSync(file, 'utf8')
  writeFileSync(file, yaml)
  const life = await begin(t, { yaml: read(), next: read }, start)
  return {
    ...life,
    async reload(next) {
      writeFileSync(file, next)
      const { status, text } = await life.ask('POST', '/-/reload')
      t.equal(status, 200, text)
    },
  }
}

const yaml = (receivers: string, notify = 'chat'): string => `
self_monitoring: { notify: [ops] }
metrics: { cpu: { field: cpu, unit: ratio } }
receivers:
  ops: { email: { to: [ada@example.org] } }
${receivers}
rules:
  - { name: cpu-high, when: { metric: cpu, over: 30s, threshold: { of: mean, above: 0.9 } }, notify: [${notify}] }
`
const chat = (url: string): string =>
  `  chat: { webhook: { url: "${url}", allow_private: true, secret: a secret of both } }`

interface Body {
  readonly status: string
  readonly receiver: string
  readonly alerts: readonly { readonly labels: { readonly host: string } }[]
}

const notified = ({ posted }: WebServer): readonly string[] =>
  posted.map(({ raw }) => {
    const { status, alerts } = JSON.parse(raw.toString()) as Body
    return `${alerts[0]?.labels.host} ${status}`
  })

test('a webhook out of the file is posted to, at its new address after a reload, and one that is gone says so', async (t) => {
  const [old, moved] = [await startWebServer(t), await startWebServer(t)]
  const life = await beginFrom(t, yaml(chat(`${old.url}/hook`)))
  life.cpu.set('web-1', 0.99)
  await life.pass(MINUTE)
  await life.drain()
  t.strictSame(notified(old), ['web-1 firing'])
  t.match(old.posted[0], {
    method: 'POST',
    path: '/hook',
    headers: { 'x-stashwatch-signature': /^sha256=[0-9a-f]{64}$/ },
  })

  await life.reload(yaml(chat(`${moved.url}/other`)))
  life.cpu.set('web-1', 0.1).set('web-2', 0.99)
  await life.pass(MINUTE)
  await life.drain(3)
  t.strictSame(notified(moved).toSorted(), ['web-1 resolved', 'web-2 firing'])
  t.equal(old.posted.length, 1)

  await life.reload(yaml('', 'ops'))
  life.cpu.set('web-2', 0.1).set('web-3', 0.99)
  await life.pass(MINUTE)
  const sends = await life.drain(6)
  const rows = sends.map(({ to, alerts, reason, state }) => `${to.address} ${alerts[0]?.host} ${reason}: ${state}`)
  t.strictSame(
    rows.slice(0, 3).toSorted(),
    ['ada@example.org web-2 fired: sent', 'ada@example.org web-2 resolved: sent', 'ada@example.org web-3 fired: sent'],
    'whoever hears of it instead is told',
  )
  t.equal(moved.posted.length, 2)
  for (const line of life.lines)
    t.notMatch(JSON.stringify(line), /a secret of both|\/hook|\/other/, 'an address is a secret')
})

test('a reload that removes a receiver withdraws its pending notifications, and its replacement is notified', async (t) => {
  const life = await beginFrom(t, yaml(chat('http://127.0.0.1:1/nobody')), Date.parse('2026-11-22T12:00:00Z'))
  life.cpu.set('web-1', 0.99)
  await life.pass(MINUTE)
  await until('the webhook waits', async () => {
    await life.clock.advance(1000)
    return (await life.sends()).find(({ state, attempts }) => state === 'pending' && attempts > 0)
  })
  await life.reload(yaml('', 'ops'))
  const sends = await life.drain(2)
  t.match(sends, [
    { to: { address: 'ada@example.org' }, reason: 'fired', state: 'sent' },
    {
      to: { address: 'webhook:chat' },
      state: 'withdrawn',
      outcome: { code: 'receiver_removed', params: { at: /^\d+$/ } },
    },
  ])
  t.equal(life.lines.filter(({ message }) => message === 'webhook withdrawn: not sent').length, 1)
  const { text } = await life.get('/metrics')
  t.match(text, 'stashwatch_notification_attempts_total{integration="webhook",outcome="withdrawn"} 1')
})

test('an event becomes a mail with its chart and its figures', async (t) => {
  const life = await beginFrom(t, yaml('', 'ops'))
  life.cpu.set('web-1', 0.2).set('web-2', 0.3)
  await life.pass(MINUTE)
  life.cpu.set('web-1', 0.99)
  await life.pass(MINUTE)
  await life.drain()
  const mail = await PostalMime.parse((await life.service.mailbox?.read(1))?.raw ?? '')
  const [png, csv] = ['image/png', 'text/csv'].map((type) => mail.attachments.find(({ mimeType }) => mimeType === type))
  if (life.lines.some(({ message }) => message.includes('without charts')))
    t.pass('NO CHARTS HERE: their package is not installed', { skip: true })
  else
    t.equal(
      Buffer.from(png?.content as ArrayBuffer)
        .subarray(1, 4)
        .toString(),
      'PNG',
    )
  t.match(mail.html, new RegExp(`cid:${png?.contentId?.replace(/[<>]/g, '')}`))
  t.match(Buffer.from(csv?.content as ArrayBuffer).toString(), /0\.99/)
})

// ------------------------------------------------------------------------------------- a real Alertmanager, where it is

test('a real Alertmanager of the configuration gets a firing and a resolved alert', whereItIs, async (t) => {
  const hook = await startWebServer(t)
  const url = await startAlertmanager(t, hook.url)
  // Alertmanager lives by the real clock: the times in its alerts lie a little in the past.
  const life = await beginFrom(t, yaml(`  am: { alertmanager: { url: "${url}" } }`, 'am'), Date.now() - 5 * MINUTE)
  life.cpu.set('web-1', 0.99).set('web-2', 0.1)
  await life.pass(MINUTE)
  await life.drain()
  await until('it fires there', () => notified(hook).includes('web-1 firing'))
  life.cpu.set('web-1', 0.1)
  await life.pass(MINUTE)
  t.strictSame(
    (await life.drain(2)).map(({ state }) => state),
    ['sent', 'sent'],
  )
  await until('it is over there', () => notified(hook).includes('web-1 resolved'))
})
