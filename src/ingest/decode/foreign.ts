import { fromValueList, isValueList } from './collectd.ts'
import type { Rejection } from '../../model.ts'

type Fields = Readonly<Record<string, unknown>>

/** Time fields of senders other than Logstash: pino, winston, Telegraf, Fluent Bit, the JSON of syslog-ng. */
const TIME_FIELDS = ['time', 'timestamp', 'date', 'ISODATE'] as const
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/
const DECIMAL = /^\d{10,19}(?:\.\d{1,9})?$/
/** Units of a time since 1970, in milliseconds. The years 2001 to 2286 are a range of their own in each of them. */
const UNITS = [1000, 1, 1e-3, 1e-6]
const EARLIEST = 1e12
const LATEST = 1e13

/**
 * Converts a posted event to Logstash's form: a value list of collectd becomes an event, and an event without
 * `@timestamp`, or with null in it, gets it from another field, if that field is unambiguously an instant. Seconds,
 * milliseconds, microseconds and nanoseconds since 1970, as a number or as text, are read in `@timestamp` too.
 * Everything else is returned unchanged.
 */
export function translate(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return event
  const fields = event as Fields
  const own = fields['@timestamp']
  if (own !== undefined && own !== null) {
    const isNumber = typeof own === 'number' || (typeof own === 'string' && DECIMAL.test(own))
    const instant = isNumber ? readInstant(own) : undefined
    return instant === undefined ? event : { ...fields, '@timestamp': instant }
  }
  if (isValueList(fields)) return fromValueList(fields)
  for (const name of TIME_FIELDS) {
    const instant = readInstant(fields[name])
    if (instant !== undefined) return { ...fields, '@timestamp': instant }
  }
  return event
}

function readInstant(value: unknown): string | undefined {
  if (typeof value === 'number') return readEpoch(value)
  if (typeof value !== 'string') return undefined
  if (DECIMAL.test(value)) return readEpoch(Number(value))
  return INSTANT.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined
}

/** Returns the instant of a number of seconds, or of a smaller unit, since 1970. */
function readEpoch(value: number): string | undefined {
  const unit = UNITS.find((one) => value * one >= EARLIEST && value * one < LATEST)
  return unit === undefined ? undefined : new Date(Math.round(value * unit)).toISOString()
}

/** Fields in which senders post many events, or series of them, as one object. */
const ENVELOPES: Readonly<Record<string, string>> = {
  metrics: 'Telegraf',
  resourceMetrics: 'OpenTelemetry',
  resourceLogs: 'OpenTelemetry',
  resourceSpans: 'OpenTelemetry',
  records: "Kafka's REST proxy or a cloud's log stream",
  streams: 'Loki',
}
/** Fields of an event. With one of them, an object is an event that happens to have a field of such a name. */
const OF_EVENTS = ['@timestamp', 'host', 'message'] as const

/**
 * Returns why an object is an envelope around events instead of an event. It would count as one event without a host.
 */
export function refuseEnvelope(event: unknown): Omit<Rejection, 'index'> | undefined {
  if (typeof event !== 'object' || event === null) return undefined
  for (const name in ENVELOPES) {
    const items: unknown = Object.hasOwn(event, name) ? Reflect.get(event, name) : undefined
    if (!Array.isArray(items) || !items.every((item) => typeof item === 'object' && item !== null)) continue
    if (OF_EVENTS.some((field) => Object.hasOwn(event, field))) return undefined
    const found = `found the envelope of ${ENVELOPES[name]} ("${name}")`
    const fix = 'post its events as plain JSON objects, for example through Logstash'
    return { path: `/${name}`, reason: `expected an event, ${found}: ${fix}`, code: 'envelope' }
  }
  return undefined
}
