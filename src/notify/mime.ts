/**
 * Reads the mails that this folder writes: two parts side by side, quoted-printable, headers with encoded words.
 * Not a parser for other people's mail.
 */

export interface ReadMail {
  /** In their order, names as written. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly text: string
  readonly html: string
}

/** Takes a mail apart; what is missing is empty. */
export function parseMime(bytes: Uint8Array): ReadMail {
  const whole = splitPart(Buffer.from(bytes).toString('latin1'))
  const boundary = /boundary="?([^";]+)"?/.exec(headerOf(whole.headers, 'Content-Type'))?.[1]
  const parts = boundary === undefined ? [whole] : partsOf(whole.body, boundary)
  const find = (type: string): string => {
    const part = parts.find(({ headers }) => headerOf(headers, 'Content-Type').startsWith(type))
    return part === undefined ? '' : decodeBody(part)
  }
  return { headers: whole.headers, text: find('text/plain'), html: find('text/html') }
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

function partsOf(body: string, boundary: string): Part[] {
  const pieces = `\r\n${body}`.split(`\r\n--${boundary}`)
  return pieces.slice(1, -1).map((piece) => splitPart(piece.slice(2)))
}

function decodeBody(part: Part): string {
  const encoding = headerOf(part.headers, 'Content-Transfer-Encoding').toLowerCase()
  const bytes = encoding === 'quoted-printable' ? decodeQuoted(part.body) : Buffer.from(part.body, 'latin1')
  return bytes.toString('utf8').replaceAll('\r\n', '\n')
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
