import type { Millis, Silence, SilenceView } from '../../model.ts'
import { iso, pickFields } from './fields.ts'

/** Returns a silence with its state at `now`. The state in the engine is that of its last tick. */
export function showSilence(silence: Silence & Pick<Partial<SilenceView>, 'matchedAlerts'>, now: Millis) {
  const { id, matchers, startsAt, endsAt, createdBy, comment, createdAt } = silence
  return {
    id,
    matchers,
    startsAt: iso(startsAt),
    endsAt: iso(endsAt),
    createdBy,
    comment,
    createdAt: iso(createdAt),
    state: stateAt(silence, now),
    ...pickFields(silence, ['matchedAlerts']),
  }
}

function stateAt({ startsAt, endsAt }: Silence, now: Millis): SilenceView['state'] {
  // A silence that was expired before it started is never active.
  if (endsAt <= now || endsAt <= startsAt) return 'expired'
  return startsAt > now ? 'pending' : 'active'
}
