import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { Test } from 'tap'
import type { Log, MailConfig, SmtpConfig } from '../../../src/model.ts'

export interface Arrived {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: Buffer
}

export interface MailServer {
  readonly port: number
  readonly arrived: readonly Arrived[]
  close(): Promise<void>
}

/** A refusal as a mail server words it. */
export function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}

/** A real SMTP server on loopback that records mails; without authentication by default. */
export async function startMailServer(t: Test, options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
  const arrived: Arrived[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 20,
    ...options,
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        const from = mailFrom === false ? '' : mailFrom.address
        const mail = { from, to: rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks) }
        const accept = (error?: Error | null): void => {
          if (!error) arrived.push(mail)
          callback(error)
        }
        if (options.onData === undefined) accept()
        else options.onData(stream, session, accept)
      })
    },
  })
  server.on('error', () => {})
  server.listen(port, '127.0.0.1')
  await once(server.server, 'listening')
  const close = (): Promise<void> => new Promise((resolve) => server.close(resolve))
  t.teardown(close)
  return { port: portOf(server.server), arrived, close }
}

export interface Odd {
  readonly port: number
  /** How many connections came. */
  readonly count: () => number
}

/** A server that handles each connection with the given function. */
export async function startOddServer(t: Test, greet: (socket: Socket) => void): Promise<Odd> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    greet(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: portOf(server), count: () => sockets.size }
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** A server on loopback, as the configuration describes it. */
export function smtpConfig(port: number, change: Partial<SmtpConfig> = {}): SmtpConfig {
  return {
    host: '127.0.0.1',
    port,
    secure: false,
    requireTls: false,
    timeout: 2_000,
    ...change,
  }
}

/** Servers as the configuration describes them, the preferred one first. */
export function mailConfig(servers: readonly SmtpConfig[], change: Partial<MailConfig> = {}): MailConfig {
  return { from: { name: 'Stashwatch', address: 'alerts@example.org' }, servers, dkim: [], ...change }
}

/** Says nothing. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
