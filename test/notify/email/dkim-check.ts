import { createHash, createVerify, generateKeyPairSync } from 'node:crypto'
import type { DkimKey } from '../../../src/model.ts'

export interface Signer extends DkimKey {
  /** PEM, as it would stand in the DNS. */
  readonly publicKey: string
}

export function createSigner(domain: string, selector: string): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { domain, selector, key: privateKey, publicKey }
}

interface Header {
  readonly name: string
  readonly value: string
}

/**
 * Judges the signature of a domain as a mail server would (RFC 6376, relaxed/relaxed, rsa-sha256).
 *
 * @returns the names of the headers that it covers; undefined when there is none that holds.
 */
export function verifyDkim(raw: Uint8Array, { domain, selector, publicKey }: Signer): readonly string[] | undefined {
  const text = Buffer.from(raw).toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const headers = readHeaders(text.slice(0, end))
  for (const header of headers.filter(({ name }) => name === 'dkim-signature')) {
    const tags = new Map(header.value.split(';').map((tag) => tagOf(tag)))
    if (tags.get('d') !== domain || tags.get('s') !== selector) continue
    const covered = (tags.get('h') ?? '').split(':')
    const bodyHash = createHash('sha256')
      .update(relaxBody(text.slice(end + 4)), 'latin1')
      .digest('base64')
    const unsigned = header.value.replace(/(^|;)(\s*b=)[^;]*/, '$1$2')
    const lines = [...pick(headers, covered), `dkim-signature:${relax(unsigned)}`]
    const verify = createVerify('RSA-SHA256').update(lines.join('\r\n'), 'latin1')
    const holds = verify.verify(publicKey, tags.get('b') ?? '', 'base64')
    return holds && bodyHash === tags.get('bh') && tags.get('a') === 'rsa-sha256' && tags.get('c') === 'relaxed/relaxed'
      ? covered
      : undefined
  }
  return undefined
}

function readHeaders(text: string): readonly Header[] {
  return text.split(/\r\n(?![ \t])/).map((line) => {
    const colon = line.indexOf(':')
    return { name: line.slice(0, colon).trim().toLowerCase(), value: line.slice(colon + 1) }
  })
}

function tagOf(tag: string): readonly [string, string] {
  const is = tag.indexOf('=')
  return [tag.slice(0, is).trim(), tag.slice(is + 1).replaceAll(/\s+/g, '')]
}

/** A name that is listed twice means the header above the one that was taken before. */
function pick(headers: readonly Header[], names: readonly string[]): readonly string[] {
  const left = [...headers]
  return names.flatMap((name) => {
    const index = left.findLastIndex((header) => header.name === name)
    const [header] = index === -1 ? [] : left.splice(index, 1)
    return header === undefined ? [] : [`${header.name}:${relax(header.value)}`]
  })
}

function relax(value: string): string {
  return value
    .replaceAll('\r\n', '')
    .replaceAll(/[ \t]+/g, ' ')
    .trim()
}

function relaxBody(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, ''))
  const whole = lines.join('\r\n').replace(/(?:\r\n)*$/, '')
  return whole === '' ? '' : `${whole}\r\n`
}
