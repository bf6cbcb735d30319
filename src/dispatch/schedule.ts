import { clampToNow, type Millis, type Schedule } from '../model.ts'
import { type Local, localTime } from './calendar.ts'
import type { DispatchPlan, Scheduled } from './plan.ts'
import type { DispatchState, Turn } from './state.ts'

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
export function takeTurns(state: DispatchState, plan: DispatchPlan, now: Millis): readonly Due[] {
  if (plan.scheduled.length === 0) {
    state.turns.clear()
    return []
  }
  const before = state.turns
  const turns = new Map<string, Turn>()
  state.turns = turns
  const localOf = wallClock(plan, now)
  return plan.scheduled.flatMap((scheduled) => {
    const { kind, receiver, schedule } = scheduled
    const key = keyOf(kind, receiver)
    const zone = receiver.zone ?? 'UTC'
    const date = newestDate(schedule, localOf(zone))
    const turn = adapt(state, before.get(key), nameOf(schedule, zone), date, now)
    turns.set(key, turn)
    holdBack(turn, schedule, date, now)
    if (date <= turn.date) return []
    const { since, began, seq } = turn
    const mails = mailsOf(state) - turn.mails
    turn.date = date
    turn.since = now
    turn.seq++
    turn.mails = mailsOf(state)
    return [{ ...scheduled, since, mails, began, seq }]
  })
}

/** Since when the reports are to tell whose turn has come, so that what is dear of them can be made before. */
export function dueReports({ turns }: DispatchState, plan: DispatchPlan, now: Millis): readonly Millis[] {
  const localOf = wallClock(plan, now)
  return plan.scheduled.flatMap(({ kind, receiver, schedule }) => {
    const turn = kind === 'report' ? turns.get(keyOf(kind, receiver)) : undefined
    const zone = receiver.zone ?? 'UTC'
    if (turn?.of !== nameOf(schedule, zone)) return []
    return newestDate(schedule, localOf(zone)) > turn.date ? [Math.min(turn.since, now)] : []
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

function keyOf(kind: Scheduled['kind'], { name }: Scheduled['receiver']): string {
  return `${kind}\n${name}`
}

function nameOf(schedule: Schedule, zone: string): string {
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
function adapt(state: DispatchState, known: Turn | undefined, of: string, date: Millis, now: Millis): Turn {
  if (known === undefined) return { of, began: now, seq: 0, date, since: now, mails: mailsOf(state) }
  if (known.of === of) return known
  known.of = of
  known.date = Math.max(known.date, date)
  return known
}

/** A clock that was set back by a little must not bring a turn twice; one that had been far ahead must not silence the receiver. */
function holdBack(turn: Turn, { weekday }: Schedule, date: Millis, now: Millis): void {
  clampToNow(turn, now, 'since')
  const period = weekday === undefined ? DAY : 7 * DAY
  if (turn.date > date + period) turn.date = date
}

function mailsOf({ mailed }: DispatchState): number {
  return mailed.all
}
