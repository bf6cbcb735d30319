import { join } from 'node:path'
import { openSqliteJournal } from '../src/journal/index.ts'
import type { Journal } from '../src/model.ts'

/** Measures the embedded journal on this machine's disk. Times are in milliseconds. */
export interface JournalFigures {
  /** Frames per second with a commit for each, and the median and the longest commit. */
  readonly alone: CommitFigures
  /** The same when eight frames share a commit, as they do when eight connections wait. */
  readonly grouped: CommitFigures
  /** Commits of one frame between the parts of a 20 MB snapshot; the parts; and loading the snapshot. */
  readonly duringSnapshot: CommitFigures & { readonly partP50: number; readonly partMax: number; readonly load: number }
  /** Opening a journal with these entries after a kill, and reading all of them. */
  readonly reading: {
    readonly entries: number
    readonly megabytes: number
    readonly open: number
    readonly read: number
  }
}

export interface CommitFigures {
  readonly framesPerSecond: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** The size of a frame with 125 events of ten metrics: 13 kB. */
const FRAME = Buffer.alloc(13_750, 'host cpu memory disk 0123456789;')
const MEGABYTE = Buffer.alloc(1_000_000, 'state')
const SNAPSHOT_PARTS = 20

/** Measures in an empty folder, with about 150 MB of space. Takes two or three seconds. */
export async function measureJournal(folder: string): Promise<JournalFigures> {
  const file = join(folder, 'bench-journal.db')
  const journal = openSqliteJournal({ file })
  const alone = await commits(journal, 2000, 1)
  const grouped = await commits(journal, 500, 8)
  const entries = 6000
  await journal.close()

  const opened = performance.now()
  const again = openSqliteJournal({ file })
  const open = performance.now() - opened
  const read = await timed(() => readAll(again))
  const duringSnapshot = await snapshot(again, entries)
  await again.close()
  return { alone, grouped, duringSnapshot, reading: { entries, megabytes: (entries * FRAME.length) / 1e6, open, read } }
}

async function commits(journal: Journal, count: number, frames: number): Promise<CommitFigures> {
  const group = Array.from({ length: frames }, () => ({ kind: 'batch' as const, data: FRAME }))
  const spans: number[] = []
  for (let done = 0; done < count; done += 1) spans.push(await timed(() => journal.append(group)))
  return figures(spans, frames)
}

/** Saved twice, so that the second one, which is measured, also deletes the entries before the first. */
async function snapshot(journal: Journal, upTo: number): Promise<JournalFigures['duringSnapshot']> {
  let [between, parts]: [number[], number[]] = [[], []]
  for (let round = 0; round < 2; round += 1) {
    ;[between, parts] = [[], []]
    for (let index = 0; index < SNAPSHOT_PARTS; index += 1) {
      parts.push(await timed(() => journal.saveChunk({ upTo, index, count: SNAPSHOT_PARTS, data: MEGABYTE })))
      for (let frame = 0; frame < 5; frame += 1) {
        between.push(await timed(() => journal.append([{ kind: 'batch', data: FRAME }])))
      }
    }
  }
  const load = await timed(() => journal.load())
  return { ...figures(between, 1), partP50: percentile(parts, 0.5), partMax: Math.max(...parts), load }
}

async function readAll(journal: Journal): Promise<void> {
  for (let after = 0; ;) {
    const entries = await journal.read(after, 4_000_000)
    const last = entries.at(-1)
    if (last === undefined) return
    after = last.offset
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

function figures(spans: readonly number[], frames: number): CommitFigures {
  const total = spans.reduce((sum, span) => sum + span, 0)
  return {
    framesPerSecond: Math.round((spans.length * frames * 1000) / total),
    p50: percentile(spans, 0.5),
    p99: percentile(spans, 0.99),
    max: Math.max(...spans),
  }
}

function percentile(spans: readonly number[], part: number): number {
  const sorted = spans.toSorted((a, b) => a - b)
  return sorted[Math.floor(part * (sorted.length - 1))] ?? 0
}
