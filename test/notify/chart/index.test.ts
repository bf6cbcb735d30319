import { assert, property, string, array, double, integer, option } from 'fast-check'
import { test } from 'tap'
import { sparkline, thin } from '../../../src/notify/chart/index.ts'

import PostalMime, { type Attachment } from 'postal-mime'
import type { Notification } from '../../../src/model.ts'
import { openPngRenderer } from '../../../src/notify/chart/png.ts'
import { bucketsCsv, fileName } from '../../../src/notify/chart/index.ts'
import { buildMime } from '../../../src/notify/email/smtp.ts'
import { renderMessage } from '../../../src/notify/mail/message.ts'
import { openMailbox } from '../../../src/notify/email/mailbox.ts'
import { hostileNames } from '../hostile.ts'
import { at, facts, notification, picture, pictured, resolved, storm } from '../samples.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const draw = await openPngRenderer(quiet)
const options = {
  from: { name: 'Stashwatch', address: 'alerts@example.org' },
  domain: 'example.org',
  ...(draw === undefined ? {} : { draw }),
}
const build = (mail: Notification): Promise<Uint8Array> => buildMime(renderMessage(mail, options))
const bytesOf = ({ content }: Attachment): Buffer =>
  typeof content === 'string' ? Buffer.from(content) : Buffer.from(content as ArrayBuffer)

/** The kinds of the parts of a mail as its source has them, in their order. */
const kinds = (bytes: Uint8Array): readonly (string | undefined)[] =>
  [
    ...Buffer.from(bytes)
      .toString('latin1')
      .matchAll(/^Content-Type: ([\w/]+)/gim),
  ].map(([, kind]) => kind)

test('an alert mail carries its window as a picture that the HTML shows, and as CSV', async (t) => {
  const bytes = await build(pictured())
  t.same(kinds(bytes), [
    'multipart/mixed',
    'multipart/alternative',
    'text/plain',
    'multipart/related',
    'text/html',
    'image/png',
    'text/csv',
  ])
  const mail = await PostalMime.parse(bytes)
  const [png, csv, ...more] = mail.attachments
  if (png === undefined || csv === undefined) throw new Error('a file is missing')
  t.same(more, [])
  t.match(png, {
    mimeType: 'image/png',
    disposition: 'inline',
    related: true,
    filename: 'cpu-high_web-7_20261122T120500Z.png',
  })
  t.equal(bytesOf(png).subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n')
  t.equal(png.contentId, '<chart.4f1c0a9b2e7d5c31.0.cfe00dde46ef@example.org>')
  t.match(
    mail.html,
    `<img src="cid:${png.contentId?.slice(1, -1)}" alt="CPU averaged 94.2% over 2 min on web-7 (threshold 90%). Chart of cpu`,
  )
  t.match(csv, { mimeType: 'text/csv', disposition: 'attachment', filename: 'cpu-high_web-7_20261122T120500Z.csv' })
  t.match(bytesOf(csv).toString(), /^bucket_start,count,mean,min,max,last\r\n2026-11-22T12:01:00.000Z,2,0.41,,,\r\n/)
  t.ok(Buffer.from(bytes).equals(Buffer.from(await build(pictured()))), 'the same bytes every time')
  t.ok(bytes.length < 100_000, `${bytes.length} bytes`)
})

test('the text shows the window as a row of bars with its numbers', (t) => {
  const { text } = renderMessage(pictured(), options)
  const row = '  cpu  ▁▁▁▁ ▁▁▁▃▅██████████████  39% to 98.7%  above 90% ▇\n'
  t.match(text, `${row}  2026-11-22 12:01:00 UTC to 2026-11-22 12:05:00 UTC, in steps of 10 s\n`)
  const without = renderMessage(
    pictured({
      chart: picture([1, 2, 3], undefined, { limits: [] }),
      measure: { kind: 'aggregate', metric: 'cpu', unit: 'none', of: 'mean', over: 120_000 },
    }),
    options,
  )
  t.match(without.text, '  cpu  ▁▅█  1 to 3\n')
  const there = renderMessage({ ...pictured(), timeZone: 'Asia/Tokyo' }, options)
  t.match(there.text, '21:01:00 GMT+9 (12:01:00 UTC) to 21:05:00 GMT+9 (12:05:00 UTC), in steps of 10 s')
  t.end()
})

test('a resolved mail has its chart; a digest, and an alert that looks at no window, have none', async (t) => {
  t.match(kinds(await build(resolved())), ['multipart/mixed'])
  t.match(renderMessage(resolved(), options).html, 'alt="CPU back to 61% on web-7')
  for (const mail of [storm(3), notification(), { ...storm(2), alerts: pictured().alerts }]) {
    t.same(kinds(await build(mail)), ['multipart/alternative', 'text/plain', 'text/html'])
    t.notMatch(renderMessage(mail, options).html, '<img')
  }
  const nothing = pictured({ chart: picture([null, null]) })
  t.same(renderMessage(nothing, options).attachments, [], 'nothing was measured')
  t.notMatch(renderMessage(nothing, options).text, 'in steps of')
})

test('where nothing can draw, the mail has its bars and its CSV', async (t) => {
  for (const without of [
    { ...options, draw: () => undefined },
    { from: options.from, domain: options.domain },
  ]) {
    const message = renderMessage(pictured(), without)
    t.notMatch(message.html, '<img')
    t.match(message.text, '▁▁▁▁ ▁▁▁▃▅██')
    t.same(kinds(await buildMime(message)), [
      'multipart/mixed',
      'multipart/alternative',
      'text/plain',
      'text/html',
      'text/csv',
    ])
  }
})

test('the CSV reads back as the numbers that it was made of, whatever they are', (t) => {
  const extremes = [0.1, null, -5, 1e308, -1e-7, 1e21, 0, NaN]
  const one = picture(extremes)
  const buckets = one.buckets.map((bucket, i) => ({ ...bucket, n: i, min: -1, max: i / 3, last: null }))
  const [head, ...rows] = bucketsCsv({ ...one, buckets })
    .trimEnd()
    .split('\r\n')
  t.equal(head, 'bucket_start,count,mean,min,max,last')
  t.equal(rows.length, extremes.length)
  for (const [i, row] of rows.entries()) {
    const [start = '', count, mean, min, max, last, ...more] = row.split(',')
    const wanted = Number.isNaN(extremes[i]) ? null : extremes[i]
    t.same(
      [Date.parse(start), Number(count), mean === '' ? null : Number(mean)],
      [one.from + i * 10_000, i, wanted],
      row,
    )
    t.same([Number(min), Number(max), last, more], [-1, i / 3, '', []])
    t.match(row, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z(?:,(?:-?\d[\d.]*(?:e[+-]\d+)?)?){5}$/, 'nothing is a formula')
  }
  t.end()
})

test('no name becomes a path, a hidden file, a formula or a long file name', (t) => {
  const isHarmless = (rule: string, host: string): boolean => {
    const name = fileName(facts({ rule, host }))
    return (
      /^[A-Za-z0-9][\w.-]*_[A-Za-z0-9][\w.-]*_20261122T120500Z$/.test(name) && !name.includes('..') && name.length < 140
    )
  }
  for (const host of hostileNames) t.ok(isHarmless('cpu-high', host), fileName(facts({ host })))
  assert(property(string({ unit: 'binary' }), string({ unit: 'binary' }), isHarmless))
  t.equal(fileName(facts({ host: '../../etc/passwd' })), 'cpu-high_etc-passwd_20261122T120500Z')
  t.equal(
    fileName(facts({ host: '主机', rule: 'Größe' })),
    'Grosse_unnamed_20261122T120500Z'.replace('Grosse', 'Gro-e'),
  )
  t.end()
})

test('the mailbox finds the texts, the picture and the file, also under a long name', async (t) => {
  const mail = pictured({ rule: 'r'.repeat(100), host: 'h'.repeat(100), subject: 'CPU' })
  const message = renderMessage(mail, options)
  const mailbox = await openMailbox(t.testdir({}), (one) => renderMessage(one, options))
  const keep = async (one: Notification) => mailbox.send(await mailbox.render(one), one, AbortSignal.timeout(10_000))
  await keep(mail)
  const read = await mailbox.read(1)
  t.equal(read?.text, message.text)
  t.equal(read?.html, message.html)
  t.same(
    read?.files.map(({ name, type, cid }) => ({ name, type, cid })),
    message.attachments.map(({ name, type, cid = '' }) => ({ name, type: type.replace(/;.*/, ''), cid })),
  )
  t.same(
    read?.files.map(({ bytes }) => Buffer.from(bytes).toString('base64')),
    message.attachments.map(({ content }) => Buffer.from(content).toString('base64')),
  )
  await keep(notification({ thread: 'another' }))
  t.same((await mailbox.read(2))?.files, [])
})

test('a mail about a step points at it, and at the beginning', (t) => {
  const labels = (mail: Notification): readonly string[] => {
    const seen: string[] = []
    const look = (svg: string): undefined => {
      seen.push(svg)
    }
    renderMessage(mail, { ...options, draw: look })
    return [...(seen[0] ?? '').matchAll(/>(began|fired|raised|resolved|now)</g)].map(([, label = '']) => label)
  }
  t.same(labels(pictured()), ['began', 'fired'])
  t.same(labels(pictured({ startsAt: at('12:05:00') })), ['fired'])
  t.same(labels({ ...pictured(), reason: 'severity_raised' }), ['began', 'raised'])
  t.same(labels({ ...pictured(), reason: 'repeat_interval' }), ['began', 'now'])
  t.same(labels(resolved()), ['resolved'], 'the beginning is no longer kept')
  t.end()
})

const BARS = ' ▁▂▃▄▅▆▇█'
const anyNumber = double()
const finite = double({ noNaN: true, noDefaultInfinity: true })

test('a row has one bar for each value, and a space for each that is missing or no number', (t) => {
  assert(
    property(array(option(anyNumber)), array(finite), (values, more) => {
      const { bars } = sparkline(values, more)
      return (
        bars.length === values.length &&
        values.every((value, i) => (bars[i] === ' ') === (value === null || !Number.isFinite(value))) &&
        bars.split('').every((bar) => BARS.includes(bar))
      )
    }),
  )
  t.end()
})

test('a greater value never has a lower bar, the least has the lowest, and the greatest the highest', (t) => {
  assert(
    property(array(finite, { minLength: 1 }), finite, finite, (values, a, b) => {
      const { bars, bar } = sparkline(values)
      const [less, more] = a < b ? [a, b] : [b, a]
      const [low, high] = [Math.min(...values), Math.max(...values)]
      const isWhole = low === high || (bars.includes('▁') && bars.includes('█'))
      return (
        BARS.indexOf(bar(less)) <= BARS.indexOf(bar(more)) &&
        isWhole &&
        values.every((value, i) => bars[i] === bar(value))
      )
    }),
  )
  t.end()
})

test('what never changes stands at half height, and a bound belongs to the scale', (t) => {
  t.equal(sparkline([5, 5, null, 5]).bars, '▄▄ ▄')
  t.equal(sparkline([]).bars, '')
  const { bars, bar } = sparkline([0, 1, 2, 3], [7])
  t.same([bars, bar(7)], ['▁▂▃▄', '█'])
  t.equal(sparkline([-1e308, 1e308, 0]).bars, '▁█▅')
  t.end()
})

test('a long row is thinned to the means of neighbours', (t) => {
  t.same(thin([1, 3, null, 5, null, null, 7], 4), [2, 5, null, 7])
  t.same(thin([1, null], 60), [1, null])
  t.same(thin([], 60), [])
  assert(
    property(array(option(finite)), integer({ min: 1, max: 60 }), (values, most) => {
      const numbers = values.filter((value) => value !== null)
      const [low, high] = [Math.min(...numbers), Math.max(...numbers)]
      const thinned = thin(values, most)
      const near = 1e-9 * Math.max(Math.abs(low), Math.abs(high))
      return (
        thinned.length <= most &&
        thinned.every((value) => value === null || (value >= low - near && value <= high + near))
      )
    }),
  )
  t.end()
})
