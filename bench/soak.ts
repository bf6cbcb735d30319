import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  type Arrived,
  dice,
  freePort,
  type Host,
  type MailServer,
  type Mood,
  readMail,
  type Site,
  startMailServer,
  startSite,
} from './site.ts'

/**
 * Runs the real service for some minutes with a small site: hosts become busy and die, the service is killed and
 * reloaded, the mail server fails at times. Afterwards every event must be counted once, and every recipient notified
 * of everything once.
 *
 * npm run soak -- --minutes 10 --hosts 100 --seed 1
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    hosts: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
})
const MINUTE = 60_000
const say = (text: string): void => void process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)

const configOf = (port: number, smtp: number, extra: string): string => `listen: 127.0.0.1:${port}
data: ./data
ingest: { requests_per_minute: 1000000 }
metrics: { cpu: { field: cpu, unit: ratio }, serial: { field: serial } }
smtp: { host: 127.0.0.1, port: ${smtp}, from: alerts@example.org }
receivers: { ops: { email: { to: [ops@example.org] } } }
self_monitoring: { notify: [ops] }
alerting: { rate_limit: { per_recipient: 1000, total: 1000 }, flapping: false }
rules:
  - { name: cpu-high, when: { metric: cpu, over: 10s, threshold: { of: mean, above: 0.9, clear: 0.85 } }, severity: critical }
  - { name: counted, when: { metric: serial, over: 1h, threshold: { of: sum, above: 1.0e+15 } }, every: 1m }
  - { name: host-silent, when: { absence: { after: 90s } }, severity: critical }
${extra}`

interface Running {
  child: ChildProcess
  /** Maximum memory, in kilobytes. */
  highest: number
}

async function start(file: string, log: number): Promise<Running> {
  const main = new URL('../src/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, 'start', '--config', file], { stdio: ['ignore', log, log] })
  child.once('exit', (code, signal) => {
    if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the service ended by itself: ${code ?? signal}`)
  })
  return { child, highest: 0 }
}

/** Waits until the service accepts events. An earlier reload signal would end it. */
async function ready(port: number): Promise<void> {
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isReady())) await pause(200)
}

async function get<T>(port: number, path: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`)
  return (await answer.json()) as T
}

/** Resident memory of a process, in kilobytes; 0 if it has exited. */
function residentOf({ pid }: ChildProcess): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** If more hosts than this become absent together, one mail reports them. */
const MOST_DEAD = 8

/** Hosts change at most every one and a half minutes, so that each change is an episode of its own. */
function fates(hosts: readonly Host[], random: () => number): void {
  const now = Date.now()
  for (const host of hosts) {
    if (now < host.until || random() > 0.02) continue
    host.until = now + 1.5 * MINUTE + random() * MINUTE
    if (host.isHot || host.isDead) {
      host.isHot = host.isDead = false
    } else if (random() < 0.7 || hosts.filter(({ isDead }) => isDead).length >= MOST_DEAD) {
      host.isHot = true
      host.hot++
    } else {
      host.isDead = true
      host.until += MINUTE
      host.died++
    }
  }
}

/** Ends the load or the absence of hosts that are due. */
function calm(hosts: readonly Host[]): boolean {
  for (const host of hosts) if (Date.now() >= host.until) host.isHot = host.isDead = false
  return hosts.every(({ isHot, isDead }) => !isHot && !isDead)
}

interface Faults {
  kills: number
  reloads: number
  moods: number
}

const MOODS: readonly Mood[] = ['down', 'busy', 'breaks off']

async function trouble(
  site: Site,
  mail: MailServer,
  run: Running,
  again: () => Promise<void>,
  reload: (n: number) => void,
): Promise<Faults> {
  const random = dice(Number(values.seed))
  const faults: Faults = { kills: 0, reloads: 0, moods: 0 }
  const end = Date.now() + Number(values.minutes) * MINUTE
  let wellAt = 0
  while (Date.now() < end) {
    await pause(1000)
    run.highest = Math.max(run.highest, residentOf(run.child))
    fates(site.hosts, random)
    if (random() < 1 / 40) {
      const down = Math.round(random() * 8000)
      say(`kill -9, back in ${down} ms`)
      faults.kills++
      run.child.kill('SIGKILL')
      await once(run.child, 'exit')
      await pause(down)
      await again()
    }
    if (random() < 1 / 50) reload(++faults.reloads)
    if (wellAt === 0 && random() < 1 / 40) {
      const mood = MOODS[Math.floor(random() * MOODS.length)] ?? 'down'
      say(`the mail server: ${mood}`)
      await mail.become(mood)
      wellAt = Date.now() + 10_000 + random() * 80_000
      faults.moods++
    }
    if (wellAt !== 0 && Date.now() > wellAt) {
      say('the mail server: well')
      await mail.become('well')
      wellAt = 0
    }
  }
  await mail.become('well')
  return faults
}

interface Aggregate {
  readonly count: number
  readonly sum: number
}

/** The failures, one line each. */
async function auditEvents(port: number, hosts: readonly Host[]): Promise<string[]> {
  const wrong: string[] = []
  for (const host of hosts) {
    const query = new URLSearchParams({ host: host.name, metric: 'serial', from: '0', to: String(8.64e15) })
    const found = await get<Aggregate>(port, `/api/v1/aggregate?${query.toString()}`)
    if (found.count !== host.count || found.sum !== host.sum)
      wrong.push(`${host.name}: posted ${host.count} (sum ${host.sum}), counted ${found.count} (sum ${found.sum})`)
  }
  return wrong
}

function auditMails(arrived: readonly Arrived[], hosts: readonly Host[]): string[] {
  const wrong: string[] = []
  const once = [...new Map(arrived.map((mail) => [mail.id, mail])).values()]
  for (const host of hosts) {
    const of = (rule: string, state: string): number =>
      once.filter((one) => one.host === host.name && one.rule === rule && one.state === state).length
    const combined = once.filter((one) => one.host === host.name && /could not be sent/.test(one.text)).length
    for (const [rule, times] of [
      ['cpu-high', host.hot],
      ['host-silent', host.died],
    ] as const) {
      const [fired, resolved] = [of(rule, 'firing'), of(rule, 'resolved')]
      if (resolved !== times || fired > times || fired < times - combined)
        wrong.push(
          `${host.name} ${rule}: happened ${times} times, notified ${fired} firing, ${resolved} resolved, ${combined} combined`,
        )
    }
  }
  for (const mail of once)
    if (mail.rule !== 'cpu-high' && mail.rule !== 'host-silent')
      wrong.push(`unexpected mail: ${mail.state} ${mail.subject}`)
  return wrong
}

/** Waits until no alert fires and no notification is pending. */
async function settle(port: number): Promise<string[]> {
  for (let i = 0; i < 240; i++) {
    await pause(1000)
    const alerts = await get<{ state: string }[]>(port, '/api/v1/alerts')
    const sends = await get<{ state: string }[]>(port, '/api/v1/notifications?limit=1000')
    if (alerts.every(({ state }) => state === 'resolved') && sends.every(({ state }) => state !== 'pending')) return []
  }
  return ['four minutes after the end something still fires or waits to be sent']
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-soak-'))
  const [file, log] = [join(folder, 'stashwatch.yaml'), openSync(join(folder, 'log'), 'a')]
  const [port, mail] = [await freePort(), await startMailServer()]
  writeFileSync(file, configOf(port, mail.port, ''))
  const run = await start(file, log)
  await ready(port)
  const site = startSite(port, Number(values.hosts))
  const again = async (): Promise<void> => {
    run.child = (await start(file, log)).child
    await ready(port)
  }
  const reload = (n: number): void => {
    const extra = `  - { name: extra, when: { metric: cpu, over: 1m, threshold: { of: max, above: 2 } } }\n`
    writeFileSync(file, configOf(port, mail.port, n % 2 === 1 ? extra : ''))
    say('reload')
    run.child.kill('SIGHUP')
  }
  const faults = await trouble(site, mail, run, again, reload)
  say('calm')
  while (!calm(site.hosts)) await pause(1000)
  await pause(MINUTE)
  const restless = await settle(port)
  await site.stop()
  const arrived = await Promise.all(mail.arrived.map(readMail))
  const wrong = [...restless, ...(await auditEvents(port, site.hosts)), ...auditMails(arrived, site.hosts)]
  run.child.kill('SIGTERM')
  await once(run.child, 'exit')
  const sum = (of: (host: Host) => number): number => site.hosts.reduce((all, host) => all + of(host), 0)
  const repeated = arrived.length - new Set(arrived.map(({ id }) => id)).size
  say(
    `${sum((one) => one.count)} events, ${site.retries()} posts repeated, ${faults.kills} kills, ${faults.reloads} reloads, ${faults.moods} mail server faults`,
  )
  say(
    `${sum((one) => one.hot + one.died)} episodes, ${arrived.length} mails, ${repeated} of them twice, ${run.highest} kB at most`,
  )
  for (const line of wrong) say(`WRONG ${line}`)
  say(wrong.length === 0 ? 'nothing lost, nothing twice, nothing invented' : `${wrong.length} wrong; see ${folder}`)
  if (wrong.length === 0) rmSync(folder, { recursive: true })
  process.exit(wrong.length === 0 ? 0 : 1)
}

await main()
