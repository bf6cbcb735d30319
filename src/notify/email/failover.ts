import {
  type Clock,
  deliveryResult,
  type Log,
  type MailConfig,
  type Millis,
  type Notification,
  type Reason,
  type ServerReply,
  type SmtpConfig,
} from '../../model.ts'
import { signMail, buildMime, type Envelope, type MailServer, openMailServer, timeoutAfterData } from './smtp.ts'
import { describeResult } from '../../text/delivery.ts'
import type { Compose, Delivery, Notifier } from '../notifier.ts'

/** Dependencies of the email notifier. */
interface EmailParts {
  readonly compose: Compose
  readonly clock: Clock
  readonly log: Log
  /**
   * Total time for all servers until one has the mail; each gets an equal share. Default: two minutes, but at least its
   * `timeout` for each server.
   */
  readonly timeout?: Millis
}

const MIN_BACKOFF = 5_000
const MAX_BACKOFF = 300_000
const TOTAL_TIMEOUT = 120_000

/**
 * Creates the notifier for the configured servers. With several servers, the first available one is tried, and the next
 * one if it is unavailable, within the same attempt. A rejection of the mail itself is final. An unavailable server is
 * skipped for 5 s at first and 5 minutes at most; then one mail tries it again.
 */
export function createEmailNotifier(config: MailConfig, parts: EmailParts): Notifier {
  const servers = config.servers.map((server) => openServer(server, config.servers.length, parts.timeout))
  const [only] = servers
  const open = { isOpen: true }
  return {
    type: 'email',
    timeout: servers.reduce((sum, { timeout, afterData }) => sum + timeout + afterData, 0),
    render: async (notification) => signMail(await buildMime(parts.compose(notification)), config.dkim),
    async send(bytes: Uint8Array, { to }: Notification, signal: AbortSignal, onGiven = () => {}): Promise<Delivery> {
      const mail = { bytes, envelope: { from: config.from.address, to: to.address }, signal, onGiven }
      return only !== undefined && servers.length === 1
        ? deliverTo(parts.clock, only, mail)
        : sendOver({ servers, parts, open }, mail)
    },
    async close(): Promise<void> {
      open.isOpen = false
      await Promise.all(servers.map(({ connection }) => connection.close()))
    },
  }
}

interface Server {
  readonly name: string
  readonly connection: MailServer
  /** Maximum time until it has the mail, and then for its response. */
  readonly timeout: Millis
  readonly afterData: Millis
  /** Consecutive failures. */
  failures: number
  failedAt: Millis
  /** Other servers are preferred until then. */
  backoffUntil: Millis
}

interface SmtpPool {
  readonly servers: readonly Server[]
  readonly parts: EmailParts
  readonly open: { readonly isOpen: boolean }
}

interface OutgoingMail {
  readonly bytes: Uint8Array
  readonly envelope: Envelope
  readonly signal: AbortSignal
  readonly onGiven: () => void
}

function openServer(config: SmtpConfig, count: number, timeout: Millis | undefined): Server {
  return {
    name: `${config.host}:${config.port}`,
    connection: openMailServer(config),
    timeout: timeout === undefined ? Math.max(TOTAL_TIMEOUT / count, config.timeout) : timeout / count,
    afterData: timeoutAfterData(config),
    failures: 0,
    failedAt: Number.NEGATIVE_INFINITY,
    backoffUntil: Number.NEGATIVE_INFINITY,
  }
}

/**
 * Sends a mail to one server. Waits up to the server's share until it has the mail, and then as long as servers may
 * take to accept a mail.
 */
async function deliverTo(
  clock: Clock,
  server: Server,
  { bytes, envelope, signal, onGiven }: OutgoingMail,
): Promise<Delivery> {
  const { name, timeout, afterData } = server
  const cut = new AbortController()
  let late: Reason | undefined
  const giveUp = (code: string, within: Millis) => (): void => {
    late = { code, params: { server: name, within } }
    cut.abort()
  }
  let cancel = clock.after(timeout, giveUp('slow_commands', timeout))
  const delivery = await server.connection.send(bytes, envelope, AbortSignal.any([signal, cut.signal]), () => {
    cancel()
    cancel = clock.after(afterData, giveUp('slow_after_data', afterData))
    onGiven()
  })
  cancel()
  if (late === undefined || delivery.state === 'sent') return delivery
  const { response: _, ...rest } = delivery
  return { ...rest, why: late }
}

async function sendOver(pool: SmtpPool, mail: OutgoingMail): Promise<Delivery> {
  const asked = new Map<Server, ServerReply>()
  let isTheirs = true
  let canWait = false
  for (let server = choose(pool, asked); server !== undefined; server = choose(pool, asked)) {
    const delivery = await ask(pool, server, mail)
    const { state, fault, mayTryElsewhere } = delivery
    const reply = { server: server.name, ...deliveryResult(delivery) }
    if (state !== 'retry' && mayTryElsewhere !== true) return { state, replies: [reply] }
    asked.set(server, reply)
    isTheirs &&= fault === 'server'
    canWait ||= state === 'retry'
    if (mail.signal.aborted || !pool.open.isOpen) break
  }
  const replies = [...asked.values()]
  const isAsked = asked.size === pool.servers.length
  if (!canWait && isAsked) return { state: 'failed', replies }
  return { state: 'retry', replies, ...(isTheirs ? { fault: 'server' } : {}) }
}

/**
 * Returns true if the backoff is over. One that is longer than the maximum began before the clock was set back, and is
 * over too.
 */
function isAwake({ backoffUntil }: Server, now: Millis): boolean {
  return backoffUntil <= now || backoffUntil > now + MAX_BACKOFF
}

/** Returns the first available server. If none is, a due mail goes to the one whose backoff ends first. */
function choose({ servers, parts }: SmtpPool, asked: ReadonlyMap<Server, ServerReply>): Server | undefined {
  const now = parts.clock.now()
  const awake = servers.find((server) => !asked.has(server) && isAwake(server, now))
  if (awake !== undefined || asked.size > 0) return awake
  return servers.toSorted((a, b) => a.backoffUntil - b.backoffUntil)[0]
}

async function ask(pool: SmtpPool, server: Server, mail: OutgoingMail): Promise<Delivery> {
  const { clock } = pool.parts
  const { signal } = mail
  const began = clock.now()
  // Only this mail tries a server that had failed. The others use other servers until the result is known.
  if (server.failures > 0) server.backoffUntil = began + backoffAfter(server.failures)
  const delivery = await deliverTo(clock, server, mail)
  if (signal.aborted || !pool.open.isOpen) return delivery
  if (delivery.fault === 'server') backOff(pool.parts, server, began, delivery)
  else endBackoff(pool.parts, server)
  return delivery
}

/** Records a failure. Mails that were in flight when the first failure was recorded do not count again. */
function backOff({ clock, log }: EmailParts, server: Server, began: Millis, delivery: Delivery): void {
  if (began <= server.failedAt) return
  server.failures += 1
  server.failedAt = clock.now()
  server.backoffUntil = server.failedAt + backoffAfter(server.failures)
  const fields = { server: server.name, response: describeResult(delivery) }
  if (server.failures === 1) log.warn(fields, 'mail server unavailable; mails go to the next server')
  else log.debug(fields, 'mail server still unavailable')
}

function endBackoff({ log }: EmailParts, server: Server): void {
  if (server.failures > 0) log.info({ server: server.name }, 'mail server accepts mails again')
  server.failures = 0
  server.backoffUntil = Number.NEGATIVE_INFINITY
}

function backoffAfter(failures: number): Millis {
  return Math.min(MAX_BACKOFF, MIN_BACKOFF * 2 ** Math.min(failures - 1, 10))
}
