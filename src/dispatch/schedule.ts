import { clampToNow, type Millis, type Schedule } from '../model.ts'
import { type Local, localTime } from './calendar.ts'
import type { DispatchPlan, Scheduled } from './plan.ts'
import type { DispatchState, ScheduleState } from './state.ts'

const DAY = 86_400_000

/** A scheduled run that is due. */
export interface DueRun extends Scheduled {
  /** When the previous run was taken, or the receiver was set up. */
  readonly since: Millis
  /** Mails decided since then. */
  readonly mails: number
  readonly startedAt: Millis
  readonly seq: number
}

/**
 * Returns the runs that are due by each receiver's local time, and marks them as taken. A run is identified by its
 * date, and only a later date is a new run. So a repeated hour, a restart or a clock that is set back never repeats a
 * run. A run in a skipped hour is taken right after the gap, and of several missed runs only the newest.
 */
export function takeDueRuns(state: DispatchState, plan: DispatchPlan, now: Millis): readonly DueRun[] {
  if (plan.scheduled.length === 0) {
    state.schedules.clear()
    return []
  }
  const before = state.schedules
  const turns = new Map<string, ScheduleState>()
  state.schedules = turns
  return plan.scheduled.flatMap((scheduled) => {
    const { kind, receiver, schedule } = scheduled
    const key = scheduleKey(kind, receiver)
    const zone = receiver.timeZone ?? 'UTC'
    const date = newestDate(schedule, localTime(now, zone, plan.clocks))
    const turn = adapt(state, before.get(key), describeDefinition(schedule, zone), date, now)
    turns.set(key, turn)
    clampSchedule(turn, schedule, date, now)
    if (date <= turn.lastRunDate) return []
    const { lastRunAt, startedAt, seq } = turn
    const mails = countMailsSince(state) - turn.mailsAtLastRun
    turn.lastRunDate = date
    turn.lastRunAt = now
    turn.seq++
    turn.mailsAtLastRun = countMailsSince(state)
    return [{ ...scheduled, since: lastRunAt, mails, startedAt, seq }]
  })
}

/** Returns the start of the period of each report that is due, so that the expensive parts can be built ahead. */
export function dueReports({ schedules }: DispatchState, plan: DispatchPlan, now: Millis): readonly Millis[] {
  return plan.scheduled.flatMap(({ kind, receiver, schedule }) => {
    const turn = kind === 'report' ? schedules.get(scheduleKey(kind, receiver)) : undefined
    const zone = receiver.timeZone ?? 'UTC'
    if (turn?.definition !== describeDefinition(schedule, zone)) return []
    return newestDate(schedule, localTime(now, zone, plan.clocks)) > turn.lastRunDate
      ? [Math.min(turn.lastRunAt, now)]
      : []
  })
}

function scheduleKey(kind: Scheduled['kind'], { name }: Scheduled['receiver']): string {
  return `${kind}\n${name}`
}

function describeDefinition(schedule: Schedule, zone: string): string {
  return JSON.stringify([schedule, zone])
}

/** Returns the date of the newest run that is not in the future. */
function newestDate({ at, weekday }: Schedule, { day, minute }: Local): Millis {
  const newest = minute >= at ? day : day - DAY
  if (weekday === undefined) return newest
  const ahead = (new Date(newest).getUTCDay() - weekday + 7) % 7
  return newest - ahead * DAY
}

/** Returns the schedule's state. For a new or changed schedule, earlier runs count as taken. */
function adapt(
  state: DispatchState,
  known: ScheduleState | undefined,
  definition: string,
  lastRunDate: Millis,
  now: Millis,
): ScheduleState {
  if (known === undefined)
    return { definition, startedAt: now, seq: 0, lastRunDate, lastRunAt: now, mailsAtLastRun: countMailsSince(state) }
  if (known.definition === definition) return known
  known.definition = definition
  known.lastRunDate = Math.max(known.lastRunDate, lastRunDate)
  return known
}

/**
 * Corrects a state that is ahead of the clock. A clock set back slightly must not repeat a run; one that had been far
 * ahead must not block all runs.
 */
function clampSchedule(turn: ScheduleState, { weekday }: Schedule, date: Millis, now: Millis): void {
  clampToNow(turn, now, 'lastRunAt')
  const period = weekday === undefined ? DAY : 7 * DAY
  if (turn.lastRunDate > date + period) turn.lastRunDate = date
}

function countMailsSince({ mailCounts }: DispatchState): number {
  return mailCounts.all
}
