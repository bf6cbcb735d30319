import type { PaintIo } from './paint.ts'
import type { RemoteArgs } from './remote.ts'
import type { StartIo } from './start.ts'

/** What the command line needs of the process. */
export interface Io extends StartIo, PaintIo {
  /** Folder for temporary data. */
  readonly tmp: string
}

export interface Option {
  readonly type: 'string' | 'boolean'
  /** It may be given more than once. */
  readonly multiple?: true
  /** It may be given as an empty text, which then means something. */
  readonly mayBeEmpty?: true
  readonly value?: string
  /** All values that it can have. */
  readonly words?: readonly string[]
  readonly says: string
}

export type Options = Readonly<Record<string, Option>>

/** What was written: of options under their names, of words under theirs. */
export type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export interface Verb {
  readonly does: string
  readonly example: string
  readonly options: Options
  /** The words that it needs beside its options; handed over under these names. */
  readonly takes?: readonly { readonly value: string; readonly says: string }[]
  run(values: Values, io: Io): Promise<number>
}

/** The option or word of this name, as an object that lacks it where it was not written. */
export function textOf<K extends string>(values: Values, key: K): { readonly [name in K]?: string } {
  const value = values[key]
  return (typeof value === 'string' ? { [key]: value } : {}) as { readonly [name in K]?: string }
}

/** A word that the verb needs. */
export const wordOf = (values: Values, key: string): string => String(values[key] ?? '')

export const remoteOf = (values: Values): RemoteArgs => ({ ...textOf(values, 'url'), ...textOf(values, 'token') })

export const AS_JSON = { type: 'boolean', says: "prints the service's answer as JSON" } as const
