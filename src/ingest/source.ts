import type { FastifyRequest } from 'fastify'

const PRINTABLE = /^[\x20-\x7e]{1,128}$/
const MAPPED = '::ffff:'

/**
 * The source of a body: what X-Source says, else the name of the token, else the remote address. A header that is
 * no name is passed over: refusing the body would lose its events.
 */
export function readSource(request: FastifyRequest, tokenName: string | undefined): string {
  const header = request.headers['x-source']
  if (typeof header === 'string' && isName(header)) return header
  return tokenName ?? remoteAddress(request)
}

/** The remote address; an IPv4 address is shown as such also where the socket speaks IPv6. */
export function remoteAddress({ raw }: FastifyRequest): string {
  const address = raw.socket.remoteAddress ?? 'unknown'
  return address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address
}

/** Logstash sends a field reference as it stands in the configuration when it batches. */
function isName(text: string): boolean {
  return PRINTABLE.test(text) && text.trim() !== '' && !text.includes('%{')
}
