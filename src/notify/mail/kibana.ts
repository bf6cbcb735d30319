import { formatInstant } from '../webhook/payload.ts'
import type { Millis } from '../../model.ts'

/** What a link to the user's own page is about. */
export interface KibanaQuery {
  readonly host: string
  readonly from: Millis
  readonly to: Millis
}

const PLACEHOLDER = /\{\{\s*(host|from|to)\s*(?:\|\s*(upper|lower)\s*)?\}\}/g

/**
 * Fills in the address where the user looks at events. Each value is percent-encoded whole, so that it stays the piece of
 * the address that it stands for. Inside the quotes of Kibana's own notations it is escaped for these before: `"` of a
 * query, `'` of rison.
 *
 * @returns undefined where a value stands in a place of the address that cannot hold it.
 */
export function kibanaLink(template: string, { host, from, to }: KibanaQuery): string | undefined {
  const values: Readonly<Record<string, string>> = {
    host: host.toWellFormed(),
    from: formatInstant(from),
    to: formatInstant(to),
  }
  const filled = template.replace(PLACEHOLDER, (_, name: string, form: string | undefined, offset: number) =>
    encode(quoted(formed(values[name] ?? '', form), template.slice(0, offset))),
  )
  // What no browser minds but mail programs take for the end of an address.
  const url = filled.replace(/[\s"<>\\^`{|}]/g, encodeURIComponent)
  return URL.canParse(url) ? url : undefined
}

function formed(value: string, form: string | undefined): string {
  if (form === undefined) return value
  return form === 'upper' ? value.toUpperCase() : value.toLowerCase()
}

/** @param before the address up to the place. */
function quoted(value: string, before: string): string {
  const inQuery = isOpen(before, /"|%22/gi) ? value.replace(/["\\]/g, '\\$&') : value
  return isOpen(before, /'|%27/gi) ? inQuery.replace(/['!]/g, '!$&') : inQuery
}

function isOpen(before: string, quote: RegExp): boolean {
  return (before.match(quote)?.length ?? 0) % 2 === 1
}

/** Also what `encodeURIComponent` leaves alone and rison reads as its own. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
