import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { after, test } from 'tap'
import type { Test } from 'tap'
import { openSqliteJournal } from '../../src/journal/index.ts'
import type { Offset } from '../../src/model.ts'
import { entryFor } from './payload.ts'

const folder = mkdtempSync(join(tmpdir(), 'stashwatch-faults-'))
after(() => rmSync(folder, { recursive: true }))

const child = fileURLToPath(new URL('child.ts', import.meta.url))

interface Appender {
  readonly process: ChildProcessByStdio<Writable, Readable, null>
  /** Each acknowledged offset, with the size of the WAL right after it. */
  readonly acks: { readonly offset: Offset; readonly wal: number }[]
  readonly failures: string[]
  /** Waits for a line that begins so; rejects when the process ends before. */
  line(start: string): Promise<string>
  ended: Promise<unknown>
}

/**
 * Runs child.ts, under another command if one is given. `env` takes away the options by which tap would load itself
 * into the child, since its handlers of signals would end a process that meets its file size limit.
 */
function startAppender(file: string, count: number, under: readonly string[] = []): Appender {
  const args = ['-u', 'NODE_OPTIONS', ...under, process.execPath, child, file, String(count)]
  const running = spawn('env', args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(running, 'close')
  const [acks, failures, seen]: [Appender['acks'], string[], string[]] = [[], [], []]
  const waiting = new Set<{ readonly start: string; readonly found: (line: string) => void }>()
  createInterface(running.stdout).on('line', (line) => {
    const [word, ...rest] = line.split(' ')
    if (word === 'ack') acks.push({ offset: Number(rest[0]), wal: Number(rest[1]) })
    if (word === 'failed') failures.push(line)
    seen.push(line)
    for (const waiter of waiting) if (line.startsWith(waiter.start)) waiter.found(line)
  })
  const line = async (start: string): Promise<string> => {
    const early = seen.find((line) => line.startsWith(start))
    if (early !== undefined) return early
    const { promise, resolve } = Promise.withResolvers<string>()
    waiting.add({ start, found: resolve })
    const gone = ended.then(() =>
      Promise.reject(new Error(`the process ended without "${start}": ${seen.slice(-3).join('; ')}`)),
    )
    return Promise.race([promise, gone])
  }
  return { process: running, acks, failures, line, ended }
}

/** The offsets in a journal, after it has been checked that they have no gap and hold what belongs there. */
async function offsetsIn(t: Test, file: string): Promise<Offset[]> {
  const journal = openSqliteJournal({ file })
  const entries = await journal.read(0, Number.MAX_SAFE_INTEGER)
  await journal.close()
  const wrong = entries.filter(({ offset, kind, data }, index) => {
    const expected = entryFor(offset)
    return offset !== index + 1 || kind !== expected.kind || !Buffer.from(expected.data).equals(data)
  })
  t.same(wrong, [], 'every entry is whole and in its place')
  return entries.map(({ offset }) => offset)
}

function skipUnless(there: boolean, command: string): { readonly skip: string | false } {
  return { skip: there ? false : `${command} is not installed, or may not be used here` }
}

const installed = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0

test('after kill -9 every acknowledged entry is there, and nothing is torn', async (t) => {
  const file = join(folder, 'killed.db')
  let acked = 0
  for (const after of [1, 400, 40, 200]) {
    const appender = startAppender(file, 1e9)
    await appender.line(`ack ${acked + after} `)
    appender.process.kill('SIGKILL')
    await appender.ended
    acked = appender.acks.at(-1)!.offset
    const offsets = await offsetsIn(t, file)
    t.ok(offsets.length === acked || offsets.length === acked + 1, `${acked} acknowledged, ${offsets.length} there`)
    acked = offsets.length
  }
})

test('a second process is refused at once, and the first goes on', async (t) => {
  const file = join(folder, 'shared.db')
  const first = startAppender(file, 1e9)
  await first.line('ack 1 ')
  const second = startAppender(file, 1)
  t.match(await second.line('failed'), /^failed JOURNAL_IN_USE .*stop the other one/)
  await second.ended
  t.equal(second.process.exitCode, 1)
  await first.line(`ack ${first.acks.length + 50} `)
  first.process.kill('SIGKILL')
  await first.ended
  t.same(first.failures, [])
})

test('a WAL that is cut or overwritten at its end loses nothing that was committed before', async (t) => {
  const file = join(folder, 'cut.db')
  const appender = startAppender(file, 1e9)
  await appender.line('ack 60 ')
  appender.process.kill('SIGKILL')
  await appender.ended
  const wal = readFileSync(`${file}-wal`)
  t.ok(wal.length >= appender.acks.at(-1)!.wal, 'no checkpoint came between')

  const copy = join(folder, 'copy.db')
  const ends = appender.acks.slice(0, 60).map((ack) => ack.wal)
  const positions = [
    0,
    31,
    ends[0]! - 1,
    ends[0]!,
    ends[20]! + 1,
    ends[30]! + 5000,
    ends[40]! - 100,
    ends[59]!,
    wal.length,
  ]
  for (const position of positions) {
    const committed = appender.acks.filter((ack) => ack.wal <= position).length
    const damaged = Buffer.from(wal).fill(0xa5, position, Math.min(position + 4096, wal.length))
    for (const [how, bytes] of Object.entries({ cut: wal.subarray(0, position), overwritten: damaged })) {
      copyFileSync(file, copy)
      writeFileSync(`${copy}-wal`, bytes)
      const { length } = await offsetsIn(t, copy)
      t.ok(length >= committed, `${how} at ${position}: ${committed} committed before, ${length} there`)
      if (position < ends[58]!) t.ok(length < 60, 'what lies behind is gone, so this test can fail')
    }
  }
})

const prlimit = installed('prlimit', '--version')
const strace = installed('strace', '-f', '-o', join(folder, 'trace'), 'true')

test(
  'after a short write nothing is left behind, and no restart is needed',
  skipUnless(prlimit, 'prlimit'),
  async (t) => {
    const file = join(folder, 'short.db')
    const appender = startAppender(file, 150, ['prlimit', '--fsize=500000:unlimited'])
    t.match(await appender.line('failed'), /^failed JOURNAL_FAILED journal .*short\.db: could not append: /)
    const { length: before } = appender.acks
    t.ok(before > 10 && before < 150, `${before} entries fitted`)
    t.equal(spawnSync('prlimit', ['--pid', String(appender.process.pid), '--fsize=unlimited']).status, 0)
    appender.process.stdin.write('recover\n')
    await appender.ended
    t.equal(appender.failures.length, 1)
    t.equal((await offsetsIn(t, file)).length, 150)
  },
)

test(
  'after a failed sync all is refused until recovery has proven the rest',
  skipUnless(strace, 'strace'),
  async (t) => {
    const file = join(folder, 'unsynced.db')
    const failing = ['-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO:when=30']
    const appender = startAppender(file, 40, ['strace', '-f', '-o', join(folder, 'trace'), ...failing])
    t.match(await appender.line('failed'), /^failed JOURNAL_FAILED .*: could not append: disk I\/O error/)
    const { length: before } = appender.acks
    t.ok(before > 10 && before < 30, `${before} entries before it`)
    appender.process.stdin.write('recover\n')
    await appender.ended
    t.equal(appender.failures.length, 1)
    t.same(
      appender.acks.map(({ offset }) => offset),
      Array.from({ length: 40 }, (_, index) => index + 1),
    )
    t.equal((await offsetsIn(t, file)).length, 40)
  },
)
