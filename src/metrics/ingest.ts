import type { Observer, ConnectionCloseReason } from '../model.ts'
import { countable, type CounterBy, type Families } from './families.ts'

const EVENT_CODES = 'schema timestamp host envelope not_object empty too_deep too_many_fields cardinality internal'
const EITHER_CODES = 'json too_large'
const BODY_CODES = 'utf8 gzip encoding too_many'

/** Reasons that have a label value of their own; any other counts as `other`, so that the label stays bounded. */
export const REJECT_CODES: readonly string[] = `${EVENT_CODES} ${EITHER_CODES} ${BODY_CODES} other`.split(' ')

const STATUSES = ['200', '400', '401', '403', '404', '405', '408', '413', '415', '422', '429', '500', '503', 'other']

/** Logstash waits 10 s for a response. */
const ANSWER_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const BODY_BYTES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864]

/** Counts events and requests by what became of them. @param dropped the counter of dropped samples. */
export function createIngestMetrics(
  { counter, counterBy, histogram }: Families,
  dropped: CounterBy,
): Pick<Observer, 'events' | 'rejects' | 'nonNumeric' | 'sharedName' | 'untimed' | 'answered'> {
  const events = counterBy('events_total', 'Total number of events received, by result.', 'result', [
    'accepted',
    'rejected',
    'duplicate',
  ])
  const rejects = counterBy(
    'events_rejected_total',
    'Total number of events rejected, by reason. A body that cannot be read counts as one.',
    'reason',
    REJECT_CODES,
  )
  const untimed = counter(
    'events_untimed_total',
    'Total number of accepted events without a readable time. They take their arrival time.',
  )
  const sharedNames = counter(
    'host_names_shared_total',
    'Total number of host names found to be used by two machines at the same time.',
  )
  const requests = counterBy(
    'ingest_requests_total',
    'Total number of ingest requests, by HTTP status.',
    'status',
    STATUSES,
  )
  const duration = histogram(
    'ingest_request_duration_seconds',
    'Duration of ingest requests, from the request header to the response.',
    ANSWER_SECONDS,
  )
  const size = histogram('ingest_body_bytes', 'Size of ingest request bodies before decompression.', BODY_BYTES)
  return {
    events: (result, count) => events.inc({ result }, countable(count)),
    rejects(code, count) {
      rejects.inc({ reason: REJECT_CODES.includes(code) ? code : 'other' }, countable(count))
    },
    untimed: (count) => untimed.inc(countable(count)),
    sharedName: () => sharedNames.inc(),
    nonNumeric: (count) => dropped.inc({ reason: 'non_numeric' }, countable(count)),
    answered(status, seconds, bytes) {
      const known = String(status)
      requests.inc({ status: STATUSES.includes(known) ? known : 'other' })
      duration(seconds)
      size(bytes)
    },
  }
}

const REASONS: readonly ConnectionCloseReason[] = ['unread', 'memory', 'pipelined', 'too_many', 'slow']

/** Counts the connections that the server closed to protect itself. */
export function createHttpMetrics({ counterBy }: Families): Pick<Observer, 'closed'> {
  const help = 'Total number of connections closed early by the server, by reason.'
  const closed = counterBy('connections_closed_total', help, 'reason', REASONS)
  return { closed: (reason) => closed.inc({ reason }) }
}
