import PostalMime from 'postal-mime'
import { type Test, test } from 'tap'
import { openDraw } from '../../src/notify/chart-png.ts'
import { renderMessage } from '../../src/notify/message.ts'
import type { Transport } from '../../src/notify/transport.ts'
import { hostileNames } from './hostile.ts'
import { facts, notification, picture } from './samples.ts'

export interface Opened {
  readonly transport: Transport
  /** The mails that came out at the other end, as bytes, and whom they reached. */
  readonly received: () => Promise<readonly { readonly raw: Uint8Array; readonly to: readonly string[] }[]>
}

const draw = await openDraw({ debug() {}, info() {}, warn() {}, error() {} })
const options = {
  from: { name: 'Stashwatch', address: 'alerts@example.org' },
  domain: 'example.org',
  url: 'https://stashwatch.example.org',
  ...(draw === undefined ? {} : { draw }),
}
const envelope = { from: 'alerts@example.org', to: 'ada@example.org' }
const never = new AbortController().signal

const HEADERS = [
  'list-id',
  'auto-submitted',
  'x-auto-response-suppress',
  'x-stashwatch-rule',
  'x-stashwatch-host',
  'x-stashwatch-state',
  'x-stashwatch-severity',
  'x-stashwatch-episode',
  'from',
  'to',
  'subject',
  'message-id',
  'date',
  'mime-version',
  'content-type',
]

/** What every transport must do, whatever is at its other end. */
export function conform(name: string, open: (t: Test) => Promise<Opened>): void {
  test(`${name} delivers the bytes that were built, to the envelope's recipient`, async (t) => {
    const { transport, received } = await open(t)
    const bytes = await transport.build(renderMessage(notification(), options))
    t.match(await transport.send(bytes, envelope, never), { state: 'sent', answer: /\S/ })
    const [mail, ...others] = await received()
    t.same(others, [])
    t.equal(text(mail?.raw).trimEnd(), text(bytes).trimEnd())
    t.same(mail?.to, ['ada@example.org'])
  })

  test(`${name} builds equal bytes from equal messages`, async (t) => {
    const { transport } = await open(t)
    const build = async (): Promise<string> => text(await transport.build(renderMessage(notification(), options)))
    t.equal(await build(), await build())
  })

  test(`${name} takes many mails side by side and loses none`, async (t) => {
    const { transport, received } = await open(t)
    const mails = Array.from({ length: 12 }, (_, i) => notification({ thread: `episode${i}` }))
    const deliveries = await Promise.all(
      mails.map(async (mail) => transport.send(await transport.build(renderMessage(mail, options)), envelope, never)),
    )
    t.same(new Set(deliveries.map(({ state }) => state)), new Set(['sent']))
    const ids = (await received()).map(({ raw }) => /^Message-ID: (.*)$/im.exec(text(raw))?.[1])
    t.equal(new Set(ids).size, 12)
  })

  test(`${name} says retry, and does not throw, once it is closed or the signal is aborted`, async (t) => {
    const { transport } = await open(t)
    const bytes = await transport.build(renderMessage(notification(), options))
    t.match(await transport.send(bytes, envelope, AbortSignal.abort()), { state: 'retry', answer: /\S/ })
    await transport.close()
    t.match(await transport.send(bytes, envelope, never), { state: 'retry', answer: /\S/ })
  })

  test(`${name} lets no name become a header, a recipient, a command or markup`, async (t) => {
    const { transport, received } = await open(t)
    for (const [i, host] of hostileNames.entries()) {
      const alert = facts({
        host,
        labels: { mount: host },
        reason: `${host} was 0.942`,
        source: host,
        what: `mean of ${host}`,
        rule: host,
        metric: host,
        picture: picture([0.4, null, 0.95]),
      })
      const mail = notification({ thread: `hostile${i}`, alerts: [{ ...alert, subject: 'CPU on {{server}} is high' }] })
      const bytes = await transport.build(renderMessage(mail, options))
      t.equal((await transport.send(bytes, envelope, never)).state, 'sent', `name ${i} leaves`)
    }
    const mails = await received()
    t.equal(mails.length, hostileNames.length)
    for (const { raw, to } of mails) await isHarmless(t, raw, to)
  })
}

async function isHarmless(t: Test, raw: Uint8Array, to: readonly string[]): Promise<void> {
  const mail = await PostalMime.parse(raw)
  const i = Number(/hostile(\d+)/.exec(mail.messageId ?? '')?.[1])
  const label = `name ${i}`
  t.same(new Set(mail.headers.map(({ key }) => key)), new Set(HEADERS), `${label} makes no header`)
  t.equal(mail.headers.length, HEADERS.length, `${label} doubles no header`)
  t.same(
    [to, mail.to?.map(({ address }) => address)],
    [['ada@example.org'], ['ada@example.org']],
    `${label} is no recipient`,
  )
  t.match(mail.subject, /^CPU on .* is high$/, `${label} leaves the subject whole`)
  t.ok((mail.subject ?? '').length <= 160, `${label} keeps the subject short`)
  const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
  const shown = `${mail.subject}${mail.text}${mail.html}`.replaceAll('\n', '')
  t.notMatch(shown, unseen, `${label} hides nothing`)
  const html = (mail.html ?? '').replaceAll(/ alt="[^"]*"/g, '')
  t.notMatch(html, /<(?:script|img|iframe|style|base|form|meta)[^>]*(?:evil|alert\()/i, `${label} is no markup`)
  const tags = [...(mail.html ?? '').matchAll(/<\/?([a-z0-9]+)/gi)].map(([, tag]) => tag)
  t.same(
    tags.filter((tag) => !ALLOWED.has(tag ?? '')),
    [],
    `${label} adds no element`,
  )
  const [png, csv] = mail.attachments
  t.match(html, `<img src="cid:${png?.contentId?.slice(1, -1)}"`, `${label} leaves the picture where it is`)
  t.match(csv?.filename, /^[A-Za-z0-9][\w.-]*\.csv$/, `${label} is no path`)
  t.equal(mail.attachments.length, 2, `${label} adds no file`)
  t.equal(
    Buffer.from(raw)
      .toString('latin1')
      .split('\r\n')
      .filter((line) => line.length > 998).length,
    0,
    `${label} keeps lines short`,
  )
}

const ALLOWED = new Set('img html head meta title style body table tr td p h1 h2 ul li a br b span wbr'.split(' '))

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('utf8')
}
