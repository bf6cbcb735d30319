import { createDispatchPlan } from '../dispatch/plan.ts'
import { resolveTargets } from '../dispatch/routing.ts'
import { sampleAbsence } from '../engine/builtin/absence.ts'
import { BUILTINS } from '../engine/builtin/index.ts'
import type { Sample } from '../engine/sample.ts'
import { alertLabels } from '../labels/matcher.ts'
import type {
  AlertSnapshot,
  BuiltinRule,
  EngineConfig,
  Metric,
  MetricRule,
  Millis,
  Notification,
  Receiver,
  Rule,
} from '../model.ts'
import { type PlayOptions, playSample } from './play.ts'
import { sampleWindows } from './window-sample.ts'

/** The receiver of samples if the configuration has no recipients. */
export const READER = { address: 'reader@example.org' }
const NOBODY: Receiver = { name: 'nobody', email: [READER] }

const MINUTE: Millis = 60_000
const CPU: Metric = { name: 'cpu', fields: ['cpu'], by: [], byFields: [], unit: 'ratio', kind: 'gauge' }
const CPU_HIGH: MetricRule = {
  kind: 'metric',
  name: 'sample',
  metric: CPU.name,
  severity: 'warning',
  notify: [NOBODY.name],
  hosts: ['test-host'],
  labels: {},
  over: 2 * MINUTE,
  every: MINUTE,
  for: 0,
  keepFiringFor: 0,
  condition: {
    detector: 'threshold',
    params: { of: 'mean', warning: [{ op: 'above', value: 0.9, clear: 0.85 }], critical: [] },
  },
  overrides: [],
}
/** How many other hosts there are, so that mails compare a host with them. */
const PEERS = 3
/** Maximum time from the start of the play to the alert about a busy CPU. */
const CPU_PLAY = 10 * MINUTE

export interface SampleOptions extends PlayOptions {
  /** The receiver that gets all mails, in addition to the configured ones. */
  readonly receiver?: Receiver
}

/** The mails of one alert that a rule raises on sample data. None where its sample raises no alert. */
export interface SampleMails {
  readonly fired?: Notification
  readonly resolved?: Notification
}

/** Plays the sample of a rule on a host that the rule applies to. Nothing in the configuration mutes its alerts. */
export function playRule(rule: Rule, config: EngineConfig, options: SampleOptions = {}): SampleMails {
  const peers = options.onlyFired === true ? 0 : PEERS
  const sample = rule.kind === 'absence' ? sampleAbsence(rule, config) : sampleWindows(rule, config, peers)
  const notify = options.receiver === undefined ? rule.notify : [options.receiver.name]
  const metrics = config.metrics.filter(({ name }) => rule.kind === 'metric' && name === rule.metric)
  return play({ ...config, metrics, rules: [{ ...rule, notify, hosts: [sample.about] }] }, rule.name, sample, options)
}

/** Returns true if a built-in rule can raise an alert under the configuration. */
export function canFire(name: BuiltinRule, config: EngineConfig): boolean {
  return BUILTINS[name].sample(config) !== undefined
}

/** Plays the sample of a built-in rule. */
export function playBuiltin(name: BuiltinRule, config: EngineConfig, options: SampleOptions = {}): SampleMails {
  const sample = BUILTINS[name].sample(config)
  if (sample === undefined) return {}
  const { receiver } = options
  const rules = config.rules.filter(({ kind }) => kind === 'absence')
  const named = receiver === undefined ? {} : { selfMonitoring: [receiver.name] }
  const notified = receiver === undefined ? rules : rules.map((rule) => ({ ...rule, notify: [receiver.name] }))
  return play({ ...config, rules: notified, ...named }, name, sample, options)
}

/** Returns the receivers of a sample alert. */
export function sampleReceivers({ notify }: Rule, snapshot: AlertSnapshot, config: EngineConfig): readonly string[] {
  const targets = resolveTargets(createDispatchPlan(config), { snapshot, notify }, alertLabels(snapshot))
  return [...new Set(targets.map(({ receiver }) => receiver))]
}

/** Returns an alert without a rule of the configuration: a busy CPU on `test-host`, shortly before `at`. */
export function anyAlert(config: EngineConfig, at?: Millis): AlertSnapshot {
  const start = at === undefined ? {} : { start: Math.floor((at - CPU_PLAY) / MINUTE) * MINUTE }
  const { fired } = playRule(CPU_HIGH, { ...config, metrics: [CPU] }, { ...start, onlyFired: true })
  const snapshot = fired?.alerts[0]
  if (snapshot === undefined) throw new Error('the sample of a busy CPU raises no alert')
  return snapshot
}

function play(config: EngineConfig, rule: string, sample: Sample, options: SampleOptions): SampleMails {
  const { fired, resolved } = playSample(forSample(config), rule, sample, options)
  const first = fired.find(({ to }) => to.address !== READER.address) ?? fired[0]
  if (first === undefined) return {}
  const last = resolved.find(({ to }) => to.address === first.to.address)
  return { fired: first, ...(last === undefined ? {} : { resolved: last }) }
}

/**
 * Returns the configuration that a sample is played with. It expects no hosts, which would be absent, and nothing mutes
 * the sample. A sample recipient gets the mails of receivers without mail.
 */
function forSample(config: EngineConfig): EngineConfig {
  const { receivers, hosts, alerting } = config
  const readers = receivers.map((receiver) => (receiver.email.length > 0 ? receiver : { ...receiver, email: [READER] }))
  const rest = { matchers: [], notify: [NOBODY.name], continue: false }
  return {
    ...config,
    receivers: [...readers, NOBODY],
    hosts: { ...hosts, expected: [] },
    alerting: { ...alerting, routes: [...alerting.routes, rest], maintenanceWindows: [], inhibitRules: [] },
  }
}
