import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { Millis } from '../model.ts'

/** The action that a link in a mail performs, without an API token. */
export type LinkAction = AlertAction | ListAction

interface LinkTerms {
  /** When the link expires, on the service's clock. */
  readonly exp: Millis
  /** The address that the mail was sent to. */
  readonly to: string
}

/** Acknowledges the episode, or silences the rule on the host. */
export interface AlertAction extends LinkTerms {
  readonly do: 'ack' | 'silence'
  readonly episode: string
  readonly rule: string
  readonly host: string
}

/** Acknowledges all alerts that a mail lists. */
export interface ListAction extends LinkTerms {
  readonly do: 'ack_all'
  /** Id of the mail's notification. */
  readonly notification: string
}

/**
 * The result of verifying a token. `id` is derived from the token, so that opening a link twice repeats the same
 * action.
 */
type Link = ValidLink | { readonly kind: 'expired'; readonly action: LinkAction } | { readonly kind: 'forged' }

export interface ValidLink {
  readonly kind: 'valid'
  readonly action: LinkAction
  readonly id: string
}

/** How long the links of a mail are valid: 7 days. */
export const LINK_LIFE: Millis = 7 * 86_400_000

/** Length of the key in bytes. */
export const LINK_KEY_BYTES = 32

/** The fields of actions, in the order in which they are signed. */
const FIELDS = ['do', 'episode', 'rule', 'host', 'notification', 'exp', 'to']

/** Returns the path of a signed link, without the service's base URL. The same action gives the same path. */
export function signLink(key: Uint8Array, action: LinkAction): string {
  const payload = Buffer.from(JSON.stringify(action, FIELDS)).toString('base64url')
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
