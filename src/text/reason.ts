import { BUILTIN } from './builtin.ts'
import { formatDuration, formatTime, listNames, type WriteTime } from './format.ts'
import { type Describe, type Evaluated, readParams, type Params } from './params.ts'
import { CHANGE_REASONS } from './detectors/change.ts'
import { FLAT_REASONS } from './detectors/flat.ts'
import { THRESHOLD_REASONS } from './detectors/threshold.ts'

/** The sentences of the detectors' codes: one line for each detector. */
const DETECTORS: readonly Readonly<Record<string, Describe>>[] = [THRESHOLD_REASONS, CHANGE_REASONS, FLAT_REASONS]

/*
 * The codes of `evidence.why`, with their params. Values are in the metric's unit, spans in ms, instants are epoch ms.
 *
 * | of             | codes                                                                                            |
 * |----------------|--------------------------------------------------------------------------------------------------|
 * | threshold      | breached, held, cleared, within {samples?}; no_data, not_covered {}                              |
 * | absence        | absent, absent_source_gone {source}; never_seen {}; seen, first_seen {source};                   |
 * |                | when asked: last_event, expected_since {at}; last_event_unobserved,                              |
 * |                | expected_since_unobserved {at, observed, source}                                                 |
 * | source-down    | source_silent {source, hosts}, source_delivers {lastSeen?}, source_unexpected {},                |
 * |                | source_never_connected {since}; when asked: source_awaited {since},                              |
 * |                | source_occasional, source_irregular {lastSeen}                                                   |
 * | source-degraded| hosts_missing {hosts, usual}, hosts_back {hosts}, flow_accepted {hosts, for},                    |
 * |                | when asked: hosts_usual {usual}, usual_unknown {}                                                |
 * | mass absence   | absent_together, missing_everywhere {hosts, count, peak?}, seen_again {retired?}, none_absent {} |
 * | clock          | clock_skewed {seconds: positive where events are dated before their arrival}, clock_in_sync {}   |
 * | limits         | limit_reached {limit, refused}, limit_calm {for?}                                                |
 * | unmatched      | events_unmatched {count, rule, host, source}, events_matched {for}                               |
 * | closed         | series_gone {series, metric, host, for}, rule_removed {}, rule_not_applicable {host},            |
 * |                | rule_changed {}, regrouped {metric}, host_retired {lastSeen?, why?, and what that one has}       |
 * | retired        | source_gone {source}, absent_for {source, for}, retired_by {author}, no_request {since},         |
 * |                | not_expected, last_retired {}; all with lastSeen?                                                |
 * | send-test      | test {}                                                                                          |
 */

const OTHERS: Readonly<Record<string, Describe>> = {
  series_gone(_, params) {
    const series = params.text('series') ?? 'the series'
    const others = `other series of ${params.text('metric') ?? 'its metric'} on ${params.text('host') ?? 'its host'}`
    return `no data for ${series} for ${span(params.number('for'))}, while ${others} went on`
  },
  test: () => 'this is a test; no host is affected and no action is needed',
  rule_removed: ({ identity: { rule } }) => `the rule ${rule} was removed from the configuration`,
  rule_not_applicable: ({ identity: { rule, host } }, params) =>
    `the rule ${rule} no longer applies to ${params.text('host') ?? host}`,
  rule_changed: ({ identity: { rule } }) => `the rule ${rule} now measures something else`,
  regrouped: (_, params) => `the series of ${params.text('metric') ?? 'the metric'} are now told apart by other fields`,
  host_retired({ identity: { host } }, params, time) {
    const code = params.text('why')
    const why = code === undefined ? '' : `: ${describeRetired(code, params, time)}`
    return `${host} was retired${why}`
  },
}

type Sentence = (params: Params, time: WriteTime) => string

const RETIREMENTS: Readonly<Record<string, Sentence>> = {
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

/** Describes why a host or source was retired: a code of `RetiredItem.reason`. */
export function describeRetired(code: string, params: Params, time: WriteTime): string {
  const why = RETIREMENTS[code]?.(params, time) ?? code
  const lastSeen = params.number('lastSeen')
  return lastSeen === undefined ? why : `last event at ${time(lastSeen)}; ${why}`
}

const MISMATCHES: Readonly<Record<string, (params: Params) => string>> = {
  no_host: (params) => `no host matches ${listNames(params.list('hosts'))}`,
  no_host_with_metric: (params) =>
    `hosts send ${params.text('metric') ?? 'the metric'}, but none that matches ${listNames(params.list('hosts'))}`,
  no_series: (params) =>
    `no event has a value for ${params.text('metric') ?? 'the metric'} (field ${listNames(params.list('fields'))})`,
}

/** Describes why a rule has nothing to evaluate: a code of `UnmatchedRule.reason`. */
export function describeMismatch(code: string, params: Params): string {
  return MISMATCHES[code]?.(params) ?? code
}

/** The same codes as reasons of alerts that this closed. */
const RETIRED: Readonly<Record<string, Describe>> = Object.fromEntries(
  Object.keys(RETIREMENTS).map((code) => [code, (_, params, time) => describeRetired(code, params, time)] as const),
)

const SENTENCES: ReadonlyMap<string, Describe> = new Map(
  [...DETECTORS, BUILTIN, OTHERS, RETIRED].flatMap((codes) => Object.entries(codes)),
)

/**
 * Describes the result of an evaluation in one sentence without an initial capital or a full stop. It may hold
 * unsanitised names of events.
 *
 * @param time formats instants for the reader; UTC by default.
 */
export function describeReason(evaluated: Evaluated, time: WriteTime = (at) => formatTime(at)): string {
  const { why } = evaluated.evidence
  const describe = SENTENCES.get(why.code)
  if (describe === undefined) return why.code
  return `${describe(evaluated, readParams(why), time)}${describeBreaches(evaluated)}`
}

/** Describes how many windows breached, if a rule requires several. */
function describeBreaches({ evidence: { breaches } }: Evaluated): string {
  return breaches === undefined ? '' : ` (${breaches.count} of the last ${breaches.of} windows out of bounds)`
}

function span(length: number | undefined): string {
  return length === undefined ? 'a long time' : formatDuration(length)
}
