import { test, type Test } from 'tap'
import { loadConfig } from '../../src/config/index.ts'
import { BUILTINS } from '../../src/engine/builtin/index.ts'
import { BUILTIN_RULE_NAMES, type EngineConfig, type Rule } from '../../src/model.ts'
import { anyAlert, playBuiltin, playRule, type SampleMails } from '../../src/preview/samples.ts'
import { alerting, config, countRule, cpuHigh, MINUTE, NOON, silent } from '../helpers/play.ts'

const METRICS = `metrics:
  m: { field: m, unit: ratio }
  bytes: { field: bytes, unit: bytes }
  net: { field: net, unit: bytes, kind: counter, by: [interface] }
`

function read(rule: string, more = ''): { readonly rule: Rule; readonly engine: EngineConfig } {
  const { engine } = loadConfig({ text: `${METRICS}${more}rules: [{ name: r, ${rule} }]\n`, env: {}, cwd: '/' }).config
  const [found] = engine.rules
  if (found === undefined) throw new Error('no rule')
  return { rule: found, engine }
}

const play = (rule: string, more = ''): SampleMails => {
  const { rule: found, engine } = read(rule, more)
  return playRule(found, engine)
}

/** That an alert fired and resolved: of the rule and in this order. */
function hasBoth(t: Test, { fired, resolved }: SampleMails, said: string): void {
  const [first, last] = [fired?.alerts[0], resolved?.alerts[0]]
  t.match([first?.state, last?.state], ['firing', 'resolved'], said)
  t.equal(first?.episode, last?.episode, said)
  t.ok((last?.resolvedAt ?? 0) > (first?.evaluatedAt ?? Infinity), said)
  t.ok((fired?.decidedAt ?? 0) >= (first?.startsAt ?? Infinity), 'nobody hears of it before it is so')
}

test('the sample of a threshold fires and resolves, whatever its figure, bound and unit', async (t) => {
  const bounds = ['above: 0.9', 'at_least: 0.999', 'below: 0.1', 'above: 0.000001', 'above: 3, below: 1', 'above: 0']
  for (const figure of ['mean', 'max', 'min', 'last', 'sum', 'stddev', 'count']) {
    for (const bound of figure === 'count' ? ['above: 20', 'below: 5', 'above: 0'] : bounds) {
      const mails = play(`when: { metric: m, over: 1m, threshold: { of: ${figure}, ${bound} } }`)
      hasBoth(t, mails, `${figure} ${bound}`)
      t.equal(mails.fired?.alerts[0]?.evidence.why.code, 'breached', `${figure} ${bound}`)
      t.equal(mails.resolved?.alerts[0]?.evidence.why.code, 'cleared', `${figure} ${bound}`)
    }
  }
})

test('so does that of every other kind of rule', async (t) => {
  const cases = [
    'when: { metric: m, over: 1m, change: { of: mean, up: 0.2 } }',
    'when: { metric: m, over: 2m, change: { of: last, down_factor: 2, min_change: 0.1 } }',
    'when: { metric: net, over: 5m, threshold: { of: rate, above: 1000000 } }',
    'when: { metric: net, over: 5m, threshold: { of: increase, above: 1000000 } }',
    'when: { count: { where: { message: { contains: x } } }, over: 5m, threshold: { above: 20 } }',
    'when: { count: { where: { message: { contains: x } } }, over: 5m, threshold: { above: 100000 } }',
    'when: { count: { where: { message: { contains: x } } }, over: 5m, threshold: { below: 20 } }',
    'when: { metric: m, over: 7d, threshold: { of: mean, above: 0.9 } }, every: 1h',
    'when: { metric: m, over: 2m, threshold: { of: mean, above: 0.9 } }, breaches: { at_least: 3, of: 5 }',
    'when: { metric: m, over: 1m, threshold: { of: mean, above: 0.9 } }, for: 10m, keep_firing_for: 20m',
    'when: { metric: m, over: 1m, threshold: { of: mean, above: 0.9 } }, min_samples: 40',
    'when: { metric: m, over: 1m, threshold: { of: mean, above: 0.9 } }, hosts: ["db-?", "x"]',
    'when: { absence: { after: 90s } }',
    'when: { absence: { after: 24h } }, hosts: ["db-1"]',
  ]
  for (const rule of cases) hasBoth(t, play(rule), rule)
})

test('what the configuration asks of an alert holds in a sample as well', async (t) => {
  const held = play('when: { metric: m, over: 1m, threshold: { of: mean, above: 0.9 } }, for: 10m').fired?.alerts[0]
  t.ok((held?.evaluatedAt ?? 0) - (held?.startsAt ?? 0) >= 10 * MINUTE, 'it fires once its condition held long enough')
  const counted = play(
    'when: { metric: m, over: 1m, threshold: { of: mean, above: 0.9 } }, breaches: { at_least: 3, of: 5 }',
  ).fired?.alerts[0]
  t.match(counted?.evidence.breaches, { count: 3, of: 5 })
  const overridden = play(
    'when: { metric: m, over: 1m, threshold: { of: mean, above: 0.5 } }, hosts: ["db-*"], ' +
      'overrides: [{ hosts: ["db-*"], threshold: { above: 0.8 } }]',
  ).fired?.alerts[0]
  t.match(overridden, { identity: { host: 'db-1' }, evidence: { limit: { op: 'above', value: 0.8 } } })
  t.match(overridden?.peers, { hosts: 3 }, 'beside other hosts')
  t.ok((overridden?.chart?.buckets.length ?? 0) > 10, 'with its chart')
})

test('a bound that no value can pass raises no alert', async (t) => {
  t.strictSame(play('when: { metric: m, over: 1m, threshold: { of: stddev, below: 0 } }'), {})
})

test('every built-in rule is registered under its name, fires in its sample, and resolves', async (t) => {
  for (const name of BUILTIN_RULE_NAMES) {
    t.equal(BUILTINS[name].name, name)
    const matching = countRule({ where: [{ field: 'message', matches: 'denied.*root' }] })
    const mails = playBuiltin(name, config({ rules: [silent({ after: 3 * MINUTE }), matching] }))
    hasBoth(t, mails, name)
    t.equal(mails.fired?.alerts[0]?.identity.rule, name)
    t.equal(mails.fired?.to.address, 'ada@example.org')
  }
  const occasional = config({ rules: [], sources: ['nightly', 'logstash-a'], occasionalSources: ['nightly'] })
  hasBoth(t, playBuiltin('source-down', occasional), 'source-down of the one that is expected')
  for (const name of ['mass-absence', 'unmatched-events'] as const)
    t.strictSame(playBuiltin(name, config({ rules: [] })), {}, `without a rule there is no ${name}`)
})

test('nothing mutes a sample, and one sample is as the other', async (t) => {
  const always = { matchers: [], timeZone: 'UTC', times: [], weekdays: [], daysOfMonth: [], months: [], years: [] }
  const rule = cpuHigh()
  const engine = config({
    rules: [rule],
    hosts: { expected: ['db-9'], retireAfter: 24 * 60 * MINUTE },
    alerting: alerting({
      maintenanceWindows: [{ name: 'always', ...always }],
      inhibitRules: [{ sourceMatchers: [], targetMatchers: [], equal: [] }],
    }),
  })
  const mails = playRule(rule, engine)
  hasBoth(t, mails, 'in a maintenance window')
  t.strictSame(playRule(rule, engine), mails)
})

test('who gets mail is who would get it: by rule, by route, or the one that is asked for', async (t) => {
  const receivers = ['ops', 'night', 'chat'].map((name) => ({
    name,
    email: name === 'chat' ? [] : [{ address: `${name}@example.org` }],
    webhook: name === 'chat',
  }))
  const routed = alerting({
    routes: [{ matchers: [{ label: 'host', op: '=', value: 'web-1' }], notify: ['night'], continue: false }],
  })
  const engine = config({ receivers, alerting: routed })
  const to = (notify: readonly string[], options = {}): string | undefined =>
    playRule(cpuHigh({ notify }), engine, options).fired?.to.address
  t.equal(to(['ops']), 'ops@example.org')
  t.equal(to([]), 'night@example.org')
  t.equal(to(['chat', 'ops']), 'ops@example.org')
  t.equal(to(['chat']), 'reader@example.org', 'a reader stands in')
  t.equal(to(['ops'], { receiver: receivers[1] }), 'night@example.org')
})

test('an alert for a test mail has just been', async (t) => {
  const { evaluatedAt } = anyAlert(config(), NOON + 12_345)
  t.ok(evaluatedAt <= NOON + 12_345 && evaluatedAt > NOON - 10 * MINUTE, new Date(evaluatedAt).toISOString())
})
