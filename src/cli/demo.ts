import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { createClock } from '../clock.ts'
import { loadConfig } from '../config/index.ts'
import type { Clock, Config, Millis } from '../model.ts'
import { createLog, type Service, startService } from '../service.ts'
import { type Generator, startGenerator } from './demo/generator.ts'
import { type StartIo, whyNot } from './start.ts'
import { describeCommand, setAction } from './terminal/command.ts'

interface DemoArgs {
  /** Ends once both mails are in the mailbox, and leaves a copy of them. */
  readonly once?: true
  readonly port: number
}

/** The configuration, as in the README, without simplifications. */
const DEMO_YAML = `
metrics:
  cpu: { field: [host.cpu.usage, system.cpu.total.norm.pct], unit: ratio }
receivers:
  ops:
    email: { to: ["Ada Lovelace <ada@example.org>"] }
self_monitoring: { notify: [ops] }
rules:
  - name: cpu-high
    when: { metric: cpu, over: 2m, threshold: { of: mean, above: 0.9, clear: 0.85 } }
    every: 1m
    severity: warning
    notify: [ops]
    subject: CPU on {{server}} is high
`
const SPEED = 12
const HOSTS = Array.from({ length: 24 }, (_, i) => `node${String(i + 1).padStart(2, '0')}`)
const BUSY_HOST = 'node07'
/** In seconds of real time: when the CPU rises, and how long the demo waits for both mails. */
const RISE = 5
const MAIL_TIMEOUT = 120

interface DemoIo extends StartIo {
  readonly tmp: string
}

export function addDemo(program: Command, io: DemoIo): void {
  const command = describeCommand(
    program.command('demo'),
    'Show an alert mail and a recovery mail within a minute, without any setup',
    'stashwatch demo --port 8081',
  )
    .option('--once', 'exit after both mails, and keep a copy of them')
    .option('--port <number>', 'port to listen on; 0 picks a free one', parsePort, 8080)
  setAction(command, () => demo(command.optsWithGlobals(), io))
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError(', expected a number from 0 to 65535')
  return Number(text)
}

/**
 * `stashwatch demo`: runs the real service on temporary data, with events over HTTP and a clock that runs 12 times
 * faster. Its data is deleted at the end.
 *
 * @returns the exit code: 0 success, 2 it could not run or the mails were not sent.
 */
async function demo(args: DemoArgs, io: DemoIo): Promise<number> {
  const folder = mkdtempSync(join(io.tmp, 'stashwatch-demo-'))
  const { config: built } = loadConfig({ text: DEMO_YAML, env: {}, cwd: folder })
  const config: Config = { ...built, listen: { host: '127.0.0.1', port: args.port }, data: join(folder, 'data') }
  const [clock, timers] = [createClock(SPEED), createClock()]
  let end: (code: number) => void = () => undefined
  const exitCode = new Promise<number>((done) => {
    end = done
  })
  io.onStop(() => end(0))
  try {
    const log = createLog('error')
    const service = await startService({ config, clock, timers, log, onEnd: () => end(2) })
    const run = prepareDemo(service, clock, timers, io)
    void runScript(run, args.once === true ? io.tmp : undefined, end)
    const code = await exitCode
    run.end()
    await service.stop()
    return code
  } catch (error) {
    io.err(whyNot(error, `127.0.0.1:${args.port}`))
    return 2
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface DemoRun {
  readonly service: Service
  readonly timers: Clock
  readonly generator: Generator
  readonly startedAt: number
  readonly io: StartIo
  readonly say: (line: string) => void
  /** Waits in real time, but not after the demo has ended. */
  readonly pause: (span: Millis) => Promise<void>
  readonly end: () => void
}

function prepareDemo(service: Service, clock: Clock, timers: Clock, io: StartIo): DemoRun {
  const startedAt = timers.now()
  const print = (line: string): void => {
    const seconds = Math.floor((timers.now() - startedAt) / 1000)
    io.out(`${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}  ${line}`)
  }
  const onRefused = (status: number, body: string): void => print(`the service answered ${status}: ${body}`)
  const generator = startGenerator({ url: service.url, hosts: HOSTS, clock, onRefused })
  let isOver = false
  let cancel = (): void => undefined
  const pause = (span: Millis): Promise<void> =>
    new Promise((done) => {
      if (!isOver) cancel = timers.after(span, done)
    })
  const end = (): void => {
    isOver = true
    cancel()
    generator.stop()
  }
  return { service, timers, generator, startedAt, io, say: print, pause, end }
}

/** @param keepIn where the mails are kept when the demo ends by itself; without it, it runs until it is stopped. */
async function runScript(run: DemoRun, keepIn: string | undefined, end: (code: number) => void): Promise<void> {
  const { say: print, service, pause, generator } = run
  print(`listening on ${service.url}; ${HOSTS.length} hosts report every 10 s, on a clock that runs 12 times faster`)
  print('rule: mean CPU above 90% over 2 min, evaluated every minute, notifies Ada Lovelace')
  await pause(RISE * 1000)
  generator.heat(BUSY_HOST, true)
  print(`the CPU of ${BUSY_HOST} rises to 97%`)
  if (!(await waitForMails(run, 1))) return end(2)
  generator.heat(BUSY_HOST, false)
  print(`the CPU of ${BUSY_HOST} falls back to normal`)
  if (!(await waitForMails(run, 2))) return end(2)
  if (keepIn !== undefined) {
    print(`both mails are saved, as HTML and as text, in ${await saveMails(service, keepIn)}`)
    return end(0)
  }
  print(`both mails are at ${service.url}/mailbox, the alerts at ${service.url}/api/v1/alerts; Ctrl-C ends the demo`)
}

/** Copies the two mails to a new folder, so that they can be read after the demo. */
async function saveMails({ mailbox }: Service, tmp: string): Promise<string> {
  const folder = mkdtempSync(join(tmp, 'stashwatch-mails-'))
  for (const [i, name] of ['1-fired', '2-resolved'].entries()) {
    const mail = await mailbox?.read(i + 1)
    if (mail === undefined) continue
    const html = mail.files.reduce((all, { cid, type, bytes }) => {
      const url = `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
      return cid === '' ? all : all.replaceAll(`src="cid:${cid}"`, () => `src="${url}"`)
    }, mail.html)
    writeFileSync(join(folder, `${name}.html`), html)
    writeFileSync(join(folder, `${name}.txt`), mail.text)
  }
  return folder
}

/** Waits for the n-th mail and prints where it is. */
async function waitForMails(
  { service, timers, startedAt, say: print, io, pause }: DemoRun,
  n: number,
): Promise<boolean> {
  for (;;) {
    const mails = await service.mailbox?.list()
    const mail = mails?.find((one) => one.n === n)
    if (mail !== undefined) {
      print(`mail "${mail.subject}" to ${mail.to}: ${service.url}/mailbox/${n}`)
      return true
    }
    if (timers.now() - startedAt > MAIL_TIMEOUT * 1000) {
      io.err(`no mail ${n} within ${MAIL_TIMEOUT} s: this is a bug in stashwatch, please report it`)
      return false
    }
    await pause(200)
  }
}
