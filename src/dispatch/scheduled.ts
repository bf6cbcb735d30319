import type { Effect, Millis, Pulse } from '../model.ts'
import { linesTo } from './audience.ts'
import { pay } from './budget.ts'
import { localTime } from './calendar.ts'
import { composeHeartbeat, composeReport } from './compose.ts'
import type { Alerts } from './groups.ts'
import { mutedText } from './mute.ts'
import type { DispatchPlan } from './plan.ts'
import { type Due, takeTurns } from './schedule.ts'
import type { Case, DispatchState, Line } from './state.ts'

/** What one heart-beat names at most. */
const MOST_FIRING = 20
/** Where nothing was heard for this long, nothing can be called quiet. */
const UNHEARD = 3_600_000

/** The reports and heart-beats that are due: each address gets one of a kind, whatever its budget says; they count. */
export function tellScheduled(state: DispatchState, plan: DispatchPlan, alerts: Alerts, now: Millis): Effect[] {
  const told = new Set<string>()
  return takeTurns(state, plan, now).flatMap((due) => {
    const lines = linesTo(plan, [due.receiver.name]).filter(({ via, to }) => {
      const key = `${due.kind}\n${due.schedule.weekday === undefined}\n${to.address}`
      const isFirst = via === 'email' && !told.has(key)
      told.add(key)
      return isFirst
    })
    if (lines.length === 0) return []
    for (const line of lines) pay(state, line, now)
    return due.kind === 'report'
      ? reports(plan, alerts, due, lines, now)
      : heartbeats(state, plan, alerts, due, lines, now)
  })
}

function reports(plan: DispatchPlan, alerts: Alerts, due: Due, lines: readonly Line[], now: Millis): Effect[] {
  const zone = due.receiver.zone ?? 'UTC'
  const report = alerts.report({ every: due.schedule.weekday === undefined ? 'day' : 'week', from: due.since, zone })
  return lines.map((line) => composeReport(plan, line, due, report, now))
}

function heartbeats(
  state: DispatchState,
  plan: DispatchPlan,
  alerts: Alerts,
  due: Due,
  lines: readonly Line[],
  now: Millis,
): Effect[] {
  const firing = [...state.cases.values()].filter(({ facts }) => facts.state === 'firing')
  const pulse = alerts.pulse()
  const wall = wallOf(plan, due.receiver.zone ?? 'UTC')
  const notice = {
    because: 'scheduled',
    title: titleOf(firing.length, pulse, now),
    lines: [...pulseLines(pulse, wall), mailLine(due, wall), ...firingLines(firing, wall)],
  } as const
  return lines.map((line) => composeHeartbeat(plan, line, due, notice, now))
}

function titleOf(firing: number, { lastEvent = -Infinity, gap }: Pulse, now: Millis): string {
  if (firing > 0) return firing === 1 ? '1 alert is firing' : `${firing} alerts are firing`
  const listened = now - Math.max(lastEvent, gap?.to ?? -Infinity)
  return listened > UNHEARD ? 'Nothing is heard' : 'All is quiet'
}

type Wall = (at: Millis) => string

/** What the clock on the wall showed: `2026-11-22 08:00 Europe/Berlin`. */
function wallOf({ clocks }: DispatchPlan, zone: string): Wall {
  return (at) => {
    const { day, minute } = localTime(at, zone, clocks)
    const time = [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':')
    return `${new Date(day).toISOString().slice(0, 10)} ${time} ${zone}`
  }
}

function pulseLines({ hosts, heard, sources, lastEvent, gap }: Pulse, wall: Wall): readonly string[] {
  const named = sources.first.map(({ source, heard: at }) => `${source} (${wall(at)})`)
  const more = sources.total > named.length ? [`${sources.total - named.length} more`] : []
  return [
    `Hosts: ${heard} of ${hosts} heard within the last 15 minutes`,
    `Sources: ${named.length === 0 ? 'none' : [...named, ...more].join(', ')}`,
    `Last event: ${lastEvent === undefined ? 'none yet' : wall(lastEvent)}`,
    ...(gap === undefined
      ? []
      : [`Stashwatch was down from ${wall(gap.from)} to ${wall(gap.to)}; nothing was watched then`]),
  ]
}

function mailLine({ since, mails }: Due, wall: Wall): string {
  return `Mails since ${wall(since)}: ${mails}`
}

function firingLines(firing: readonly Case[], wall: Wall): readonly string[] {
  const lines = firing.slice(0, MOST_FIRING).map(({ facts, muted }) => {
    const place = [facts.host, ...Object.values(facts.labels)].join(' ')
    const why = muted === undefined ? '' : `; not told: ${mutedText(muted)}`
    return `Firing: ${facts.rule} on ${place}, ${facts.severity}, since ${wall(facts.since)} [${facts.code}]${why}`
  })
  const rest = firing.length - lines.length
  return rest === 0 ? lines : [...lines, `and ${rest} more that fire`]
}
