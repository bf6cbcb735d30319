import type { FastifyRequest } from 'fastify'
import { containsReference } from '../model.ts'

const PRINTABLE = /^[\x20-\x7e]{1,128}$/
const MAPPED = '::ffff:'

/**
 * Returns the source of a body. Beside a token, the X-Source header names a source below the token's own, so that no
 * sender can pass for another one. Without tokens it is the header, else the remote address. An invalid header is
 * ignored: rejecting the body would lose its events.
 */
export function readSource(request: FastifyRequest, tokenName: string | undefined, subSources: number): string {
  const header = request.headers['x-source']
  const name = typeof header === 'string' && isName(header) ? header : undefined
  if (tokenName === undefined) return name ?? remoteAddress(request)
  return name === undefined || subSources === 0 ? tokenName : `${tokenName}/${name}`
}

/** Returns the remote address. An IPv4 address is returned as such even on an IPv6 socket. */
export function remoteAddress({ raw }: FastifyRequest): string {
  const address = raw.socket.remoteAddress ?? 'unknown'
  return address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address
}

/** Rejects unresolved field references: Logstash sends them unchanged when it batches. */
function isName(text: string): boolean {
  return PRINTABLE.test(text) && text.trim() !== '' && !containsReference(text)
}
