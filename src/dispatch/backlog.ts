import { clampToNow, type Millis } from '../model.ts'
import type { Backlog } from './state.ts'

/** A step is old news when it is found this long after its window ended. */
const OLD = 15 * 60_000
/** The backlog is taken for read when nothing old was found for this long, or at the latest after `PATIENCE`. */
const QUIET = 60_000
const PATIENCE = 10 * 60_000

/** Keeps an episode back if its step is old news, or if it was kept back before. */
export function deferToBacklog(backlog: Backlog, episode: string, at: Millis, found: Millis): boolean {
  const isOld = found - at > OLD
  if (!isOld && !backlog.episodes.has(episode)) return false
  if (backlog.episodes.size === 0) backlog.startedAt = found
  if (isOld) backlog.lastFoundAt = found
  backlog.episodes.add(episode)
  return true
}

/** When a backlog is taken for read if nothing more of it is found. */
export function endOfBacklog({ startedAt, lastFoundAt }: Backlog): Millis {
  return Math.min(lastFoundAt + QUIET, startedAt + PATIENCE)
}

/** The episodes that were kept back, once the backlog is read. */
export function takeBacklog(backlog: Backlog, now: Millis): readonly string[] {
  clampToNow(backlog, now, 'startedAt', 'lastFoundAt')
  if (backlog.episodes.size === 0 || now < endOfBacklog(backlog)) return []
  const episodes = [...backlog.episodes]
  backlog.episodes.clear()
  return episodes
}
