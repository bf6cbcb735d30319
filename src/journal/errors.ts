import type { Offset } from '../model.ts'

/** The storage refused: a full disk, a failing write or sync. Nothing of the call was kept; `recover` makes it work. */
export class JournalFailed extends Error {
  readonly code = 'JOURNAL_FAILED'
  readonly file: string

  constructor(file: string, what: string, cause?: unknown) {
    super(`journal ${file}: ${what}`, { cause })
    this.name = 'JournalFailed'
    this.file = file
  }
}

/** Another process has the journal open, or the file is not one that this version reads. Nothing was changed. */
export class JournalRefused extends Error {
  readonly code: 'JOURNAL_IN_USE' | 'JOURNAL_FORMAT' | 'JOURNAL_FOREIGN'
  readonly file: string

  constructor(code: JournalRefused['code'], file: string, what: string) {
    super(`journal ${file} ${what}`)
    this.name = 'JournalRefused'
    this.code = code
    this.file = file
  }
}

/** What is damaged, how to go on, and what that costs. */
export interface Damage {
  readonly file: string
  readonly what: string
  /** Steps in their order; commands stand by themselves, ready to be copied. */
  readonly steps: readonly string[]
  readonly lost: string
}

/** What was written is not what is read. The message holds the steps that help. */
export class JournalDamaged extends Error {
  readonly code = 'JOURNAL_DAMAGED'
  readonly file: string
  readonly damage: Damage

  constructor(damage: Damage, cause?: unknown) {
    super(describeDamage(damage), { cause })
    this.name = 'JournalDamaged'
    this.file = damage.file
    this.damage = damage
  }
}

/** The text that an operator reads: several lines, the steps numbered. */
export function describeDamage(damage: Damage): string {
  const steps = damage.steps.map((step, index) => `  ${index + 1}. ${step}`)
  return [
    `journal ${damage.file} is damaged: ${damage.what}. Nothing was deleted. What to do:`,
    ...steps,
    `Lost by that: ${damage.lost}.`,
  ].join('\n')
}

/** Damage of the file as a whole: it is moved aside, with its `-wal`, which belongs to it alone. */
export function damagedFile(file: string, what: string): Damage {
  const [db, wal] = [quoted(file), quoted(`${file}-wal`)]
  const [dbAside, walAside] = [quoted(`${file}.damaged`), quoted(`${file}.damaged-wal`)]
  return {
    file,
    what,
    steps: [
      'stop stashwatch',
      `mv ${db} ${dbAside}; [ ! -e ${wal} ] || mv ${wal} ${walAside}`,
      'start stashwatch, which begins a new journal (a backup of the folder, put back, is as good)',
    ],
    lost:
      'the windows, the state of alerts (an alert that still holds is raised and mailed once more), mails not yet ' +
      'sent, and the registry of sent ones; what can still be read of them is in the file that was moved aside',
  }
}

/** Damage of entries from one offset to another: they are marked as lost, and all others stay. */
export function damagedEntries(file: string, from: Offset, to: Offset, what: string): Damage {
  const sql =
    `WITH RECURSIVE n(i) AS (VALUES(${from}) UNION ALL SELECT i + 1 FROM n WHERE i < ${to}) ` +
    `REPLACE INTO entries SELECT i, 'lost', x'', 0 FROM n`
  return {
    file,
    what,
    steps: keepCopyThen(file, sql),
    lost: from === to ? 'what that entry held: one request, tick or command' : 'what these entries held',
  }
}

/** Damage of every snapshot that could be used: the fold begins empty with the entries that are left. */
export function damagedSnapshots(file: string, start: Offset, what: string): Damage {
  const sql = `REPLACE INTO meta VALUES ('start', ${start}); UPDATE snapshots SET state = 'dropped'`
  return {
    file,
    what,
    steps: keepCopyThen(file, sql),
    lost:
      `the windows and the state of alerts up to entry ${start} (an alert that still holds is raised and mailed once ` +
      'more); mails not yet sent and the registry stay',
  }
}

function keepCopyThen(file: string, sql: string): string[] {
  return [
    'stop stashwatch',
    `cp ${quoted(file)} ${quoted(`${file}.damaged`)}`,
    `sqlite3 ${quoted(file)} "${sql}"`,
    'start stashwatch',
  ]
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
