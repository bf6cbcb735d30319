import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Report } from './mistakes.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** What one text became once its variables were filled in; `faults` say what could not be, and where. */
export interface Expanded {
  readonly text: string
  readonly expanded: boolean
  readonly faults: readonly { readonly at: string; readonly what: string }[]
}

const REFERENCE = /\$\$\{|\$\{([^}]{0,100})\}|\$\{/g
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/
const MOST_SECRET_BYTES = 64 * 1024

/** Fills in `${NAME}`; `$${` stands for a literal `${`. No fault ever repeats a variable's value. */
export function expand(text: string, env: Env): Expanded {
  const faults: { at: string; what: string }[] = []
  let expanded = false
  const filled = text.replace(REFERENCE, (whole, name: string | undefined) => {
    if (whole === '$${') return '${'
    expanded = true
    const fault = faultOf(name, env)
    if (fault) faults.push({ at: whole, what: fault })
    return fault || name === undefined ? '' : (env[name] ?? '')
  })
  return { text: filled, expanded, faults }
}

function faultOf(name: string | undefined, env: Env): string | undefined {
  if (name === undefined) return "'${' without its '}': expected ${NAME}, or $${ for a literal ${"
  if (!VARIABLE.test(name)) {
    return "what stands in '${...}' is no variable's name: expected ${NAME}, or $${ for a literal ${"
  }
  if (!Object.hasOwn(env, name) || env[name] === undefined) {
    return `the environment variable ${name} is not set: set it, or write { file: PATH } where a secret belongs`
  }
  return undefined
}

/** A secret as it is written, or out of its file. Empty, with the mistake reported, where it cannot be had. */
export function readSecret(
  raw: string | { readonly file: string },
  pointer: string,
  context: { readonly report: Report; readonly dir: string },
): string {
  if (typeof raw === 'string') return raw
  const fault = (what: string): string => {
    context.report.mistake(`${pointer}/file`, what)
    return ''
  }
  const path = resolve(context.dir, raw.file)
  const shown = context.report.expanded(`${pointer}/file`) ? 'that it names' : path
  try {
    const bytes = readFileSync(path)
    if (bytes.length > MOST_SECRET_BYTES) return fault(`the secret's file ${shown} is larger than 64 KiB`)
    const text = bytes.toString('utf8').replace(/\r?\n$/, '')
    return text === '' ? fault(`the secret's file ${shown} is empty`) : text
  } catch (error) {
    return fault(`the secret's file ${shown} ${reasonOf(error)}`)
  }
}

/** Why a file could not be read, as the end of a sentence that begins with its name. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user'
  if (code === 'EISDIR') return 'is a folder'
  return `cannot be read (${typeof code === 'string' ? code : 'unknown reason'})`
}
