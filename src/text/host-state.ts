import type { HostState } from '../model.ts'

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
