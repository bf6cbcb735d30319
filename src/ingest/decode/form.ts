import { readInspect } from './ruby-inspect.ts'

/** The characters of CGI escaping and the separators between fields. */
const ALPHABET = /^[\w.~*%+=&-]+$/
const ESCAPED = /(?:%[0-9a-f]{2})+/gi
/** One more than the limit of fields in an event, so that a form with more is rejected for their number. */
const MAX_FIELDS = 4097
/** The most characters of hashes and arrays that are parsed in one form, so that no form blocks other requests. */
const MAX_NESTED = 128 * 1024

/**
 * Returns true if a text is a form (`k=v&k=v`) and not merely labelled as one, as the lines of syslog-ng are: all of it
 * is escaped, and every field has a name and one equals sign.
 */
export function isForm(text: string): boolean {
  return ALPHABET.test(text) && text.split('&', MAX_FIELDS).every(isField)
}

function isField(field: string): boolean {
  const equals = field.indexOf('=')
  return equals > 0 && equals === field.lastIndexOf('=')
}

/**
 * Returns the event in Logstash's `form` format. A value that is a hash or an array in the notation of Ruby's `inspect`
 * is parsed, as long as all of them together have less than 128 KiB. The message and all other values stay text. Never
 * throws: bytes that are not UTF-8 become replacement characters.
 */
export function readForm(text: string): object {
  let room = MAX_NESTED
  const entries = text.split('&', MAX_FIELDS).map((field): [string, unknown] => {
    const equals = field.indexOf('=')
    const [name, value] = [unescape(field.slice(0, equals)), unescape(field.slice(equals + 1))]
    const isNested = name !== 'message' && (value[0] === '{' || value[0] === '[')
    if (!isNested || value.length > room) return [name, value]
    room -= value.length
    return [name, readInspect(value) ?? value]
  })
  // `fromEntries` defines properties, so that a key named __proto__ is a field like any other.
  return Object.fromEntries(entries)
}

function unescape(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  if (!spaced.includes('%')) return spaced
  return spaced.replace(ESCAPED, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}
