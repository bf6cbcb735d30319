import type { EngineClient } from '../engine/worker/client.ts'
import type { ServiceState } from './running.ts'

const TICK = 1000

/**
 * Starts sending one tick a second to the engine, never before the previous one is done. Each tick carries the rejects
 * since the one before.
 *
 * @returns a function that stops, with a last tick for the remaining rejects.
 */
export function startTicks(service: ServiceState, engine: EngineClient): () => void {
  const { options, rejects } = service
  const { clock, log } = options
  const tick = async (): Promise<void> => {
    const refused = service.hasRefused || service.state !== 'ready'
    service.hasRefused = false
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
    // Not awaited: the engine receives this tick before its stop request.
    void tick()
  }
}
