import { registerHooks } from 'node:module'
import { test } from 'tap'
import type { Log } from '../../../src/model.ts'
import { chartSvg, HEIGHT, WIDTH } from '../../../src/notify/chart/svg.ts'
import { openPngRenderer } from '../../../src/notify/chart/png.ts'
import { hostileNames } from '../hostile.ts'
import { picture } from '../samples.ts'

/** What was said, each message with its reason. */
function listen(): { readonly said: string[]; readonly log: Log } {
  const said: string[] = []
  const warn = (fields: object, message: string): void => void said.push(`${message} ${JSON.stringify(fields)}`)
  return { said, log: { debug() {}, info() {}, error() {}, warn } }
}

test('where the package that draws is missing, that is said once, with what helps', async (t) => {
  const { said, log } = listen()
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === '@resvg/resvg-js') throw new Error('Cannot find package @resvg/resvg-js\nRequire stack: ...')
      return next(specifier, context)
    },
  })
  t.equal(await openPngRenderer(log), undefined)
  hooks.deregister()
  t.equal(said.length, 1)
  t.match(
    said[0],
    /^mails are sent without charts: .*"reason":"Cannot find package @resvg\/resvg-js","help":"npm install/,
  )
})

test('a chart becomes a PNG of one size, the same every time, with letters in it', async (t) => {
  const { said, log } = listen()
  const draw = await openPngRenderer(log)
  const svg = chartSvg(picture([0.5, 0.95]), { title: 'cpu', unit: 'ratio', marks: [] })
  const png = Buffer.from(draw?.(svg) ?? [])
  t.equal(png.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n')
  t.same([png.readUInt32BE(16), png.readUInt32BE(20)], [WIDTH * 1.6, Math.ceil(HEIGHT * 1.6)])
  t.ok(png.length < 60_000, `${png.length} bytes`)
  t.ok(png.equals(Buffer.from(draw?.(svg) ?? [])))
  const mute = Buffer.from(draw?.(svg.replaceAll(/<text [^]*?<\/text>/g, '')) ?? [])
  t.ok(png.length > mute.length + 2_000, 'the font is found')
  t.same(said, [])
})

test('no name and no value keeps a chart from being drawn', async (t) => {
  const { said, log } = listen()
  const draw = await openPngRenderer(log)
  for (const [i, title] of hostileNames.entries()) {
    const svg = chartSvg(picture([0.5, null, 0.6]), { title, unit: 'ratio', marks: [] })
    t.ok(draw?.(svg), `name ${i}`)
  }
  for (const means of [[0], [1e308, -1e308], [NaN, 5], [-3, -3], [null, 1e-320]]) {
    t.ok(
      draw?.(chartSvg(picture(means, undefined, { limits: [] }), { title: 'x', unit: 'none', marks: [] })),
      means.join(),
    )
  }
  t.same(said, [])
})

test('what cannot be drawn costs the picture and not the mail', async (t) => {
  const { said, log } = listen()
  const draw = await openPngRenderer(log)
  t.equal(draw?.('<svg'), undefined)
  t.match(said, [/^a mail is sent without its chart: .*reason/])
})
