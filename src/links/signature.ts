import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { Millis } from '../model.ts'

/** The action that a link in a mail performs, without an API token. */
export interface LinkAction {
  /** Acknowledge the episode, or silence the rule on the host. */
  readonly do: 'ack' | 'silence'
  readonly episode: string
  readonly rule: string
  readonly host: string
  /** When the link expires, on the service's clock. */
  readonly exp: Millis
  /** The address that the mail was sent to. */
  readonly to: string
}

/**
 * The result of verifying a token. `id` is derived from the token, so that opening a link twice repeats the same
 * action.
 */
export type Link =
  | { readonly kind: 'valid'; readonly action: LinkAction; readonly id: string }
  | { readonly kind: 'expired'; readonly action: LinkAction }
  | { readonly kind: 'forged' }

/** How long the links of a mail are valid: 7 days. */
export const LINK_LIFE: Millis = 7 * 86_400_000

/** Length of the key in bytes. */
export const LINK_KEY_BYTES = 32

/** Returns the path of a signed link, without the service's base URL. The same action gives the same path. */
export function signLink(key: Uint8Array, { do: what, episode, rule, host, exp, to }: LinkAction): string {
  const payload = Buffer.from(JSON.stringify({ do: what, episode, rule, host, exp, to })).toString('base64url')
  return `/act/${payload}.${computeSignature(key, payload)}`
}

/** Verifies a token, the last part of the path. Compares signatures in constant time. */
export function readLink(key: Uint8Array, token: string, now: Millis): Link {
  const [payload = '', signature = '', ...more] = token.split('.')
  const [offered, right] = [Buffer.from(signature), Buffer.from(computeSignature(key, payload))]
  // Comparing the texts instead of decoded bytes allows only one spelling of a token.
  const isOurs = offered.length === right.length && timingSafeEqual(offered, right) && more.length === 0
  if (!isOurs) return { kind: 'forged' }
  const action = JSON.parse(Buffer.from(payload, 'base64url').toString()) as LinkAction
  if (now >= action.exp) return { kind: 'expired', action }
  return { kind: 'valid', action, id: `link-${hash('sha256', payload).slice(0, 24)}` }
}

/** Returns what tells the holder of a key from others, and nothing of the key. */
export function instanceId(key: Uint8Array): string {
  return computeSignature(key, 'instance')
}

const computeSignature = (key: Uint8Array, payload: string): string =>
  createHmac('sha256', key).update(payload).digest('base64url')
