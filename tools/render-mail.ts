/**
 * Draws a mail as a mail program shows it, with a Chromium found on the machine, for the pictures in docs/images.
 *
 *     node tools/render-mail.ts alert|resolved|digest|report|heartbeat FILE.png [--width 800] [--dark] [--chromium COMMAND]
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Notification } from '../src/model.ts'
import { openDraw } from '../src/notify/chart-png.ts'
import { renderMessage } from '../src/notify/message.ts'
import type { MailMessage } from '../src/notify/way.ts'
import { heartbeat, pictured, resolved, storm, weekly } from '../test/notify/samples.ts'

const SAMPLES: Readonly<Record<string, () => Notification>> = {
  alert: () => pictured(),
  resolved,
  digest: () => storm(12),
  report: weekly,
  heartbeat,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    width: { type: 'string', default: '800' },
    height: { type: 'string', default: '1215' },
    dark: { type: 'boolean', default: false },
    chromium: { type: 'string', default: 'chromium' },
  },
})

const [name = 'alert', file = 'docs/images/alert-mail.png'] = positionals
const sample = SAMPLES[name]
if (sample === undefined) throw new Error(`no sample '${name}': expected one of ${Object.keys(SAMPLES).join(', ')}`)

const from = { name: 'Stashwatch', address: 'alerts@example.org' }
const url = 'https://stashwatch.example.org'
const say = (fields: object, message: string): void =>
  void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`)
const draw = await openDraw({ debug() {}, info() {}, warn: say, error: say })
if (draw === undefined) throw new Error('without its chart the picture of a mail would be wrong')
const mail = renderMessage(sample(), { from, domain: 'example.org', url, mailsPerMinute: 5, draw })
shoot(withPictures(mail), resolve(file))

function withPictures({ html, attachments }: MailMessage): string {
  const url = (content: string | Uint8Array): string =>
    `data:image/png;base64,${Buffer.from(content).toString('base64')}`
  return attachments.reduce((shown, { cid, content }) => shown.replace(`cid:${cid}`, () => url(content)), html)
}

/** A frame of the wanted width: Chromium's own window cannot be as narrow as a phone. */
function shoot(html: string, picture: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'render-mail-'))
  const size = `width:${values.width}px;height:${values.height}px`
  const frame = `<body style="margin:0"><iframe src="mail.html" style="border:0;${size}"></iframe>`
  try {
    writeFileSync(join(folder, 'mail.html'), html)
    writeFileSync(join(folder, 'frame.html'), frame)
    execFileSync(values.chromium, [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      `--user-data-dir=${join(folder, 'profile')}`,
      `--window-size=${values.width},${values.height}`,
      ...(values.dark ? ['--blink-settings=preferredColorScheme=0'] : []),
      `--screenshot=${picture}`,
      join(folder, 'frame.html'),
    ])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
