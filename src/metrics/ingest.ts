import type { Observer } from '../model.ts'
import { countable, type Families } from './families.ts'

const EVENT_CODES = 'schema timestamp host not_object empty too_deep too_many_fields cardinality internal'
const EITHER_CODES = 'json too_large'
const BODY_CODES = 'utf8 gzip encoding too_many'

/** Codes of rejections that have their own label value; any other counts as `other`, so that the label stays bounded. */
export const REJECT_CODES: readonly string[] = `${EVENT_CODES} ${EITHER_CODES} ${BODY_CODES} other`.split(' ')

const STATUSES = ['200', '400', '401', '403', '404', '405', '408', '413', '415', '422', '429', '500', '503', 'other']

/** Logstash waits 10 s for an answer. */
const ANSWER_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const BODY_BYTES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864]

/** What became of what was posted. */
export function createIngestMetrics(
  families: Families,
): Pick<Observer, 'events' | 'rejects' | 'unusable' | 'answered'> {
  const { counter, counterBy, histogram } = families
  const events = counterBy('events_total', 'Events received, by what became of them.', 'result', [
    'accepted',
    'rejected',
    'duplicate',
  ])
  const rejects = counterBy('rejects_total', 'Events or unreadable bodies refused, by reason.', 'reason', REJECT_CODES)
  const unusable = counter(
    'samples_unusable_total',
    'Values in accepted events that a metric asks for and that are no numbers.',
  )
  const requests = counterBy('ingest_requests_total', 'Answers to posted bodies, by HTTP status.', 'status', STATUSES)
  const duration = histogram(
    'ingest_duration_seconds',
    'Time from the head of a posted request to its answer.',
    ANSWER_SECONDS,
  )
  const size = histogram('ingest_body_bytes', 'Size of posted bodies on the wire, before inflating.', BODY_BYTES)
  return {
    events: (result, count) => events.inc({ result }, countable(count)),
    rejects(code, count) {
      rejects.inc({ reason: REJECT_CODES.includes(code) ? code : 'other' }, countable(count))
    },
    unusable: (count) => unusable.inc(countable(count)),
    answered(status, seconds, bytes) {
      const known = String(status)
      requests.inc({ status: STATUSES.includes(known) ? known : 'other' })
      duration(seconds)
      size(bytes)
    },
  }
}
