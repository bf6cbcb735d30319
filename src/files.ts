import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it that are missing. Node's own `recursive` never ends where a parent is there but can
 * hold no folder, such as /proc.
 *
 * @param path absolute. @param mode of each folder that is made.
 * @returns the topmost folder that had to be made, undefined when all were there.
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
