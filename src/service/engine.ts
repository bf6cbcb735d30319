import type { EngineClient } from '../engine/worker/client.ts'
import type { ServiceState } from './running.ts'
import type { EngineEvent } from '../engine/worker/protocol.ts'

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
      log.debug({ err: error }, 'a tick failed')
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

/** Passes the events of the engine thread to metrics, log and sender. */
export function onEngineEvent(service: ServiceState, report: EngineEvent): void {
  const { log } = service.options
  switch (report.kind) {
    case 'stats':
      return service.metrics.observer.engine(report.stats)
    case 'effects':
      return service.sender?.wake()
    case 'journal':
      service.journalOk = report.ok
      if (report.ok) return log.info({}, report.message)
      return log.error(
        { reason: report.message },
        'the journal cannot be written: batches are answered 503 until it can',
      )
    case 'fault':
      return log.error({ offset: report.offset, reason: report.message }, 'an entry could not be folded and is skipped')
    case 'notice':
      return log[report.level](report.fields, report.message)
    case 'ready':
      return logReady(service, report)
    default:
      return undefined
  }
}

function logReady({ options }: ServiceState, { replayed, downFrom }: EngineEvent & { kind: 'ready' }): void {
  if (downFrom === undefined && replayed === 0) return options.log.info({}, 'new journal created')
  if (downFrom === undefined) return options.log.info({ replayed }, 'state restored')
  const from = new Date(downFrom).toISOString()
  const until = new Date(options.clock.now()).toISOString()
  return options.log.info({ replayed, from, until }, 'state restored; no rules were evaluated between these times')
}
