import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Creates a folder and its missing parents. Node's own `recursive` never ends where a parent exists but cannot contain
 * a folder, such as /proc.
 *
 * @param path absolute.
 * @param mode of each folder created.
 * @returns the topmost folder created; undefined if all existed.
 * @throws the file system's error.
 */
export function makeFolder(path: string, mode?: number): string | undefined {
  let top: string | undefined
  try {
    mkdirSync(path, mode)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && statSync(path).isDirectory()) return undefined
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    top = makeFolder(dirname(path), mode)
    mkdirSync(path, mode)
  }
  return top ?? path
}

/** A path that leads to something other than a regular file, or to a larger one than is read. */
export class FileError extends Error {
  override readonly name = 'FileError'
  readonly code: 'not_regular' | 'too_large'

  constructor(path: string, code: FileError['code']) {
    super(`${path}: ${code}`)
    this.code = code
  }
}

/**
 * Reads a regular file of at most `maxBytes`. Anything else that a path may lead to would be waited for (a FIFO) or never
 * end (/dev/zero).
 *
 * @param flags more flags for opening it, such as `O_NOFOLLOW`.
 * @throws {FileError} or the file system's error.
 */
export function readRegularFile(path: string, maxBytes: number, flags = 0): { readonly bytes: Buffer; mode: number } {
  const open = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags)
  try {
    const stat = fstatSync(open)
    // Reading the file gives the best error for a folder.
    if (!stat.isFile() && !stat.isDirectory()) throw new FileError(path, 'not_regular')
    if (stat.isFile() && stat.size > maxBytes) throw new FileError(path, 'too_large')
    return { bytes: readFileSync(open), mode: stat.mode & 0o777 }
  } finally {
    closeSync(open)
  }
}
