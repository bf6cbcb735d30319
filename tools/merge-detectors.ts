import type { JsonSchema } from '../src/detect/detector.ts'
import { DETECTORS } from '../src/detect/index.ts'

export interface ConfigSchema extends JsonSchema {
  readonly definitions: Readonly<Record<string, Definition>>
}

interface Definition extends JsonSchema {
  readonly properties: JsonSchema
}

/** Adds the schema of each detector to the schema of the configuration: under `when` and in `overrides`. */
export function mergeDetectors(schema: ConfigSchema): ConfigSchema {
  const { when, override, ...others } = schema.definitions
  if (when === undefined || override === undefined) throw new Error('the schema has no when or no override')
  const definitions: Record<string, Definition> = { ...others, when, override }
  const conditions: Record<string, JsonSchema> = {}
  const overrides: Record<string, JsonSchema> = {}
  for (const { name, schema: own, overrideSchema } of DETECTORS) {
    definitions[name] = { properties: {}, ...own }
    conditions[name] = { description: own['description'], allOf: [{ $ref: `#/definitions/${name}` }] }
    overrides[name] = overrideSchema
  }
  const sorted = Object.fromEntries(
    [...Object.keys(schema.definitions), ...Object.keys(conditions)].map((name) => [name, definitions[name]]),
  )
  return {
    ...schema,
    definitions: {
      ...sorted,
      when: { ...when, properties: { ...when.properties, ...conditions } },
      override: { ...override, properties: { ...override.properties, ...overrides } },
    },
  }
}
