import type * as Raw from '../../generated/config.ts'
import { ALERTING, OVER_HOSTS } from '../../model.ts'
import type { Escalation, Grouping, Millis, Repeat } from '../../model.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { checkReceivers } from './references.ts'
import { DAY, HOUR, MINUTE, readSpan, SECOND } from './durations.ts'
import { parseDuration, writeDuration } from './units.ts'

type RawGrouping = Pick<Raw.Alerting, 'group_by' | 'group_wait' | 'group_interval'>

/** Reads a grouping policy. @param general the policy under `alerting`, for keys that `raw` omits. */
export function readGrouping(
  raw: RawGrouping,
  general: RawGrouping,
  pointer: string,
  diagnostics: Diagnostics,
): Grouping {
  const by = raw.group_by ?? general.group_by ?? ALERTING.grouping.by
  const overHosts = !by.includes('host')
  const span = (key: 'group_wait' | 'group_interval', max: Millis): Millis | undefined => {
    const configured = raw[key]
    if (configured !== undefined) return readSpan(configured, below(pointer, key), { min: 0, max }, diagnostics)
    return general[key] === undefined ? undefined : parseDuration(general[key])
  }
  const usual = overHosts ? OVER_HOSTS : ALERTING.grouping
  const wait = span('group_wait', HOUR) ?? usual.wait
  const interval = span('group_interval', DAY) ?? (overHosts ? Math.max(usual.interval, wait) : usual.interval)
  const key = (['group_wait', 'group_interval'] as const).find((one) => raw[one] !== undefined)
  if (key !== undefined && interval > 0 && wait > interval) {
    const what = `group_wait (${writeDuration(wait)}) is longer than group_interval (${writeDuration(interval)})`
    diagnostics.error(below(pointer, key), describe(what, { fix: 'shorten group_wait or lengthen group_interval' }))
  }
  return { by, wait, interval }
}

const INTERVALS = { min: MINUTE, max: 30 * DAY }

/** Reads `never`, a duration, or `{ initial, max }`. */
export function readRepeatInterval(raw: Raw.RepeatInterval, pointer: string, diagnostics: Diagnostics): Repeat {
  if (raw === 'never') return { initial: 0, max: 0 }
  const [text, at] = typeof raw === 'string' ? [raw, pointer] : [raw.initial, `${pointer}/initial`]
  if (parseDuration(text) === 0) {
    const fix = 'to disable repeated notifications, set repeat_interval: never'
    diagnostics.error(
      at,
      describe('the interval is too short', { found: diagnostics.describeValue(at), expected: 'at least 1m', fix }),
    )
  }
  const initial = readSpan(text, at, INTERVALS, diagnostics)
  const written = typeof raw === 'string' ? undefined : raw.max
  if (written === undefined) return { initial, max: Math.max(initial, ALERTING.repeat.max) }
  const max = readSpan(written, `${pointer}/max`, INTERVALS, diagnostics)
  if (max < initial) {
    diagnostics.error(
      `${pointer}/max`,
      `max (${written}) is shorter than initial (${text}): did you mean to swap them?`,
    )
  }
  return { initial, max }
}

interface EscalationContext {
  readonly receivers: readonly string[]
  /** The receivers that are notified at once, if known. */
  readonly initialReceivers: readonly string[] | undefined
  readonly diagnostics: Diagnostics
}

/** Reads the steps of an escalation policy; each must be later than the one before. */
export function readEscalation(
  raw: Raw.Escalation,
  pointer: string,
  { receivers, initialReceivers = [], diagnostics }: EscalationContext,
): readonly Escalation[] {
  let before = 0
  return raw.map(({ after, notify }, index) => {
    const at = below(pointer, index)
    checkReceivers(notify, `${at}/notify`, receivers, diagnostics)
    if (notify.every((name) => initialReceivers.includes(name))) {
      const what = `${notify.join(', ')} already gets the first notification, so this step adds nobody`
      diagnostics.warn(`${at}/notify`, describe(what, { fix: 'name other receivers, or remove the step' }))
    }
    if (parseDuration(after) === 0) {
      const fix = "list these receivers under the 'notify' of the rule or route, or set a delay such as 30m"
      diagnostics.error(`${at}/after`, describe('an escalation after 0s notifies at once', { fix }))
    }
    const span = readSpan(after, `${at}/after`, { min: SECOND, max: 30 * DAY }, diagnostics)
    if (span <= before) {
      diagnostics.error(
        `${at}/after`,
        describe('an escalation step must be later than the step before it', {
          found: diagnostics.describeValue(`${at}/after`),
          expected: `more than ${writeDuration(before)}`,
        }),
      )
    }
    before = span
    return { after: span, notify }
  })
}
