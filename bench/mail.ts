import { chartSvg } from '../src/notify/chart/svg.ts'
import { openPngRenderer } from '../src/notify/chart/png.ts'
import { buildMime } from '../src/notify/email/smtp.ts'
import { renderMessage } from '../src/notify/mail/message.ts'
import type { Notification } from '../src/model.ts'
import { picture, pictured } from '../test/notify/samples.ts'

const RENDERS = 200
/** The maximum number of buckets, with values that always change. */
const BUCKETS = 80

/** CPU of one mail in milliseconds (medians), and sizes in bytes. */
export interface MailResult {
  /** Text and MIME only. */
  readonly bare: number
  /** The same with its chart; `most`: with as many buckets as a chart can have, `drawing`: the share of the PNG in it. */
  readonly usual: number
  readonly most: number
  readonly drawing: number
  readonly png: number
  readonly mail: number
}

/** @throws if charts cannot be rendered on this machine. */
export async function measureMail(): Promise<MailResult> {
  const say = (fields: object, message: string): void =>
    void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`)
  const draw = await openPngRenderer({ debug() {}, info() {}, warn: say, error: say })
  if (draw === undefined) throw new Error('there is nothing to measure without @resvg/resvg-js')
  const options = { from: { address: 'alerts@example.org' }, domain: 'example.org' }
  const build = async (mail: Notification, drawn: boolean): Promise<Uint8Array> =>
    buildMime(renderMessage(mail, drawn ? { ...options, draw } : options))
  const restless = picture(Array.from({ length: BUCKETS }, (_, i) => 0.7 + 0.25 * Math.sin(i * i)))
  const [usual, most] = [pictured(), pictured({ chart: restless })]
  const svg = chartSvg(restless, { title: 'cpu', unit: 'ratio', marks: [] })
  return {
    bare: await median(() => build(usual, false)),
    usual: await median(() => build(usual, true)),
    most: await median(() => build(most, true)),
    drawing: await median(async () => draw(svg)),
    png: draw(svg)?.length ?? 0,
    mail: (await build(most, true)).length,
  }
}

async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < RENDERS; i++) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
  }
  return times.sort((a, b) => a - b)[RENDERS >> 1] ?? NaN
}
