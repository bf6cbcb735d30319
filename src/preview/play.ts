import { createFold, encodeEntry, step } from '../engine/step.ts'
import { type Arrival, type Sample, sampleSource } from '../engine/sample.ts'
import { encodeFrame } from '../extract/frame.ts'
import type { EngineConfig, Millis, NewEntry, Notification } from '../model.ts'

/** The mails about one alert: what its readers get when it fires, and when it has resolved. */
interface Played {
  readonly fired: readonly Notification[]
  readonly resolved: readonly Notification[]
}

/** The start of the samples: always the same, so that rendered mails can be compared. */
export const SAMPLE_AT = Date.UTC(2026, 0, 5, 8)

export interface PlayOptions {
  readonly start?: Millis
  /** Ends with the first mail. */
  readonly onlyFired?: boolean
}

/**
 * Plays a sample through the engine, in virtual time, until its alert has fired and resolved, and returns the mails about
 * it. There are none where the sample raises no alert.
 */
export function playSample(
  config: EngineConfig,
  rule: string,
  sample: Sample,
  { start = SAMPLE_AT, onlyFired = false }: PlayOptions = {},
): Played {
  const stage = openStage({ ...config, bucket: sample.bucket ?? config.bucket }, start)
  const find = (reason: Notification['reason']): readonly Notification[] =>
    stage.mails.filter((mail) => mail.reason === reason && isAbout(mail, rule, sample.about))
  const patience = sample.patience + longestWait(config)
  const playUntil = (end: Millis, phase: 'good' | 'bad', isDone: () => boolean, every = sample.every): void => {
    while (stage.now() < end && !isDone()) {
      const from = stage.now()
      const to = from + every
      stage.advance(to, sample.arrive(phase, from, to))
    }
  }
  playUntil(start + sample.settle, 'good', () => false, sample.settleEvery)
  playUntil(stage.now() + patience, 'bad', () => find('fired').length > 0)
  const fired = find('fired')
  if (fired.length === 0 || onlyFired) return { fired, resolved: [] }
  playUntil(stage.now() + sample.settle, 'bad', () => false)
  playUntil(stage.now() + patience, 'good', () => find('resolved').length > 0)
  return { fired, resolved: find('resolved') }
}

function isAbout({ channel, alerts: [first] }: Notification, rule: string, about: string): boolean {
  return channel === 'email' && first?.identity.rule === rule && first.identity.host === about
}

/** The maximum wait of a mail for its group. */
function longestWait({ alerting: { grouping, routes } }: EngineConfig): Millis {
  const all = [grouping, ...routes.flatMap((route) => route.grouping ?? [])]
  return Math.max(...all.map(({ wait, interval }) => wait + interval)) + RATE_LIMIT
}

/** The maximum delay by a rate limit, and by the group of a rule over all hosts. */
const RATE_LIMIT: Millis = 10 * 60_000

/** So long a step has a tick a second before its end too, so that nothing arrives in what the fold takes for the past. */
const LONG_STEP: Millis = 60_000

interface Stage {
  /** All notifications so far. */
  readonly mails: readonly Notification[]
  now(): Millis
  /** Lets a time come, with what has arrived until then. */
  advance(to: Millis, arrivals: readonly Arrival[]): void
}

function openStage(config: EngineConfig, start: Millis): Stage {
  const fold = createFold()
  const mails: Notification[] = []
  let [now, batches] = [start, 0]
  const enter = (entry: NewEntry): boolean => {
    const { effects, hasMore } = step(fold, entry)
    for (const { data } of effects) mails.push(JSON.parse(data) as Notification)
    return hasMore
  }
  const tick = (): void => {
    const data = encodeEntry({ now, refused: false })
    while (enter({ kind: 'tick', data }));
  }
  // Sources that the sample does not play would be down.
  enter({ kind: 'config', data: encodeEntry({ ...config, sources: [sampleSource(config)], occasionalSources: [] }) })
  tick()
  return {
    mails,
    now: () => now,
    advance(to, arrivals) {
      if (to - now > LONG_STEP) {
        now = to - 1000
        tick()
      }
      now = to
      for (const { source, events } of arrivals) {
        const batchId = (batches++).toString(16).padStart(16, '0')
        const frame = { source, batchId, isBatch: true, isMaybeRetry: false, receivedAt: now, events }
        enter({ kind: 'batch', data: encodeFrame(frame) })
      }
      tick()
    },
  }
}
