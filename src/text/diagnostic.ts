/**
 * Describes a value that is not as expected. A diagnostic is one or two sentences: what is wrong, what was found and
 * expected, and the fix.
 */
export function describe(
  what: string,
  { found, expected, fix }: { readonly found?: string; readonly expected?: string; readonly fix?: string },
): string {
  const parts = [
    ...(found === undefined ? [] : [`found ${found}`]),
    ...(expected === undefined ? [] : [`expected ${expected}`]),
  ]
  const values = parts.length === 0 ? '' : ` (${parts.join(', ')})`
  return `${what}${values}${fix === undefined ? '' : `. Fix: ${fix}`}`
}

/** One step of a JSON pointer. */
export function below(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
