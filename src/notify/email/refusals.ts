import type { SmtpConfig } from '../../model.ts'
import type { Delivery } from '../notifier.ts'

/** What nodemailer says of an attempt that failed; without `responseCode` the server said nothing. */
export interface Failure {
  readonly message: string
  readonly code?: string
  readonly command?: string
  readonly response?: string
  readonly responseCode?: number
}

/**
 * What a failed attempt means for its mail. Only what the server says of the recipient is for good: an address that it
 * does not know, a mailbox that is closed or full. Everything else lies with servers, networks and settings, which
 * somebody can mend, so that the mail is offered to the next server and tried again. Servers also refuse our name, our
 * sender and our address in the answer to RCPT TO, and whole mails after DATA.
 *
 * @param isLate whether the attempt was cut off because a step took too long.
 * @returns the answer as it was, which may hold secrets and line ends.
 */
export function classifyRefusal(error: Failure, config: SmtpConfig, isLate: boolean): Delivery {
  const response = isLate ? lateText(config) : refusalText(error, config)
  const { command = '', responseCode: code } = error
  if (code === undefined) {
    if (isInvalidRecipient(error)) return { state: 'failed', response }
    return isOversized(error)
      ? { state: 'failed', response, mayTryElsewhere: true }
      : { state: 'retry', response, fault: 'server' }
  }
  const [reply = '', enhanced = ''] = /^\d{3}[ -](?:(\d\.\d{1,3}\.\d{1,3})\b)?/.exec(error.response ?? '') ?? []
  const text = (error.response ?? '').slice(reply.length)
  if (code >= 500 && ['RCPT TO', 'DATA'].includes(command) && isAboutRecipient(command, code, enhanced, text))
    return { state: 'failed', response }
  if (isTooLarge(command, code, enhanced)) return { state: 'failed', response, mayTryElsewhere: true }
  return isAboutMail(command, code) ? { state: 'retry', response } : { state: 'retry', response, fault: 'server' }
}

/** Of 5.1.x two speak of the sender. */
const RECIPIENTS = /^5\.(?:1\.(?!7$|8$)\d{1,3}|2\.[12])$/

/**
 * Where the server gives no enhanced code, as old ones do, its words decide: 550 alone is also said to senders on
 * blocklists.
 */
function isAboutRecipient(command: string, code: number, enhanced: string, text: string): boolean {
  if (enhanced !== '') return RECIPIENTS.test(enhanced)
  return command === 'RCPT TO' && [550, 551, 553].includes(code) && UNKNOWN.test(text) && !SENDER_CODES.test(text)
}

const WHO = '(?:user|mailbox|recipient|account|address|alias|person)'
const UNKNOWN = new RegExp(
  `\\b(?:no such|unknown|invalid|non-?existent|unrouteable)(?: local)? ${WHO}\\b|` +
    `\\b${WHO}\\b[^.;]{0,60}(?:\\bunknown\\b|\\bnot (?:known|found|exist|listed)\\b|\\bdoesn't exist\\b)`,
  'i',
)
const SENDER_CODES =
  /\b(?:sender|helo|ehlo|client|relay(?:ing)?|spam|policy|reputation|dnsbl|rbl)\b|\b(?:black|block)[ -]?list/i

/** The bytes stay the same: only a server that takes larger mails helps. */
function isTooLarge(command: string, code: number, enhanced: string): boolean {
  if (enhanced !== '') return enhanced === '5.3.4' || enhanced === '5.2.3'
  return code === 552 && command !== 'RCPT TO'
}

/**
 * Refusals that say nothing of the mails of others: a full mailbox, greylisting, a content filter. 421 says that the
 * server closes, 530 to 538 that it does not take our login; a mail that is deferred after DATA was met by a server in
 * trouble.
 */
function isAboutMail(command: string, code: number): boolean {
  if (code === 421 || LOGIN_CODES.includes(code)) return false
  return command === 'RCPT TO' || (command === 'DATA' && code >= 500)
}

const LOGIN_CODES: readonly number[] = [530, 534, 535, 538]

/** The recipient's address cannot be put into a command. */
function isInvalidRecipient({ code, command, message }: Failure): boolean {
  return code === 'EENVELOPE' && command === 'API' && message.startsWith('Invalid recipient')
}

/** The message is larger than the server says that it takes. */
function isOversized({ code, command }: Failure): boolean {
  return code === 'EMESSAGE' && command === 'MAIL FROM'
}

/** What happened, and what the operator can do where it is not plain. */
function refusalText(error: Failure, config: SmtpConfig): string {
  const { host, port, oauth2, requireTls } = config
  const server = `${host}:${port}`
  if (error.code === 'EABORT') return `aborted: ${server} took too long, or stashwatch stopped`
  if (error.code === 'ETIMEDOUT') return lateText(config)
  if (oauth2 !== undefined && /\bJSON\b/.test(error.message)) {
    // The parser's sentence would repeat a piece of the answer, and that may be a token.
    return 'the access token response is not JSON (check smtp.oauth2.access_url)'
  }
  if (error.code === 'EAUTH')
    return `${error.message} (check ${oauth2 ? 'smtp.oauth2' : 'smtp.user and smtp.password'})`
  if (requireTls && /STARTTLS/.test(error.message) && error.responseCode !== undefined) {
    const help = 'set smtp.require_tls: false, or port: 465 if it speaks TLS there'
    return `${server} does not offer STARTTLS, which smtp.require_tls requires (${help}): ${error.message}`
  }
  if (/certificate/i.test(error.message)) {
    const help = 'set NODE_EXTRA_CA_CERTS to a file with additional CA certificates'
    return `${error.message} (the certificate of ${server} is not trusted; ${help})`
  }
  if (error.code === 'ECONNECTION' && error.responseCode === undefined) return `${server} closed the connection`
  return error.message
}

function lateText({ host, port, timeout }: SmtpConfig): string {
  return `no response from ${host}:${port} within ${timeout / 1000} s`
}
