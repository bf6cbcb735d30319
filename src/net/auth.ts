import { hash, timingSafeEqual } from 'node:crypto'
import type { Token } from '../model.ts'

/** An authenticated client; without a name if no tokens are configured. */
export interface Admitted {
  readonly name?: string
}

/** Checks the value of an Authorization header. Undefined means rejected. */
type TokenCheck = (authorization: string | undefined) => Admitted | undefined

/** The challenge in a 401 response. */
export const CHALLENGE = 'Bearer realm="stashwatch", Basic realm="stashwatch", charset="UTF-8"'

const ANYONE: Admitted = {}
const SCHEME = /^(bearer|basic) +(\S.*)$/i

/**
 * Creates a check against several tokens. All of them are valid at any time, so that a token can be replaced without
 * losing events. A token comes as `Bearer TOKEN` or as the password of Basic with any user. All hashes are compared
 * every time, so that the duration reveals nothing. Without tokens every request passes.
 */
export function createTokenCheck(tokens: readonly Token[]): TokenCheck {
  if (tokens.length === 0) return () => ANYONE
  const known = tokens.map(({ name, token }) => ({ admitted: { name }, digest: digest(Buffer.from(token)) }))
  return (authorization) => {
    const presented = presentedToken(authorization)
    if (presented === undefined || presented.length === 0) return undefined
    const offered = digest(presented)
    let found: Admitted | undefined
    for (const token of known) if (timingSafeEqual(token.digest, offered)) found = token.admitted
    return found
  }
}

/** Returns true if there is more than one Authorization header; Node would silently use the first. */
export function isDoubled(rawHeaders: readonly string[]): boolean {
  let seen = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 13 && name.toLowerCase() === 'authorization') seen += 1
  }
  return seen > 1
}

/**
 * Returns the bytes of the presented token. Node decodes headers as Latin-1; the original bytes must equal the token's
 * UTF-8.
 */
function presentedToken(authorization: string | undefined): Buffer | undefined {
  const [, scheme, value] = SCHEME.exec(authorization ?? '') ?? []
  if (scheme === undefined || value === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return Buffer.from(value, 'latin1')
  const pair = Buffer.from(value, 'base64')
  const colon = pair.indexOf(0x3a)
  return colon === -1 ? undefined : pair.subarray(colon + 1)
}

function digest(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer')
}
