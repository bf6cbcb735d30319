import { createHash } from 'node:crypto'
import { noticeLine } from './decisions.ts'
import { createFold, encodeEntry, type FoldResult, step } from '../../src/engine/step.ts'
import type { Alert, Fold } from '../../src/engine/state.ts'
import { encodeFrame } from '../../src/extract/frame.ts'
import type { Threshold } from '../../src/detect/threshold/judge.ts'
import {
  ALERTING,
  type AbsenceRule,
  type Alerting,
  type Bound,
  type Counter,
  type CountRule,
  type EngineConfig,
  type EventSamples,
  type Metric,
  type MetricRule,
  type Millis,
  type NewEntry,
  type Notification,
  type Of,
} from '../../src/model.ts'

export const NOON = Date.parse('2026-11-22T12:00:00Z')
export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** Hosts of a play report so often. */
export const TEN = 10 * SECOND

/** `12:03:10` on the day of the plays. */
export const at = (text: string): Millis => Date.parse(`2026-11-22T${text}Z`)

export const above = (value: number, clear = value * 0.95): Bound => ({ op: 'above', value, clear })
export const below = (value: number, clear = value * 1.05): Bound => ({ op: 'below', value, clear })

export const threshold = (of: Of, warning: readonly Bound[], critical: readonly Bound[] = []): Threshold => ({
  of,
  warning,
  critical,
})

/** What a rule with these bounds is judged by. */
export const bounds = (...of: Parameters<typeof threshold>): MetricRule['condition'] => ({
  detector: 'threshold',
  params: threshold(...of),
})

/** The bounds of a rule that is judged by a threshold. */
export const boundsOf = (rule: MetricRule): Threshold => rule.condition.params as Threshold

const shared = { severity: 'warning' as const, notify: ['ops'], hosts: [], labels: {} }

export const cpuHigh = (change: Partial<MetricRule> = {}): MetricRule => ({
  ...shared,
  kind: 'metric',
  name: 'cpu-high',
  metric: 'cpu',
  over: 2 * MINUTE,
  every: MINUTE,
  for: 0,
  keepFiringFor: 0,
  condition: bounds('mean', [above(0.9, 0.85)]),
  overrides: [],
  subject: 'CPU on {{server}} is high',
  ...change,
})

export const countRule = (change: Partial<CountRule> = {}): CountRule => ({
  ...shared,
  kind: 'count',
  name: 'ssh-failures',
  where: [{ field: 'message', contains: 'Failed password' }],
  by: [],
  byFields: [],
  over: 5 * MINUTE,
  every: 30 * SECOND,
  for: 0,
  keepFiringFor: 0,
  condition: bounds('count', [above(20, 19)]),
  overrides: [],
  ...change,
})

export const silent = (change: Partial<AbsenceRule> = {}): AbsenceRule => ({
  ...shared,
  severity: 'critical',
  kind: 'absence',
  name: 'host-silent',
  after: 3 * MINUTE,
  ...change,
})

export const gauge = (name: string, unit: Metric['unit'], by: readonly string[] = []): Metric => ({
  name,
  fields: [name],
  unit,
  kind: 'gauge',
  by,
  byFields: by,
})

export const alerting = (change: Partial<Alerting> = {}): Alerting => ({ ...ALERTING, ...change })
/** Without repeats, however long an alert fires. */
export const once = alerting({ repeat: { initial: 0, max: 0 } })

export const config = (change: Partial<EngineConfig> = {}): EngineConfig => ({
  bucket: 10 * SECOND,
  lateness: 10 * SECOND,
  metrics: [
    gauge('cpu', 'ratio'),
    gauge('memory', 'ratio'),
    gauge('disk', 'ratio', ['mount']),
    { ...gauge('net', 'bytes', ['interface']), kind: 'counter' },
  ],
  rules: [cpuHigh()],
  receivers: [{ name: 'ops', email: [{ name: 'Ada Lovelace', address: 'ada@example.org' }] }],
  selfMonitoring: ['ops'],
  sources: [],
  occasionalSources: [],
  subSources: 16,
  hosts: { expected: [], retireAfter: 24 * HOUR },
  mailsPerMinute: 5,
  alerting: alerting(),
  limits: { hosts: 1000, series: 10_000, seriesPerHost: 100, sources: 10 },
  ...change,
})

/** One event with samples: `event('web-1', ts, { cpu: 0.95 })`. */
export const event = (host: string, ts: Millis, samples: Readonly<Record<string, number>> = {}): EventSamples => ({
  host,
  ts,
  heartbeat: false,
  series: Object.keys(samples),
  values: Object.values(samples),
})

export const heartbeat = (ts: Millis): EventSamples => ({ ...event('no host', ts), heartbeat: true })

export interface PostOptions {
  readonly source?: string
  readonly rcv?: Millis
  readonly maybeRetry?: boolean
  readonly batchId?: string
  readonly many?: boolean
}

/** The engine's folds, driven entry by entry in virtual time. */
export interface Play {
  readonly fold: Fold
  readonly mails: Notification[]
  /** Every entry so far, to be folded again elsewhere. */
  readonly entries: NewEntry[]
  now(): Millis
  post(events: readonly EventSamples[], options?: PostOptions): FoldResult
  /** Ticks once a second (or a stride) until the instant; calls back before each tick. */
  until(instant: Millis | string, each?: (now: Millis) => void, stride?: Millis): void
  configure(config: EngineConfig): void
  enter(entry: NewEntry): FoldResult
  /** One line a mail: `12:03:12 cpu-high web-1 firing fired`. */
  notified(): string[]
}

let posts = 0

export function createPlay(first: EngineConfig, start: Millis = NOON, fold: Fold = createFold()): Play {
  let now = start
  const mails: Notification[] = []
  const entries: NewEntry[] = []
  const ids = new Set<string>()
  const enter = (entry: NewEntry): FoldResult => {
    entries.push(entry)
    const result = step(fold, entry)
    for (const effect of result.effects) {
      if (ids.has(effect.id)) throw new Error(`the effect ${effect.id} came twice`)
      ids.add(effect.id)
      mails.push(JSON.parse(effect.data) as Notification)
    }
    return result
  }
  const tick = (): void => {
    const data = encodeEntry({ now, refused: false })
    while (enter({ kind: 'tick', data }).hasMore);
  }
  const configure = (next: EngineConfig): void => void enter({ kind: 'config', data: encodeEntry(next) })
  configure(first)
  return {
    fold,
    mails,
    entries,
    now: () => now,
    configure,
    enter,
    post(events, options = {}) {
      const batchId = options.batchId ?? createHash('sha1').update(`${posts++}`).digest('hex').slice(0, 16)
      const {
        source = 'logstash-a',
        rcv: receivedAt = now,
        maybeRetry: isMaybeRetry = false,
        many: isBatch = true,
      } = options
      return enter({ kind: 'batch', data: encodeFrame({ source, batchId, isBatch, isMaybeRetry, receivedAt, events }) })
    },
    until(instant, each, stride = SECOND) {
      const end = typeof instant === 'string' ? at(instant) : instant
      while (now < end) {
        now += stride
        each?.(now)
        tick()
      }
    },
    notified: () => mails.map(line),
  }
}

function line(mail: Notification): string {
  const time = new Date(mail.decidedAt).toISOString().slice(11, 19)
  if (mail.kind === 'notice') return `${time} ${noticeLine(mail.notice)} (${mail.reason})`
  if (mail.kind === 'digest') return `${time} digest of ${mail.alerts.length} (${mail.reason})`
  const [alert] = mail.alerts
  return `${time} ${alert?.identity.rule} ${alert?.identity.host} ${alert?.state} (${mail.reason})`
}

/** All alerts that are not over: those of the service itself first. */
export const openAlerts = ({ state }: Fold): readonly Alert[] => [
  ...state.alerts.values(),
  ...[...state.hosts.values()].flatMap(({ alerts }) => [...alerts.values()]),
]

/** One line a mail: its rule, its host and the reason. */
export const reasons = (play: Play): string[] =>
  play.mails.map((mail) => `${mail.alerts[0]?.identity.rule} ${mail.alerts[0]?.identity.host} ${mail.reason}`)

/** What the engine counted since the play began. */
export const tally = (play: Play, name: Counter): number => play.fold.counters.get(name) ?? 0

/** Calls back every `period`, at the instants that are its multiples. */
export const every =
  (period: Millis, call: (now: Millis) => void) =>
  (now: Millis): void => {
    if (now % period === 0) call(now)
  }
