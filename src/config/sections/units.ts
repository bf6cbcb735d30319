import type { Millis, Recipient } from '../../model.ts'

const SPANS: Readonly<Record<string, Millis>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a duration that the schema has accepted: `30s`, `2m`. */
export function parseDuration(text: string): Millis {
  const unit = text.replace(/^\d+/, '')
  return Number.parseInt(text, 10) * (SPANS[unit] ?? Number.NaN)
}

/** A duration as the configuration writes it, in the largest unit that leaves a whole number. */
export function writeDuration(span: Millis): string {
  const [unit, length] = Object.entries(SPANS).findLast(([, size]) => span % size === 0 && span >= size) ?? ['s', 1000]
  return `${span / length}${unit}`
}

const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

/** Bytes of a size that the schema has accepted: `64MiB`, or a number of bytes. */
export function parseSize(size: string | number): number {
  if (typeof size === 'number') return size
  return Number.parseInt(size, 10) * (SIZES[size.replace(/^\d+ ?/, '')] ?? Number.NaN)
}

/** The parts of HOST:PORT, the host without the brackets of an IPv6 address. The port may be beyond its range. */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replaceAll(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|0*(:0*){2,6}:0*1)$/i.test(host)
}

const ADDRESS =
  /^[^\s@<>()[\],;:\\"]{1,64}@[A-Za-z0-9\u0080-\uffff]([A-Za-z0-9\u0080-\uffff.-]{0,251}[A-Za-z0-9\u0080-\uffff])?$/

/** Whether a text would break out of its line: control characters, and Unicode's own line ends. */
export function hasControl(text: string): boolean {
  return /[\p{Cc}\u2028\u2029]/u.test(text)
}

/** What is wrong with an address, what was expected, and the fix if there is a particular one. */
interface InvalidAddress {
  readonly reason: string
  readonly expected: string
  readonly fix?: string
}

/** Reads `Ada Lovelace <ada@example.org>` or a bare address. */
export function parseRecipient(text: string): Recipient | InvalidAddress {
  if (hasControl(text)) return { reason: 'the address contains control characters', expected: 'one line of text' }
  const named = /^([^<>]*)<([^<>]*)>$/.exec(text.trim())
  const address = (named ? (named[2] ?? '') : text).trim()
  const name = (named?.[1] ?? '').trim().replace(/^"(.*)"$/, '$1')
  if (!ADDRESS.test(address) || address.includes('..')) {
    const many = (text.match(/@/g)?.length ?? 0) > 1
    return {
      reason: 'the e-mail address is not valid',
      expected: "an address such as 'Ada Lovelace <ada@example.org>' or 'ada@example.org'",
      ...(many ? { fix: 'write several addresses as a list: [a@example.org, b@example.org]' } : {}),
    }
  }
  return name === '' ? { address } : { name, address }
}
