import { describeResult } from '../../src/text/delivery.ts'
import PostalMime from 'postal-mime'
import { type Test, test } from 'tap'
import type { Notification, Channel } from '../../src/model.ts'
import { openPngRenderer } from '../../src/notify/chart/png.ts'
import { renderMessage } from '../../src/notify/mail/message.ts'
import type { Notifier } from '../../src/notify/notifier.ts'
import { hostileNames } from './hostile.ts'
import { facts, notification, picture } from './samples.ts'

/** What came out at the other end: the bytes, whom they reached, and the headers of HTTP. */
export interface Arrival {
  readonly raw: Uint8Array
  readonly to: readonly string[]
  readonly headers?: readonly string[]
}

export interface Opened {
  readonly way: Notifier
  readonly received: () => Promise<readonly Arrival[]>
}

/** What differs between mails and bodies of JSON. */
export interface Form {
  readonly via: Channel
  readonly to: string
  /** What tells two notifications with different threads and hosts apart. */
  readonly keyOf: (raw: string) => string | undefined
  readonly isHarmless: (t: Test, arrival: Arrival) => Promise<void>
}

const draw = await openPngRenderer({ debug() {}, info() {}, warn() {}, error() {} })
const mailOptions = {
  from: { name: 'Stashwatch', address: 'alerts@example.org' },
  domain: 'example.org',
  url: 'https://stashwatch.example.org',
  apiUrl: 'https://stashwatch.example.org',
  ...(draw === undefined ? {} : { draw }),
}
export const compose = (mail: Notification): ReturnType<typeof renderMessage> => renderMessage(mail, mailOptions)
const never = new AbortController().signal

/** What every way out must do, whatever is at its other end. */
export function conform(name: string, form: Form, open: (t: Test) => Promise<Opened>): void {
  const notified = (change: Partial<Notification> = {}): Notification =>
    notification({ channel: form.via, to: { name: 'Ada Lovelace', address: form.to }, ...change })

  test(`${name} delivers the bytes that were rendered, to the recipient`, async (t) => {
    const { way, received } = await open(t)
    const bytes = await way.render(notified())
    const sent = await way.send(bytes, notified(), never)
    t.equal(sent.state, 'sent')
    t.match(describeResult(sent), /\S/)
    const [arrival, ...others] = await received()
    t.same(others, [])
    t.equal(text(arrival?.raw).trimEnd(), text(bytes).trimEnd())
    t.same(arrival?.to, [form.to])
  })

  test(`${name} renders equal bytes from equal notifications`, async (t) => {
    const [one, other] = [await open(t), await open(t)]
    t.equal(text(await one.way.render(notified())), text(await other.way.render(notified())))
  })

  test(`${name} takes many notifications side by side and loses none`, async (t) => {
    const { way, received } = await open(t)
    const all = Array.from({ length: 12 }, (_, i) =>
      notified({ thread: `episode${i}`, alerts: [facts({ host: `web-${i}` })] }),
    )
    const deliveries = await Promise.all(all.map(async (one) => way.send(await way.render(one), one, never)))
    t.same(new Set(deliveries.map(({ state }) => state)), new Set(['sent']))
    t.equal(new Set((await received()).map(({ raw }) => form.keyOf(text(raw)))).size, 12)
  })

  test(`${name} says retry, and does not throw, once it is closed or the signal is aborted`, async (t) => {
    const { way, received } = await open(t)
    const bytes = await way.render(notified())
    const aborted = await way.send(bytes, notified(), AbortSignal.abort())
    await way.close()
    for (const delivery of [aborted, await way.send(bytes, notified(), never)]) {
      t.equal(delivery.state, 'retry')
      t.match(describeResult(delivery), /\S/)
    }
    t.same(await received(), [])
  })

  test(`${name} lets no name become a header, a recipient, a command or markup`, async (t) => {
    const { way, received } = await open(t)
    for (const [i, host] of hostileNames.entries()) {
      const measure = { kind: 'aggregate', metric: host, unit: 'ratio', of: 'mean', over: 120_000 } as const
      const names = { host, rule: host, measure, labels: { mount: host, [`by ${host}`]: 'x' }, source: host }
      const words = { why: { code: 'absent', params: { source: host } }, subject: 'CPU on {{server}} is high' }
      const shown = { ruleLabels: { case: `hostile${i}` }, chart: picture([0.4, null, 0.95]) }
      const alert = facts({ ...names, ...words, ...shown })
      const one = notified({ thread: `hostile${i}`, alerts: [alert] })
      t.equal((await way.send(await way.render(one), one, never)).state, 'sent', `name ${i} leaves`)
    }
    const arrivals = await received()
    t.equal(arrivals.length, hostileNames.length)
    for (const arrival of arrivals) await form.isHarmless(t, arrival)
  })
}

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

export const MAIL: Form = {
  via: 'email',
  to: 'ada@example.org',
  keyOf: (raw) => /^Message-ID: (.*)$/im.exec(raw)?.[1],
  isHarmless: isHarmlessMail,
}

/** A body of JSON, posted with so many headers of its own. */
export function jsonForm(via: Channel, headers: readonly string[], keyOf: Form['keyOf']): Form {
  return { via, to: `${via}:ops`, keyOf, isHarmless: async (t, arrival) => isHarmlessJson(t, arrival, headers) }
}

function isHarmlessJson(t: Test, { raw, headers }: Arrival, expected: readonly string[]): void {
  const label = `name ${/hostile(\d+)/.exec(text(raw))?.[1]}`
  t.same(new Set(headers), new Set(expected), `${label} makes no header`)
  const names = new Set<string>()
  const body: unknown = JSON.parse(text(raw), (key, value: unknown) => {
    if (key === 'labels') for (const name of Object.keys(value as object)) names.add(name)
    if (typeof value === 'string' && UNSEEN.test(value)) t.fail(`${label} hides nothing`, { value })
    return value
  })
  t.same(
    [...names].filter((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)),
    [],
    `${label} keeps labels fit`,
  )
  t.equal(names.size, 6, `${label} takes no other's place`)
  t.type(body, 'object')
  t.ok(raw.length < 20_000, `${label} keeps the body short`)
}

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

async function isHarmlessMail(t: Test, { raw, to }: Arrival): Promise<void> {
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
  const shown = `${mail.subject}${mail.text}${mail.html}`.replaceAll('\n', '')
  t.notMatch(shown, UNSEEN, `${label} hides nothing`)
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
