import { fileURLToPath } from 'node:url'
import { countsZeroes } from '../detect/index.ts'
import { createExtractor, type Extract } from '../extract/samples.ts'
import { readSchemaFiles } from '../ingest/schema/files.ts'
import { createSchemas, type Schemas } from '../ingest/schema/index.ts'
import { createBatchVerdict, checkInto } from '../ingest/verdict.ts'
import type { Config, EventSamples, Rejection } from '../model.ts'
import { eventPlaceholders } from '../text/template.ts'

export { parseNumber } from '../extract/number.ts'
export { isBulkAction } from '../ingest/decode/split.ts'
export { SchemaError } from '../ingest/schema/index.ts'

const SCHEMAS = new URL('../../schemas/events/', import.meta.url)

/**
 * Opens the built-in schemas and the custom ones, which take precedence.
 * @throws {SchemaError} that names the invalid file.
 */
export function openSchemas({ schemas }: Pick<Config, 'schemas'>): Schemas {
  return createSchemas(SCHEMAS, schemas)
}

/** Returns the kinds that have a schema, without compiling them. @throws {SchemaError} */
export function listKinds({ schemas }: Pick<Config, 'schemas'>): readonly string[] {
  return readSchemaFiles(fileURLToPath(SCHEMAS), schemas).map(({ kind }) => kind)
}

/** Creates the extractor for the samples of the configured metrics and rules. */
export function openExtractor({ engine, ingest }: Pick<Config, 'engine' | 'ingest'>): Extract {
  const rules = engine.rules
    .filter((rule) => rule.kind === 'count')
    .map((rule) => ({ ...rule, zeroes: countsZeroes(rule), placeholders: eventPlaceholders(rule, engine.receivers) }))
  const { host, stripDomain, remoteKinds, eventIdField } = ingest
  return createExtractor({
    metrics: engine.metrics,
    rules,
    host,
    stripDomain,
    remoteKinds,
    ...(eventIdField === undefined ? {} : { eventIdField }),
  })
}

/** Result of one event. `kind` is missing if the event was rejected before its kind was known. */
export interface CheckedEvent {
  readonly kind?: string
  /** The event in nested form, as extraction reads it; missing if its schema rejected it. */
  readonly event?: object
  readonly outcome: EventSamples | Omit<Rejection, 'index'>
}

/**
 * Returns a function that validates and extracts events like the running service, and stores nothing.
 * @throws {SchemaError}
 */
export function createEventChecker(config: Config): (event: unknown) => CheckedEvent {
  const schemas = openSchemas(config)
  const extract = openExtractor(config)
  return (value) => {
    const seen: { kind?: string; event?: object } = {}
    const verdict = createBatchVerdict(1)
    checkInto(verdict, [value], {
      schemas: {
        judge(event, budget) {
          const judged = schemas.judge(event, budget)
          if (judged.kind !== undefined) seen.kind = judged.kind
          return judged
        },
      },
      extract(event, kind, budget) {
        seen.event = event
        return extract(event, kind, budget)
      },
    })
    const outcome = verdict.accepted[0] ?? verdict.errors[0]
    if (outcome === undefined) throw new Error('an event was neither accepted nor refused')
    return { ...seen, outcome }
  }
}
