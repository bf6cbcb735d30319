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

/** What the way over mail servers needs. */
interface EmailParts {
  readonly compose: Compose
  readonly clock: Clock
  readonly log: Log
  /**
   * How long all servers together may take before they have the mail; each has its share. By default two minutes, but each
   * at least its `timeout`.
   */
  readonly timeout?: Millis
}

const MIN_BACKOFF = 5_000
const MAX_BACKOFF = 300_000
const TOTAL_TIMEOUT = 120_000

/**
 * Opens the way over the configured servers. With several of them the first one that is not resting is asked, and the
 * next one when that is in trouble, within the same attempt; what a server says of the mail itself is final. A server
 * in trouble rests, at first for 5 s, at last for 5 minutes, and then one mail tries it again.
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
  /** How long all steps may take until it has the mail, and its answer then. */
  readonly timeout: Millis
  readonly afterData: Millis
  /** Troubles one after the other. */
  failures: number
  failedAt: Millis
  /** Until then others are asked first. */
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
 * Hands a mail to one server, and waits: for all its answers until it has the mail as long as its share is, and then for as
 * long as servers may look at a mail.
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

/** A rest that is longer than any began before the clock was set back, and is over. */
function isAwake({ backoffUntil }: Server, now: Millis): boolean {
  return backoffUntil <= now || backoffUntil > now + MAX_BACKOFF
}

/** The first server that is awake. When all rest, a mail that is due still goes to the one whose rest ends first. */
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
  // Only this mail tries a server that was in trouble; the others go elsewhere until it is known how that ends.
  if (server.failures > 0) server.backoffUntil = began + backoffAfter(server.failures)
  const delivery = await deliverTo(clock, server, mail)
  if (signal.aborted || !pool.open.isOpen) return delivery
  if (delivery.fault === 'server') backOff(pool.parts, server, began, delivery)
  else endBackoff(pool.parts, server)
  return delivery
}

/** Mails that were under way side by side when the trouble was first seen bring no news. */
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
