/**
 * Text that came with events is shown as text only: it cannot end a header, hide itself, change the reading direction
 * or become markup.
 */

/**
 * Controls, line and paragraph separators, direction marks, invisible characters, halves of surrogate pairs. A
 * pictograph with the marks that belong to it is matched first, and as a whole.
 */
const PICTOGRAPH = /\p{Extended_Pictographic}\uFE0F?(?:\u200D\p{Extended_Pictographic}\uFE0F?)*/u
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
const PICTOGRAPH_OR_UNSEEN = new RegExp(`${PICTOGRAPH.source}|(${UNSEEN.source})`, 'gu')

const PLAIN = /^[ -~]*$/

/** Replaces invisible and control characters by their code point: `\u{202E}`. */
export function clean(text: string): string {
  return PLAIN.test(text) ? text : text.replace(PICTOGRAPH_OR_UNSEEN, reveal)
}

/** Like `clean`, but keeps line feeds: for texts of the operator. */
export function cleanLines(text: string): string {
  return text.replaceAll('\r\n', '\n').split('\n').map(clean).join('\n')
}

/**
 * Shortens a text to at most `max` characters, in the middle, where names differ least.
 *
 * @param max at least 3.
 */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text
  const points = Array.from(text)
  if (points.length <= max) return text
  const head = Math.ceil((max - 1) / 2)
  return `${points.slice(0, head).join('')}…${points.slice(points.length - (max - 1 - head)).join('')}`
}

/** Sanitises text for a header: clean, short, and without the start of an encoded word. */
export function headerText(text: string, max: number): string {
  return shorten(clean(text).replaceAll('=?', '=\\u{003F}').trim(), max)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes text for HTML, as content and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
}

function reveal(found: string, unseen: string | undefined): string {
  if (unseen === undefined) return found
  const hex = (unseen.codePointAt(0) ?? 0).toString(16).toUpperCase()
  return `\\u{${hex.padStart(4, '0')}}`
}
