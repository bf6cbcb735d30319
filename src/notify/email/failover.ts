import type { Clock, Log, MailConfig, Millis, Notification, SmtpConfig } from '../../model.ts'
import { signMail } from './dkim.ts'
import { buildMime, type Envelope, type MailServer, openMailServer, patienceAfterData } from './smtp.ts'
import { shorten } from '../../text/sanitise.ts'
import type { Compose, Delivery, Notifier } from '../notifier.ts'

/** What the way over mail servers needs. */
export interface EmailParts {
  readonly compose: Compose
  readonly clock: Clock
  readonly log: Log
  /**
   * How long all servers together may take before they have the mail; each has its share. By default two minutes, but each
   * at least its `timeout`.
   */
  readonly patience?: Millis
}

const FIRST_REST = 5_000
const LAST_REST = 300_000
const ANSWER_LENGTH = 500
const PATIENCE = 120_000

/**
 * Opens the way over the configured servers. With several of them the first one that is not resting is asked, and the
 * next one when that is in trouble, within the same attempt; what a server says of the mail itself is final. A server
 * in trouble rests, at first for 5 s, at last for 5 minutes, and then one mail tries it again.
 */
export function createEmailNotifier(config: MailConfig, parts: EmailParts): Notifier {
  const servers = config.servers.map((server) => openServer(server, config.servers.length, parts.patience))
  const [only] = servers
  const open = { isOpen: true }
  return {
    type: 'email',
    patience: servers.reduce((sum, { share, afterData }) => sum + share + afterData, 0),
    render: async (notification) => signMail(await buildMime(parts.compose(notification)), config.dkim),
    async send(bytes: Uint8Array, { to }: Notification, signal: AbortSignal, given = () => {}): Promise<Delivery> {
      const letter = { bytes, envelope: { from: config.from.address, to: to.address }, signal, given }
      return only !== undefined && servers.length === 1
        ? deliverTo(parts.clock, only, letter)
        : sendOver({ servers, parts, open }, letter)
    },
    async close(): Promise<void> {
      open.isOpen = false
      await Promise.all(servers.map(({ line }) => line.close()))
    },
  }
}

interface Server {
  readonly name: string
  readonly line: MailServer
  /** How long all steps may take until it has the mail, and its answer then. */
  readonly share: Millis
  readonly afterData: Millis
  /** Troubles one after the other. */
  failures: number
  failedAt: Millis
  /** Until then others are asked first. */
  restsUntil: Millis
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
  readonly given: () => void
}

function openServer(config: SmtpConfig, count: number, patience: Millis | undefined): Server {
  return {
    name: `${config.host}:${config.port}`,
    line: openMailServer(config),
    share: patience === undefined ? Math.max(PATIENCE / count, config.timeout) : patience / count,
    afterData: patienceAfterData(config),
    failures: 0,
    failedAt: Number.NEGATIVE_INFINITY,
    restsUntil: Number.NEGATIVE_INFINITY,
  }
}

/**
 * Hands a mail to one server, and waits: for all its answers until it has the mail as long as its share is, and then for as
 * long as servers may look at a mail.
 */
async function deliverTo(
  clock: Clock,
  server: Server,
  { bytes, envelope, signal, given }: OutgoingMail,
): Promise<Delivery> {
  const { name, share, afterData } = server
  const cut = new AbortController()
  let late: string | undefined
  const giveUp = (why: string) => (): void => {
    late = `no response from ${name} ${why}`
    cut.abort()
  }
  let cancel = clock.after(share, giveUp(`to all commands within ${share / 1000} s`))
  const delivery = await server.line.send(bytes, envelope, AbortSignal.any([signal, cut.signal]), () => {
    cancel()
    const span = `${afterData / 60_000} min`
    cancel = clock.after(afterData, giveUp(`within ${span} after the whole mail was sent; it may have been accepted`))
    given()
  })
  cancel()
  return late === undefined || delivery.state === 'sent' ? delivery : { ...delivery, answer: late }
}

async function sendOver(office: SmtpPool, letter: OutgoingMail): Promise<Delivery> {
  const asked = new Map<Server, string>()
  let isTheirs = true
  let canWait = false
  for (let server = choose(office, asked); server !== undefined; server = choose(office, asked)) {
    const { state, answer, fault, elsewhere } = await ask(office, server, letter)
    const told = shorten(`${server.name}: ${answer}`, ANSWER_LENGTH)
    if (state !== 'retry' && elsewhere !== true) return { state, answer: told }
    asked.set(server, told)
    isTheirs &&= fault === 'server'
    canWait ||= state === 'retry'
    if (letter.signal.aborted || !office.open.isOpen) break
  }
  const answer = shorten([...asked.values()].join('; '), ANSWER_LENGTH)
  const isAsked = asked.size === office.servers.length
  if (!canWait && isAsked) return { state: 'failed', answer }
  return { state: 'retry', answer, ...(isTheirs ? { fault: 'server' } : {}) }
}

/** The first server that is awake. When all rest, a mail that is due still goes to the one whose rest ends first. */
function choose({ servers, parts }: SmtpPool, asked: ReadonlyMap<Server, string>): Server | undefined {
  const now = parts.clock.now()
  const awake = servers.find((server) => !asked.has(server) && server.restsUntil <= now)
  if (awake !== undefined || asked.size > 0) return awake
  return servers.toSorted((a, b) => a.restsUntil - b.restsUntil)[0]
}

async function ask(office: SmtpPool, server: Server, letter: OutgoingMail): Promise<Delivery> {
  const { clock } = office.parts
  const { signal } = letter
  const began = clock.now()
  // Only this mail tries a server that was in trouble; the others go elsewhere until it is known how that ends.
  if (server.failures > 0) server.restsUntil = began + restingFor(server.failures)
  const delivery = await deliverTo(clock, server, letter)
  if (signal.aborted || !office.open.isOpen) return delivery
  if (delivery.fault === 'server') rest(office.parts, server, began, delivery.answer)
  else wake(office.parts, server)
  return delivery
}

/** Mails that were under way side by side when the trouble was first seen bring no news. */
function rest({ clock, log }: EmailParts, server: Server, began: Millis, answer: string): void {
  if (began <= server.failedAt) return
  server.failures += 1
  server.failedAt = clock.now()
  server.restsUntil = server.failedAt + restingFor(server.failures)
  const fields = { server: server.name, answer }
  if (server.failures === 1) log.warn(fields, 'mail server unavailable; mails go to the next server')
  else log.debug(fields, 'mail server still unavailable')
}

function wake({ log }: EmailParts, server: Server): void {
  if (server.failures > 0) log.info({ server: server.name }, 'mail server accepts mails again')
  server.failures = 0
  server.restsUntil = Number.NEGATIVE_INFINITY
}

function restingFor(failures: number): Millis {
  return Math.min(LAST_REST, FIRST_REST * 2 ** Math.min(failures - 1, 10))
}
