/** The type of the values in a learnt column. */
const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array, float64: Float64Array } as const

/** A learnt value per series, stored with its ring. Columns with the same name and owner are the same column. */
export interface LearntColumn {
  /** The detector that learns and its params: with other params it starts from reset columns. */
  readonly owner: string
  readonly name: string
  readonly kind: keyof typeof ARRAYS
}

export type LearntArray = InstanceType<(typeof ARRAYS)[keyof typeof ARRAYS]>

/** Returns the size of a column for a number of series, in bytes. */
export function learntBytes({ kind }: LearntColumn, series: number): number {
  return series * ARRAYS[kind].BYTES_PER_ELEMENT
}

export function learntOn({ kind }: LearntColumn, buffer: ArrayBuffer): LearntArray {
  return new ARRAYS[kind](buffer)
}

/** Nothing is learnt yet: 0, and NaN where fractions are kept. */
export function resetLearnt(columns: readonly LearntArray[], index: number): void {
  for (const column of columns) {
    column[index] = column instanceof Float32Array || column instanceof Float64Array ? Number.NaN : 0
  }
}

/** Returns the position of each column in another list; -1 for those that it does not have. */
export function matchLearnt(columns: readonly LearntColumn[], others: readonly LearntColumn[]): readonly number[] {
  return columns.map(({ owner, name, kind }) =>
    others.findIndex((other) => other.owner === owner && other.name === name && other.kind === kind),
  )
}
