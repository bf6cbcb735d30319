import { formatDuration, type WriteTime } from './format.ts'
import type { Describe, Params } from './params.ts'

type Sentence = (params: Params, time: WriteTime) => string

const SENTENCES: Readonly<Record<string, Sentence>> = {
  absent_for(params) {
    const span = params.number('for')
    return `${params.text('source') ?? 'its source'} kept delivering${span === undefined ? '' : ` for more than ${formatDuration(span)}`}`
  },
  source_gone: (params) => `its source ${params.text('source') ?? ''} is gone as well`,
  not_expected: () => 'it is no longer an expected host',
  retired_by: (params) => `retired by ${params.text('author') ?? 'an operator'}`,
  no_request(params, time) {
    const since = params.number('since')
    return `no request${since === undefined ? '' : ` since ${time(since)}`}, and it is not in the configuration`
  },
  last_retired: () => 'the last of the hosts that were absent together are retired',
}

/** Says why a host or source counts as gone for good: a code of `RetiredItem.why`. */
export function describeRetired(code: string, params: Params, time: WriteTime): string {
  const why = SENTENCES[code]?.(params, time) ?? code
  const lastSeen = params.number('lastSeen')
  return lastSeen === undefined ? why : `last event at ${time(lastSeen)}; ${why}`
}

/** The same codes as reasons of alerts that this closed. */
export const RETIRED: Readonly<Record<string, Describe>> = Object.fromEntries(
  Object.keys(SENTENCES).map((code) => [code, (_, params, time) => describeRetired(code, params, time)] as const),
)
