/*
 * What percentiles are made of: the samples themselves while they are few, and counts in logarithmic bins beyond. The
 * bins are those of UDDSketch (Epicoco et al., 2020, https://arxiv.org/abs/2004.08604), an extension of DDSketch: where
 * there are too many of them, neighbours are merged in pairs, which doubles the error. Everything here depends on which
 * samples there are, and never on their order.
 */

/** The samples of a bucket: sorted values (`level` -1), or sorted bins, the key and the count of each in turn. */
export interface Distribution {
  readonly level: number
  readonly numbers: readonly number[]
}

/** How much of a bucket is kept: so many samples as they are, and beyond that so many bins. */
export interface Room {
  readonly exact: number
  readonly bins: number
}

/** Samples that differ by a factor of less than 160 need no more bins at the first level. */
export const ROOM: Room = { exact: 32, bins: 256 }
/** The room of a bucket once all buckets together hold very much. */
export const LITTLE_ROOM: Room = { exact: 4, bins: 16 }
/** The relative error at level 0; each level doubles it, nearly. */
export const RELATIVE_ERROR = 0.01

const EXACT = -1
const LOG_GAMMA = Math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR))
/** What is smaller counts as 0. */
const MIN_SIZE = 1e-12
/** Makes the keys of all positive values positive. */
const OFFSET = 2048

/** Adds a sample. */
export function addValue({ level, numbers }: Distribution, value: number, room: Room = ROOM): Distribution {
  if (level === EXACT) return limit({ level, numbers: insertSorted(numbers, value) }, room)
  return limit({ level, numbers: countBin(numbers, coarsen(keyOf(value), level), 1) }, room)
}

/** Returns the distribution of all samples. */
export function mergeDistributions(all: readonly Distribution[], room: Room = ROOM): Distribution {
  return limit(joinDistributions(all), room)
}

/** Returns the distribution of all samples as exactly as they are known, however many they are. */
export function joinDistributions(all: readonly Distribution[]): Distribution {
  const level = Math.max(EXACT, ...all.map((one) => one.level))
  if (level === EXACT) return exactly(all.flatMap(({ numbers }) => numbers))
  const bins = new Map<number, number>()
  for (const one of all) {
    const { numbers } = toLevel(one, level)
    for (let i = 0; i < numbers.length; i += 2) {
      const [key, count] = [numbers[i] as number, numbers[i + 1] as number]
      bins.set(key, (bins.get(key) ?? 0) + count)
    }
  }
  return { level, numbers: [...bins].sort(([a], [b]) => a - b).flat() }
}

/** A distribution of a few samples. */
export function exactly(values: readonly number[]): Distribution {
  return { level: EXACT, numbers: [...Float64Array.from(values).sort()] }
}

/**
 * Returns the smallest sample that `percent` of all samples do not exceed (the nearest rank), within `RELATIVE_ERROR` or
 * the error of its level where the samples are not kept; NaN without samples.
 */
export function findPercentile({ level, numbers }: Distribution, percent: number): number {
  if (level === EXACT) return numbers[rank(numbers.length, percent)] ?? Number.NaN
  let left = rank(sumCounts(numbers), percent)
  for (let i = 0; i < numbers.length; i += 2) {
    left -= numbers[i + 1] as number
    if (left < 0) return valueOf(numbers[i] as number, level)
  }
  return Number.NaN
}

/** The position of a percentile among sorted samples. Percents have one decimal, so that tenths of them are whole. */
function rank(count: number, percent: number): number {
  return Math.max(0, Math.ceil((Math.round(percent * 10) * count) / 1000) - 1)
}

function sumCounts(numbers: readonly number[]): number {
  let sum = 0
  for (let i = 1; i < numbers.length; i += 2) sum += numbers[i] as number
  return sum
}

/** Keeps a bucket's distribution small: bins instead of many samples, wider ones instead of many bins. */
function limit(distribution: Distribution, room: Room): Distribution {
  const { level, numbers } = distribution
  if (level === EXACT) return numbers.length <= room.exact ? distribution : limit(toLevel(distribution, 0), room)
  return numbers.length <= 2 * room.bins ? distribution : limit(toLevel(distribution, level + 1), room)
}

/** The same samples in the bins of another level, which must not be below its own. */
function toLevel(distribution: Distribution, level: number): Distribution {
  const { level: from, numbers } = distribution
  if (from === level) return distribution
  const result: number[] = []
  const push = (key: number, count: number): void => {
    if (result.at(-2) === key) result[result.length - 1] = (result.at(-1) as number) + count
    else result.push(key, count)
  }
  if (from === EXACT) for (const value of numbers) push(coarsen(keyOf(value), level), 1)
  else {
    for (let i = 0; i < numbers.length; i += 2) {
      push(coarsen(numbers[i] as number, level - from), numbers[i + 1] as number)
    }
  }
  return { level, numbers: result }
}

/** The bin of a value at level 0. Keys are in the order of their values; 0 is that of 0. */
function keyOf(value: number): number {
  const size = Math.abs(value)
  if (size < MIN_SIZE) return 0
  return Math.sign(value) * (Math.ceil(Math.log(size) / LOG_GAMMA) + OFFSET)
}

/** The bin that a bin lies in so many levels further up. */
function coarsen(key: number, levels: number): number {
  if (key === 0 || levels === 0) return key
  return Math.sign(key) * (Math.ceil((Math.abs(key) - OFFSET) / 2 ** levels) + OFFSET)
}

/** The value that is at most a level's relative error from all values of a bin. */
function valueOf(key: number, level: number): number {
  if (key === 0) return 0
  const width = LOG_GAMMA * 2 ** level
  const upper = (Math.abs(key) - OFFSET) * width
  // Of a bin near the largest number, the half comes before the power.
  return Math.sign(key) * Math.exp(upper - Math.log1p(Math.exp(width)) + Math.LN2)
}

function insertSorted(values: readonly number[], value: number): readonly number[] {
  const at = findPosition(values.length, (i) => values[i] as number, value)
  return values.toSpliced(at, 0, value)
}

function countBin(numbers: readonly number[], key: number, count: number): readonly number[] {
  const at = 2 * findPosition(numbers.length / 2, (i) => numbers[2 * i] as number, key)
  if (numbers[at] === key) return numbers.with(at + 1, (numbers[at + 1] as number) + count)
  return numbers.toSpliced(at, 0, key, count)
}

/** The position of the first of `count` sorted numbers that is not below `value`. */
function findPosition(count: number, at: (i: number) => number, value: number): number {
  let [from, to] = [0, count]
  while (from < to) {
    const middle = (from + to) >> 1
    if (at(middle) < value) from = middle + 1
    else to = middle
  }
  return from
}
