import { test } from 'tap'
import { createAgentWatch } from '../../src/ingest/agents.ts'
import type { Agent } from '../../src/model.ts'
import { event, MINUTE, NOON, TEN } from '../helpers/play.ts'

const beat = (id: string, change: Partial<Agent> = {}): Agent => ({ id, type: 'metricbeat', ...change })

/** What is found when each agent reports every ten seconds of its minutes, in this order. */
function found(...reports: readonly (readonly [agent: Agent, from: number, to: number])[]): unknown[] {
  const watch = createAgentWatch()
  return reports.flatMap(([agent, from, to]) =>
    Array.from({ length: ((to - from) * MINUTE) / TEN }, (_, i) => NOON + from * MINUTE + i * TEN).flatMap(
      (ts) => watch.see({ ...event('web-1', ts), agent }, ts) ?? [],
    ),
  )
}

test('two machines under one name are noticed once', async (t) => {
  const shared = [{ host: 'web-1', type: 'metricbeat', ids: ['A', 'B'] }]
  t.strictSame(found([beat('A'), 0, 60], [beat('B'), 0, 60], [beat('A'), 60, 120], [beat('B'), 60, 120]), shared)
  t.strictSame(found([beat('A', { machine: 'm1' }), 0, 60], [beat('B', { machine: 'm2' }), 0, 60]), shared)
  const spelled = createAgentWatch()
  const times = [0, 6, 12].map((minutes) => NOON + minutes * MINUTE)
  const notified = times.flatMap((ts) => [
    spelled.see({ ...event('WEB-1', NaN), agent: beat('A') }, ts),
    spelled.see({ ...event('web-1', NaN), agent: beat('B') }, ts),
  ])
  t.equal(notified.filter((one) => one !== undefined).length, 1, 'names are compared without case')
})

test('one machine with a new agent, several agents, or events that come late is one machine', async (t) => {
  t.strictSame(found([beat('A'), 0, 60], [beat('B'), 58, 120]), [], 'an agent set up anew')
  t.strictSame(found([beat('B'), 60, 120], [beat('A'), 0, 60]), [], 'whose backlog comes after')
  t.strictSame(found([beat('A'), 0, 60], [beat('B', { type: 'filebeat' }), 0, 60]), [], 'a Beat of another type')
  t.strictSame(
    found([beat('A', { machine: 'm' }), 0, 60], [beat('B', { machine: 'm' }), 0, 60]),
    [],
    'two on one machine',
  )
})
