import { createHash } from 'node:crypto'
import { createTransport, type SMTPPoolOptions, type SMTPSentMessageInfo, type Transporter } from 'nodemailer'
import DKIM from 'nodemailer/lib/dkim'
import type { DkimKey } from '../../model.ts'

import MailComposer, { type MailComposerAttachment } from 'nodemailer/lib/mail-composer'
import { type Failure, classifyRefusal } from './refusals.ts'
import type { Millis, Recipient, SmtpConfig } from '../../model.ts'
import { clean, shorten } from '../../text/sanitise.ts'
import type { Attachment, Delivery, MailMessage } from '../notifier.ts'

/** RFC 5321, 4.5.3.2.6: how long a server may take to respond after it received the mail, and still accept it. */
const AFTER_DATA_TIMEOUT = 600_000

/**
 * Returns how long to wait for the response after the whole mail was sent. A client that gives up sooner sends
 * duplicates.
 */
export function timeoutAfterData({ timeout }: Pick<SmtpConfig, 'timeout'>): Millis {
  return Math.max(AFTER_DATA_TIMEOUT, timeout)
}

/** Connecting and the greeting have timeouts of their own, with more precise errors. */
const SLACK = 1_000

/** Idle connections are closed before most servers would close them. */
const IDLE = 30_000

/** Maximum length of a response that is kept. */
const RESPONSE_LENGTH = 500

/** How many encoded forms of recent access tokens are kept for masking. */
const TOKEN_FORMS = 60

/**
 * Renders a message as MIME: text, HTML with its inline image, then attachments. The result depends on neither the time
 * nor randomness.
 */
export async function buildMime(message: MailMessage): Promise<Uint8Array> {
  const composer = new MailComposer({
    messageId: message.messageId,
    date: new Date(message.date),
    from: mailbox(message.from),
    to: mailbox(message.to),
    subject: message.subject,
    ...(message.references.length > 0 ? { references: [...message.references] } : {}),
    ...(message.inReplyTo === undefined ? {} : { inReplyTo: message.inReplyTo }),
    headers: { ...message.headers },
    text: message.text,
    html: message.html,
    attachments: message.attachments.map(attached),
    encoding: 'quoted-printable',
    newline: 'win',
    boundaryPrefix: 'stashwatch',
    baseBoundary: createHash('sha256').update(message.messageId).digest('hex').slice(0, 32),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return composer.compile().build()
}

function attached({ name, type, content, cid }: Attachment): MailComposerAttachment {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content)
  return { filename: name, contentType: type, content: bytes, ...(cid === undefined ? {} : { cid }) }
}

/** The SMTP envelope. The message's content cannot change it. */
export interface Envelope {
  readonly from: string
  readonly to: string
}

/**
 * The state of the dialogue: `answer` after each response to a command, `data` when the server is ready for the mail.
 */
type Progress = (step: 'answer' | 'data') => void

/** One mail server. `send` and `close` have the contract of `Notifier`. */
export interface MailServer {
  /** @param onGiven called when the server is ready for the mail: the response may take long from then on. */
  send(bytes: Uint8Array, envelope: Envelope, signal: AbortSignal, onGiven?: () => void): Promise<Delivery>
  close(): Promise<void>
}

/** A pooled connection, and the listener for its progress. */
interface PooledConnection {
  readonly mailer: ReturnType<typeof openMailer>
  isTaken: boolean
  progress: Progress | undefined
}

/** Delivers over SMTP. Connections are pooled: one per mail in flight. */
export function openMailServer(config: SmtpConfig): MailServer {
  const lines: PooledConnection[] = []
  const fixed = listSecrets(config)
  let tokens: readonly string[] = []
  const open = (): PooledConnection => {
    const line: PooledConnection = {
      mailer: openMailer(config, (step) => line.progress?.(step)),
      isTaken: false,
      progress: undefined,
    }
    // A server may echo its input, including the access tokens that were obtained meanwhile.
    line.mailer.on('token', ({ accessToken }: { readonly accessToken?: string }) => {
      if (accessToken !== undefined) tokens = [...tokenForms(config, accessToken), ...tokens].slice(0, TOKEN_FORMS)
    })
    lines.push(line)
    return line
  }
  return {
    async send(bytes, envelope, signal, onGiven = () => {}): Promise<Delivery> {
      const line = lines.find(({ isTaken }) => !isTaken) ?? open()
      line.isTaken = true
      const steps = createStepTimer(config, onGiven)
      line.progress = steps.progress
      try {
        const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        const info = await line.mailer.sendMail({
          raw,
          envelope: { ...envelope, size: bytes.length },
          signal: AbortSignal.any([signal, steps.late]),
        })
        return hideSecrets({ state: 'sent', response: info.response ?? '' }, [...fixed, ...tokens])
      } catch (error) {
        return hideSecrets(classifyRefusal(error as Failure, config, steps.late.aborted), [...fixed, ...tokens])
      } finally {
        steps.end()
        line.progress = undefined
        line.isTaken = false
      }
    },
    async close(): Promise<void> {
      for (const { mailer } of lines) mailer.close({ force: true })
    },
  }
}

interface StepTimer {
  readonly progress: Progress
  /** Aborted if a step took too long. */
  readonly late: AbortSignal
  end(): void
}

/** Limits the duration of each step until the server is ready for the mail. */
function createStepTimer({ timeout }: SmtpConfig, onGiven: () => void): StepTimer {
  const cut = new AbortController()
  let newest: AbortSignal | undefined
  const begin = (): void => {
    const timer = AbortSignal.timeout(timeout + SLACK)
    newest = timer
    timer.addEventListener('abort', () => newest === timer && cut.abort(), { once: true })
  }
  begin()
  return {
    late: cut.signal,
    progress(step) {
      if (step === 'answer') return begin()
      newest = undefined
      onGiven()
    },
    end: () => void (newest = undefined),
  }
}

function openMailer(config: SmtpConfig, progress: Progress): Transporter<SMTPSentMessageInfo, SMTPPoolOptions> {
  const observe = (entry: unknown, text: unknown): void => {
    const isAnswer = typeof entry === 'object' && entry !== null && 'tnx' in entry && entry.tnx === 'server'
    if (isAnswer) progress(typeof text === 'string' && text.startsWith('354') ? 'data' : 'answer')
  }
  const logger = { trace() {}, debug: observe, info() {}, warn() {}, error() {}, fatal() {} }
  return createTransport({ ...poolOptions(config), logger, transactionLog: true })
}

/**
 * Returns the options of the transport. If encryption is not required, a certificate that cannot be verified does not
 * prevent delivery, because the alternative would be no encryption. Debian's local mail servers have such certificates.
 */
function poolOptions(config: SmtpConfig): SMTPPoolOptions & { pool: true } {
  const { host, port, secure, requireTls, timeout, ehloName } = config
  return {
    pool: true,
    host,
    port,
    secure,
    ...(ehloName === undefined ? {} : { name: ehloName }),
    requireTLS: requireTls,
    opportunisticTLS: !requireTls,
    tls: { rejectUnauthorized: secure || requireTls },
    ...authOptions(config),
    maxConnections: 1,
    maxRequeues: 1,
    idleTimeout: IDLE,
    dnsTimeout: timeout,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    // There is one socket timeout for all steps: `createStepTimer` limits those before the mail, the sender those after
    // it.
    socketTimeout: 2 * timeoutAfterData(config),
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function authOptions({ user, password, oauth2, timeout }: SmtpConfig): Pick<SMTPPoolOptions, 'auth'> {
  if (oauth2 !== undefined) return { auth: { type: 'OAuth2', ...oauth2, requestTimeout: timeout } }
  return user === undefined ? {} : { auth: { user, pass: password ?? '' } }
}

function mailbox(recipient: Recipient): { name: string; address: string } {
  return { name: clean(recipient.name ?? ''), address: recipient.address }
}

/** Returns the secrets in all forms that a server could echo. */
function listSecrets(config: SmtpConfig): readonly string[] {
  const { user, password, oauth2 } = config
  if (oauth2 !== undefined) {
    return 'accessToken' in oauth2 ? tokenForms(config, oauth2.accessToken) : [oauth2.clientSecret, oauth2.refreshToken]
  }
  return password === undefined || password === ''
    ? []
    : [base64(`\0${user ?? ''}\0${password}`), base64(password), password]
}

function tokenForms({ oauth2 }: SmtpConfig, token: string): readonly string[] {
  return [base64(`user=${oauth2?.user ?? ''}\u0001auth=Bearer ${token}\u0001\u0001`), base64(token), token]
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** Masks secrets in the response, and in the error that explains it. */
function hideSecrets({ response, why, ...delivery }: Delivery, hide: readonly string[]): Delivery {
  const error = why?.params['error']
  return {
    ...delivery,
    ...(response !== undefined && { response: oneLine(response, hide) }),
    ...(why !== undefined && {
      why: typeof error === 'string' ? { ...why, params: { ...why.params, error: oneLine(error, hide) } } : why,
    }),
  }
}

function oneLine(response: string, hide: readonly string[]): string {
  const hidden = hide.reduce((text, secret) => text.replaceAll(secret, '***'), response)
  return shorten(clean(hidden.trim().replace(/\s*\r?\n\s*/g, ' ')), RESPONSE_LENGTH)
}

/**
 * Signs a mail with each key. The signature has no timestamp and RSA is deterministic, so equal bytes get equal
 * signatures.
 *
 * @param bytes a complete MIME message. @param keys were checked when the configuration was read. @returns the signed
 * message.
 */
export async function signMail(bytes: Uint8Array, keys: readonly DkimKey[]): Promise<Uint8Array> {
  if (keys.length === 0) return bytes
  const signer = new DKIM({
    keys: keys.map(({ domain, selector, key }) => ({ domainName: domain, keySelector: selector, privateKey: key })),
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of signer.sign(Buffer.from(bytes))) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}
