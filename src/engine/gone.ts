import { headOf, type Store } from '../aggregate/store.ts'
import type { Effect, Millis } from '../model.ts'
import { endAlert } from './raise.ts'
import type { Fold, Host, KeyInfo } from './state.ts'
import { durationText } from './words.ts'

/** A series that was not seen for this long, while its siblings were, is gone; a daily report may be an hour late. */
const GONE = 25 * 3_600_000
/** Ticks between two looks at a host; not all hosts are looked at in one. */
const SELDOM = 60

/**
 * Ends the alerts of series that are gone: an interface that was taken down, a disk that was unmounted. Their silence
 * alone would prove nothing, but their siblings (series of the same metric and host) went on. So no alert is kept, and
 * no room for its series, for something that does not exist any more.
 */
export function endGone(fold: Fold, host: Host): readonly Effect[] {
  const { state, plan } = fold
  if ((state.ticks + host.index) % SELDOM !== 0) return []
  return [...host.alerts].flatMap(([id, { key, life }]) => {
    const info = state.keys.infos[state.keys.ids.get(key) ?? -1]
    if (life.state === 'pending' || !info || info.values.length === 0) return []
    const quiet = (newestOf(fold, host, (one) => one.metric === info.metric) - newestOf(fold, host, (one) => one === info)) * plan.config.bucket
    if (!(quiet >= GONE)) return []
    const what = info.values.join(' ')
    return endAlert(fold, host.alerts, id, state.now, `${what} is taken as gone: nothing for ${durationText(GONE)}, while others of ${info.metric} on ${host.name} went on`)
  })
}

/** The newest bucket of some of a host's series. */
function newestOf({ state }: Fold, host: Host, isMeant: (info: KeyInfo) => boolean): Millis {
  let newest = -Infinity
  for (const [id, slot] of host.series) {
    const info = state.keys.infos[id] as KeyInfo
    if (isMeant(info)) newest = Math.max(newest, headOf(state.stores.get(info.metric) as Store, slot))
  }
  return newest
}
