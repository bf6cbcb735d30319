import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { run } from '../../src/cli/index.ts'
import { createClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config/index.ts'
import type { AggregateView, Clock, Config, HostView, Millis } from '../../src/model.ts'
import { type Service, startService } from '../../src/service.ts'
import { type Line, recorder } from './log.ts'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MAIN = join(ROOT, 'src/main.ts')

/** A clock that begins at an instant and runs `scale` times as fast as the machine's. */
export function clockFrom(start: Millis, scale = 1): Clock {
  const inner = createClock(scale)
  const shift = start - inner.now()
  return { ...inner, now: () => inner.now() + shift }
}

/** Asks again and again until the answer is more than false or undefined. */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | undefined> | T | false | undefined,
): Promise<T> {
  for (const began = performance.now(); performance.now() - began < 15_000;) {
    const found = await look()
    if (found !== false && found !== undefined) return found
    await pause(20)
  }
  throw new Error(`waited 15 s in vain for: ${what}`)
}

/** A port of this machine that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: Record<string, unknown>
}

/** What the route of events answers. */
export interface Taken {
  readonly status: number
  readonly accepted: number
  readonly rejected: number
  readonly errors: readonly { readonly index?: number; readonly path: string; readonly reason: string }[]
  readonly duplicate?: true
}

export interface Door {
  readonly port: number
  ask(method: string, path: string, body?: string | Buffer, headers?: Record<string, string>): Promise<Answer>
  get(path: string): Promise<Answer>
  /** Posts events as Logstash does; text goes out as it is. */
  post(events: unknown, headers?: Record<string, string>): Promise<Taken>
  aggregate(host: string, metric: string): Promise<AggregateView | undefined>
  hosts(): Promise<readonly string[]>
  /** The samples of the scrape, by name and labels as they stand there. */
  metrics(): Promise<ReadonlyMap<string, number>>
  /** Closes the connections, so that nobody has to wait until they are quiet. */
  shut(): void
}

/** Speaks to a service over real sockets that are kept open, as Logstash keeps them. */
export function openDoor(port: number, token?: string): Door {
  const agent = new Agent({ keepAlive: true })
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const ask: Door['ask'] = (method, path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, method, path, headers: { ...authorization, ...headers }, agent }
      const sent = request(options, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const isJson = /json/.test(answer.headers['content-type'] ?? '')
          const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : {}
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  return {
    port,
    ask,
    get: (path) => ask('GET', path),
    async post(events, headers) {
      const body = typeof events === 'string' ? events : JSON.stringify(events)
      const { status, json } = await ask('POST', '/events', body, { 'content-type': 'application/json', ...headers })
      return { status, ...json } as Taken
    },
    async aggregate(host, metric) {
      const query = new URLSearchParams({ host, metric, from: '0', to: String(8.64e15) })
      const { status, text } = await ask('GET', `/api/v1/aggregate?${query.toString()}`)
      return status === 200 ? (JSON.parse(text) as AggregateView) : undefined
    },
    async hosts() {
      const { text } = await ask('GET', '/api/v1/hosts')
      return (JSON.parse(text) as HostView[]).map(({ host }) => host)
    },
    async metrics() {
      const { text } = await ask('GET', '/metrics')
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      return new Map(
        lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
      )
    },
    shut: () => agent.destroy(),
  }
}

export interface Running extends Door {
  readonly service: Service
  readonly lines: readonly Line[]
  /** Why the engine's thread ended by itself. */
  readonly ended: Promise<Error>
  stop(): Promise<void>
}

export interface RunOptions {
  readonly yaml: string
  readonly folder?: string
  readonly port?: number
  readonly env?: Record<string, string>
  readonly clock?: Clock
  /** The configuration that a reload reads; by default the same. */
  readonly next?: () => string
  /** The token that the door shows. */
  readonly token?: string
}

/** A folder that goes with the test. */
export function temporary(t: Pick<Test, 'teardown'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function configOf(yaml: string, folder: string, env: Record<string, string> = {}): Config {
  return loadConfig({ text: yaml, env, cwd: folder }).config
}

/** The real service in this process, on a free port: real schemas, engine thread and SQLite file. */
export async function runService(t: Pick<Test, 'teardown'>, options: RunOptions): Promise<Running> {
  const folder = options.folder ?? temporary(t)
  const lines: Line[] = []
  const { promise: ended, resolve } = Promise.withResolvers<Error>()
  const timers = createClock()
  const read = (yaml: string): Config =>
    configOf(`listen: 127.0.0.1:${options.port ?? 0}\n${yaml}`, folder, options.env)
  const service = await startService({
    config: read(options.yaml),
    readConfig: () => read(options.next?.() ?? options.yaml),
    clock: options.clock ?? timers,
    timers,
    log: recorder(lines),
    onEnd: resolve,
  })
  const door = openDoor(Number(new URL(service.url).port), options.token)
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    door.shut()
    return (stopped ??= service.stop())
  }
  t.teardown(stop)
  return { ...door, service, lines, ended, stop }
}

export interface Outcome {
  readonly code: number
  readonly out: readonly string[]
  readonly err: readonly string[]
}

/** `stashwatch ARGS` in this process, until it ends; nobody sends it a signal. */
export async function runCli(args: readonly string[], cwd = ROOT, env: Record<string, string> = {}): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []]
  const into =
    (lines: string[]) =>
    (line: string): void =>
      void lines.push(line)
  const never = (): void => undefined
  const io = { env, cwd, tmp: tmpdir(), out: into(out), err: into(err), onStop: never, onReload: never }
  return { code: await run(args, io), out, err }
}

export interface Child {
  readonly process: ChildProcess
  readonly out: readonly string[]
  readonly err: readonly string[]
  /** The first line of standard output that fits; rejects when the process ends before. */
  line(pattern: RegExp): Promise<string>
  /** The exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals | null>
}

export interface ChildOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  /** Options of Node itself. */
  readonly node?: readonly string[]
  /** A command that runs it. */
  readonly under?: readonly string[]
}

/** `stashwatch ARGS` as a process of its own. */
export function runChild(t: Pick<Test, 'teardown'>, args: readonly string[], options: ChildOptions = {}): Child {
  const command = [...(options.under ?? []), process.execPath, ...(options.node ?? []), MAIN, ...args]
  // A child must start as a user's would, without tap's own hooks: their handlers change what signals do.
  const bare = ['-u', 'NODE_OPTIONS', ...command]
  const env = { ...process.env, ...options.env }
  const child = spawn('env', bare, { cwd: options.cwd ?? ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  const [out, err]: [string[], string[]] = [[], []]
  collectLines(child.stdout, out)
  collectLines(child.stderr, err)
  return {
    process: child,
    out,
    err,
    exit: closed.then(([code, signal]) => code ?? signal),
    line: (pattern) =>
      until(`a line like ${pattern}`, () => {
        const found = out.find((line) => pattern.test(line))
        if (found === undefined && child.exitCode !== null) throw new Error(`it ended: ${[...out, ...err].join('\n')}`)
        return found
      }),
  }
}

function collectLines(from: Readable | null, into: string[]): void {
  if (from !== null) createInterface(from).on('line', (line) => into.push(line))
}

/** `stashwatch start` as a process of its own, once it is ready, and the door to it. */
export async function startChild(
  t: Pick<Test, 'teardown'>,
  file: string,
  options: ChildOptions & { readonly token?: string } = {},
): Promise<Child & { readonly door: Door }> {
  const child = runChild(t, ['start', '--config', file], options)
  const { url } = JSON.parse(await child.line(/"msg":"listening"/)) as { url: string }
  const door = openDoor(Number(new URL(url).port), options.token)
  t.teardown(() => door.shut())
  return { ...child, door }
}
