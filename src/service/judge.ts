import { countsZeroes } from '../detect/index.ts'
import { createExtractor, type Extract } from '../extract/samples.ts'
import { createSchemas, type Schemas } from '../ingest/schema/index.ts'
import { createBatchVerdict, checkInto } from '../ingest/verdict.ts'
import type { Config, EventSamples, Rejection } from '../model.ts'

export { parseNumber } from '../extract/number.ts'
export { isBulkAction } from '../ingest/decode/split.ts'
export { SchemaError } from '../ingest/schema/index.ts'

const SCHEMAS = new URL('../../schemas/events/', import.meta.url)

/** The built-in schemas, and the user's own before them. @throws {SchemaError} that names the file at fault. */
export function openSchemas({ schemas }: Pick<Config, 'schemas'>): Schemas {
  return createSchemas(SCHEMAS, schemas)
}

/** What picks the samples of a configuration's metrics and rules out of events. */
export function openExtractor({ engine, ingest }: Pick<Config, 'engine' | 'ingest'>): Extract {
  const rules = engine.rules
    .filter((rule) => rule.kind === 'count')
    .map((rule) => ({ name: rule.name, where: rule.where, zeroes: countsZeroes(rule) }))
  const { host, eventIdField } = ingest
  return createExtractor({
    metrics: engine.metrics,
    rules,
    host,
    ...(eventIdField === undefined ? {} : { eventIdField }),
  })
}

/** What the service makes of one event. `kind` is missing where it was refused before it had one. */
export interface CheckedEvent {
  readonly kind?: string
  /** The event in nested form, as extraction reads it; missing where its schema refused it. */
  readonly event?: object
  readonly outcome: EventSamples | Omit<Rejection, 'index'>
}

/** Judges parsed events one by one as the running service does, and keeps nothing. @throws {SchemaError} */
export function openEventChecker(config: Config): (event: unknown) => CheckedEvent {
  const schemas = openSchemas(config)
  const extract = openExtractor(config)
  return (value) => {
    const seen: { kind?: string; event?: object } = {}
    const verdict = createBatchVerdict()
    checkInto(verdict, [value], {
      schemas: {
        judge(event) {
          const judged = schemas.judge(event)
          if (judged.kind !== undefined) seen.kind = judged.kind
          return judged
        },
      },
      extract(event, kind) {
        seen.event = event
        return extract(event, kind)
      },
    })
    const outcome = verdict.accepted[0] ?? verdict.errors[0]
    if (outcome === undefined) throw new Error('an event was neither accepted nor refused')
    return { ...seen, outcome }
  }
}
