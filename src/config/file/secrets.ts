import { resolve } from 'node:path'
import { FileError, readRegularFile } from '../../files.ts'
import { describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from './diagnostics.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** A text with its variables replaced; `faults` are the references that could not be. */
interface Expanded {
  readonly text: string
  readonly expanded: boolean
  readonly errors: readonly { readonly at: string; readonly what: string }[]
}

const REFERENCE = /\$\$\{|\$\{([^}]{0,100})\}|\$\{/g
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/
const MAX_SECRET_BYTES = 64 * 1024

/** Replaces `${NAME}`; `$${` is a literal `${`. No fault contains a variable's value. */
export function expand(text: string, env: Env): Expanded {
  const errors: { at: string; what: string }[] = []
  let expanded = false
  const filled = text.replace(REFERENCE, (whole, name: string | undefined) => {
    if (whole === '$${') return '${'
    expanded = true
    const fault = findFault(name, env)
    if (fault) errors.push({ at: whole, what: fault })
    return fault || name === undefined ? '' : (env[name] ?? '')
  })
  return { text: filled, expanded, errors }
}

function findFault(name: string | undefined, env: Env): string | undefined {
  const expected = '${NAME}, or $${ for a literal ${'
  if (name === undefined) return describe("'${' without '}'", { expected })
  if (!VARIABLE.test(name)) {
    return describe("'${...}' does not contain a variable name", { expected })
  }
  if (!Object.hasOwn(env, name) || env[name] === undefined) {
    return describe(`the environment variable ${name} is not set`, {
      fix: 'set it, or use { file: PATH } for a secret',
    })
  }
  return undefined
}

/** Reads a secret, or the file that contains it. Returns an empty text after an error. */
export function readSecret(
  raw: string | { readonly file: string },
  pointer: string,
  context: { readonly diagnostics: Diagnostics; readonly dir: string },
): string {
  if (typeof raw === 'string') return raw
  const fault = (what: string): string => {
    context.diagnostics.error(`${pointer}/file`, what)
    return ''
  }
  const path = resolve(context.dir, raw.file)
  const shown = context.diagnostics.isExpanded(`${pointer}/file`) ? 'that it names' : path
  try {
    const { bytes } = readRegularFile(path, MAX_SECRET_BYTES)
    const text = bytes.toString('utf8').replace(/\r?\n$/, '')
    return text === ''
      ? fault(describe(`the secret file ${shown} is empty`, { fix: 'write the secret into it' }))
      : text
  } catch (error) {
    if (error instanceof FileError && error.code === 'too_large')
      return fault(describe(`the secret file ${shown} is too large`, { expected: 'at most 64 KiB' }))
    return fault(
      describe(`the secret file ${shown} ${errorReason(error)}`, { fix: 'check the path and its permissions' }),
    )
  }
}

/** Describes why a file could not be read, as the end of a sentence that begins with its name. */
export function errorReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'is not readable by this user'
  if (code === 'EISDIR') return 'is a directory'
  if (code === 'too_large') return 'is too large'
  if (code === 'not_regular') return 'is a pipe, a socket or a device, not a regular file'
  return `cannot be read (${typeof code === 'string' ? code : 'unknown reason'})`
}
