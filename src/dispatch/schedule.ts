import { clampToNow, type Millis, type Schedule } from '../model.ts'
import { type Local, localTime } from './calendar.ts'
import type { DispatchPlan, Scheduled } from './plan.ts'
import type { DispatchState, ScheduleState } from './state.ts'

const DAY = 86_400_000

/** A turn that has come. */
export interface Due extends Scheduled {
  /** When the turn before was taken, or the receiver was set up. */
  readonly since: Millis
  /** Mails that were decided since. */
  readonly mails: number
  readonly began: Millis
  readonly seq: number
}

/**
 * Takes the turns that have come, by the clock on the wall of each receiver. A turn is known by its date, and only a
 * later date is another turn: so an hour that comes twice brings nothing twice, nor does a restart or a clock that is
 * set back; one that never comes is taken right after the gap; and however many were slept through, one is caught up.
 */
export function takeDueRuns(state: DispatchState, plan: DispatchPlan, now: Millis): readonly Due[] {
  if (plan.scheduled.length === 0) {
    state.schedules.clear()
    return []
  }
  const before = state.schedules
  const turns = new Map<string, ScheduleState>()
  state.schedules = turns
  const localOf = wallClock(plan, now)
  return plan.scheduled.flatMap((scheduled) => {
    const { kind, receiver, schedule } = scheduled
    const key = scheduleKey(kind, receiver)
    const zone = receiver.zone ?? 'UTC'
    const date = newestDate(schedule, localOf(zone))
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
    return [{ ...scheduled, since: lastRunAt, mails, began: startedAt, seq }]
  })
}

/** Since when the reports are to tell whose turn has come, so that what is dear of them can be made before. */
export function dueReports({ schedules }: DispatchState, plan: DispatchPlan, now: Millis): readonly Millis[] {
  const localOf = wallClock(plan, now)
  return plan.scheduled.flatMap(({ kind, receiver, schedule }) => {
    const turn = kind === 'report' ? schedules.get(scheduleKey(kind, receiver)) : undefined
    const zone = receiver.zone ?? 'UTC'
    if (turn?.definition !== describeDefinition(schedule, zone)) return []
    return newestDate(schedule, localOf(zone)) > turn.lastRunDate ? [Math.min(turn.lastRunAt, now)] : []
  })
}

/** What the clocks on the walls of the zones show; each is looked at once. */
function wallClock({ clocks }: DispatchPlan, now: Millis): (zone: string) => Local {
  const locals = new Map<string, Local>()
  return (zone) => {
    const local = locals.get(zone) ?? localTime(now, zone, clocks)
    locals.set(zone, local)
    return local
  }
}

function scheduleKey(kind: Scheduled['kind'], { name }: Scheduled['receiver']): string {
  return `${kind}\n${name}`
}

function describeDefinition(schedule: Schedule, zone: string): string {
  return JSON.stringify([schedule, zone])
}

/** The date of the newest turn that lies not ahead. */
function newestDate({ at, weekday }: Schedule, { day, minute }: Local): Millis {
  const newest = minute >= at ? day : day - DAY
  if (weekday === undefined) return newest
  const ahead = (new Date(newest).getUTCDay() - weekday + 7) % 7
  return newest - ahead * DAY
}

/** Turns that lie before a receiver was set up, or its schedule was changed, are not for it. */
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

/** A clock that was set back by a little must not bring a turn twice; one that had been far ahead must not silence the receiver. */
function clampSchedule(turn: ScheduleState, { weekday }: Schedule, date: Millis, now: Millis): void {
  clampToNow(turn, now, 'lastRunAt')
  const period = weekday === undefined ? DAY : 7 * DAY
  if (turn.lastRunDate > date + period) turn.lastRunDate = date
}

function countMailsSince({ mailCounts }: DispatchState): number {
  return mailCounts.all
}
