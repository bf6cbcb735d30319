import { mkdirSync, statSync } from 'node:fs'
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
