import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'tap'
import { JournalDamaged, JournalRefused, openSqliteJournal } from '../../../src/journal/index.ts'
import type { SqliteOptions } from '../../../src/journal/index.ts'
import type { Journal, Log, Offset } from '../../../src/model.ts'
import { fill } from '../conformance.ts'
import { entryFor, unthreaded } from '../payload.ts'

const ALL = Number.MAX_SAFE_INTEGER
const folder = mkdtempSync(join(tmpdir(), 'stashwatch-journal-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0
const newFile = (): string => join(folder, `${(files += 1)}.db`)

/** Does something to a journal's file behind its back. */
function tamper(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

async function withJournal<T>(options: SqliteOptions, work: (journal: Journal) => Promise<T>): Promise<T> {
  const journal = openSqliteJournal(options)
  try {
    return await work(journal)
  } finally {
    await journal.close()
  }
}

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

const damageOf = async (work: () => unknown): Promise<JournalDamaged> => {
  const error = await thrownBy(work)
  if (error instanceof JournalDamaged) return error
  throw error
}

/** Does what the message says, as an operator would: the step that calls sqlite3. */
function follow(error: JournalDamaged): void {
  const [, file, sql] = /^sqlite3 (\S+) "(.*)"$/.exec(error.damage.steps.find((step) => step.startsWith('sqlite3'))!)!
  tamper(file!, sql!)
}

async function saveState(journal: Journal, upTo: Offset, ...texts: string[]): Promise<void> {
  for (const [index, text] of texts.entries()) {
    await journal.saveChunk({ upTo, index, count: texts.length, data: Buffer.from(text) })
  }
}

const offsetsAfter = async (journal: Journal, offset: Offset): Promise<Offset[]> =>
  (await journal.read(offset, ALL)).map((entry) => entry.offset)

const stateOf = async (journal: Journal): Promise<string | undefined> => {
  const snapshot = await journal.load()
  return snapshot && `${snapshot.offset}: ${Buffer.from(snapshot.state).toString()}`
}

function listeningLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = []
  const add = (_: object, message: string): void => void lines.push(message)
  return { log: { debug: add, info: add, warn: add, error: add }, lines }
}

test('everything is there after closing and opening again', async (t) => {
  const file = newFile()
  await withJournal({ file }, async (journal) => {
    await fill(journal, 20)
    await journal.commit(7, [unthreaded('a', 'A'), unthreaded('b', 'B')], 5.25)
    await journal.outbox.rendered('a', Buffer.from('From: a'))
    await journal.outbox.outcome('a', { state: 'retry', response: '421', at: 9.5 }, 6)
    await journal.outbox.outcome('b', { state: 'sent', response: '250' }, 7)
    await saveState(journal, 10, 'one ', 'two')
    await journal.saveChunk({ upTo: 20, index: 0, count: 2, data: Buffer.from('unfinished') })
  })
  t.throws(() => statSync(`${file}-wal`), 'a clean end leaves one file')
  await withJournal({ file }, async (journal) => {
    t.same(
      await journal.read(0, ALL),
      Array.from({ length: 20 }, (_, i) => ({ offset: i + 1, ...entryFor(i + 1) })),
    )
    t.equal(await stateOf(journal), '10: one two')
    const [item] = await journal.outbox.due(10, 9)
    t.match(item, { id: 'a', data: 'A', attempts: 1 })
    t.equal(Buffer.from(item!.rendered!).toString(), 'From: a')
    t.match(await journal.outbox.list(9), [
      { id: 'b', state: 'sent', finishedAt: 7 },
      { id: 'a', createdAt: 5.25, nextAttemptAt: 9.5 },
    ])
    await t.rejects(journal.saveChunk({ upTo: 20, index: 1, count: 2, data: Buffer.from('x') }), RangeError)
    t.same(await journal.append([entryFor(21)]), [21])
  })
})

test('the folder is made, and nobody else may read what the journal holds', async (t) => {
  const file = join(folder, 'made', 'for it', 'journal.db')
  await withJournal({ file }, async (journal) => {
    await fill(journal, 1)
    const modes = [file, `${file}-wal`, join(folder, 'made')].map((path) => (statSync(path).mode & 0o777).toString(8))
    t.same(modes, ['600', '600', '700'])
  })
  writeFileSync(join(folder, 'a file'), '')
  const error = await thrownBy(() => openSqliteJournal({ file: join(folder, 'a file', 'journal.db') }))
  t.match(error, { code: 'JOURNAL_FAILED', message: /journal .*a file.journal\.db: could not be opened: .*folder/ })
})

test('a second process that opens the journal is refused at once, with the next step', async (t) => {
  const file = newFile()
  await withJournal({ file }, async (journal) => {
    await fill(journal, 3)
    const error = await thrownBy(() => openSqliteJournal({ file }))
    t.type(error, JournalRefused)
    t.match(error, { code: 'JOURNAL_IN_USE', file, message: /in use by another process.*`data:` in the configuration/ })
    t.same(await journal.append([entryFor(4)]), [4], 'the first goes on undisturbed')
  })
})

test('another format and a foreign database are refused, and not touched', async (t) => {
  const newer = newFile()
  await withJournal({ file: newer }, (journal) => fill(journal, 1))
  for (const format of [2, 5]) {
    tamper(newer, `UPDATE meta SET value = ${format} WHERE key = 'format'`)
    const before = readFileSync(newer)
    t.match(await thrownBy(() => openSqliteJournal({ file: newer })), {
      code: 'JOURNAL_FORMAT',
      message: `has format ${format}, and this version of stashwatch reads format 1: start the version that wrote it`,
    })
    t.ok(before.equals(readFileSync(newer)))
  }
  tamper(newer, "UPDATE meta SET value = 'x' WHERE key = 'format'")
  t.match(await thrownBy(() => openSqliteJournal({ file: newer })), { code: 'JOURNAL_DAMAGED' })

  const foreign = newFile()
  tamper(foreign, 'CREATE TABLE meta (x)')
  const before = readFileSync(foreign)
  t.match(await thrownBy(() => openSqliteJournal({ file: foreign })), { code: 'JOURNAL_FOREIGN' })
  t.ok(before.equals(readFileSync(foreign)))
})

test('a damaged entry is named, and giving it up costs that entry alone', async (t) => {
  const file = newFile()
  await withJournal({ file }, (journal) => fill(journal, 9))
  tamper(file, "UPDATE entries SET data = 'x' || substr(data, 2) WHERE offset = 5")
  const error = await withJournal({ file }, async (journal) => {
    t.same(await journal.append([entryFor(10)]), [10])
    return damageOf(() => journal.read(0, ALL))
  })
  t.match(error.message, /entry 5 \(tick, 7836 bytes\) does not match its checksum\. Nothing was deleted/)
  t.match(
    error.message,
    /\n {2}1\. stop stashwatch\n {2}2\. cp .*\n {2}3\. sqlite3 .*\n {2}4\. start stashwatch\nLost by/,
  )
  follow(error)
  await withJournal({ file }, async (journal) => {
    t.same(await offsetsAfter(journal, 0), [1, 2, 3, 4, 6, 7, 8, 9, 10])
    t.same(await offsetsAfter(journal, 4), [6, 7, 8, 9, 10])
  })
})

test('an entry at another offset, a changed kind and missing entries are noticed', async (t) => {
  const file = newFile()
  await withJournal({ file }, (journal) => fill(journal, 9))
  const damage = (): Promise<JournalDamaged> => withJournal({ file }, (journal) => damageOf(() => journal.read(0, ALL)))
  tamper(file, 'UPDATE entries SET offset = 99 WHERE offset = 3')
  t.match((await damage()).damage.what, 'entry 3 is missing')
  tamper(file, "UPDATE entries SET offset = 3 WHERE offset = 99; UPDATE entries SET kind = 'batch' WHERE offset = 2")
  t.match((await damage()).damage.what, /entry 2 .* does not match/)
  tamper(file, "UPDATE entries SET kind = 'command' WHERE offset = 2; DELETE FROM entries WHERE offset IN (6, 7)")
  t.match((await damage()).damage.what, 'entries 6 to 7 are missing')
  follow(await damage())
  await withJournal({ file }, async (journal) => t.same(await offsetsAfter(journal, 0), [1, 2, 3, 4, 5, 8, 9]))
})

test('a damaged snapshot is replaced by the one before it, and nothing is lost', async (t) => {
  const file = newFile()
  await withJournal({ file }, async (journal) => {
    await fill(journal, 30)
    await saveState(journal, 10, 'first')
    await saveState(journal, 20, 'sec', 'ond')
    await saveState(journal, 25, 'thi', 'rd')
  })
  tamper(file, "UPDATE chunks SET data = x'00' WHERE snapshot = 3 AND part = 1")
  const { log, lines } = listeningLog()
  await withJournal({ file, log }, async (journal) => {
    t.equal(await stateOf(journal), '20: second')
    t.match(lines, [
      /snapshot at entry 25 is damaged \(part 2 of 2 does not match.*the one at 20 is used, nothing is lost/,
    ])
    t.same(await offsetsAfter(journal, 20), [21, 22, 23, 24, 25, 26, 27, 28, 29, 30])
    await saveState(journal, 30, 'fourth')
    t.same(await offsetsAfter(journal, 0), [21, 22, 23, 24, 25, 26, 27, 28, 29, 30], 'the good one is the fallback')
  })
  tamper(file, 'DELETE FROM chunks WHERE snapshot = 4')
  await withJournal({ file }, async (journal) => t.equal(await stateOf(journal), '20: second'))
})

test('without a usable snapshot all entries are folded, or the loss is named and limited', async (t) => {
  const file = newFile()
  await withJournal({ file }, async (journal) => {
    await fill(journal, 9)
    await journal.commit(9, [unthreaded('a', 'A')], 1)
    await saveState(journal, 4, 'first')
  })
  tamper(file, "UPDATE chunks SET data = x'00'")
  const { log, lines } = listeningLog()
  await withJournal({ file, log }, async (journal) => {
    t.equal(await journal.load(), undefined)
    t.match(lines, [/all entries are folded instead/])
    t.equal((await offsetsAfter(journal, 0)).length, 9)
    await saveState(journal, 6, 'second')
    await saveState(journal, 8, 'third')
  })
  tamper(file, "UPDATE chunks SET data = x'00'")
  const error = await damageOf(() => withJournal({ file }, (journal) => journal.load()))
  t.match(error.message, /snapshot at entry 8 cannot be used .*, the snapshot at entry 6 cannot be used/)
  t.match(error.damage.lost, /up to entry 6 .*mails not yet sent and the registry stay/)
  follow(error)
  await withJournal({ file }, async (journal) => {
    t.equal(await journal.load(), undefined)
    t.same(await offsetsAfter(journal, 0), [7, 8, 9])
    t.equal((await journal.outbox.stats()).pending, 1)
    t.same(await journal.append([entryFor(10)]), [10])
  })
})

test('a damaged mail is not sent, is said, and holds up no other', async (t) => {
  const file = newFile()
  await withJournal({ file }, async (journal) => {
    await fill(journal, 1)
    await journal.commit(
      1,
      ['a', 'b', 'c'].map((id) => unthreaded(id, `data of ${id}`)),
      1,
    )
    for (const id of ['b', 'c']) await journal.outbox.rendered(id, Buffer.from(`mail ${id}`))
  })
  tamper(file, "UPDATE effects SET data = 'other' WHERE id = 'a'; UPDATE effects SET rendered = x'00' WHERE id = 'b'")
  const { log, lines } = listeningLog()
  await withJournal({ file, log }, async (journal) => {
    const due = await journal.outbox.due(5, 9)
    t.same(
      due.map(({ id, rendered }) => [id, rendered && Buffer.from(rendered).toString()]),
      [
        ['b', undefined],
        ['c', 'mail c'],
      ],
    )
    t.match(lines, [/data of effect a is damaged: it cannot be sent/, /rendered of effect b is damaged/])
    t.match((await journal.outbox.list(9)).at(-1), {
      id: 'a',
      state: 'failed',
      finishedAt: 5,
      damaged: true,
    })
    await journal.outbox.rendered('b', Buffer.from('mail b again'))
    t.match((await journal.outbox.due(5, 1))[0], { id: 'b', rendered: Buffer.from('mail b again') })
  })
})

test('a damaged result is shown as none, and its record all the same', async (t) => {
  const file = newFile()
  await withJournal({ file }, async (journal) => {
    await fill(journal, 1)
    await journal.commit(1, [unthreaded('a', 'data')], 1)
    await journal.outbox.outcome('a', { state: 'sent', response: '250' }, 2)
  })
  tamper(file, "UPDATE effects SET result = '{\"resp' WHERE id = 'a'")
  await withJournal({ file }, async (journal) => {
    const [record] = await journal.outbox.list(9)
    t.match(record, { id: 'a', state: 'sent', finishedAt: 2 })
    t.equal(record?.response, undefined)
  })
})

test('a damaged file is noticed before anything is folded, and can be moved aside', async (t) => {
  const file = newFile()
  await withJournal({ file }, (journal) => fill(journal, 50))
  const good = readFileSync(file)
  const broken: Record<string, () => void> = {
    'overwritten at its start': () => writeFileSync(file, Buffer.concat([Buffer.alloc(100, 'x'), good.subarray(100)])),
    'overwritten at its first page': () => writeFileSync(file, Buffer.from(good).fill(0xff, 100, 8192)),
    'overwritten in its middle': () =>
      writeFileSync(file, Buffer.from(good).fill(0, good.length / 2, good.length / 2 + 32768)),
    cut: () => truncateSync(file, good.length / 2),
    empty: () => truncateSync(file, 0),
  }
  for (const [how, breakIt] of Object.entries(broken)) {
    writeFileSync(file, good)
    breakIt()
    const error = await damageOf(() => withJournal({ file }, (journal) => journal.read(0, ALL)))
    t.match(error, { code: 'JOURNAL_DAMAGED', file, message: /mv .*\.damaged; .*-wal/s }, how)
    t.ok(statSync(file).size >= 0, 'the file stays where it is')
  }
  renameSync(file, `${file}.damaged`)
  await withJournal({ file }, async (journal) => t.same(await journal.append([entryFor(1)]), [1]))
})

test('a full file refuses the append whole, and goes on after recovery', async (t) => {
  const options = { file: newFile(), maxBytes: 600_000 }
  const journal = openSqliteJournal(options)
  let acked = 0
  const appendMany = async (): Promise<void> => {
    for (;;) acked = (await journal.append([acked + 1, acked + 2].map(entryFor))).at(-1)!
  }
  t.match(await thrownBy(appendMany), {
    code: 'JOURNAL_FAILED',
    message: /could not append: .*full \(make room; it goes/,
  })
  t.ok(acked > 50, `${acked} entries fitted`)
  await t.rejects(journal.append([entryFor(acked + 1)]), { code: 'JOURNAL_FAILED', message: /waits for recovery/ })
  await t.rejects(journal.outbox.due(1, 1), { code: 'JOURNAL_FAILED' }, 'nothing is served that is not proven')
  await journal.recover(acked)
  t.equal((await journal.read(0, ALL)).at(-1)!.offset, acked, 'no half of the refused call is there')
  await t.rejects(journal.append(Array.from({ length: 99 }, (_, i) => entryFor(acked + 1 + i))), {
    code: 'JOURNAL_FAILED',
  })
  await journal.close()
  await withJournal({ file: options.file }, async (roomy) => {
    t.same(await roomy.append([entryFor(acked + 1)]), [acked + 1])
    t.equal((await roomy.read(0, ALL)).length, acked + 1)
  })
})

test('a file that vanished is noticed, and not replaced by an empty one', async (t) => {
  const file = newFile()
  const journal = openSqliteJournal({ file })
  await fill(journal, 3)
  renameSync(file, `${file}.away`)
  const appendMany = async (): Promise<void> => {
    for (let call = 0; call < 300; call += 1) await journal.append([{ kind: 'tick', data: Buffer.from('tick') }])
  }
  t.match(await thrownBy(appendMany), { code: 'JOURNAL_FAILED', message: /no such file/ })
  await t.rejects(journal.recover(3), { code: 'JOURNAL_FAILED', message: /is gone; put the file back/ })
  await t.rejects(journal.append([entryFor(4)]), { code: 'JOURNAL_FAILED' })
  renameSync(`${file}.away`, file)
  await journal.recover(3)
  t.same(await journal.append([entryFor(4)]), [4])
  await journal.close()
})

test('deleting is spread over calls, and the WAL stays small', async (t) => {
  const file = newFile()
  await withJournal({ file }, async (journal) => {
    const mega = Buffer.alloc(1_000_000, 'state')
    await journal.append(Array.from({ length: 1500 }, () => ({ kind: 'tick' as const, data: mega.subarray(0, 100) })))
    const lefts: number[] = []
    for (let part = 0; part < 15; part += 1) {
      await journal.saveChunk({ upTo: 1500, index: part % 5, count: 5, data: mega })
      lefts.push((await offsetsAfter(journal, 0))[0] ?? 1501)
    }
    t.same(lefts.slice(8), [1, 257, 513, 769, 1025, 1281, 1501], 'after the second snapshot, some with each call')
    for (let call = 0; call < 5; call += 1) await journal.append([entryFor(0)])
    t.equal((await offsetsAfter(journal, 0))[0], 1501)
    t.ok(statSync(`${file}-wal`).size < 8_000_000, `WAL of ${statSync(`${file}-wal`).size} bytes`)
  })
  const db = new DatabaseSync(file)
  t.match(db.prepare('SELECT count(DISTINCT snapshot) AS kept, count(*) AS parts FROM chunks').get(), {
    kept: 2,
    parts: 10,
  })
  db.close()
  t.ok(statSync(file).size < 25_000_000, 'freed pages are used again')
})

test('a folder of the name of the journal is an environment error', async (t) => {
  const file = newFile()
  mkdirSync(file)
  t.match(await thrownBy(() => openSqliteJournal({ file })), { code: 'JOURNAL_FAILED' })
})
