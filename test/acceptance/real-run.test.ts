import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import PostalMime from 'postal-mime'
import { test } from 'tap'
import { startMailServer } from '../notify/email/smtp-server.ts'
import { freePort } from '../helpers/service.ts'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname
const TOKEN = 'a-token-for-the-real-run'
const HOSTS = Array.from({ length: 100 }, (_, i) => `node-${String(i).padStart(3, '0')}`)
// Long enough that a window of ten seconds that ends on a full ten lies whole within it, wherever it begins.
const LASTS = 23_000
const KILLS = [5_000, 9_000, 14_000]

function writeConfig(folder: string, port: number, smtpPort: number): string {
  const file = join(folder, 'stashwatch.yaml')
  writeFileSync(
    file,
    `listen: 127.0.0.1:${port}
data: ./data
log: { level: error }
ingest: { tokens: [{ name: logstash-a, token: ${TOKEN} }] }
metrics:
  load: { field: system.load.1, unit: none }
  hot: { field: system.cpu.total.norm.pct, unit: ratio }
smtp: { host: 127.0.0.1, port: ${smtpPort}, from: "Stashwatch <stashwatch@example.org>", require_tls: false }
receivers: { ops: { email: { to: [ada@example.org, grace@example.org] } } }
self_monitoring: { notify: [ops] }
alerting: { rate_limit: { per_recipient: 1000 } }
rules:
  - name: hot
    when: { metric: hot, over: 10s, threshold: { of: mean, above: 0.5 } }
    every: 10s
    hosts: [node-00*]
    notify: [ops]
`,
  )
  return file
}

/** Starts the service and waits until it is ready. */
async function start(config: string, url: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'start', '--config', config], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  for (let tries = 0; tries < 200; tries++) {
    const ready = await fetch(`${url}/-/ready`).then(
      (answer) => answer.status === 200,
      () => false,
    )
    if (ready) return child
    await pause(50)
  }
  throw new Error('the service did not become ready')
}

async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
  return child.exitCode
}

const RETRYABLE = new Set([401, 403, 429, 500, 502, 503, 504])

/** Posts until it is accepted, with the same bytes each time, as Logstash's http output does. */
async function deliver(url: string, body: Buffer): Promise<{ accepted: number; tries: number }> {
  for (let tries = 1; ; tries++) {
    const answer = await fetch(`${url}/events`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      signal: AbortSignal.timeout(10_000),
    }).catch(() => undefined)
    if (answer?.status === 200) return { accepted: ((await answer.json()) as { accepted: number }).accepted, tries }
    if (answer !== undefined && !RETRYABLE.has(answer.status)) throw new Error(`dropped with ${answer.status}`)
    await answer?.arrayBuffer().catch(() => undefined)
    if (tries > 1) await pause(100 + 50 * tries)
  }
}

interface Sums {
  count: number
  sum: number
}

/** One worker of Logstash: one request at a time, batches of 50 hosts. */
async function work(url: string, worker: number, isOver: () => boolean, sent: Map<string, Sums>): Promise<number> {
  let retried = 0
  for (let n = 0; !isOver(); n++) {
    const now = Date.now()
    const events = HOSTS.filter((_, i) => i % 2 === (n + worker) % 2).map((host, i) => {
      const value = ((n * 7 + i + worker) % 64) / 8
      const sums = sent.get(host) ?? { count: 0, sum: 0 }
      sent.set(host, { count: sums.count + 1, sum: sums.sum + value })
      return {
        '@timestamp': new Date(now).toISOString(),
        '@version': '1',
        host: { name: host },
        event: { dataset: 'system.load', sequence: `${worker}-${n}-${i}` },
        system: { load: { 1: value }, cpu: { total: { norm: { pct: 0.75 } } } },
      }
    })
    const { accepted, tries } = await deliver(url, gzipSync(JSON.stringify(events)))
    if (accepted !== events.length) throw new Error(`accepted ${accepted} of ${events.length}`)
    if (tries > 1) retried++
    await pause(60)
  }
  return retried
}

/** Waits for the twenty mails to be decided, which a busy machine takes its time for. */
async function decided(url: string): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const answer = await fetch(`${url}/api/v1/notifications?limit=1000`)
    if (((await answer.json()) as Sent[]).length >= 20) return
    await pause(500)
  }
}

interface Sent {
  readonly id: string
  readonly state: string
}

test(
  '100 hosts, three kill -9, a mail server that is down: nothing is lost, nothing counts twice',
  { timeout: 150_000 },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'stashwatch-real-'))
    const [port, smtpPort] = [await freePort(), await freePort()]
    const url = `http://127.0.0.1:${port}`
    const config = writeConfig(folder, port, smtpPort)
    let child = await start(config, url)
    t.teardown(async () => {
      await killed(child, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    })
    const began = Date.now()
    const sent = new Map<string, Sums>()
    let isOver = false
    const workers = [0, 1, 2, 3].map((worker) => work(url, worker, () => isOver, sent))
    for (const at of KILLS) {
      await pause(Math.max(0, began + at - Date.now()))
      await killed(child, 'SIGKILL')
      child = await start(config, url)
    }
    await pause(Math.max(0, began + LASTS - Date.now()))
    await decided(url)
    isOver = true
    const retried = (await Promise.all(workers)).reduce((sum, one) => sum + one, 0)
    t.ok(retried > 0, `${retried} batches had to be sent again`)

    let events = 0
    for (const host of HOSTS) {
      const answer = await fetch(
        `${url}/api/v1/aggregate?host=${host}&metric=load&from=${began - 60_000}&to=${Date.now() + 60_000}`,
      )
      const { count, sum } = (await answer.json()) as Sums
      t.strictSame({ count, sum }, sent.get(host), `the aggregate of ${host} is what was sent`)
      events += count
    }
    t.comment(`${events} events, each counted once`)

    const mailServer = await startMailServer(t, {}, smtpPort)
    let notifications: Sent[] = []
    let isKilled = false
    for (let tries = 0; tries < 600; tries++) {
      const answer = await fetch(`${url}/api/v1/notifications?limit=1000`)
      notifications = (await answer.json()) as Sent[]
      if (notifications.length >= 20 && notifications.every((one) => one.state === 'sent')) break
      if (!isKilled && mailServer.arrived.length > 0) {
        isKilled = true
        await killed(child, 'SIGKILL')
        child = await start(config, url)
      }
      await pause(50)
    }
    t.ok(notifications.length >= 20, `${notifications.length} mails for ten hosts and two people`)
    t.ok(
      notifications.every((one) => one.state === 'sent'),
      'each is sent in the end',
    )
    const received = await Promise.all(
      mailServer.arrived.map(async ({ raw, to }) => `${(await PostalMime.parse(raw)).messageId} ${to.join()}`),
    )
    const unique = new Set(received)
    t.equal(unique.size, notifications.length, 'every Message-ID has arrived')
    t.ok(
      received.length - unique.size <= 5,
      `${received.length - unique.size} arrived twice: at most what was under way at the kill`,
    )
    t.equal(await killed(child, 'SIGTERM'), 0, 'and it stops in order')
  },
)
