import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Millis, Reason } from '../../model.ts'
import { isPrivate } from '../../net/private-address.ts'
import { clean, shorten } from '../../text/sanitise.ts'
import { ATTEMPT_TIMEOUT, type Delivery } from '../notifier.ts'

/** One request to one URL. */
export interface Post {
  readonly url: string
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  /** Timeout without any traffic. */
  readonly timeout: Millis
  /** Whether private and loopback addresses are allowed. */
  readonly allowPrivate: boolean
  /** Texts that are masked in the response. */
  readonly secrets: readonly string[]
  /** Resolves host names; the system's resolver by default. */
  readonly resolve?: LookupFunction | undefined
}

/** Maximum length of the response: characters that are kept, and bytes that are read. */
const RESPONSE_LENGTH = 200
const MAX_RESPONSE_BYTES = 4_096
/** The maximum delay that a server can ask for. */
const MAX_RETRY_AFTER = 300_000
/** 4xx statuses that are retried: request timeout, too early, too many requests. */
const TRANSIENT_STATUSES: readonly number[] = [408, 425, 429]

/**
 * Returns the timeout of an attempt: connecting and waiting for the response may each take the target's whole timeout.
 */
export function attemptTimeout(targets: readonly ({ readonly timeout: Millis } | undefined)[]): Millis {
  return Math.max(ATTEMPT_TIMEOUT, ...targets.map((target) => 2 * (target?.timeout ?? 0)))
}

/** A host that must not be connected to, because all its addresses are private. `address` is the first of them. */
class PrivateAddress extends Error {
  readonly why: Reason

  constructor(host: string, address?: string) {
    const code = address === undefined ? 'no_address' : 'private_address'
    super(code)
    this.name = 'PrivateAddress'
    this.why = { code, params: { host, ...(address !== undefined && address !== host && { address }) } }
  }
}

/**
 * Posts JSON once, over a new connection, without following redirects. Never rejects. 2xx is `sent`; 408, 425, 429, 5xx
 * and connection errors are `retry`; everything else, including private addresses unless allowed, is `failed`.
 */
export async function post(what: Post, signal: AbortSignal): Promise<Delivery> {
  try {
    const { response, text } = await exchange(what, signal)
    return classifyResponse(response, text, what.secrets)
  } catch (error) {
    if (error instanceof PrivateAddress) return { state: 'failed', why: error.why }
    return { state: 'retry', why: explainFailure(error as NodeJS.ErrnoException, what, signal) }
  }
}

interface Exchange {
  readonly response: IncomingMessage
  /** The beginning of the response's body. */
  readonly text: string
}

function exchange(what: Post, signal: AbortSignal): Promise<Exchange> {
  const { body, timeout, headers, resolve: resolver = lookUp } = what
  const url = new URL(what.url)
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (!what.allowPrivate && isIP(name) !== 0 && isPrivate(name)) throw new PrivateAddress(name, name)
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const lookup = what.allowPrivate ? resolver : guard(resolver)
  const baseHeaders = { 'Content-Type': 'application/json', 'Content-Length': body.length }
  const options = { method: 'POST', agent: false, timeout, signal, lookup, headers: { ...headers, ...baseHeaders } }
  return new Promise((resolve, reject) => {
    const sending = request(url, options)
    sending.on('timeout', () => sending.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
    sending.on('error', reject)
    sending.on('response', (response) => {
      void readBeginning(response).then((text) => resolve({ response, text }))
    })
    sending.end(body)
  })
}

/**
 * Checks the addresses that the connection is then made to, and returns no others. A name that resolves differently
 * later does not bypass the check.
 */
function guard(resolver: LookupFunction): LookupFunction {
  return (name, options, response) => {
    resolver(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return response(error, [])
      const all = found as LookupAddress[]
      const open = all.filter(({ address }) => !isPrivate(address))
      const [first] = open
      if (first === undefined) return response(new PrivateAddress(name, all[0]?.address), [])
      return options.all === true ? response(null, open) : response(null, first.address, first.family)
    })
  }
}

/** Reads the beginning of the body. Errors are ignored, because the status decides. */
function readBeginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  return new Promise((resolve) => {
    const done = (): void => {
      response.destroy()
      resolve(Buffer.concat(chunks).toString('utf8'))
    }
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size >= MAX_RESPONSE_BYTES) done()
    })
    for (const event of ['end', 'error', 'close']) response.on(event, done)
  })
}

function classifyResponse(response: IncomingMessage, text: string, secrets: readonly string[]): Delivery {
  const { statusCode = 0, statusMessage = '' } = response
  const words = [`${statusCode} ${statusMessage}`.trim(), text.trim()].filter((part) => part !== '').join(': ')
  const answer = line(words, secrets)
  if (statusCode >= 200 && statusCode < 300) return { state: 'sent', response: answer }
  if (TRANSIENT_STATUSES.includes(statusCode) || statusCode >= 500)
    return { state: 'retry', response: answer, ...readRetryAfter(response) }
  if (statusCode >= 400) return { state: 'failed', response: answer }
  return { state: 'failed', response: answer, why: { code: 'redirected', params: {} } }
}

/** Reads `Retry-After`: seconds, or a date, which is compared with the response's `Date`. */
function readRetryAfter({ headers }: IncomingMessage): Pick<Delivery, 'retryAfter'> {
  const value = headers['retry-after'] ?? ''
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.parse(headers.date ?? '')
  return wait > 0 ? { retryAfter: Math.min(wait, MAX_RETRY_AFTER) } : {}
}

function explainFailure(error: NodeJS.ErrnoException, { url, timeout, secrets }: Post, signal: AbortSignal): Reason {
  const server = new URL(url).host
  if (signal.aborted) return { code: 'aborted', params: { server } }
  if (error.code === 'ETIMEDOUT') return { code: 'no_response', params: { server, within: timeout } }
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [error]
  const message = first?.message ?? error.code
  return {
    code: 'connection_failed',
    params: { server, ...(message !== undefined && { error: line(message, secrets) }) },
  }
}

function line(response: string, secrets: readonly string[]): string {
  const hidden = secrets
    .filter((secret) => secret !== '')
    .reduce((text, secret) => text.replaceAll(secret, '***'), response)
  return shorten(clean(hidden.replace(/\s+/g, ' ').trim()), RESPONSE_LENGTH)
}
