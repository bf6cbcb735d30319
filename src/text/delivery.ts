import type { DeliveryResult, SendRecord } from '../model.ts'
import { formatDuration, formatTime, type WriteTime } from './format.ts'
import { type Params, readParams } from './params.ts'

type Sentence = (params: Params, time: WriteTime) => string

/** The results of attempts, by the code of `why`. Durations are in ms; `server` is `host:port`. */
const RESULTS: Readonly<Record<string, Sentence>> = {
  // The sender. `given_up` may have the last attempt's code as `why`, and its params.
  given_up(params, time) {
    const why = params.text('why')
    return `given up after ${span(params, 'after')}${why === undefined ? '' : `: ${describeCode(why, params, time)}`}`
  },
  receiver_removed(params, time) {
    const at = params.number('at')
    return `its receiver was removed from the configuration${at === undefined ? '' : ` at ${time(at)}`}`
  },
  not_readable: () => 'its outbox record is not a notification',
  not_prepared: (params) => `before sending: ${params.text('error') ?? ''}`,
  no_target: (params) =>
    `receiver ${params.text('receiver') ?? ''} has no ${params.text('channel') ?? 'target'} in the configuration`,

  // Alertmanagers.
  alerts_only: () => 'not posted: an Alertmanager accepts alerts only',
  out_of_date: (params) =>
    `not posted: it was valid for ${span(params, 'after')}, and later notifications have the current state`,

  // All connections.
  aborted: (params) => `aborted: ${server(params)} took too long, or stashwatch stopped`,
  no_response: (params) => `no response from ${server(params)} within ${span(params, 'within')}`,
  connection_failed: (params) =>
    [params.text('server'), params.text('error') ?? 'no connection'].filter((text) => text !== undefined).join(': '),
  connection_closed: (params) => `${server(params)} closed the connection`,

  // Webhooks.
  redirected: () => 'redirects are not followed; configure the address that it leads to',
  private_address(params) {
    const [host, address] = [params.text('host') ?? '', params.text('address')]
    const what = address === undefined ? `${host} is` : `${host} resolves to ${address},`
    return `${what} an address of a private network; set "allow_private: true" beside the webhook's url to post there`
  },
  no_address: (params) => `${params.text('host') ?? ''} resolves to no address`,

  // Mail servers.
  slow_commands: (params) => `no response from ${server(params)} to all commands within ${span(params, 'within')}`,
  slow_after_data: (params) =>
    `no response from ${server(params)} within ${span(params, 'within')} after the whole mail was sent; it may have been accepted`,
  not_sendable: (params) => params.text('error') ?? 'the mail cannot be sent',
  token_not_json: () => 'the access token response is not JSON (check smtp.oauth2.access_url)',
  login_failed: (params) => `login failed (check ${params.list('settings').join(' and ')})${failure(params)}`,
  starttls_missing(params) {
    const help = 'set smtp.require_tls: false, or port: 465 if it speaks TLS there'
    return `${server(params)} does not offer STARTTLS, which smtp.require_tls requires (${help})`
  },
  certificate_untrusted(params) {
    const help = 'set NODE_EXTRA_CA_CERTS to a file with additional CA certificates'
    return `the certificate of ${server(params)} is not trusted (${help})${failure(params)}`
  },

  // The mailbox.
  mailbox_closed: () => 'the mailbox is closed',
  saved: (params) => `saved as ${params.text('file') ?? ''}`,
  not_saved: (params) => `cannot write ${params.text('file') ?? ''}${failure(params)}`,
}

/**
 * Describes the result of an attempt: the code, then the response. Empty if there is neither.
 *
 * @param time formats instants for the reader; UTC by default.
 */
export function describeResult(
  { why, response = '', replies = [] }: DeliveryResult,
  time: WriteTime = (at) => formatTime(at),
): string {
  const found = why === undefined ? '' : describeCode(why.code, readParams(why), time)
  const each = replies.map(({ server: name, ...reply }) => {
    const isNamed = reply.why?.params['server'] === name
    return `${isNamed ? '' : `${name}: `}${describeResult(reply, time)}`
  })
  return [found, response, each.join('; ')].filter((text) => text !== '').join(': ')
}

/** Describes what came of a notification, beside its state. Undefined before the first attempt. */
export function describeSent(
  record: DeliveryResult & Pick<SendRecord, 'mergedInto' | 'damaged'>,
  time?: WriteTime,
): string | undefined {
  if (record.mergedInto !== undefined) return `replaced by notification ${record.mergedInto}`
  const result = describeResult(record, time)
  if (result !== '') return result
  return record.damaged ? 'not sent: its record in the journal does not match its checksum' : undefined
}

function describeCode(code: string, params: Params, time: WriteTime): string {
  return RESULTS[code]?.(params, time) ?? code
}

function server(params: Params): string {
  return params.text('server') ?? 'the server'
}

function span(params: Params, name: string): string {
  return formatDuration(params.number(name) ?? 0)
}

function failure(params: Params): string {
  const error = params.text('error')
  return error === undefined ? '' : `: ${error}`
}
