import type { EngineEvent } from '../engine/worker/protocol.ts'
import type { ServiceState } from './running.ts'

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
      return log.error(
        { offset: report.offset, reason: report.message },
        'an entry could not be folded; it is passed over',
      )
    case 'notice':
      return log[report.level](report.fields, report.message)
    case 'ready':
      return logReady(service, report)
    default:
      return undefined
  }
}

function logReady({ options }: ServiceState, { replayed, downFrom }: EngineEvent & { kind: 'ready' }): void {
  if (downFrom === undefined && replayed === 0) return options.log.info({}, 'a new journal is begun')
  if (downFrom === undefined) return options.log.info({ replayed }, 'state restored')
  const from = new Date(downFrom).toISOString()
  const until = new Date(options.clock.now()).toISOString()
  return options.log.info({ replayed, from, until }, 'state restored; between these times nothing was watched')
}
