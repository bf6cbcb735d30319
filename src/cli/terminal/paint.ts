import { styleText } from 'node:util'
import { type RemoteIo, printable } from './remote.ts'

/** What a command with output for people needs of the process. */
export interface PaintIo extends RemoteIo {
  /** True if standard output is a terminal with colours. */
  readonly colour?: boolean
  /** Owner of the process, if the environment does not name the logged-in user. */
  readonly user?: string | undefined
}

export type Color = Parameters<typeof styleText>[0]

/** Returns a line in a colour, if colours are supported. Its control characters must be escaped already. */
export const paint = ({ colour }: PaintIo, tone: Color | undefined, line: string): string =>
  colour === true && tone !== undefined ? styleText(tone, line, { validateStream: false }) : line

/** Prints a table with coloured rows. */
export function printTable(
  io: PaintIo,
  titles: readonly string[],
  rows: readonly { readonly cells: readonly (string | number)[]; readonly tone?: Color | undefined }[],
): void {
  const [head = '', ...lines] = formatTable(
    titles,
    rows.map(({ cells }) => cells),
  )
  io.out(paint(io, 'bold', head))
  for (const [i, line] of lines.entries()) io.out(paint(io, rows[i]?.tone, line))
}

/** Prints a response of the API as JSON. */
export const printJson = (io: RemoteIo, value: unknown): void => io.out(JSON.stringify(value, null, 2))

/** Formats an instant of the API for people. */
export const formatIsoInstant = (iso: string | null | undefined): string =>
  iso === null || iso === undefined ? '-' : `${iso.slice(0, 19).replace('T', ' ')} UTC`

/** Formats rows as columns under their titles, two spaces apart, numbers right-aligned. */
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
