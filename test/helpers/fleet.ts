import type { EngineConfig, EventSamples, Millis } from '../../src/model.ts'
import { at, createPlay, event, type Play, SECOND } from './play.ts'

/**
 * A fleet of hosts behind a few Logstash in virtual time: 500 hosts stand for the thousands of a cluster, so that each
 * play takes a second or so; each host sends every 20 s, at a second of its own.
 */
export const HOSTS = 500
export const PERIOD = 20

export const nameOf = (i: number): string => `node-${i}`
export const sourceOf = (i: number): string => (i % 2 === 0 ? 'logstash-a' : 'logstash-b')

export interface Fleet {
  /** Whether a host's event of this second reaches its source. */
  readonly speaks: (i: number, ts: Millis) => boolean
  readonly source?: (i: number) => string
  /** What a host's event of this second measures. */
  readonly samples?: (i: number, ts: Millis) => Readonly<Record<string, number>>
  /** Seconds from one event of a host to its next. */
  readonly period?: number
}

/** The events of one second that reach each source. */
export function eventsOf(fleet: Fleet, ts: Millis): ReadonlyMap<string, EventSamples[]> {
  const { speaks, source = sourceOf, samples, period = PERIOD } = fleet
  const bodies = new Map<string, EventSamples[]>()
  for (let i = (ts / SECOND) % period; i < HOSTS; i += period) {
    if (!speaks(i, ts)) continue
    const name = source(i)
    const known = bodies.get(name)
    const one = event(nameOf(i), ts, samples?.(i, ts))
    if (known === undefined) bodies.set(name, [one])
    else known.push(one)
  }
  return bodies
}

/** Posts what the hosts whose turn it is in the second `ts` have to say; with a span, what all up to it had. */
export function deliver(play: Play, ts: Millis, fleet: Fleet, span: Millis = SECOND): void {
  for (let second = ts - span + SECOND; second <= ts; second += SECOND) {
    for (const [source, events] of eventsOf(fleet, second)) play.post(events, { source })
  }
}

/** Where no second matters, plays tick so often. */
export const STRIDE = 2 * SECOND

export function run(config: EngineConfig, fleet: Fleet, until: string): Play {
  const play = createPlay(config)
  play.until(until, (now) => deliver(play, now, fleet, STRIDE), STRIDE)
  return play
}

/** Mails that say that something fired, by what they are about. */
export function columns(play: Play): Record<'hosts' | 'many' | 'down' | 'degraded', number> {
  const fired = play.mails.filter((mail) => mail.reason !== 'resolved')
  const of = (rule: string): number => fired.filter((mail) => mail.alerts[0]?.identity.rule === rule).length
  return {
    hosts: of('host-silent'),
    many: of('mass-absence'),
    down: of('source-down'),
    degraded: of('source-degraded'),
  }
}

/** The hosts that mails of their own call silent. */
export function deadOf(play: Play): string[] {
  const names = play.mails
    .filter((mail) => mail.alerts[0]?.identity.rule === 'host-silent')
    .map((mail) => mail.alerts[0]?.identity.host ?? '')
  return [...new Set(names)].sort()
}

export const within = (now: Millis, from: string, to: string): boolean => now >= at(from) && now < at(to)
