import type { Reason, SmtpConfig } from '../../model.ts'
import type { Delivery } from '../notifier.ts'

/** An error of nodemailer. Without `responseCode` there was no response. */
export interface Failure {
  readonly message: string
  readonly code?: string
  readonly command?: string
  readonly response?: string
  readonly responseCode?: number
}

/**
 * Classifies a failed attempt. Only a rejection of the recipient is permanent: an unknown address, or a mailbox that is
 * closed or full. All other errors are about servers, networks or settings and can be fixed, so the mail is offered to
 * the next server and retried. Servers also reject the EHLO name, the sender or the client address in response to RCPT
 * TO, and whole mails after DATA.
 *
 * @param isLate true if the attempt was aborted because a step took too long.
 * @returns unmasked texts, which may hold secrets and line breaks.
 */
export function classifyRefusal(error: Failure, config: SmtpConfig, isLate: boolean): Delivery {
  const { message, command = '', responseCode: code } = error
  const why = isLate ? noResponse(config) : explainRefusal(error, config)
  if (code === undefined) {
    const notSendable = { code: 'not_sendable', params: { error: message } }
    if (isInvalidRecipient(error)) return { state: 'failed', why: notSendable }
    return isOversized(error)
      ? { state: 'failed', why: notSendable, mayTryElsewhere: true }
      : { state: 'retry', why: why ?? { code: 'connection_failed', params: { error: message } }, fault: 'server' }
  }
  const result = { response: message, ...(why !== undefined && { why }) }
  const [reply = '', enhanced = ''] = /^\d{3}[ -](?:(\d\.\d{1,3}\.\d{1,3})\b)?/.exec(error.response ?? '') ?? []
  const text = (error.response ?? '').slice(reply.length)
  if (code >= 500 && ['RCPT TO', 'DATA'].includes(command) && isAboutRecipient(command, code, enhanced, text))
    return { state: 'failed', ...result }
  if (isTooLarge(command, code, enhanced)) return { state: 'failed', ...result, mayTryElsewhere: true }
  return isAboutMail(command, code) ? { state: 'retry', ...result } : { state: 'retry', ...result, fault: 'server' }
}

/** All of 5.1.x except 5.1.7 and 5.1.8, which are about the sender. */
const RECIPIENTS = /^5\.(?:1\.(?!7$|8$)\d{1,3}|2\.[12])$/

/**
 * Returns true if the rejection is about the recipient. Without an enhanced code, as from old servers, the text
 * decides: 550 alone is also sent to clients on blocklists.
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

/** Returns true if the mail is too large. A retry does not help; only another server may accept it. */
function isTooLarge(command: string, code: number, enhanced: string): boolean {
  if (enhanced !== '') return enhanced === '5.3.4' || enhanced === '5.2.3'
  return code === 552 && command !== 'RCPT TO'
}

/**
 * Returns true if the rejection is about this mail only: a full mailbox, greylisting, a content filter. 421 means that
 * the server is shutting down, 530 to 538 that it rejects the login. A temporary error after DATA means that the server
 * itself has a problem.
 */
function isAboutMail(command: string, code: number): boolean {
  if (code === 421 || LOGIN_CODES.includes(code)) return false
  return command === 'RCPT TO' || (command === 'DATA' && code >= 500)
}

const LOGIN_CODES: readonly number[] = [530, 534, 535, 538]

/** Returns true if the recipient's address cannot be used in a command. */
function isInvalidRecipient({ code, command, message }: Failure): boolean {
  return code === 'EENVELOPE' && command === 'API' && message.startsWith('Invalid recipient')
}

/** Returns true if the message exceeds the size that the server announced. */
function isOversized({ code, command }: Failure): boolean {
  return code === 'EMESSAGE' && command === 'MAIL FROM'
}

/** Returns what the operator can fix, or why there is no reply. Undefined where the reply says it all. */
function explainRefusal(error: Failure, config: SmtpConfig): Reason | undefined {
  const { host, port, oauth2, requireTls } = config
  const server = `${host}:${port}`
  const { message, responseCode } = error
  const detail = responseCode === undefined ? { error: message } : {}
  if (error.code === 'EABORT') return { code: 'aborted', params: { server } }
  if (error.code === 'ETIMEDOUT') return noResponse(config)
  // The parser's message would repeat a piece of the response, which may be a token.
  if (oauth2 !== undefined && /\bJSON\b/.test(message)) return { code: 'token_not_json', params: {} }
  if (error.code === 'EAUTH') {
    const settings = oauth2 ? ['smtp.oauth2'] : ['smtp.user', 'smtp.password']
    return { code: 'login_failed', params: { settings, ...detail } }
  }
  if (requireTls && /STARTTLS/.test(message) && responseCode !== undefined)
    return { code: 'starttls_missing', params: { server } }
  if (/certificate/i.test(message)) return { code: 'certificate_untrusted', params: { server, ...detail } }
  if (error.code === 'ECONNECTION' && responseCode === undefined)
    return { code: 'connection_closed', params: { server } }
  return undefined
}

function noResponse({ host, port, timeout }: SmtpConfig): Reason {
  return { code: 'no_response', params: { server: `${host}:${port}`, within: timeout } }
}
