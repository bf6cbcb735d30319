import type { AlertIdentity, Evidence, Reason } from '../model.ts'
import type { WriteTime } from './format.ts'

/** An evaluation, as it is described in words. */
export interface Evaluated {
  readonly identity: Pick<AlertIdentity, 'rule' | 'host' | 'measure'>
  readonly value: number | null
  readonly evidence: Evidence
}

/** Returns the sentence of one code, without an initial capital or a full stop. */
export type Describe = (evaluated: Evaluated, params: Params, time: WriteTime) => string

/** The params of a reason by their type. One that is missing, or of another type, is undefined. */
export interface Params {
  number(name: string): number | undefined
  text(name: string): string | undefined
  list(name: string): readonly string[]
}

export function readParams({ params }: Reason): Params {
  return {
    number(name) {
      const value = params[name]
      return typeof value === 'number' ? value : undefined
    },
    text(name) {
      const value = params[name]
      return typeof value === 'string' ? value : undefined
    },
    list(name) {
      const value = params[name]
      return typeof value === 'object' ? value : []
    },
  }
}
