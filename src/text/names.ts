/** Most characters of a list of names in one sentence: a mail shows 16,384 of it. */
const MAX_LENGTH = 16_000

/** Lists names, as far as there is room for them; `count` is how many there are in all. */
export function listNames(names: readonly string[], count = names.length): string {
  let length = 0
  const shown = names.filter((name) => (length += name.length + 2) <= MAX_LENGTH)
  const rest = count - shown.length
  return rest <= 0 ? shown.join(', ') : `${shown.join(', ')} and ${rest} more`
}
