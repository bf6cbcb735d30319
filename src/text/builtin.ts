import type { HostState } from '../model.ts'
import { formatCount, formatDuration, listNames } from './format.ts'
import { describeOutside, readOutside } from './out-of-range.ts'
import type { Describe, Evaluated, Params } from './params.ts'

/** The sentences of absence rules and of the built-in rules. */
export const BUILTIN: Readonly<Record<string, Describe>> = {
  absent: ({ identity: { host } }, params) =>
    `no events from ${host}, while ${source(params.text('source'))} kept delivering`,
  absent_source_gone: ({ identity: { host } }, params) =>
    `no events from ${host}; ${source(params.text('source'))} is gone, and no other source delivers it`,
  never_seen: ({ identity: { host } }) => `no events received from expected host ${host}`,
  seen: ({ identity: { host } }) => `events from ${host} are arriving again`,
  first_seen: ({ identity: { host } }) => `first event received from ${host}`,
  last_event: (_, params, time) => `last event at ${time(params.number('at') ?? NaN)}`,
  last_event_unobserved: (_, params, time) =>
    `last event at ${time(params.number('at') ?? NaN)}; ${formatObserved(params)}`,
  expected_since: (_, params, time) => `no events received; expected since ${time(params.number('at') ?? NaN)}`,
  expected_since_unobserved: (_, params, time) =>
    `no events received; expected since ${time(params.number('at') ?? NaN)}; ${formatObserved(params)}`,

  source_silent: ({ identity: { host } }, params) =>
    `no requests from ${host}; ${formatHostsBehind(params.number('hosts'))} not evaluated meanwhile`,
  source_delivers({ identity: { host } }, params, time) {
    const lastSeen = params.number('lastSeen')
    return lastSeen === undefined
      ? `${host} is delivering again`
      : `${host} is delivering, last request at ${time(lastSeen)}`
  },
  source_awaited: ({ identity: { host } }, params, time) =>
    `${host} has not connected yet; expected since ${time(params.number('since') ?? NaN)}`,
  source_never_connected: ({ identity: { host } }, params, time) =>
    `no requests from ${host} since ${time(params.number('since') ?? NaN)}, when the service began to wait for it`,
  source_occasional: ({ identity: { host } }, params, time) =>
    `${formatLastRequest(host, params.number('lastSeen'), time)}; it may be silent, because it is not expected (expected: false)`,
  source_irregular: ({ identity: { host } }, params, time) =>
    `last request from ${host} at ${time(params.number('lastSeen') ?? NaN)}; it may be silent, because it has no token of its own and has not sent steadily for ten minutes`,
  source_unexpected: ({ identity: { host } }) => `${host} is no longer expected`,

  hosts_missing({ identity: { host } }, params) {
    const usual = params.number('usual')
    const delivers = `${host} delivers ${formatCount(params.number('hosts') ?? 0, 'host')}`
    return `${delivers}${usual === undefined ? '' : ` (usually ${usual})`}; their absence is not evaluated meanwhile`
  },
  hosts_back: ({ identity: { host } }, params) =>
    `${host} delivers ${formatCount(params.number('hosts') ?? 0, 'host')} again`,
  flow_accepted({ identity: { host } }, params) {
    const span = params.number('for')
    const after = span === undefined ? '' : `, after ${formatDuration(span)}`
    return `${formatCount(params.number('hosts') ?? 0, 'host is now', 'hosts are now')} usual for ${host}${after}`
  },
  hosts_usual: (_, params) => `${formatCount(params.number('usual') ?? 0, 'host is', 'hosts are')} usual`,
  usual_unknown: () => 'the usual number of hosts is not known yet',

  absent_together({ identity: { host } }, params) {
    const { count, left, names } = formatTogether(params)
    return `${count}${left} ${count === 1 ? 'host' : 'hosts'} of ${host} became absent together: ${names}`
  },
  missing_everywhere(_, params) {
    const { count, left, names } = formatTogether(params)
    return `no events from ${count}${left} expected ${count === 1 ? 'host' : 'hosts'}: ${names}`
  },
  seen_again(evaluated, params) {
    const retired = params.number('retired') ?? 0
    const but = retired === 0 ? '' : `, except ${retired} that ${retired === 1 ? 'was' : 'were'} retired`
    return `${describeReturn(evaluated)}${but}`
  },
  none_absent: () => 'no hosts are absent together',

  clock_skewed({ identity: { host } }, params) {
    const seconds = params.number('seconds') ?? 0
    const side = seconds > 0 ? 'before' : 'after'
    return `events of ${host} are dated ${formatDuration(Math.abs(seconds) * 1000)} ${side} their arrival; they count by arrival time until the clock is in sync`
  },
  clock_in_sync: ({ identity: { host } }) => `the clock of ${host} is in sync`,

  readings_outside(_, params) {
    const readings = formatCount(params.number('readings') ?? 0, 'reading')
    const share = `${params.number('outside') ?? 0} of ${readings} of ${params.text('metric') ?? ''} in the last 10 minutes`
    return `${share} ${describeOutside(readOutside(params))}; they are left out, and no rule evaluates them`
  },
  readings_inside: (_, params) => `most readings of ${params.text('metric') ?? ''} are within its bounds again`,
  readings_in_range: () => 'no series has mostly readings outside its bounds',

  limit_reached(_, params) {
    const refused = params.number('refused') ?? 0
    const limit = params.text('limit') ?? 'hosts'
    return limit === 'sub_sources'
      ? `a token has reached ingest.sub_sources: ${formatCount(refused, 'request')} with other X-Source headers counted under the token's own name so far`
      : `the limit of ${limit} is reached: ${refused} refused so far; known ones are still monitored`
  },
  limit_calm(_, params) {
    const span = params.number('for')
    return span === undefined ? 'nothing was refused recently' : `nothing was refused for ${formatDuration(span)}`
  },

  events_unmatched(_, params) {
    const count = formatCount(params.number('count') ?? 0, 'event')
    const from = `the newest is from ${params.text('host') ?? 'an unknown host'} through ${params.text('source') ?? 'an unknown source'}`
    return `${count} could not be matched with an expression, because their texts take too many steps; ${from} and the rule is ${params.text('rule') ?? 'unknown'}`
  },
  events_matched: (_, params) => `all events were matched for ${formatDuration(params.number('for') ?? 0)}`,
}

function source(name: string | undefined): string {
  return name === undefined || name === '' ? 'its source' : name
}

function formatHostsBehind(hosts: number | undefined): string {
  if (hosts === undefined || hosts === 0) return 'its hosts are'
  return hosts === 1 ? 'its host is' : `its ${hosts} hosts are`
}

function formatTogether(params: Parameters<Describe>[1]): {
  readonly count: number
  readonly left: string
  readonly names: string
} {
  const hosts = params.list('hosts')
  const count = params.number('count') ?? hosts.length
  const peak = params.number('peak') ?? count
  return { count, left: peak > count ? ` of ${peak}` : '', names: listNames(hosts, count) }
}

function describeReturn({ identity: { measure } }: Evaluated): string {
  return measure.metric === 'missing_hosts'
    ? 'events from all of these expected hosts are arriving'
    : 'events from all hosts that were absent together are arriving again'
}

const HOST_STATES: Readonly<Record<HostState, string>> = {
  live: 'live',
  absent: 'absent',
  clock_skew: 'clock skew',
  never_seen: 'never seen',
}

/** The state of a host as people read it. */
export function describeHostState(state: HostState): string {
  return HOST_STATES[state]
}

function formatLastRequest(host: string, lastSeen: number | undefined, time: (at: number) => string): string {
  return lastSeen === undefined ? `no request from ${host} yet` : `last request from ${host} at ${time(lastSeen)}`
}

/** Says for how long a host's source delivered while nothing came from the host. */
function formatObserved(params: Params): string {
  const source = params.text('source') ?? ''
  const who = source === '' ? 'no source' : source
  return `only time in which its source delivers counts, and ${who} has delivered for ${formatDuration(params.number('observed') ?? 0)} since`
}
