import type { Agent, EventSamples, Millis } from '../model.ts'

/** Two agents of one type that report the same host name at the same time. */
export interface SharedName {
  readonly host: string
  readonly type: string
  readonly ids: readonly [string, string]
}

/** Finds machines that share a name: their readings are mixed, and one hides that the other is absent. */
export interface AgentWatch {
  /** Records the agent of an event, and returns what it reveals, once for each host and type of agent. */
  see(samples: EventSamples, receivedAt: Millis): SharedName | undefined
}

/** An agent, and the times of its oldest and newest event. */
interface SeenAgent {
  readonly agent: Agent
  first: Millis
  last: Millis
}

/**
 * An agent that was set up again ends before the new one begins, except for clock differences and events in transit.
 */
const OVERLAP: Millis = 5 * 60_000
/** The most agents of one host, and the most hosts, that are kept. */
const MAX_AGENTS = 16
const MAX_HOSTS = 50_000

export function createAgentWatch(): AgentWatch {
  const hosts = new Map<string, SeenAgent[]>()
  const reported = new Set<string>()

  const find = (host: string, agent: Agent, ts: Millis): SharedName | undefined => {
    const agents = hosts.get(host) ?? []
    if (agents.length === 0) {
      if (hosts.size >= MAX_HOSTS) hosts.clear()
      hosts.set(host, agents)
    }
    const seen = agents.find((one) => one.agent.id === agent.id && one.agent.type === agent.type)
    if (seen === undefined) {
      if (agents.length >= MAX_AGENTS) agents.shift()
      agents.push({ agent, first: ts, last: ts })
      return undefined
    }
    seen.first = Math.min(seen.first, ts)
    seen.last = Math.max(seen.last, ts)
    const other = agents.length > 1 ? agents.find((one) => isElsewhere(one, seen)) : undefined
    return other && { host, type: agent.type, ids: [other.agent.id, agent.id] }
  }
  return {
    see({ host, ts, agent }, receivedAt) {
      if (agent === undefined) return undefined
      const found = find(host.toLowerCase(), agent, Number.isNaN(ts) ? receivedAt : ts)
      if (found === undefined) return undefined
      const key = `${found.host}\n${found.type}`
      if (reported.has(key)) return undefined
      if (reported.size >= MAX_HOSTS) reported.clear()
      reported.add(key)
      return { ...found, host }
    },
  }
}

/** Returns true if two agents report at the same time, and nothing says that they run on one machine. */
function isElsewhere(one: SeenAgent, other: SeenAgent): boolean {
  if (one === other || one.agent.type !== other.agent.type) return false
  if (one.agent.machine !== undefined && one.agent.machine === other.agent.machine) return false
  return Math.min(one.last, other.last) - Math.max(one.first, other.first) >= OVERLAP
}
