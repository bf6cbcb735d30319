/**
 * Reads the mails that this folder writes: parts within parts, quoted-printable or base64, headers with encoded words.
 * Not a parser for other people's mail.
 */

export interface ReadMail {
  /** In their order, names as written. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly text: string
  readonly html: string
  readonly files: readonly ReadFile[]
}

/** A picture that the HTML shows, or a file that came along. */
export interface ReadFile {
  readonly name: string
  /** The media type alone: `text/csv`. */
  readonly type: string
  /** What the HTML calls it behind `cid:`; empty when it does not. */
  readonly cid: string
  readonly bytes: Uint8Array
}

/** Takes a mail apart; what is missing is empty. */
export function parseMime(bytes: Uint8Array): ReadMail {
  const whole = splitPart(Buffer.from(bytes).toString('latin1'))
  const parts = leavesOf(whole)
  const find = (type: string): string => {
    const part = parts.find((one) => typeOf(one) === type && !isFile(one))
    return part === undefined ? '' : decodeBody(part).toString('utf8').replaceAll('\r\n', '\n')
  }
  return {
    headers: whole.headers,
    text: find('text/plain'),
    html: find('text/html'),
    files: parts.filter(isFile).map(fileOf),
  }
}

/** Reads the headers alone, from a mail or from its beginning. */
export function parseHeaders(bytes: Uint8Array): ReadMail['headers'] {
  return splitPart(Buffer.from(bytes).toString('latin1')).headers
}

/** The value of a header; empty when there is none. */
export function headerOf(headers: ReadMail['headers'], name: string): string {
  return headers.find((header) => header.name.toLowerCase() === name.toLowerCase())?.value ?? ''
}

interface Part {
  readonly headers: ReadMail['headers']
  readonly body: string
}

function splitPart(source: string): Part {
  const end = source.indexOf('\r\n\r\n')
  const head = end < 0 ? source : source.slice(0, end)
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return colon < 1 ? [] : [{ name: line.slice(0, colon), value: decodeWords(line.slice(colon + 1).trim()) }]
  })
  return { headers, body: end < 0 ? '' : source.slice(end + 4) }
}

/** The parts that hold no others, from the outside in. */
function leavesOf(part: Part): readonly Part[] {
  const boundary = /boundary="?([^";]+)"?/.exec(headerOf(part.headers, 'Content-Type'))?.[1]
  return boundary === undefined ? [part] : partsOf(part.body, boundary).flatMap(leavesOf)
}

function typeOf({ headers }: Part): string {
  return headerOf(headers, 'Content-Type').split(';', 1).join('').trim().toLowerCase()
}

function isFile({ headers }: Part): boolean {
  return headerOf(headers, 'Content-Disposition') !== ''
}

/** A long name is told in pieces. */
function fileOf(part: Part): ReadFile {
  const names = headerOf(part.headers, 'Content-Disposition').matchAll(/filename(?:\*\d+)?="?([^";]*)"?/g)
  const name = [...names].map(([, piece]) => piece).join('')
  const cid = headerOf(part.headers, 'Content-ID').replaceAll(/[<>]/g, '')
  return { name, type: typeOf(part), cid, bytes: decodeBody(part) }
}

function partsOf(body: string, boundary: string): Part[] {
  const pieces = `\r\n${body}`.split(`\r\n--${boundary}`)
  return pieces.slice(1, -1).map((piece) => splitPart(piece.slice(2)))
}

function decodeBody(part: Part): Buffer {
  const encoding = headerOf(part.headers, 'Content-Transfer-Encoding').toLowerCase()
  if (encoding === 'base64') return Buffer.from(part.body, 'base64')
  return encoding === 'quoted-printable' ? decodeQuoted(part.body) : Buffer.from(part.body, 'latin1')
}

function decodeQuoted(text: string): Buffer {
  const joined = text.replace(/=[ \t]*\r\n/g, '')
  const decode = (_: string, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16))
  return Buffer.from(joined.replace(/=([0-9A-F]{2})/gi, decode), 'latin1')
}

/** Encoded words next to each other are one text; a character may be split between two of them. */
function decodeWords(value: string): string {
  return value.replace(/=\?utf-8\?[QB]\?[^? ]*\?=(?:\s+=\?utf-8\?[QB]\?[^? ]*\?=)*/gi, (run) => {
    const words = run.split(/\s+/).map((word) => {
      const [, , encoding = '', data = ''] = word.split('?')
      return encoding.toUpperCase() === 'B' ? Buffer.from(data, 'base64') : decodeQuoted(data.replaceAll('_', ' '))
    })
    return Buffer.concat(words).toString('utf8')
  })
}
