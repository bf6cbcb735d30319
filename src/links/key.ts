import { randomBytes } from 'node:crypto'
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { FileError, readRegularFile } from '../files.ts'
import { LINK_KEY_BYTES } from './signature.ts'

/** The file with the key for signed links exists, but cannot be used. */
export class LinkKeyError extends Error {
  readonly code = 'LINK_KEY'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LinkKeyError'
  }
}

const DIGITS = LINK_KEY_BYTES * 2
const MAX_BYTES = 1024
/** Access for users outside the file's group. The group is the service's own where a volume is shared by it (Kubernetes). */
const OTHERS = 0o007

/**
 * Returns the key that signs links in mails: `link.key` in the data folder, in hex, readable by the service's user
 * only. Creates it if it does not exist.
 *
 * @throws {LinkKeyError} when the file cannot be read or holds anything else; the message says how to fix it. An
 *   invalid file is never replaced automatically, because links in mails already sent would stop working.
 */
export function openLinkKey(folder: string): Uint8Array {
  const file = join(folder, 'link.key')
  const text = readKey(file)?.trim() ?? createKey(file)
  if (new RegExp(`^[0-9a-f]{${DIGITS}}$`).test(text)) return Buffer.from(text, 'hex')
  throw new LinkKeyError(
    `${file}: found ${text.length} characters that are no key, expected ${DIGITS} hex digits: restore the file from a ` +
      'backup, or delete it and start again (the links in mails that were sent before then stop working)',
  )
}

function readKey(file: string): string | undefined {
  try {
    const { bytes, mode } = readRegularFile(file, MAX_BYTES, constants.O_NOFOLLOW)
    if ((mode & OTHERS) === 0) return bytes.toString('utf8')
    throw new LinkKeyError(
      `${file}: every user can access it (mode ${mode.toString(8)}), and anyone with the key can sign links: delete it and ` +
        'start again (the links in mails that were sent before then stop working), or chmod 600 if nobody else has read it',
    )
  } catch (error) {
    if (error instanceof LinkKeyError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    const found = error instanceof FileError ? 'not a key file' : code === 'ELOOP' ? 'a symbolic link' : code
    const message = `${file}: cannot be read (${found}): make it a file that the service's user may read`
    throw new LinkKeyError(message, { cause: error })
  }
}

/**
 * Creates a new key file. Writes it beside its final path first, so that a crash leaves a complete file or none. What is in
 * that place is removed and never written through.
 */
function createKey(file: string): string {
  const text = randomBytes(LINK_KEY_BYTES).toString('hex')
  const fresh = `${file}.new`
  rmSync(fresh, { recursive: true, force: true })
  const open = openSync(fresh, 'wx', 0o600)
  try {
    writeSync(open, `${text}\n`)
    fsyncSync(open)
  } finally {
    closeSync(open)
  }
  renameSync(fresh, file)
  return text
}
