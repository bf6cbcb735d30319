import type * as Raw from '../generated/config.ts'
import { ALERTING } from '../model.ts'
import type { Escalation, Grouping, Millis, Repeat } from '../model.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { checkReceivers } from './names.ts'
import { DAY, HOUR, MINUTE, readSpan, SECOND } from './spans.ts'
import { parseDuration, writeDuration } from './units.ts'

/** Where alerts of many hosts share a mail, they wait for each other. */
const OVER_HOSTS = { wait: 30 * SECOND, interval: 5 * MINUTE }

type RawGrouping = Pick<Raw.Alerting, 'group_by' | 'group_wait' | 'group_interval'>

/** @param general what holds where `raw` says nothing: that of `alerting`. */
export function readGrouping(raw: RawGrouping, general: RawGrouping, pointer: string, report: Report): Grouping {
  const by = raw.group_by ?? general.group_by ?? ALERTING.grouping.by
  const overHosts = !by.includes('host')
  const span = (key: 'group_wait' | 'group_interval', most: Millis): Millis | undefined => {
    const own = raw[key]
    if (own !== undefined) return readSpan(own, below(pointer, key), { least: 0, most }, report)
    return general[key] === undefined ? undefined : parseDuration(general[key])
  }
  const wait = span('group_wait', HOUR) ?? (overHosts ? OVER_HOSTS.wait : 0)
  const interval = span('group_interval', DAY) ?? (overHosts ? Math.max(OVER_HOSTS.interval, wait) : 0)
  const key = (['group_wait', 'group_interval'] as const).find((one) => raw[one] !== undefined)
  if (key !== undefined && interval > 0 && wait > interval) {
    report.mistake(
      below(pointer, key),
      `group_wait (${writeDuration(wait)}) is longer than group_interval (${writeDuration(interval)}): change one of them`,
    )
  }
  return { by, wait, interval }
}

const LONGEST_REPEAT = { least: MINUTE, most: 30 * DAY }

export function readRepeat(raw: Raw.Repeat, pointer: string, report: Report): Repeat {
  if (raw === 'never') return { first: 0, most: 0 }
  const [text, at] = typeof raw === 'string' ? [raw, pointer] : [raw.first, `${pointer}/first`]
  if (parseDuration(text) === 0) {
    report.mistake(
      at,
      `expected at least 1m, found ${report.written(at)}; where alerts are not to be told again, write repeat: never`,
    )
  }
  const first = readSpan(text, at, LONGEST_REPEAT, report)
  const written = typeof raw === 'string' ? undefined : raw.most
  if (written === undefined) return { first, most: Math.max(first, ALERTING.repeat.most) }
  const most = readSpan(written, `${pointer}/most`, LONGEST_REPEAT, report)
  if (most < first) {
    report.mistake(
      `${pointer}/most`,
      `most (${written}) is shorter than first (${text}): did you mean them the other way round?`,
    )
  }
  return { first, most }
}

interface EscalateContext {
  readonly receivers: readonly string[]
  /** Who is told at once, where that is known. */
  readonly told: readonly string[] | undefined
  readonly report: Report
}

/** The steps of an escalation, each later than the one before. */
export function readEscalate(
  raw: Raw.Escalation,
  pointer: string,
  { receivers, told = [], report }: EscalateContext,
): readonly Escalation[] {
  let before = 0
  return raw.map(({ after, notify }, index) => {
    const at = below(pointer, index)
    checkReceivers(notify, `${at}/notify`, receivers, report)
    if (notify.every((name) => told.includes(name))) {
      report.warn(`${at}/notify`, `${notify.join(', ')} is told from the beginning: an escalation is for others`)
    }
    if (parseDuration(after) === 0) {
      report.mistake(
        `${at}/after`,
        "an escalation after 0s tells these receivers at once: name them under 'notify', or give it a time such as 30m",
      )
    }
    const span = readSpan(after, `${at}/after`, { least: SECOND, most: 30 * DAY }, report)
    if (span <= before) {
      report.mistake(
        `${at}/after`,
        `expected later than the step before, after ${writeDuration(before)}; found ${report.written(`${at}/after`)}`,
      )
    }
    before = span
    return { after: span, notify }
  })
}
