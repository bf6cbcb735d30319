import * as fc from 'fast-check'
import { startSnapshot, readSnapshot } from '../../src/engine/snapshot.ts'
import type { Fold } from '../../src/engine/state.ts'
import { createFold, encodeEntry, step } from '../../src/engine/step.ts'
import type { Effect, EngineConfig, MetricRule, NewEntry } from '../../src/model.ts'
import { above, alerting, config, cpuHigh, HOUR, MINUTE, type Play, silent, bounds, TEN } from './play.ts'
import { matcher, type Moment, tell } from './story.ts'

/** Something that people or hosts do in a story that chance writes. */
export type Act =
  | { readonly do: 'cpu' | 'memory'; readonly host: string; readonly value: number }
  | { readonly do: 'die' | 'forget'; readonly host: string }
  | { readonly do: 'storm'; readonly value: number }
  | { readonly do: 'silence'; readonly id: string; readonly matchers: readonly string[]; readonly minutes: number }
  | { readonly do: 'expire'; readonly id: string }
  | { readonly do: 'ack'; readonly host: string; readonly minutes: number }
  | { readonly do: 'configure'; readonly edit: number }

/** An act, and how many minutes after the one before. */
export type Timed = Act & { readonly after: number }

const HOSTS = ['web-1', 'web-2', 'db-1']
const FLEET = Array.from({ length: 12 }, (_, i) => `node-${i}`)

const cpu = cpuHigh({
  over: MINUTE,
  condition: bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)]),
  escalation: [{ after: 10 * MINUTE, notify: ['boss'] }],
  repeat: { initial: 20 * MINUTE, max: HOUR },
})
const memory: MetricRule = cpuHigh({
  name: 'memory-high',
  metric: 'memory',
  over: MINUTE,
  notify: [],
  groupBy: ['rule'],
})
const warm: MetricRule = cpuHigh({
  name: 'cpu-warm',
  over: MINUTE,
  every: TEN,
  keepFiringFor: MINUTE,
  notify: ['hook'],
  condition: bounds('max', [above(0.5, 0.4)]),
})
const dead = silent({ after: MINUTE, notify: ['boss'] })
const address = (name: string): { readonly address: string } => ({ address: `${name}@example.org` })

const receivers = [
  { name: 'ops', email: [address('ada'), address('grace')] },
  { name: 'boss', email: [address('boss')] },
  { name: 'hook', email: [], webhook: true, alertmanager: true },
]
const maintenance = [
  {
    name: 'hourly',
    matchers: [matcher('host=web-2')],
    timeZone: 'Europe/Berlin',
    times: [{ from: 13 * 60 + 30, to: 13 * 60 + 45 }],
    weekdays: [],
    daysOfMonth: [],
    months: [],
    years: [],
  },
]
const routes = [
  { matchers: [matcher('host=~db-.*')], notify: ['boss'], continue: true },
  { matchers: [], notify: ['ops', 'hook'], continue: false },
]

/** The rules and receivers that a story begins with. */
export const LIVELY = config({
  rules: [cpu, memory, warm, dead],
  receivers,
  selfMonitoring: ['ops'],
  alerting: alerting({ maintenanceWindows: maintenance, routes }),
})

const edits: readonly EngineConfig[] = [
  LIVELY,
  { ...LIVELY, rules: [memory, dead] },
  { ...LIVELY, rules: [{ ...cpu, notify: ['boss'] }, memory, warm, dead] },
  { ...LIVELY, rules: [{ ...cpu, name: 'cpu-hot' }, memory, warm, { ...dead, hosts: ['web-*'] }] },
  { ...LIVELY, rules: [{ ...cpu, groupBy: ['rule'] }, { ...memory, groupBy: ['rule', 'host'] }, warm, dead] },
  {
    ...LIVELY,
    receivers: [
      { name: 'ops', email: [address('ada')] },
      { name: 'boss', email: [address('grace')] },
    ],
  },
  {
    ...LIVELY,
    mailsPerMinute: 1,
    receivers: receivers.slice(0, 1),
    selfMonitoring: ['ops'],
    rules: [
      { ...cpu, notify: ['ops'], escalation: [], notifyOnDowngrade: true },
      memory,
      { ...warm, notify: ['ops'] },
      { ...dead, notify: ['ops'] },
    ],
    alerting: alerting({ routes: [{ matchers: [], notify: ['ops'], continue: false }] }),
  },
  {
    ...LIVELY,
    mailsPerMinute: 2,
    alerting: alerting({
      maintenanceWindows: maintenance,
      routes,
      grouping: { by: ['rule'], wait: 60_000, interval: 5 * MINUTE },
      totalPerMinute: 3,
    }),
    receivers: [...receivers.slice(1), { name: 'ops', email: [address('grace'), address('new')] }],
  },
  {
    ...LIVELY,
    alerting: alerting({
      flapping: false,
      routes,
      inhibitRules: [
        {
          sourceMatchers: [matcher('severity=critical')],
          targetMatchers: [matcher('severity=warning')],
          equal: ['host'],
        },
        { sourceMatchers: [matcher('rule=cpu-warm')], targetMatchers: [matcher('rule=cpu-high')], equal: ['host'] },
        { sourceMatchers: [matcher('rule=memory-high')], targetMatchers: [matcher('rule=cpu-warm')], equal: [] },
        { sourceMatchers: [matcher('rule=cpu-high')], targetMatchers: [matcher('rule=memory-high')], equal: [] },
      ],
    }),
  },
]

const host = fc.constantFrom(...HOSTS)
const id = fc.constantFrom('s1', 's2', 's3')
const minutes = fc.constantFrom(3, 20, 90)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constantFrom('cpu' as const, 'memory' as const),
      host,
      value: fc.constantFrom(0.1, 0.6, 0.85, 0.99, 0.99),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('die' as const), host }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), host }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('storm' as const), value: fc.constantFrom(0.1, 0.99) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('silence' as const),
      id,
      minutes,
      matchers: fc.constantFrom(
        ['host=web-1'],
        ['host=~web-.*', 'rule=cpu-high'],
        ['rule=~.*'],
        ['severity=warning'],
        ['missing=', 'host!=db-1'],
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('expire' as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ack' as const), host, minutes }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('configure' as const), edit: fc.nat({ max: edits.length - 1 }) }),
  },
)

/** What happens in an hour or two. */
export const acts: fc.Arbitrary<readonly Timed[]> = fc.array(
  fc.tuple(act, fc.constantFrom(0, 1, 1, 2, 5, 12)).map(([one, after]) => ({ ...one, after })),
  { minLength: 8, maxLength: 20 },
)

/** A minute of the story as it reads there: `12:05`, `1d 00:10`. */
function clockOf(minute: number): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  const [day, rest] = [Math.floor(minute / 1440), minute % 1440]
  return `${day > 0 ? `${day}d ` : ''}${two(Math.floor(rest / 60))}:${two(rest % 60)}`
}

/** Performs a story, then lets everything recover, and goes on until that is notified: most of an hour after a long story. */
export function live(story: readonly Timed[], rest = 50): Play {
  const notified = tell(LIVELY, TEN)
  let minute = 12 * 60
  for (const name of HOSTS) notified.at('12:00').cpu(name, 0.1)
  for (const one of story) perform(notified.at(clockOf((minute += one.after) + 1)), one)
  const end = notified.at(clockOf(minute + 2))
  end.configure(LIVELY)
  for (const name of ['s1', 's2', 's3']) end.expire(name)
  for (const name of [...HOSTS, ...FLEET]) end.reports(name, { cpu: 0.1, memory: 0.1 })
  notified.until(clockOf(minute + 2 + rest))
  return notified.play
}

function perform(moment: Moment, one: Act): void {
  if (one.do === 'cpu' || one.do === 'memory') moment.reports(one.host, { cpu: 0.1, [one.do]: one.value })
  else if (one.do === 'die') moment.dies(one.host)
  else if (one.do === 'silence') moment.silence(one.id, one.matchers, one.minutes * MINUTE)
  else if (one.do === 'expire') moment.expire(one.id)
  else if (one.do === 'ack') moment.acknowledge('cpu-high', one.host, one.minutes * MINUTE)
  else if (one.do === 'configure') moment.configure(edits[one.edit] ?? LIVELY)
  else if (one.do === 'storm') for (const name of FLEET) moment.cpu(name, one.value)
  else moment.dies(one.host).does((play) => forget(play, one.host))
}

function forget(play: Play, name: string): void {
  play.enter({ kind: 'command', data: encodeEntry({ kind: 'retire', host: name, author: 'Grace', now: play.now() }) })
}

/** Folds entries anew; after each one the fold may be exchanged for another. */
export function refold(
  entries: readonly NewEntry[],
  each: (fold: Fold, index: number) => Fold = (fold) => fold,
): { readonly fold: Fold; readonly effects: readonly Effect[] } {
  const effects: Effect[] = []
  let fold = createFold()
  for (const [index, entry] of entries.entries()) {
    effects.push(...step(fold, entry).effects)
    fold = each(fold, index)
  }
  return { fold, effects }
}

/** What a process that is started anew has: the newest snapshot, read from its bytes. */
export function restarted({ state }: Fold): Fold {
  const cut = startSnapshot(state, 0)
  const parts = Array.from({ length: cut.count }, () => cut.take()?.data ?? new Uint8Array(0))
  return createFold(readSnapshot(Buffer.concat(parts)))
}

/** All that a fold remembers but the cells, in its order, as one text. */
export function memoryOf({ state }: Fold): string {
  return JSON.stringify(state, (key, value: unknown) => {
    if (key === 'stores') return undefined
    if (value instanceof Map || value instanceof Set) return [...value]
    return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
  })
}
