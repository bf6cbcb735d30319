import type { EngineClient } from '../engine/worker/client.ts'
import type { ServiceState } from './running.ts'

const TICK = 1000

/**
 * One tick a second; none is sent before the last one is done. Each carries what was refused since the one before.
 *
 * @returns what ends it, with a last tick for what was refused until then.
 */
export function startTicks(running: ServiceState, engine: EngineClient): () => void {
  const { options, rejects } = running
  const { clock, log } = options
  const tick = async (): Promise<void> => {
    const refused = running.refused || running.state !== 'ready'
    running.refused = false
    const taken = rejects.take()
    try {
      await engine.tick({ now: clock.now(), refused, ...(taken.length === 0 ? {} : { rejects: taken }) })
    } catch (error) {
      rejects.giveBack(taken)
      log.debug({ err: error }, 'a tick was not taken')
    }
  }
  let isBusy = false
  const cancel = clock.every(TICK, () => {
    if (isBusy) return
    isBusy = true
    void tick().finally(() => {
      isBusy = false
    })
  })
  return () => {
    cancel()
    // Not awaited: the engine applies it before it stops.
    void tick()
  }
}
