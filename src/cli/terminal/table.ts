import { printable } from './remote.ts'

/** Lays rows out in columns under their titles, two spaces apart; numbers to the right. */
export function formatTable(
  titles: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): readonly string[] {
  const cells = rows.map((row) => row.map((cell) => printable(String(cell))))
  const widths = titles.map((title, i) => cells.reduce((max, row) => Math.max(max, row[i]?.length ?? 0), title.length))
  const isNumber = titles.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isNumber[i] === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return [titles, ...cells].map(line)
}
