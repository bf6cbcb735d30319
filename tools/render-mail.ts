/**
 * Renders mails as images, as a mail program shows them, with a local Chromium.
 *
 *     node tools/render-mail.ts                                  the images in docs/images
 *     node tools/render-mail.ts KIND|all FILE|FOLDER [--width 800] [--dark] [--bare] [--chromium COMMAND]
 *
 * The extension of the file name sets the format: png, jpg or webp.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openPngRenderer } from '../src/notify/chart/png.ts'
import { renderMessage } from '../src/notify/mail/message.ts'
import type { MailMessage } from '../src/notify/notifier.ts'
import { KINDS } from '../test/notify/kinds.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    width: { type: 'string', default: '800' },
    height: { type: 'string' },
    dark: { type: 'boolean', default: false },
    bare: { type: 'boolean', default: false },
    chromium: { type: 'string', default: 'chromium' },
  },
})

interface View {
  readonly width: number
  readonly isDark: boolean
  /** With blocked images. */
  readonly isBare: boolean
}

/** The mails that docs/ shows. */
const SHOWN: readonly (readonly [kind: string, file: string, view: View])[] = [
  ['alert', 'alert-mail.webp', { width: 660, isDark: false, isBare: false }],
  ['alert', 'alert-mail-dark.webp', { width: 660, isDark: true, isBare: false }],
  ['alert', 'alert-mail-phone.webp', { width: 390, isDark: false, isBare: false }],
  ['alert', 'alert-mail-phone-dark.webp', { width: 390, isDark: true, isBare: false }],
  ['resolved-critical', 'resolved-mail.webp', { width: 660, isDark: false, isBare: false }],
  ['joined', 'group-mail.webp', { width: 660, isDark: false, isBare: false }],
  ['report', 'report-mail.webp', { width: 660, isDark: false, isBare: false }],
]
/** Maximum size of images in docs/. */
const LARGEST = 100_000

const say = (fields: object, message: string): void =>
  void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`)
const draw = await openPngRenderer({ debug() {}, info() {}, warn: say, error: say })
if (draw === undefined) throw new Error('without its chart the picture of a mail would be wrong')
const options = {
  from: { name: 'Stashwatch', address: 'alerts@example.org' },
  domain: 'example.org',
  url: 'https://stashwatch.example.org',
  apiUrl: 'https://stashwatch.example.org',
  linkKey: Buffer.alloc(32, 'sample'),
  kibana:
    "https://kibana.example.org/app/discover#/?_g=(time:(from:'{{from}}',to:'{{to}}'))&_a=(query:(query:'host.name:\"{{host}}\"'))",
  mailsPerMinute: 5,
  draw,
}

const [kind, target] = positionals
const view: View = { width: Number(values.width), isDark: values.dark, isBare: values.bare }
if (kind === undefined) {
  for (const [one, file, how] of SHOWN) {
    const path = resolve('docs/images', file)
    shoot(one, how, path)
    if (statSync(path).size > LARGEST) throw new Error(`${path} is larger than ${LARGEST} bytes`)
  }
} else {
  if (target === undefined) throw new Error('expected a file or folder after the kind')
  const suffix = `${view.width}${view.isDark ? '-dark' : ''}${view.isBare ? '-bare' : ''}`
  for (const one of kind === 'all' ? Object.keys(KINDS) : [kind]) {
    shoot(one, view, resolve(kind === 'all' ? join(target, `${one}-${suffix}.png`) : target))
  }
}

/** Renders the image of one kind of mail. */
function shoot(kind: string, { width, isDark, isBare }: View, picture: string): void {
  const sample = KINDS[kind]
  if (sample === undefined) throw new Error(`no kind '${kind}': expected one of ${Object.keys(KINDS).join(', ')}`)
  const mail = renderMessage(sample(), options)
  const html = isBare ? mail.html : withPictures(mail)
  const folder = mkdtempSync(join(tmpdir(), 'render-mail-'))
  try {
    writeFileSync(join(folder, 'mail.html'), html)
    const height = values.height === undefined ? heightOf(folder, width) : Number(values.height)
    const size = `width:${width}px;height:${height}px`
    writeFileSync(
      join(folder, 'frame.html'),
      `<body style="margin:0"><iframe src="mail.html" style="border:0;${size}"></iframe>`,
    )
    chromium(
      folder,
      [
        `--window-size=${width},${height}`,
        ...(isDark ? ['--blink-settings=preferredColorScheme=0'] : []),
        `--screenshot=${picture}`,
      ],
      'frame.html',
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function withPictures({ html, attachments }: MailMessage): string {
  const url = (content: string | Uint8Array): string =>
    `data:image/png;base64,${Buffer.from(content).toString('base64')}`
  return attachments.reduce((shown, { cid, content }) => shown.replace(`cid:${cid}`, () => url(content)), html)
}

/** A frame of the given width: Chromium's own window cannot be as narrow as a phone. */
function heightOf(folder: string, width: number): number {
  const script =
    "onload=()=>{document.title=document.querySelector('iframe').contentDocument.querySelector('table').offsetHeight}"
  writeFileSync(
    join(folder, 'measure.html'),
    `<body><iframe src="mail.html" style="border:0;width:${width}px;height:9px"></iframe><script>${script}</script>`,
  )
  const page = chromium(
    folder,
    ['--allow-file-access-from-files', '--window-size=1200,900', '--dump-dom'],
    'measure.html',
  )
  const height = Number(/<title>(\d+)<\/title>/.exec(page)?.[1])
  if (!(height > 0)) throw new Error('the height of the mail cannot be measured')
  return height
}

function chromium(folder: string, flags: readonly string[], page: string): string {
  const general = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--disable-lcd-text',
    `--user-data-dir=${join(folder, 'profile')}`,
  ]
  return execFileSync(values.chromium, [...general, ...flags, join(folder, page)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}
