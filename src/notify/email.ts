import { createHash } from 'node:crypto'
import { createTransport, type NodemailerError } from 'nodemailer'
import MailComposer, { type MailComposerAttachment } from 'nodemailer/lib/mail-composer'
import type { SMTPPoolOptions } from 'nodemailer/lib/smtp-pool'
import type { Recipient, SmtpConfig } from '../model.ts'
import { clean, shorten } from './text.ts'
import type { Attachment, Delivery, MailMessage } from './way.ts'

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

/** How many forms of the newest access tokens are remembered, to be hidden. */
const TOKEN_FORMS = 60

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

/** Whom the server is told; nothing in the message's own text can change it. */
export interface Envelope {
  readonly from: string
  readonly to: string
}

/** One mail server. What holds for a way out (`Way`) holds for its `send` and `close`. */
export interface MailServer {
  send(bytes: Uint8Array, envelope: Envelope, signal: AbortSignal): Promise<Delivery>
  close(): Promise<void>
}

/** Delivers over SMTP, through a few connections that are kept for a while. */
export function openMailServer(config: SmtpConfig): MailServer {
  const mailer = createTransport(poolOptions(config))
  const fixed = secretsOf(config)
  let tokens: readonly string[] = []
  // A server may echo what it was given, and that includes the tokens that were asked for on the way.
  mailer.on('token', ({ accessToken }: { readonly accessToken?: string }) => {
    if (accessToken !== undefined) tokens = [...tokenForms(config, accessToken), ...tokens].slice(0, TOKEN_FORMS)
  })
  return {
    async send(bytes: Uint8Array, envelope: Envelope, signal: AbortSignal): Promise<Delivery> {
      try {
        const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        const info = await mailer.sendMail({ raw, envelope: { ...envelope, size: bytes.length }, signal })
        return { state: 'sent', answer: line(info.response ?? 'accepted', [...fixed, ...tokens]) }
      } catch (error) {
        return judge(error as NodemailerError, config, [...fixed, ...tokens])
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
function poolOptions(config: SmtpConfig): SMTPPoolOptions & { pool: true } {
  const { host, port, secure, requireTls, timeout } = config
  return {
    pool: true,
    host,
    port,
    secure,
    requireTLS: requireTls,
    opportunisticTLS: !requireTls,
    tls: { rejectUnauthorized: secure || requireTls },
    ...loginOf(config),
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

function loginOf({ user, password, oauth2, timeout }: SmtpConfig): Pick<SMTPPoolOptions, 'auth'> {
  if (oauth2 !== undefined) return { auth: { type: 'OAuth2', ...oauth2, requestTimeout: timeout } }
  return user === undefined ? {} : { auth: { user, pass: password ?? '' } }
}

/** Whether the failure is the mail's own and for good, or lies with servers, networks and settings, which mend. */
function judge(error: NodemailerError, config: SmtpConfig, hide: readonly string[]): Delivery {
  const answer = line(wordsOf(error, config), hide)
  const code = error.responseCode
  if (code === undefined)
    return isUnsendable(error) ? { state: 'failed', answer } : { state: 'retry', answer, fault: 'server' }
  const permanent = error.permanent === true && !OPERATORS_FAULT.includes(code)
  const isAboutMail = error.command === 'RCPT TO' || error.command === 'DATA' || code === TOO_LARGE
  if (permanent && isAboutMail) return { state: 'failed', answer }
  return isAboutRecipient(error.command, code)
    ? { state: 'retry', answer }
    : { state: 'retry', answer, fault: 'server' }
}

/** A full mailbox or greylisting: the server is well, and takes the mails of others. 421 says that it closes. */
function isAboutRecipient(command: string | undefined, code: number): boolean {
  return command === 'RCPT TO' && code >= 400 && code < 500 && code !== 421
}

/** The recipient's address cannot be put into a command, or the message is larger than the server ever takes. */
function isUnsendable({ code, command, message }: NodemailerError): boolean {
  if (code === 'EMESSAGE') return command === 'MAIL FROM'
  return code === 'EENVELOPE' && command === 'API' && message.startsWith('Invalid recipient')
}

/** What happened, and what the operator can do where it is not plain. */
function wordsOf(error: NodemailerError, { host, port, timeout, oauth2 }: SmtpConfig): string {
  const server = `${host}:${port}`
  if (error.code === 'EABORT') return `cut off: ${server} took too long, or stashwatch stopped`
  if (error.code === 'ETIMEDOUT') return `no answer from ${server} within ${timeout / 1000} s`
  if (oauth2 !== undefined && /\bJSON\b/.test(error.message)) {
    // The parser's sentence would repeat a piece of the answer, and that may be a token.
    return 'the answer to the request for an access token is no JSON (check smtp.oauth2.access_url)'
  }
  if (error.code === 'EAUTH')
    return `${error.message} (check ${oauth2 ? 'smtp.oauth2' : 'smtp.user and smtp.password'})`
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

/** What is secret, in the forms in which a server could echo it. */
function secretsOf(config: SmtpConfig): readonly string[] {
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

function line(answer: string, hide: readonly string[]): string {
  const hidden = hide.reduce((text, secret) => text.replaceAll(secret, '***'), answer)
  return shorten(clean(hidden.trim().replace(/\s*\r?\n\s*/g, ' ')), ANSWER_LENGTH)
}
