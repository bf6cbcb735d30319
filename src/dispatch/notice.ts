import type { EngineConfig, Effect, Millis, Notice, Notification } from '../model.ts'
import { emptyPurse } from './budget.ts'
import { type DispatchState, effect, entry, hashOf, recipientsOf } from './step.ts'

const MINUTE = 60_000

/** Hands a notice to whoever hears of the service itself; it goes out as soon as the recipient's budget allows. */
export function postNotice(state: DispatchState, config: EngineConfig, notice: Notice, now: Millis): void {
  const { because, title, lines } = notice
  const notices = recipientsOf(config, config.system).map(({ receiver, to }): Notification => {
    const id = `notice.${Math.round(now)}.${hashOf([to.address, because, title, ...lines].join('\n'))}`
    return {
      id,
      receiver,
      to,
      at: now,
      because,
      kind: 'notice',
      thread: id,
      seq: 0,
      alerts: [],
      notice: { title, lines },
    }
  })
  state.notices = [...(state.notices ?? []), ...notices]
}

/** Sends the notices that fit into the budgets of their recipients, each second. */
export function tellNotices(state: DispatchState, config: EngineConfig, now: Millis): Effect[] {
  const { notices = [] } = state
  const due = notices.filter(({ to }) => {
    const purse = entry(state.purses, to.address, emptyPurse)
    if (purse.sent.filter((at) => at <= now && now - at < MINUTE).length >= config.mailsPerMinute) return false
    purse.sent.push(now)
    return true
  })
  if (due.length > 0) state.notices = notices.filter((one) => !due.includes(one))
  return due.map((notice) => effect({ ...notice, at: now }))
}

/** An episode is over and nobody is told so by itself. */
export function closeEpisode(state: DispatchState, episode: string): void {
  state.told.delete(episode)
}
