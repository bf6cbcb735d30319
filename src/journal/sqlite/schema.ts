/** Format of the tables below. A file of another format is refused. */
export const FORMAT = 1

/** The effects, with their outcomes and their keys in the outbox. */
const EFFECTS = `
CREATE TABLE effects (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, up_to INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'merged', 'withdrawn')), attempts INTEGER NOT NULL,
  created_at REAL NOT NULL, next_at REAL, fault TEXT, done_at REAL, result TEXT, merged_into TEXT,
  line TEXT NOT NULL, about TEXT NOT NULL, thread TEXT NOT NULL,
  crc INTEGER NOT NULL, data TEXT NOT NULL, rendered_crc INTEGER, rendered BLOB
);
CREATE INDEX pending ON effects (line, seq, about, next_at, created_at) WHERE state = 'pending';
CREATE INDEX queued ON effects (line, about, seq) WHERE state = 'pending';
CREATE INDEX done ON effects (seq, up_to) WHERE state <> 'pending';
CREATE INDEX threads ON effects (line, thread, state, seq);
`

/**
 * `entries` and `chunks` have a CRC-32 over their position and their data, `effects` one over each of their texts. A
 * `dropped` snapshot is never read again; its chunks are deleted in slices.
 */
export const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES ('format', ${FORMAT});
CREATE TABLE entries (offset INTEGER PRIMARY KEY, kind TEXT NOT NULL, data BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE snapshots (
  id INTEGER PRIMARY KEY, up_to INTEGER NOT NULL, parts INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('writing', 'complete', 'dropped'))
);
CREATE TABLE chunks (
  snapshot INTEGER NOT NULL, part INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (snapshot, part)
);
${EFFECTS}`

/**
 * FULL makes every commit wait for its sync. SQLite checkpoints every 4 MB (500 pages of 8 KiB), so that the WAL stays
 * about that small. `fullfsync` matters on macOS only, where a plain sync stops at the drive's cache.
 */
export const SETTINGS = `
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA wal_autocheckpoint = 500;
PRAGMA cache_size = -16000;
PRAGMA temp_store = MEMORY;
PRAGMA cell_size_check = ON;
PRAGMA trusted_schema = OFF;
`

type SqlValue = string | number | null | Uint8Array

/** A row as SQLite returns it. Each query names the columns that it reads. */
export type SqlRow = Readonly<Record<string, string | number | bigint | null | Uint8Array>>

interface Statement {
  run(...values: SqlValue[]): { readonly changes: number | bigint }
  get(...values: SqlValue[]): SqlRow | undefined
  all(...values: SqlValue[]): readonly SqlRow[]
  iterate(...values: SqlValue[]): Iterable<SqlRow>
}

/** The part of a database connection that the tables need. */
export interface Sql {
  prepare(sql: string): Statement
}
