import type { Evidence, Measure, Millis } from '../../model.ts'

/** Writes an instant as ISO 8601 in UTC with milliseconds; null when there is none. */
export function iso(at: Millis | null | undefined): string | null {
  const date = new Date(at ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** Returns the fields of `row` that are set; its instants under `names` as ISO 8601. */
export function isoFields<N extends string>(row: Readonly<Partial<Record<N, Millis>>>, names: readonly N[]) {
  const present = names.filter((name) => row[name] !== undefined)
  return Object.fromEntries(present.map((name) => [name, iso(row[name])]))
}

/** Returns the fields of `row` that are set, of those named. */
export function pickFields<T extends object, N extends keyof T & string>(
  row: T,
  names: readonly N[],
): Partial<Pick<T, N>> {
  const picked: Partial<Pick<T, N>> = {}
  for (const name of names) if (row[name] !== undefined) picked[name] = row[name]
  return picked
}

export const showMeasure = ({ metric, unit }: Measure) => ({ metric, unit })

/** Returns what an evaluation found: the numbers as they are, and `reason` as a code with its parameters. */
export const showEvidence = ({ limit, clear, expected, range, why }: Evidence) => ({
  ...pickFields({ threshold: limit, clear, expected, range }, ['threshold', 'clear', 'expected', 'range']),
  reason: why,
})
