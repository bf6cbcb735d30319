import { clampToNow, type Millis } from '../model.ts'
import type { Backlog } from './state.ts'

/** A change found this long after its window ended belongs to the backlog. */
const BACKLOG_AGE = 15 * 60_000
/** The backlog ends when nothing old was found for `QUIET`, or `PATIENCE` after it began, whichever comes first. */
const BACKLOG_QUIET = 60_000
const MAX_BACKLOG = 10 * 60_000

/**
 * Adds an episode to the backlog if its change is old, or if it is there already. Returns true if it is in the backlog.
 */
export function deferToBacklog(backlog: Backlog, episode: string, at: Millis, found: Millis): boolean {
  const isOld = found - at > BACKLOG_AGE
  if (!isOld && !backlog.episodes.has(episode)) return false
  if (backlog.episodes.size === 0) backlog.startedAt = found
  if (isOld) backlog.lastFoundAt = found
  backlog.episodes.add(episode)
  return true
}

/** Returns when the backlog ends if nothing more is added. */
export function backlogEnd({ startedAt, lastFoundAt }: Backlog): Millis {
  return Math.min(lastFoundAt + BACKLOG_QUIET, startedAt + MAX_BACKLOG)
}

/** Returns the episodes of the backlog and empties it, once it has ended; before that an empty list. */
export function takeBacklog(backlog: Backlog, now: Millis): readonly string[] {
  clampToNow(backlog, now, 'startedAt', 'lastFoundAt')
  if (backlog.episodes.size === 0 || now < backlogEnd(backlog)) return []
  const episodes = [...backlog.episodes]
  backlog.episodes.clear()
  return episodes
}
