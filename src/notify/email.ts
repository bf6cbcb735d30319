import { createHash } from 'node:crypto'
import { createTransport, type NodemailerError } from 'nodemailer'
import MailComposer, { type MailComposerAttachment } from 'nodemailer/lib/mail-composer'
import type { Recipient, SmtpConfig } from '../model.ts'
import { clean, shorten } from './text.ts'
import type { Attachment, Delivery, Envelope, MailMessage, Transport } from './transport.ts'

/** Connections to the mail server that are used side by side. */
export const CONNECTIONS = 5

/** An unused connection is given up before most servers would cut it. */
const IDLE = 30_000

/** The longest answer of a server that is kept. */
const ANSWER_LENGTH = 500

/**
 * Replies that speak of the way stashwatch introduces itself, whatever command they answer: authentication is asked
 * for, too weak, refused or wants encryption. The operator can mend that, so the mail waits.
 */
const OPERATORS_FAULT: readonly number[] = [530, 534, 535, 538]

/** The mail is too large, whichever command the server says so to. */
const TOO_LARGE = 552

/**
 * Writes a message as MIME: the text, beside it the HTML with its picture, and then the files. Nothing in it depends on
 * the time or on chance.
 */
export async function buildMime(message: MailMessage): Promise<Uint8Array> {
  const composer = new MailComposer({
    messageId: message.messageId,
    date: new Date(message.date),
    from: mailbox(message.from),
    to: mailbox(message.to),
    subject: message.subject,
    ...(message.references.length > 0
      ? { references: [...message.references], inReplyTo: message.references.at(-1) }
      : {}),
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

/** Delivers over SMTP, through a few connections that are kept for a while. */
export function createEmailTransport(config: SmtpConfig): Transport {
  const mailer = createTransport(poolOptions(config))
  const hide = secretsOf(config)
  return {
    type: 'email',
    build: buildMime,
    async send(bytes: Uint8Array, envelope: Envelope, signal: AbortSignal): Promise<Delivery> {
      try {
        const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        const info = await mailer.sendMail({ raw, envelope: { ...envelope, size: bytes.length }, signal })
        return { state: 'sent', answer: line(info.response ?? 'accepted', hide) }
      } catch (error) {
        return judge(error as NodemailerError, config, hide)
      }
    },
    async close(): Promise<void> {
      mailer.close({ force: true })
    },
  }
}

/**
 * Where encryption is not asked for, a certificate that cannot be verified does not stop the mail: the alternative
 * would be no encryption at all. Debian's local mail servers, for one, come with such a certificate.
 */
function poolOptions(config: SmtpConfig): Parameters<typeof createTransport>[0] & { pool: true } {
  const { host, port, secure, requireTls, timeout, user, password } = config
  return {
    pool: true,
    host,
    port,
    secure,
    requireTLS: requireTls,
    opportunisticTLS: !requireTls,
    tls: { rejectUnauthorized: secure || requireTls },
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    maxConnections: CONNECTIONS,
    maxRequeues: 1,
    idleTimeout: IDLE,
    dnsTimeout: timeout,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** Whether the failure is the mail's own and for good, or lies with servers, networks and settings, which mend. */
function judge(error: NodemailerError, config: SmtpConfig, hide: readonly string[]): Delivery {
  const answer = line(wordsOf(error, config), hide)
  const code = error.responseCode
  if (code === undefined) return { state: isUnsendable(error) ? 'failed' : 'retry', answer }
  const permanent = error.permanent === true && !OPERATORS_FAULT.includes(code)
  const isAboutMail = error.command === 'RCPT TO' || error.command === 'DATA' || code === TOO_LARGE
  return { state: permanent && isAboutMail ? 'failed' : 'retry', answer }
}

/** The recipient's address cannot be put into a command, or the message is larger than the server ever takes. */
function isUnsendable({ code, command, message }: NodemailerError): boolean {
  if (code === 'EMESSAGE') return command === 'MAIL FROM'
  return code === 'EENVELOPE' && command === 'API' && message.startsWith('Invalid recipient')
}

/** What happened, and what the operator can do where it is not plain. */
function wordsOf(error: NodemailerError, { host, port, timeout }: SmtpConfig): string {
  const server = `${host}:${port}`
  if (error.code === 'EABORT') return `cut off: ${server} took too long, or stashwatch stopped`
  if (error.code === 'ETIMEDOUT') return `no answer from ${server} within ${timeout / 1000} s`
  if (error.code === 'EAUTH') return `${error.message} (check smtp.user and smtp.password)`
  if (/certificate/i.test(error.message)) {
    const help = 'NODE_EXTRA_CA_CERTS may name a file with further authorities'
    return `${error.message} (the certificate of ${server} is not trusted; ${help})`
  }
  if (error.code === 'ECONNECTION' && error.responseCode === undefined) return `${server} closed the connection`
  return error.message
}

function mailbox(recipient: Recipient): { name: string; address: string } {
  return { name: clean(recipient.name ?? ''), address: recipient.address }
}

/** The password in the forms in which a server could echo it. */
function secretsOf({ user, password }: SmtpConfig): readonly string[] {
  if (password === undefined || password === '') return []
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  return [base64(`\0${user ?? ''}\0${password}`), base64(password), password]
}

function line(answer: string, hide: readonly string[]): string {
  const hidden = hide.reduce((text, secret) => text.replaceAll(secret, '***'), answer)
  return shorten(clean(hidden.trim().replace(/\s*\r?\n\s*/g, ' ')), ANSWER_LENGTH)
}
