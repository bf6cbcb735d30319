import * as fc from 'fast-check'
import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { EventSamples, MetricRule, Millis } from '../../src/model.ts'
import {
  above,
  alerting,
  below,
  config,
  countRule,
  cpuHigh,
  createPlay,
  event,
  heartbeat,
  HOUR,
  MINUTE,
  NOON,
  type Play,
  SECOND,
  silent,
  openAlerts,
  bounds,
  boundsOf,
  TEN,
} from '../helpers/play.ts'

/**
 * What the definition of a rule says of samples that come on time, each ten seconds from the start on. The first window
 * may begin one interval before them, once two of them have shown what the interval is.
 */
function expected(rule: MetricRule, values: readonly number[], start: Millis): string[] {
  const [bound, clear] = [boundsOf(rule).warning[0]?.value ?? 0, boundsOf(rule).warning[0]?.clear ?? 0]
  const said: string[] = []
  let [pending, good]: (Millis | undefined)[] = []
  let isFiring = false
  const last = start + values.length * TEN
  const first = start + Math.max(Math.min(2 * TEN, rule.over), rule.over - TEN)
  for (let end = Math.ceil(first / rule.every) * rule.every; end <= last; end += rule.every) {
    const window = values.slice(Math.max(0, end - rule.over - start) / TEN, (end - start) / TEN)
    const mean = window.reduce((sum, value) => sum + value, 0) / window.length
    const isBad = mean > bound || (isFiring && good === undefined && mean > clear)
    if (!isFiring) {
      pending = isBad ? (pending ?? end) : undefined
      if (pending === undefined || end - pending < rule.for) continue
      said.push(`fired ${(end - start) / TEN}`)
      isFiring = true
      good = undefined
    } else if (isBad) good = undefined
    else {
      good ??= end
      if (end - good < rule.keepFiringFor) continue
      said.push(`resolved ${(end - start) / TEN}`)
      isFiring = false
      pending = undefined
    }
  }
  return said
}

const tens = (from: number, to: number): fc.Arbitrary<Millis> => fc.integer({ min: from, max: to }).map((n) => n * TEN)

test('alerts are what the definition of their rule says', async (t) => {
  let steps = 0
  const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.constantFrom(0, 0.5, 0.75, 1)), {
    minLength: 8,
    maxLength: 14,
  })
  fc.assert(
    fc.property(runs, tens(1, 20), tens(1, 13), tens(0, 9), tens(0, 9), (pieces, over, every, last, keep) => {
      const values = pieces.flatMap(([length, value]) => Array.from({ length }, () => value))
      const rule = cpuHigh({
        over,
        every,
        for: last,
        keepFiringFor: keep,
        condition: bounds('mean', [above(0.625, 0.5)]),
      })
      const play = createPlay(
        config({ rules: [rule], mailsPerMinute: 1000, alerting: alerting({ flapping: false, totalPerMinute: 1000 }) }),
      )
      const start = NOON + TEN
      play.until(start + values.length * TEN + MINUTE, (now) => {
        const value = values[(now - start) / TEN]
        if (value !== undefined) play.post([event('a', now, { cpu: value })])
        else if (now % TEN === 0) play.post([event('b', now)])
      })
      const inTime = play.mails.filter((mail) => (mail.alerts[0]?.evaluatedAt ?? 0) <= start + values.length * TEN)
      const said = inTime.map((mail) => `${mail.reason} ${((mail.alerts[0]?.evaluatedAt ?? 0) - start) / TEN}`)
      steps += said.length
      t.strictSame(said, expected(rule, values, start), JSON.stringify({ over, every, last, keep }))
    }),
    { numRuns: 60 },
  )
  t.ok(steps > 60, `${steps} steps`)
})

const RULES = [
  cpuHigh({ over: MINUTE, every: TEN }),
  cpuHigh({ name: 'pending', over: 20 * SECOND, every: 20 * SECOND, for: MINUTE, keepFiringFor: MINUTE }),
  cpuHigh({
    name: 'peak',
    over: MINUTE,
    every: TEN,
    condition: bounds('max', [above(0.9, 0.8)], [above(0.99, 0.95)]),
  }),
  cpuHigh({ name: 'idle', over: MINUTE, every: MINUTE, condition: bounds('count', [below(2, 3)]) }),
  cpuHigh({ name: 'net', metric: 'net', over: MINUTE, every: TEN, condition: bounds('rate', [above(100, 90)]) }),
  countRule({ over: MINUTE, every: TEN, condition: bounds('count', [above(3, 3)]) }),
  silent({ after: 90 * SECOND }),
]

type Deed =
  | {
      readonly do: 'post'
      readonly source: string
      readonly hosts: number
      readonly ahead: Millis
      readonly value: number
      readonly seconds: number
    }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'jump'; readonly by: Millis }
  | { readonly do: 'configure'; readonly keep: number }

const post = fc.record({
  do: fc.constant('post' as const),
  source: fc.constantFrom('one', 'two', 'three'),
  hosts: fc.integer({ min: 1, max: 4 }),
  ahead: fc.constantFrom(0, 0, 0, -5000, -40 * SECOND, -3 * MINUTE, -40 * MINUTE, 2 * MINUTE, 3 * HOUR, -30 * HOUR),
  value: fc.constantFrom(0, 0.5, 0.95, 1, -1, 1e300),
  seconds: fc.integer({ min: 1, max: 240 }),
})
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 8, arbitrary: post },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 400 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('jump' as const),
      by: fc.constantFrom(HOUR, -HOUR, 365 * 24 * HOUR, -365 * 24 * HOUR, -SECOND, 30 * SECOND),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('configure' as const), keep: fc.integer({ min: 0, max: RULES.length }) }),
  },
)

function eventsOf({ hosts, ahead, value }: Deed & { do: 'post' }, now: Millis): EventSamples[] {
  const samples = {
    cpu: value,
    'net\u001feth0': Math.abs(value) * 1000,
    ...(value === 1 ? { 'count(ssh-failures)': 1 } : {}),
  }
  return [
    heartbeat(now + Math.min(0, ahead)),
    ...Array.from({ length: hosts }, (_, i) => event(`host-${i}`, now + ahead, samples)),
  ]
}

function perform(play: Play, one: Deed): Play {
  const now = play.now()
  if (one.do === 'jump') return createPlay(config({ rules: RULES }), now + one.by, play.fold)
  if (one.do === 'configure') play.configure(config({ rules: RULES.slice(0, one.keep) }))
  else if (one.do === 'wait') play.until(now + one.seconds * SECOND)
  else
    play.until(
      now + one.seconds * SECOND,
      (at) => at % TEN === 0 && play.post(eventsOf(one, at), { source: one.source }),
    )
  return play
}

test('under any sequence of entries nothing is notified twice, notifications are consistent, and no state grows without limit', async (t) => {
  let notified = 0
  fc.assert(
    fc.property(fc.array(deed, { minLength: 5, maxLength: 25 }), (deeds) => {
      let play = createPlay(config({ rules: RULES }))
      const fired = new Set<string>()
      const check = (one: Play): void => {
        for (const mail of one.mails.splice(0)) {
          notified++
          for (const [i, { episode, state, value, startsAt, evaluatedAt, resolvedAt }] of mail.alerts.entries()) {
            const isNews = i < (mail.newCount ?? mail.alerts.length)
            if (
              mail.kind === 'alert' &&
              mail.reason === 'fired' &&
              mail.alerts.length === 1 &&
              isNews &&
              fired.has(episode)
            )
              throw new Error(`${episode} fired twice`)
            if (
              startsAt > evaluatedAt ||
              (resolvedAt ?? evaluatedAt) < startsAt ||
              (value !== null && !Number.isFinite(value))
            )
              throw new Error(JSON.stringify(mail))
            if (state === 'firing') fired.add(episode)
          }
        }
      }
      const began = performance.now()
      for (const one of deeds) {
        play = perform(play, one)
        check(play)
        for (const kind of ['hosts', 'alerts', 'rules'] as const) runQuery(play.fold, { kind })
        for (const host of play.fold.state.hosts.keys()) runQuery(play.fold, { kind: 'host', host })
      }
      const { state } = play.fold
      const firing = openAlerts(play.fold).filter((alert) => alert.lifecycle.state !== 'pending')
      if (state.dispatch.alerts.size > firing.length + 300 + state.dispatch.backlog.episodes.size)
        throw new Error('cases grow')
      if (state.pendingHosts.size > state.hosts.size) throw new Error('work grows')
      if (performance.now() - began > 20_000) throw new Error('too slow')
    }),
    { numRuns: 25 },
  )
  t.ok(notified > 50, `${notified} mails`)
})
