import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
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
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    const message = `${file}: cannot be read (${code}): make it a file that the service's user may read`
    throw new LinkKeyError(message, { cause: error })
  }
}

/** Creates a new key file. Writes it beside its final path first, so that a crash leaves a complete file or none. */
function createKey(file: string): string {
  const text = randomBytes(LINK_KEY_BYTES).toString('hex')
  const fresh = `${file}.new`
  const open = openSync(fresh, 'w', 0o600)
  try {
    writeSync(open, `${text}\n`)
    fsyncSync(open)
  } finally {
    closeSync(open)
  }
  renameSync(fresh, file)
  return text
}
