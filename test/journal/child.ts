/**
 * A process that appends the entries of payload.ts, one at a time, until it has done so many, and says on its standard
 * output what was acknowledged: `ack OFFSET WAL-BYTES`. After a failure it says `failed CODE MESSAGE`, waits for a line
 * on its standard input, and recovers: `recovered` or `failed ...` once more.
 *
 *     child.ts FILE COUNT
 */
import { statSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { openSqliteJournal } from '../../src/journal/index.ts'
import { entryFor } from './payload.ts'

const [file = '', count = '0'] = process.argv.slice(2)

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

function notified(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  return `failed ${'code' in error ? String(error.code) : '-'} ${error.message.replaceAll('\n', ' ')}`
}

async function run(): Promise<void> {
  const journal = openSqliteJournal({ file })
  const lines = createInterface(process.stdin)[Symbol.asyncIterator]()
  let acked = (await journal.read(0, Number.MAX_SAFE_INTEGER)).at(-1)?.offset ?? 0
  for (let done = 0; done < Number(count);) {
    try {
      const [offset] = await journal.append([entryFor(acked + 1)])
      acked = offset!
      done += 1
      say(`ack ${acked} ${statSync(`${file}-wal`).size}`)
    } catch (error) {
      say(notified(error))
      if ((await lines.next()).done) return
      await journal.recover(acked).then(
        () => say('recovered'),
        (failed: unknown) => say(notified(failed)),
      )
    }
  }
  await journal.close()
  process.stdin.destroy()
}

try {
  await run()
} catch (error) {
  say(notified(error))
  process.exitCode = 1
}
