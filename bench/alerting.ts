import { mkdtempSync } from 'node:fs'
import { Agent } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { fleet, storm } from '../test/helpers/storm.ts'
import { end, post, quantile, startService, type Target } from './http.ts'
import { type MailResult, measureMail } from './mail.ts'
import { put } from './page.ts'

const HOSTS = 1000
/** The interval of each host; hosts take turns. */
const PERIOD = 10_000
/** In each of these windows of ten seconds the same number of hosts breaches the threshold, for two windows. */
const WAVES = 6
const HOT = 20
const FIRST_WAVE = 2
const WINDOWS = FIRST_WAVE + WAVES + 1

/** Milliseconds. */
export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** The time from the end of a window, in event time, to the mail server's 250 for the mail about it. */
export interface LatencyResult {
  readonly hosts: number
  readonly mails: number
  readonly seconds: number
  /** Until the engine detected it: the allowed lateness, and the wait for the next event and tick. */
  readonly finding: Quantiles
  /** From there to the 250: commit, outbox, rendering, chart, SMTP. */
  readonly telling: Quantiles
  readonly whole: Quantiles
}

/** What each recipient gets during an alert storm. */
export interface StormResult {
  readonly hosts: number
  /** Seconds in which all of them fail, and in which all recover. */
  readonly within: number
  readonly mails: number
  /** Hosts that are named as firing, and as resolved. */
  readonly fired: number
  readonly resolved: number
}

export interface AlertingResult {
  /** Load of the machine at the start. More than the number of cores slows down all times. */
  readonly load: number
  readonly latency: LatencyResult
  readonly storms: readonly StormResult[]
  readonly mail: MailResult
}

export async function measureAlerting(): Promise<AlertingResult> {
  const [load = NaN] = loadavg()
  const latency = await measureLatency()
  return { load, latency, storms: [0, 3, 15].map((minutes) => measureStorm(minutes * 60)), mail: await measureMail() }
}

const CONFIG = `metrics: { cpu: { field: system.cpu.total.norm.pct, unit: ratio } }
receivers: { ops: { email: { to: [ops@example.org] } } }
self_monitoring: { notify: [ops] }
alerting: { rate_limit: { per_recipient: 1000, total: 1000 } }
rules:
  - { name: cpu-high, when: { metric: cpu, over: 10s, threshold: { of: mean, above: 0.9, clear: 0.85 } }, every: 10s }
`

interface Arrival {
  readonly raw: Buffer
  readonly at: number
}

/** A mail server that accepts everything, and records when. */
async function startMailServer(): Promise<{
  readonly port: number
  readonly arrivals: Arrival[]
  close(): Promise<void>
}> {
  const arrivals: Arrival[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData(stream, _, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        done()
        arrivals.push({ raw: Buffer.concat(parts), at: Date.now() })
      })
    },
  })
  await new Promise<void>((listens) => void server.listen(0, '127.0.0.1', listens))
  const { port } = server.server.address() as AddressInfo
  return { port, arrivals, close: () => new Promise((closed) => server.close(() => closed())) }
}

/** The real service in a process of its own, fed over HTTP in real time by 1,000 hosts, with a mail server on loopback. */
async function measureLatency(): Promise<LatencyResult> {
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-bench-'))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const mails = await startMailServer()
  const smtp = `smtp: { host: 127.0.0.1, port: ${mails.port}, from: alerts@example.org, require_tls: false }\n`
  const service = await startService(folder, smtp + CONFIG)
  try {
    const began = performance.now()
    await report(service, agent)
    for (let waits = 0; mails.arrivals.length < 2 * WAVES * HOT && waits < 100; waits++) await pause(100)
    const seconds = (performance.now() - began) / 1000
    const found = await foundAt(service)
    return { hosts: HOSTS, seconds, ...(await judge(mails.arrivals, found)) }
  } finally {
    await end([service], agent, folder)
    await mails.close()
  }
}

/** Posts once a second the values of the hosts whose turn it is, until the last wave has been evaluated. */
async function report(service: Target, agent: Agent): Promise<void> {
  const start = Math.ceil(Date.now() / PERIOD) * PERIOD
  const turns = ((WINDOWS + 2) * PERIOD + 3000) / 1000
  for (let turn = 0; turn < turns; turn++) {
    const now = start + turn * 1000
    await pause(Math.max(0, now - Date.now()))
    const window = Math.floor((now - start) / PERIOD)
    const events = Array.from({ length: HOSTS / 10 }, (_, i) => eventOf((turn % 10) + 10 * i, now, window))
    await post(service, agent, Buffer.from(JSON.stringify(events)))
  }
}

function eventOf(host: number, now: number, window: number): object {
  const wave = Math.floor(host / HOT)
  const isHot = wave < WAVES && window >= FIRST_WAVE + wave && window < FIRST_WAVE + wave + 2
  return {
    '@timestamp': new Date(now).toISOString(),
    host: { name: `node-${host}` },
    event: { dataset: 'system.cpu' },
    system: { cpu: { total: { norm: { pct: isHot ? 0.97 : 0.25 } } } },
  }
}

/** When the engine detected it, by thread and number of the mail: `<thread>.<number>`, then a hash of the address. */
async function foundAt({ port }: Target): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/notifications?limit=1000`)
  const list = (await answer.json()) as readonly { readonly id: string; readonly createdAt: string }[]
  return new Map(list.map(({ id, createdAt }) => [withoutHash(id), Date.parse(createdAt)]))
}

const withoutHash = (id: string): string => id.slice(0, id.lastIndexOf('.'))

async function judge(
  arrivals: readonly Arrival[],
  found: ReadonlyMap<string, number>,
): Promise<Pick<LatencyResult, 'mails' | 'finding' | 'telling' | 'whole'>> {
  const times = await Promise.all(
    arrivals.map(async ({ raw, at }) => {
      const mail = await PostalMime.parse(raw)
      const notified = found.get(withoutHash(mail.messageId?.slice(1, mail.messageId.lastIndexOf('@')) ?? ''))
      const window = Date.parse(
        `${/window that ended at ([\d-]+ [\d:]+) UTC/.exec(mail.text ?? '')?.[1]?.replace(' ', 'T')}Z`,
      )
      if (notified === undefined || Number.isNaN(window)) throw new Error(`a mail that is not known: ${mail.subject}`)
      return { finding: notified - window, telling: at - notified, whole: at - window }
    }),
  )
  const of = (part: 'finding' | 'telling' | 'whole'): Quantiles => {
    const values = times.map((time) => time[part])
    return { p50: quantile(values, 0.5), p99: quantile(values, 0.99), max: Math.max(...values) }
  }
  return { mails: times.length, finding: of('finding'), telling: of('telling'), whole: of('whole') }
}

function measureStorm(within: number): StormResult {
  const hosts = fleet(5000)
  const { mails } = storm(hosts, within * 1000, '13:00:00')
  const mine = mails.filter(({ to }) => to.address.startsWith('ada'))
  const named = (state: string): number =>
    new Set(mine.flatMap(({ alerts }) => alerts.flatMap((one) => (one.state === state ? [one.identity.host] : []))))
      .size
  return { hosts: hosts.length, within, mails: mine.length, fired: named('firing'), resolved: named('resolved') }
}

const seconds = (millis: number): string => (millis / 1000).toFixed(2)

export function alertingPart({ load, latency, storms, mail }: AlertingResult): string {
  const row = (name: string, { p50, p99, max }: Quantiles): string =>
    `| ${name} | ${seconds(p50)} | ${seconds(p99)} | ${seconds(max)} |`
  const stormRows = storms.map(
    ({ hosts, within, mails, fired, resolved }) =>
      `| ${hosts} | ${within === 0 ? 'at once' : `${within / 60} min`} | **${mails}** | ${fired} | ${resolved} |`,
  )
  return `${TITLE}

The machine's load average was ${load.toFixed(1)} at the start.

From the end of the deciding window, in event time, to the mail server's 250, in seconds: the real service in a process
of its own, ${latency.hosts} hosts that each send events every 10 s over HTTP, a window of 10 s evaluated every 10 s, and a mail server on
loopback; in each of ${WAVES} windows ${HOT} more hosts breach the threshold, and recover two windows later. ${latency.mails} mails with their
charts in ${latency.seconds.toFixed(0)} s, the mails of a window all due at one instant. Ten seconds of it are the allowed lateness of
events; the rest of the detection is the wait for the next event and the next tick, and the notification is commit, outbox,
rendering, chart and SMTP.

| part | p50 | p99 | longest |
|---|---|---|---|
${row('window ended to alert found (10 s of it by design)', latency.finding)}
${row('alert found to 250', latency.telling)}
${row('window ended to 250', latency.whole)}

An alert storm in virtual time: all hosts fail within the given time, each for 5 minutes. The mails to each of two
recipients in 58 minutes from the first failure on, with the default rate limit of 5 per minute, and the hosts that they name; a
host that fails and recovers between two lists is named once, as resolved.

| hosts | fail within | mails to each | named as firing | named as resolved |
|---|---|---|---|---|
${stormRows.join('\n')}

CPU in milliseconds for one alert mail, from the notification to its bytes, median of 200: without a chart, with the usual
one of 24 points, and with one of 80 points that always change. It is spent in the thread that answers requests. Goal:
at most 20.

| without chart | usual chart | largest chart | of it drawing | PNG, kB | mail, kB |
|---|---|---|---|---|---|
| ${mail.bare.toFixed(1)} | ${mail.usual.toFixed(1)} | **${mail.most.toFixed(1)}** | ${mail.drawing.toFixed(1)} | ${(mail.png / 1000).toFixed(0)} | ${(mail.mail / 1000).toFixed(0)} |
`
}

const TITLE = '## Alerts and mails'

if (import.meta.main) {
  const part = alertingPart(await measureAlerting())
  put(TITLE, part)
  process.stdout.write(part)
}
