import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { test } from 'tap'
import { startRunner } from '../../src/engine/worker/runner.ts'
import { startSnapshot } from '../../src/engine/snapshot.ts'
import { createFold } from '../../src/engine/step.ts'
import { openSqliteJournal } from '../../src/journal/index.ts'
import { config, NOON } from '../helpers/play.ts'

/** The bytes of a snapshot as another version would have written them. */
function snapshotOf(version: number): Uint8Array {
  const bytes = startSnapshot(createFold().state, 1).take()?.data ?? new Uint8Array()
  const head = serialize({ ...(deserialize(bytes.subarray(4)) as object), version })
  const length = Buffer.alloc(4)
  length.writeUInt32LE(head.length)
  return Buffer.concat([length, head])
}

for (const version of [0, 2]) {
  test(`a snapshot of version ${version} is refused by name, and the journal is left as it was`, async (t) => {
    const file = join(t.testdir(), 'journal.db')
    const journal = openSqliteJournal({ file })
    await journal.append([{ kind: 'batch', data: Buffer.from('kept') }])
    await journal.saveChunk({ upTo: 1, index: 0, count: 1, data: snapshotOf(version) })
    await journal.close()
    const before = readFileSync(file)
    const reopened = openSqliteJournal({ file })
    await t.rejects(
      startRunner(reopened, config({ rules: [] }), NOON, () => undefined),
      {
        code: 'snapshot_version',
        message:
          `the snapshot in the journal has version ${version}, and this version of stashwatch reads version 1: ` +
          'start the version that wrote it, or name another data folder (`data:` in the configuration)',
      },
    )
    await reopened.close()
    t.ok(before.equals(readFileSync(file)))
  })
}
