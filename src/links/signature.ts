import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { Millis } from '../model.ts'

/** What a link in a mail lets its reader do, without a token of the API. */
export interface LinkAction {
  /** Acknowledge this episode, or silence this rule on this host. */
  readonly do: 'ack' | 'silence'
  readonly episode: string
  readonly rule: string
  readonly host: string
  /** When the link stops working, on the service's clock. */
  readonly exp: Millis
  /** The address that the mail went to. */
  readonly to: string
}

/** What a token turned out to be. `id` follows from the token: what is done with it twice is one thing. */
export type Link =
  | { readonly kind: 'valid'; readonly action: LinkAction; readonly id: string }
  | { readonly kind: 'expired'; readonly action: LinkAction }
  | { readonly kind: 'forged' }

/** How long the links of a mail work. */
export const LINK_LIFE: Millis = 7 * 86_400_000

/** Length of the key in bytes. */
export const LINK_KEY_BYTES = 32

/** The path of a signed link, to be put behind the service's address. The same action gives the same path. */
export function signLink(key: Uint8Array, { do: what, episode, rule, host, exp, to }: LinkAction): string {
  const payload = Buffer.from(JSON.stringify({ do: what, episode, rule, host, exp, to })).toString('base64url')
  return `/act/${payload}.${signatureOf(key, payload)}`
}

/** Judges the last part of such a path. It takes the same time wherever a wrong signature differs. */
export function readLink(key: Uint8Array, token: string, now: Millis): Link {
  const [payload = '', signature = '', ...more] = token.split('.')
  const [offered, right] = [Buffer.from(signature), Buffer.from(signatureOf(key, payload))]
  // Texts are compared, so that one token is written in one way only.
  const isOurs = offered.length === right.length && timingSafeEqual(offered, right) && more.length === 0
  if (!isOurs) return { kind: 'forged' }
  const action = JSON.parse(Buffer.from(payload, 'base64url').toString()) as LinkAction
  if (now >= action.exp) return { kind: 'expired', action }
  return { kind: 'valid', action, id: `link-${hash('sha256', payload).slice(0, 24)}` }
}

const signatureOf = (key: Uint8Array, payload: string): string =>
  createHmac('sha256', key).update(payload).digest('base64url')
