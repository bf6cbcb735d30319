import type { Offset } from '../model.ts'

/**
 * The storage failed: a full disk, a failed write or sync. Nothing of the call was kept; `recover` restores operation.
 */
export class JournalFailed extends Error {
  readonly code = 'JOURNAL_FAILED'
  readonly file: string

  constructor(file: string, what: string, cause?: unknown) {
    super(`journal ${file}: ${what}`, { cause })
    this.name = 'JournalFailed'
    this.file = file
  }
}

/** Another process has the journal open, or this version cannot read the file. Nothing was changed. */
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

/** What is damaged, how to continue, and what is lost by that. */
interface Damage {
  readonly file: string
  readonly what: string
  /** Steps in order; commands are separate, ready to be copied. */
  readonly steps: readonly string[]
  readonly lost: string
}

/** The data read differs from the data written. The message contains the steps that help. */
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

/** Returns the text for the operator: several lines with numbered steps. */
function describeDamage(damage: Damage): string {
  const steps = damage.steps.map((step, index) => `  ${index + 1}. ${step}`)
  return [
    `journal ${damage.file} is damaged: ${damage.what}. Nothing was deleted. What to do:`,
    ...steps,
    `Lost by that: ${damage.lost}.`,
  ].join('\n')
}

/** Describes damage of the whole file. The steps move it aside with its `-wal`, which belongs to no other file. */
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

/** Describes damage of a range of entries. The steps mark them as lost and keep all others. */
export function damagedEntries(file: string, from: Offset, to: Offset, what: string): Damage {
  const sql =
    `WITH RECURSIVE n(i) AS (VALUES(${from}) UNION ALL SELECT i + 1 FROM n WHERE i < ${to}) ` +
    `REPLACE INTO entries SELECT i, 'lost', x'', 0 FROM n`
  return {
    file,
    what,
    steps: copyThenRun(file, sql),
    lost: from === to ? 'what that entry held: one request, tick or command' : 'what these entries held',
  }
}

/** Describes damage of every usable snapshot. The fold then starts empty with the entries that are left. */
export function damagedSnapshots(file: string, start: Offset, what: string): Damage {
  const sql = `REPLACE INTO meta VALUES ('start', ${start}); UPDATE snapshots SET state = 'dropped'`
  return {
    file,
    what,
    steps: copyThenRun(file, sql),
    lost:
      `the windows and the state of alerts up to entry ${start} (an alert that still holds is raised and mailed once ` +
      'more); mails not yet sent and the registry stay',
  }
}

function copyThenRun(file: string, sql: string): string[] {
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
