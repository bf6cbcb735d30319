import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { test } from 'tap'
import { loadConfig } from '../../src/config/index.ts'
import { type AnyDetector, type LearntCells, type Verdict, type WindowView } from '../../src/detect/detector.ts'
import { DETECTORS, findDetector } from '../../src/detect/index.ts'
import { type ConfigSchema, mergeDetectors } from '../../tools/merge-detectors.ts'
import type { Fold } from '../../src/engine/state.ts'
import type { AlertIdentity, EngineConfig, MetricRule } from '../../src/model.ts'
import { describeReason } from '../../src/text/reason.ts'
import { refold, restarted } from '../helpers/fate.ts'
import {
  bounds,
  above,
  config,
  cpuHigh,
  createPlay,
  event,
  HOUR,
  MINUTE,
  NOON,
  openAlerts,
  type Play,
  SECOND,
} from '../helpers/play.ts'

/** What a rule with each detector may look like. A detector without an entry fails the first test. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  threshold: [
    'threshold: { of: mean, above: 0.75 }',
    'threshold: { of: min, below: 0.25, clear: 0.5 }',
    'threshold: { of: max, warning: { above: 0.75 }, critical: { at_least: 0.9375 } }',
    'threshold: { of: count, below: 4 }',
    'threshold: { of: stddev, above: 0.25, below: 0.0625 }',
    'threshold: { of: range, above: 0.5 }',
    'threshold: { of: p90, above: 0.75 }',
  ],
  flat: ['flat: {}', 'flat: { tolerance: 0.0625 }'],
  change: [
    'change: { of: mean, up: 0.25, down: 0.25 }',
    'change: { of: last, up_factor: 2, min_change: 0.125, clear: 0.25 }',
    'change: { of: count, down_factor: 2, min_change: 3 }',
  ],
}

interface Example {
  readonly detector: AnyDetector
  readonly rule: MetricRule
  readonly said: string
}

const examples: readonly Example[] = DETECTORS.flatMap((detector) =>
  (EXAMPLES[detector.name] ?? []).map((said) => {
    const when = `when: { metric: cpu, over: 1m, ${said} }`
    const text = `metrics: { cpu: { field: cpu, unit: ratio } }\nrules: [{ name: r, ${when}, every: 30s }]`
    const [rule] = loadConfig({ text, env: {}, cwd: '/srv' }).config.engine.rules
    if (rule?.kind !== 'metric') throw new Error(`${said} is no rule`)
    return { detector, rule: { ...rule, notify: ['ops'] }, said }
  }),
)

test('every detector has examples', async (t) => {
  for (const { name } of DETECTORS) t.ok((EXAMPLES[name]?.length ?? 0) > 1, name)
})

test('the schema of the configuration has what the detectors say', async (t) => {
  const schema = JSON.parse(
    readFileSync(new URL('../../schemas/config.schema.json', import.meta.url), 'utf8'),
  ) as ConfigSchema
  t.strictSame(mergeDetectors(schema), schema)
})

test('params are plain data, so that the journal can carry them', async (t) => {
  for (const { rule, said } of examples) {
    const { params } = rule.condition
    t.strictSame(JSON.parse(JSON.stringify(params)), params, said)
  }
})

// --------------------------------------------------------------------------------------------------- single windows

const figure = fc.oneof(
  fc.constantFrom(Number.NaN, 0, -0, 1, 0.5, 1e-300, 1e300, -1e300),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: 0, max: 64 }).map((n) => n / 64),
)
const held = fc.constantFrom(undefined, 'warning' as const, 'critical' as const)
/** Any window, and anything that may have been learnt. */
const moment = fc.record({ values: fc.array(figure, { minLength: 3, maxLength: 3 }), held, cells: fc.array(figure) })

function view(values: readonly number[], end = NOON): WindowView {
  const [value = Number.NaN, ...before] = values
  return {
    end,
    over: MINUTE,
    samples: 6,
    figure: () => value,
    before: (n) => view(before.slice(n - 1), end - n * MINUTE),
  }
}

function learntOf(detector: AnyDetector, cells: readonly number[]): LearntCells<string> {
  const names = Object.keys(detector.learnt)
  const empty = (name: string): number => (detector.learnt[name]?.startsWith('uint') ? 0 : Number.NaN)
  const kept = new Map(names.map((name, i) => [name, cells[i] ?? empty(name)]))
  return { get: (name) => kept.get(name) ?? Number.NaN, set: (name, value) => void kept.set(name, value) }
}

const identity: Pick<AlertIdentity, 'rule' | 'host' | 'measure'> = {
  rule: 'r',
  host: 'web-1',
  measure: { kind: 'aggregate', metric: 'cpu', unit: 'ratio', of: 'mean', over: MINUTE },
}

/** That a verdict is whole: its value is one, its severity is one that the detector says it has, and its evidence has words. */
function isWhole(
  { detector, rule }: Example,
  window: WindowView,
  verdict: Verdict,
  learnt: LearntCells<string>,
): boolean {
  if (verdict.kind === 'no_data') return true
  const { params } = rule.condition
  const evidence = detector.evidence(params, window, verdict, learnt)
  const value = verdict.kind === 'learning' ? null : verdict.value
  const hasWords = describeReason({ identity, value, evidence }) !== evidence.why.code
  const numbers = [evidence.limit?.value, evidence.clear?.value, evidence.expected, ...(evidence.range ?? [])]
  if (!hasWords || numbers.some((one) => Number.isNaN(one))) return false
  if (verdict.kind !== 'anomalous') return verdict.kind === 'learning' || !Number.isNaN(verdict.value)
  return detector.severities(params).includes(verdict.severity) && !Number.isNaN(verdict.value)
}

test('any window has a whole verdict, and looking at one changes nothing', async (t) => {
  for (const example of examples) {
    const { detector, rule, said } = example
    const { params } = rule.condition
    const holds = fc.property(moment, ({ values, held: severity, cells }) => {
      const learnt = learntOf(detector, cells)
      const frozen = { ...learnt, set: () => t.fail(`${said} learns while it looks`) }
      const window = view(values)
      const verdict = detector.judge(params, window, severity, frozen)
      detector.limits(params, window, frozen)
      const ok = isWhole(example, window, verdict, frozen)
      detector.learn?.(params, window, verdict, learnt)
      return ok
    })
    t.doesNotThrow(() => fc.assert(holds, { numRuns: 300 }), said)
  }
})

test('without enough to compare with nothing is anomalous', async (t) => {
  for (const { detector, rule, said } of examples) {
    const { params } = rule.condition
    const empty = view([Number.NaN, Number.NaN, Number.NaN])
    t.equal(detector.judge(params, empty, undefined, learntOf(detector, [])).kind, 'no_data', said)
    for (const value of [0, 0.5, 1]) {
      const alone = detector.judge(params, view([value, Number.NaN, Number.NaN]), undefined, learntOf(detector, []))
      const { lookback, learning } = detector.needs(params)
      if (lookback > 0) t.equal(alone.kind, 'learning', said)
      else if (learning > 0) t.not(alone.kind, 'anomalous', said)
      else t.not(alone.kind, 'learning', said)
    }
  }
})

test('the samples of a detector are anomalous and normal', async (t) => {
  for (const { detector, rule, said } of examples) {
    const { params } = rule.condition
    const { good, bad } = detector.sample(params, 'ratio')
    const learnt = learntOf(detector, [])
    const normal = view([good, good, good])
    for (let i = detector.needs(params).learning; i > 0; i--) {
      const window = { ...normal, end: NOON - i * MINUTE }
      detector.learn?.(params, window, detector.judge(params, window, undefined, learnt), learnt)
    }
    t.equal(detector.judge(params, view([bad, good, good]), undefined, learnt).kind, 'anomalous', said)
    t.equal(detector.judge(params, normal, undefined, learnt).kind, 'normal', said)
  }
})

// ------------------------------------------------------------------------------------------------------------ plays

const levels = fc.array(fc.constantFrom(0, 0.125, 0.5, 0.625, 0.875, 1), { minLength: 6, maxLength: 14 })
const engineOf = (rule: MetricRule, ...others: readonly MetricRule[]): EngineConfig =>
  config({ rules: [rule, ...others], mailsPerMinute: 1000 })

/** Values that move in each window, for as long as the rule's detector learns. */
function warmUp({ rules: [rule] }: EngineConfig, each: number): readonly number[] {
  if (rule?.kind !== 'metric') return []
  const { learning } = findDetector(rule.condition.detector).needs(rule.condition.params)
  const length = Math.ceil((learning * rule.over) / (each * 10 * SECOND))
  return Array.from({ length }, (_, i) => (i % 2 === 0 ? 0.5 : 0.625))
}

/**
 * One sample each ten seconds, so many at each level, after those of a detector that learns; `delays` says how many
 * seconds late each comes.
 */
function played(engine: EngineConfig, levels: readonly number[], delays: readonly number[] = [], each = 3): Play {
  const play = createPlay(engine)
  const values = [...warmUp(engine, each), ...levels]
  const waiting = Array.from({ length: values.length * each }, (_, i) => {
    const ts = NOON + i * 10 * SECOND
    const delay = (delays[i % Math.max(1, delays.length)] ?? 0) * SECOND
    return { at: ts + delay + SECOND, event: event('web-1', ts, { cpu: values[Math.floor(i / each)] ?? 0 }) }
  }).toSorted((one, other) => one.at - other.at)
  const post = (now: number): void => {
    const due = waiting.filter(({ at }) => at <= now).length
    play.post([...waiting.splice(0, due).map((one) => one.event), event('clock', now)])
  }
  const end = NOON + values.length * each * 10 * SECOND + 3 * MINUTE
  play.until(end, post, delays.length === 0 ? 10 * SECOND : SECOND)
  return play
}

/** What was found about the rule `r`: each step of its alerts, with its value and evidence. */
const found = ({ state }: Fold): string =>
  JSON.stringify(
    [...state.resolved, ...openAlerts({ state } as Fold)]
      .filter((alert) => alert.identity.rule === 'r')
      .map(({ lifecycle, transitions }) => [lifecycle, transitions]),
  )

const learntIn = ({ state }: Fold): string =>
  JSON.stringify([...state.stores].map(([name, { chunks }]) => [name, chunks.map(({ learnt }) => learnt.map(String))]))

test('the order of arrival within the lateness changes nothing', async (t) => {
  for (const { rule, said, detector } of examples) {
    // A detector that may fire early does so at once.
    if (detector.needs(rule.condition.params).trigger === 'early') continue
    const holds = fc.property(levels, fc.array(fc.nat(8), { minLength: 1, maxLength: 7 }), (values, delays) => {
      const [prompt, late] = [played(engineOf(rule), values), played(engineOf(rule), values, delays)]
      return found(prompt.fold) === found(late.fold) && learntIn(prompt.fold) === learntIn(late.fold)
    })
    t.doesNotThrow(() => fc.assert(holds, { numRuns: 4 }), said)
  }
})

test('a restart after any entry changes nothing, and what is learnt survives it', async (t) => {
  for (const { rule, said } of examples) {
    const counted = { ...rule, breaches: { atLeast: 2, of: 3 } }
    for (const one of [rule, counted]) {
      const holds = fc.property(levels, fc.integer({ min: 2, max: 40 }), (values, stride) => {
        const play = played(engineOf(one), values)
        const again = refold(play.entries, (fold, i) => (i % stride === 0 ? restarted(fold) : fold))
        const mails = again.effects.map(({ data }) => data)
        return (
          JSON.stringify(mails) === JSON.stringify(play.mails.map((mail) => JSON.stringify(mail))) &&
          learntIn(again.fold) === learntIn(play.fold)
        )
      })
      t.doesNotThrow(() => fc.assert(holds, { numRuns: 3 }), said)
    }
  }
})

test('what a detector needs is enough: longer rings change nothing', async (t) => {
  const wide = cpuHigh({ name: 'wide', over: HOUR, condition: bounds('mean', [above(2)]) })
  for (const { rule, said } of examples) {
    // A window that is longer than what every ring keeps anyway.
    const long = { ...rule, over: 5 * MINUTE }
    const holds = fc.property(levels, (values) => {
      const [own, wider] = [engineOf(long), engineOf(long, wide)].map((one) => played(one, values, [], 12))
      return own !== undefined && wider !== undefined && found(own.fold) === found(wider.fold)
    })
    t.doesNotThrow(() => fc.assert(holds, { numRuns: 6 }), said)
  }
})

test('another ring in the middle of a play keeps what is learnt', async (t) => {
  const wide = cpuHigh({ name: 'wide', over: HOUR, condition: bounds('mean', [above(2)]) })
  const values = [0.125, 0.125, 0.125, 0.125, 0.875, 0.875, 0.875, 0.875, 0.875, 0.125, 0.125, 0.125]
  for (const { rule, said } of examples) {
    const plain = played(engineOf(rule), values)
    const edited = plain.entries.flatMap((entry, i) => [
      entry,
      ...(i === 40 ? createPlay(engineOf(rule, wide)).entries : []),
    ])
    t.equal(found(refold(edited).fold), found(plain.fold), said)
  }
})
