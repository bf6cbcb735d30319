import { createHash } from 'node:crypto'
import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import PostalMime, { decodeWords } from 'postal-mime'
import { makeFolder } from '../../files.ts'
import { buildMime } from './smtp.ts'
import { clean } from '../../text/sanitise.ts'
import { ATTEMPT_TIMEOUT, type Compose, type Delivery, type Notifier } from '../notifier.ts'

/** Maximum number of mails. Older ones are deleted. */
const MAX_MAILS = 1000

/** Enough bytes for the headers of a mail. */
const HEAD_BYTES = 8192

interface MailSummary {
  readonly n: number
  readonly subject: string
  readonly to: string
  /** As in the mail: `Sun, 22 Nov 2026 12:03:00 +0000`. */
  readonly date: string
}

/** An inline image or an attachment. */
interface StoredFile {
  readonly name: string
  /** The media type without parameters: `text/csv`. */
  readonly type: string
  /** The content ID that the HTML uses after `cid:`; empty for attachments. */
  readonly cid: string
  readonly bytes: Uint8Array
}

interface ReadMail {
  /** In order, with names as written. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly text: string
  readonly html: string
  readonly files: readonly StoredFile[]
}

interface StoredMail extends MailSummary, ReadMail {
  readonly from: string
  /** The source of the mail, as it would be sent. */
  readonly raw: string
}

/** A folder for mails where no mail server is configured. */
export interface Mailbox extends Notifier {
  /** Newest first. */
  list(limit?: number): Promise<readonly MailSummary[]>
  /** Returns a mail by number; undefined if it does not exist or was deleted. */
  read(n: number): Promise<StoredMail | undefined>
}

/**
 * Opens a folder of `.eml` files. Names have a number and a hash of the Message-ID, so a mail that is sent again
 * replaces its first copy.
 *
 * @param folder created if missing. @param keep the number of mails to keep.
 * @throws the file system's error if the folder cannot be created or read.
 */
export async function openMailbox(folder: string, compose: Compose, keep = MAX_MAILS): Promise<Mailbox> {
  makeFolder(folder)
  const files = await index(folder)
  let closed = false
  return {
    type: 'mailbox',
    timeout: ATTEMPT_TIMEOUT,
    render: async (notification) => buildMime(compose(notification)),
    async send(bytes, _, signal): Promise<Delivery> {
      if (closed || signal.aborted) return { state: 'retry', why: { code: 'mailbox_closed', params: {} } }
      const { headers } = await readMail(bytes.subarray(0, HEAD_BYTES))
      const file = nameFor(files, findHeader(headers, 'Message-ID'))
      try {
        await writeDurably(folder, file.name, bytes)
        files.set(file.n, file.name)
        await prune(folder, files, keep)
        return { state: 'sent', why: { code: 'saved', params: { file: file.name } } }
      } catch (error) {
        const params = { file: file.name, error: clean((error as Error).message) }
        return { state: 'retry', why: { code: 'not_saved', params } }
      }
    },
    async close(): Promise<void> {
      closed = true
    },
    list: (limit = keep) => list(folder, files, limit),
    read: (n) => read(folder, files, n),
  }
}

type Files = Map<number, string>

async function index(folder: string): Promise<Files> {
  const names = await readdir(folder)
  const unfinished = names.filter((name) => name.endsWith('.eml.part'))
  await Promise.all(unfinished.map((name) => rm(join(folder, name), { force: true })))
  const mails = names.filter((name) => /^\d{4,}-[0-9a-f]{12}\.eml$/.test(name))
  return new Map(mails.map((name) => [Number.parseInt(name, 10), name] as const).sort(([a], [b]) => a - b))
}

/** Reserves the name immediately, so that mails written concurrently get different ones. */
function nameFor(files: Files, id: string): { readonly n: number; readonly name: string } {
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 12)
  for (const [n, name] of files) if (name.endsWith(`-${hash}.eml`)) return { n, name }
  const n = Math.max(0, ...files.keys()) + 1
  const name = `${String(n).padStart(4, '0')}-${hash}.eml`
  files.set(n, name)
  return { n, name }
}

async function writeDurably(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const part = join(folder, `${name}.part`)
  const file = await open(part, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(part, join(folder, name))
  const directory = await open(folder, 'r')
  await directory.sync().finally(() => directory.close())
}

async function prune(folder: string, files: Files, keep: number): Promise<void> {
  const old = [...files].sort(([a], [b]) => a - b).slice(0, Math.max(0, files.size - keep))
  for (const [n, name] of old) {
    files.delete(n)
    await rm(join(folder, name), { force: true })
  }
}

async function list(folder: string, files: Files, limit: number): Promise<readonly MailSummary[]> {
  const newest = [...files].sort(([a], [b]) => b - a).slice(0, limit)
  const summaries: MailSummary[] = []
  for (const [n, name] of newest) {
    const head = await readHead(join(folder, name))
    if (head !== undefined) summaries.push(summarise(n, (await readMail(head)).headers))
  }
  return summaries
}

async function read(folder: string, files: Files, n: number): Promise<StoredMail | undefined> {
  const name = files.get(n)
  const bytes = name === undefined ? undefined : await orMissing(readFile(join(folder, name)))
  if (bytes === undefined) return undefined
  const mail = await readMail(bytes)
  return { ...summarise(n, mail.headers), ...mail, from: findHeader(mail.headers, 'From'), raw: bytes.toString('utf8') }
}

/** Parses a mail, or the beginning of one. Missing parts are empty. */
async function readMail(bytes: Uint8Array): Promise<ReadMail> {
  const { headers, text = '', html = '', attachments } = await PostalMime.parse(bytes)
  return {
    headers: headers.map(({ originalKey, value }) => ({ name: originalKey, value: decodeWords(value) })),
    // The last line break belongs to the following boundary.
    text: text.replace(/\n$/, ''),
    html: html.replace(/\n$/, ''),
    files: attachments.map(({ filename, mimeType, contentId = '', content }) => ({
      name: filename ?? '',
      type: mimeType,
      cid: contentId.replaceAll(/[<>]/g, ''),
      bytes: typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content),
    })),
  }
}

/** Returns the value of a header; empty if there is none. */
function findHeader(headers: ReadMail['headers'], name: string): string {
  return headers.find((header) => header.name.toLowerCase() === name.toLowerCase())?.value ?? ''
}

function summarise(n: number, headers: ReadMail['headers']): MailSummary {
  return {
    n,
    subject: findHeader(headers, 'Subject'),
    to: findHeader(headers, 'To'),
    date: findHeader(headers, 'Date'),
  }
}

async function readHead(path: string): Promise<Uint8Array | undefined> {
  const file = await orMissing(open(path, 'r'))
  if (file === undefined) return undefined
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Returns undefined for a missing file. A mail may be deleted, or not be written yet, between listing and reading. */
async function orMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
