import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'

/** A free port of the loopback address; it stays the same over restarts. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Returns random numbers in [0, 1), equal for equal seeds (linear congruential generator). */
export function dice(seed: number): () => number {
  let state = seed
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32
}

/** A host: its load, and what was posted. */
export interface Host {
  readonly name: string
  isHot: boolean
  /** Dead hosts send nothing. */
  isDead: boolean
  /** Epoch milliseconds of its next possible change. */
  until: number
  /** How often it was hot, and how often it died. */
  hot: number
  died: number
  /** Events that were answered with 200, and the sum of their serial numbers. */
  count: number
  sum: number
}

export interface Site {
  readonly hosts: readonly Host[]
  /** Posts that were not answered with 200 and were repeated. */
  readonly retries: () => number
  /** Ends once every started post was answered with 200. */
  stop(): Promise<void>
}

const PERIOD = 5_000

/** Hosts that send every five seconds, through a sender that repeats a body until it is answered with 200. */
export function startSite(port: number, count: number): Site {
  const hosts = Array.from({ length: count }, (_, i): Host => {
    return { name: `node-${i}`, isHot: false, isDead: false, until: 0, hot: 0, died: 0, count: 0, sum: 0 }
  })
  const agent = new Agent({ keepAlive: true })
  const stopping = new AbortController()
  let [serial, retries] = [0, 0]
  const round = async (now: number): Promise<void> => {
    const alive = hosts.filter(({ isDead }) => !isDead)
    const events = alive.map((host, i) => ({
      '@timestamp': new Date(now + i).toISOString(),
      host: { name: host.name },
      cpu: host.isHot ? 0.97 : 0.2,
      serial: serial++,
    }))
    const body = JSON.stringify(events)
    while ((await post(agent, port, body)) !== 200) {
      retries++
      await pause(300)
    }
    for (const [i, host] of alive.entries()) {
      host.count++
      host.sum += events[i]?.serial ?? NaN
    }
  }
  const run = async (): Promise<void> => {
    for (let next = Date.now(); !stopping.signal.aborted; next += PERIOD) {
      await round(next)
      await pause(Math.max(0, next + PERIOD - Date.now()))
    }
  }
  const running = run()
  return {
    hosts,
    retries: () => retries,
    async stop() {
      stopping.abort()
      await running
      agent.destroy()
    },
  }
}

/** The status of the answer; 0 where there was none. */
async function post(agent: Agent, port: number, body: string): Promise<number> {
  try {
    const sent = request({
      agent,
      port,
      host: '127.0.0.1',
      path: '/events',
      method: 'POST',
      headers: { 'x-source': 'soak' },
    })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    answer.resume()
    await once(answer, 'end')
    return answer.statusCode ?? 0
  } catch {
    return 0
  }
}

/** What a mail is about, according to its headers. */
export interface Arrived {
  readonly id: string
  readonly state: string
  readonly rule: string
  readonly host: string
  readonly episode: string
  readonly subject: string
  readonly text: string
}

/**
 * How the mail server behaves: it accepts mails, is down, defers them, or closes the connection before its response.
 */
export type Mood = 'well' | 'down' | 'busy' | 'breaks off'

export interface MailServer {
  readonly port: number
  readonly arrived: readonly Buffer[]
  become(mood: Mood): Promise<void>
}

/** A real mail server on the loopback address, with failures. */
export async function startMailServer(): Promise<MailServer> {
  const port = await freePort()
  const arrived: Buffer[] = []
  let mood: Mood = 'well'
  const listen = async (): Promise<SMTPServer> => {
    const server = createMailServer(() => mood, arrived)
    server.on('error', () => {})
    server.listen(port, '127.0.0.1')
    await once(server.server, 'listening')
    return server
  }
  let server: SMTPServer | undefined = await listen()
  return {
    port,
    arrived,
    async become(next) {
      const old = server
      if (next === 'down' && old !== undefined) {
        server = undefined
        await new Promise<void>((resolve) => old.close(resolve))
      }
      if (next !== 'down') server ??= await listen()
      mood = next
    },
  }
}

function createMailServer(mood: () => Mood, arrived: Buffer[]): SMTPServer {
  return new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 50,
    onRcptTo(_to, _session, callback) {
      callback(mood() === 'busy' ? Object.assign(new Error('come again'), { responseCode: 451 }) : null)
    },
    onData(stream, _session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (mood() === 'breaks off') return callback(Object.assign(new Error('shutting down'), { responseCode: 421 }))
        arrived.push(Buffer.concat(chunks))
        callback()
      })
    },
  })
}

export async function readMail(raw: Buffer): Promise<Arrived> {
  const { headers, messageId = '', subject = '', text = '' } = await PostalMime.parse(raw)
  const header = (name: string): string => headers.find(({ key }) => key === `x-stashwatch-${name}`)?.value ?? ''
  return {
    id: messageId,
    state: header('state'),
    rule: header('rule'),
    host: header('host'),
    episode: header('episode'),
    subject,
    text,
  }
}
