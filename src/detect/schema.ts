import { DETECTORS } from './index.ts'
import type { JsonSchema } from './detector.ts'

export interface ConfigSchema extends JsonSchema {
  readonly definitions: Readonly<Record<string, Definition>>
}

interface Definition extends JsonSchema {
  readonly properties: JsonSchema
}

/** The schema of the configuration with what each detector says of its key, under `when` and in `overrides`. */
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
