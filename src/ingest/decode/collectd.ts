type Fields = Readonly<Record<string, unknown>>

/** The parts of a value list of collectd's write_http that are read. */
interface ValueList extends Fields {
  readonly values: readonly unknown[]
  readonly dsnames: readonly unknown[]
  readonly plugin: string
  readonly type: string
}

/** Returns true if a posted object is a value list of collectd's write_http. */
export function isValueList(fields: Fields): fields is ValueList {
  const { values, dsnames, plugin, type } = fields
  return Array.isArray(values) && Array.isArray(dsnames) && typeof plugin === 'string' && typeof type === 'string'
}

/**
 * Converts a value list to an event. A value is at `collectd.<plugin>.<type>.<type instance>.<name>`, without empty
 * parts and without the name if it is `value`: `collectd.load.load.shortterm`, `collectd.cpu.percent.idle`,
 * `collectd.interface.if_octets.rx`. The measured entity (a core, an interface, a mount point) is
 * `collectd.plugin_instance`. The time, in seconds since 1970, becomes `@timestamp`.
 */
export function fromValueList(list: ValueList): object {
  const { plugin, type, host, time, plugin_instance: instance, type_instance: typeInstance } = list
  const readings = listReadings(list)
  const reading = isName(typeInstance) ? { [typeInstance]: readings } : readings
  const ts = typeof time === 'number' ? time * 1000 : Number.NaN
  return {
    ...(Math.abs(ts) < 8.64e15 ? { '@timestamp': new Date(ts).toISOString() } : {}),
    host: { name: host },
    event: { module: 'collectd', dataset: `collectd.${plugin}` },
    collectd: {
      plugin,
      type,
      ...(isName(instance) ? { plugin_instance: instance } : {}),
      ...(isName(typeInstance) ? { type_instance: typeInstance } : {}),
      [plugin]: { [type]: reading },
    },
  }
}

function listReadings({ values, dsnames }: ValueList): unknown {
  if (dsnames.length === 1 && dsnames[0] === 'value') return values[0]
  const named = values.map((value, i): [unknown, unknown] => [dsnames[i], value])
  return Object.fromEntries(named.filter(([name]) => isName(name)))
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
