import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { memoryOf } from './generator.ts'
import { end, startService, type Target } from './http.ts'
import { put } from './page.ts'

const MEGABYTE = 1e6
const BODY = 50 * MEGABYTE
const EVENTS = 10_000
const SENDERS = 5
/** Bodies that each sender posts, one after another. */
const ROUNDS = 3
/** The limit of memory in deploy/kubernetes, in megabytes. */
const LIMIT = 1074

/** The memory of the service in megabytes, and how often a sender was asked to retry. */
export interface BodiesResult {
  readonly coding: 'none' | 'gzip'
  readonly before: number
  readonly peak: number
  readonly refused: number
  readonly seconds: number
}

/** A body of about 50 MB, which compresses to slightly more than half. */
function largeBody(seed: number): Buffer {
  const size = BODY / EVENTS - 120
  const events = Array.from({ length: EVENTS }, (_, i) => ({
    '@timestamp': new Date(Date.now() - i).toISOString(),
    host: { name: `host-${seed}-${i % 100}` },
    message: randomBytes(size / 2).toString('hex'),
  }))
  return Buffer.from(JSON.stringify(events))
}

/** Posts a body until it is accepted, as Logstash does. Returns the number of retries. */
async function insist({ port, path }: Target, agent: Agent, body: Buffer): Promise<number> {
  for (let refused = 0; ; refused += 1) {
    const sent = request({ agent, port, path, method: 'POST', headers: { 'content-length': body.length } })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    answer.resume()
    await once(answer, 'end')
    if (answer.statusCode === 200) return refused
    if (answer.statusCode !== 429 && answer.statusCode !== 503) throw new Error(`answered ${answer.statusCode}`)
    await pause(200)
  }
}

async function measureCoding(coding: BodiesResult['coding']): Promise<BodiesResult> {
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-bench-'))
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS })
  const bodies = Array.from({ length: SENDERS }, (_, seed) => {
    const body = largeBody(seed)
    return coding === 'gzip' ? gzipSync(body, { level: 1 }) : body
  })
  const service = await startService(folder)
  try {
    const [before, began] = [memoryOf(service, 'VmRSS'), performance.now()]
    const refusals = await Promise.all(
      bodies.map(async (body) => {
        let refused = 0
        for (let round = 0; round < ROUNDS; round += 1) refused += await insist(service, agent, body)
        return refused
      }),
    )
    return {
      coding,
      before,
      peak: memoryOf(service, 'VmHWM'),
      refused: refusals.reduce((sum, one) => sum + one, 0),
      seconds: (performance.now() - began) / 1000,
    }
  } finally {
    await end([service], agent, folder)
  }
}

/** The highest memory of the service while several senders post very large bodies at once. */
export async function measureBodies(): Promise<readonly BodiesResult[]> {
  return [await measureCoding('none'), await measureCoding('gzip')]
}

export function bodiesPart(results: readonly BodiesResult[]): string {
  const rows = results.map(
    ({ coding, before, peak, refused, seconds }) =>
      `| ${coding} | ${before.toFixed(0)} | **${peak.toFixed(0)}** | ${refused} | ${seconds.toFixed(1)} |`,
  )
  return `## Very large bodies

${SENDERS} senders that each post a body of ${BODY / MEGABYTE} MB (${EVENTS} events) ${ROUNDS} times, concurrently, and retry after 429. Memory of
the service in megabytes, before and at its maximum. Goal: the limit of the shipped manifests, ${LIMIT} MB, with a reserve of a quarter.

| compression | before | maximum | retries | seconds |
|---|---|---|---|---|
${rows.join('\n')}
`
}

if (import.meta.main) {
  const part = bodiesPart(await measureBodies())
  put('## Very large bodies', part)
  process.stdout.write(part)
}
