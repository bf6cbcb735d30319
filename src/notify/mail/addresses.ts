/** A web address up to where text goes on; a placeholder's place is marked by a NUL. */
const ADDRESS = /https?:\/\/[^\s<>"'`]+/g
/** Marks of the sentence around an address. A closing bracket is one where the address opens none. */
const BEHIND = /[.,;:!?]+$/

/**
 * The web addresses that a template's author wrote out. One that runs into a placeholder is none of them: what stands
 * there came with events.
 */
export function findAddresses(template: string): readonly string[] {
  const found = template.replace(/\{\{.*?\}\}/gs, '\0').match(ADDRESS) ?? []
  return [...new Set(found.filter((address) => !address.includes('\0')).map(trimmed))].filter((address) =>
    URL.canParse(address),
  )
}

/** A piece of a text, and whether it is one of the addresses. */
export interface Piece {
  readonly text: string
  readonly isLink: boolean
}

/** Takes a text apart at those of the addresses that stand in it whole; all others stay text. */
export function splitAddresses(text: string, addresses: readonly string[]): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = trimmed(found)
    if (!addresses.includes(address)) continue
    pieces.push({ text: text.slice(from, index), isLink: false }, { text: address, isLink: true })
    from = index + address.length
  }
  return [...pieces, { text: text.slice(from), isLink: false }]
}

function trimmed(address: string): string {
  const shorter = address.replace(BEHIND, '')
  const isBracketed = /[)\]]$/.test(shorter) && !/[([]/.test(shorter)
  return isBracketed ? trimmed(shorter.slice(0, -1)) : shorter
}
