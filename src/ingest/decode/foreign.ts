import { fromValueList, isValueList } from './collectd.ts'

type Fields = Readonly<Record<string, unknown>>

/** Time fields of senders other than Logstash: pino, winston, the JSON of syslog-ng. */
const TIME_FIELDS = ['time', 'timestamp', 'ISODATE'] as const
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/
/** Milliseconds since 1970 of the years 2001 to 2286. A number outside is ambiguous. */
const EARLIEST = 1e12
const LATEST = 1e13

/**
 * Converts a posted event to Logstash's form. Applies only to events without `@timestamp`: a value list of collectd
 * becomes an event, and an event with its time in another field gets `@timestamp`, if that field is unambiguously an
 * instant. Everything else is returned unchanged.
 */
export function translate(event: unknown): unknown {
  if (typeof event !== 'object' || event === null) return event
  const fields = event as Fields
  if (fields['@timestamp'] !== undefined || Array.isArray(event)) return event
  if (isValueList(fields)) return fromValueList(fields)
  for (const name of TIME_FIELDS) {
    const instant = readInstant(fields[name])
    if (instant !== undefined) return { ...fields, '@timestamp': instant }
  }
  return event
}

function readInstant(value: unknown): string | undefined {
  if (typeof value === 'string') return INSTANT.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined
  if (typeof value !== 'number' || !(value >= EARLIEST && value < LATEST)) return undefined
  return new Date(value).toISOString()
}
