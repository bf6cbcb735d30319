import { dirname, resolve } from 'node:path'
import type * as Raw from '../generated/config.ts'
import { readRegularFile } from '../files.ts'
import type { Config, EngineConfig, Millis } from '../model.ts'
import { readAlerting } from './sections/alerting.ts'
import { BUCKET, DEFAULT_YAML, LATENESS, MAILS_PER_RECIPIENT } from './defaults.ts'
import { checkReachability } from './lint/reachability.ts'
import { readInventory } from './sections/hosts.ts'
import { readKibana } from './sections/links.ts'
import { readMail } from './sections/smtp.ts'
import { ConfigErrors, ConfigUnreadable, createDiagnostics } from './file/diagnostics.ts'
import { below, describe } from '../text/diagnostic.ts'
import type { Diagnostics } from './file/diagnostics.ts'
import { checkReceivers, listCustomLabels, listLabelPaths, readVocabulary } from './sections/references.ts'
import { readDomains, readIngest, readListen, readMetrics, readTokens } from './sections/service.ts'
import type { PartContext } from './sections/service.ts'
import { readYaml } from './file/yaml.ts'
import { readReceivers, readTargets } from './sections/receivers.ts'
import { countedSeries, readRules } from './sections/rules.ts'
import { isLoopback } from './sections/units.ts'
import { errorReason } from './file/secrets.ts'
import type { Env } from './file/secrets.ts'
import { checkTemplates, nameLabels } from './sections/templates.ts'
import { validate } from './file/validate.ts'
import { checkUnusedReceivers, listWarnings } from './lint/warnings.ts'

export { DEFAULT_YAML } from './defaults.ts'
export { ConfigErrors, ConfigUnreadable, formatDiagnostic } from './file/diagnostics.ts'

interface ConfigInput {
  /** Path of the file, relative to `cwd`. With `text` it only sets the name and the directory. */
  readonly file?: string
  /** The YAML text, if it is not read from the file. */
  readonly text?: string
  readonly env: Env
  readonly cwd: string
  /** The current time; enables warnings about windows in the past. */
  readonly now?: Millis
}

export interface Loaded {
  readonly config: Config
  /** Warnings, formatted with their places. */
  readonly warnings: readonly string[]
}

/**
 * Reads a configuration, checks it and fills in the defaults. Without file and text it is the built-in one. The result
 * is deeply frozen.
 *
 * @throws {ConfigErrors} with all errors and their places.
 * @throws {ConfigUnreadable} when the file is there but cannot be read.
 */
export function loadConfig(input: ConfigInput): Loaded {
  const source = readSource(input)
  const diagnostics = createDiagnostics(source.name, source.text)
  const raw = readYaml(source.text, input.env, diagnostics)
  checkSchema(raw, diagnostics)
  const { now } = input
  const context = { diagnostics, dir: source.dir, ...(now === undefined ? {} : { now }) }
  const config = readConfig(isMapping(raw) ? raw : {}, context)
  const warnings = [...diagnostics.finish(), ...listWarnings(config)]
  return freeze({ config: { ...config, ...(source.file === undefined ? {} : { file: source.file }) }, warnings })
}

/** A file that could not be read at all has an error already. */
function checkSchema(raw: unknown, diagnostics: Diagnostics): void {
  if (raw === null) {
    diagnostics.errorAt(
      0,
      describe('the file is empty', { expected: 'at least a receiver or a rule, as in examples/minimal.yaml' }),
    )
  } else if (raw !== undefined) validate(raw, diagnostics)
}

interface Source {
  readonly name: string
  readonly text: string
  readonly dir: string
  readonly file?: string
}

function readSource({ file, text, cwd }: ConfigInput): Source {
  if (file === undefined) {
    return { name: text === undefined ? 'built-in defaults' : 'configuration', text: text ?? DEFAULT_YAML, dir: cwd }
  }
  const path = resolve(cwd, file)
  return { name: file, text: text ?? readText(path, file), dir: dirname(path), file: path }
}

/** Longer files are refused before they are read. */
const MAX_BYTES = 16 * 1024 * 1024
/** The path after --config is wrong, and not the environment. */
const WRONG_PATH: readonly string[] = ['ENOENT', 'ENOTDIR', 'EISDIR', 'not_regular', 'too_large']

function readText(path: string, name: string): string {
  let bytes: Uint8Array
  try {
    bytes = readRegularFile(path, MAX_BYTES).bytes
  } catch (error) {
    const what = `the configuration ${path} ${errorReason(error)}`
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (typeof code !== 'string' || !WRONG_PATH.includes(code)) throw new ConfigUnreadable(what, error)
    throw new ConfigErrors([{ file: name, message: describe(what, { fix: 'check the path after --config' }) }])
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ConfigErrors([{ file: name, line: 1, column: 1, message: 'the file is not UTF-8 text' }])
  }
}

function isMapping(value: unknown): value is Raw.Configuration {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A configuration with its defaults. */
interface ConfigWithDefaults extends Raw.Configuration {
  readonly listen: string
  readonly data: string
  readonly log: Required<NonNullable<Raw.Configuration['log']>>
  readonly ingest: Required<Omit<Raw.Ingest, 'event_id_field'>> & Raw.Ingest
  readonly api: Required<NonNullable<Raw.Configuration['api']>>
  readonly metrics: NonNullable<Raw.Configuration['metrics']>
  readonly receivers: NonNullable<Raw.Configuration['receivers']>
  readonly self_monitoring: Required<NonNullable<Raw.Configuration['self_monitoring']>>
  readonly rules: NonNullable<Raw.Configuration['rules']>
  readonly hosts: Required<NonNullable<Raw.Configuration['hosts']>>
  readonly limits: Required<NonNullable<Raw.Configuration['limits']>>
}

/** Sections whose keys have separate defaults; any other key replaces its default as a whole. */
const SECTIONS = ['log', 'ingest', 'api', 'self_monitoring', 'hosts', 'limits'] as const

/** Returns the defaults, overridden by the valid parts of the file. */
function applyDefaults(raw: Raw.Configuration, diagnostics: Diagnostics): ConfigWithDefaults {
  const defaults = readYaml(
    DEFAULT_YAML,
    {},
    createDiagnostics('built-in defaults', DEFAULT_YAML),
  ) as ConfigWithDefaults
  const section = <K extends (typeof SECTIONS)[number]>(name: K): ConfigWithDefaults[K] => ({
    ...defaults[name],
    ...dropInvalid(raw[name] ?? {}, `/${name}`, diagnostics),
  })
  const ingest = section('ingest')
  return {
    ...defaults,
    ...dropInvalid(raw, '', diagnostics),
    log: section('log'),
    ingest: { ...ingest, host: { ...defaults.ingest.host, ...ingest.host } },
    api: section('api'),
    self_monitoring: section('self_monitoring'),
    hosts: section('hosts'),
    limits: section('limits'),
  }
}

/** Sections and collections that are read in parts: an error inside does not drop them as a whole. */
const DEFAULTED_SECTIONS: readonly string[] = [
  ...[...SECTIONS, 'metrics', 'smtp', 'receivers', 'rules', 'routes', 'maintenance_windows', 'inhibit_rules'].map(
    (name) => `/${name}`,
  ),
  '/ingest/tokens',
  '/api/tokens',
]

function dropInvalid<T extends object>(raw: T, pointer: string, diagnostics: Diagnostics): Partial<T> {
  if (!diagnostics.isUsable(pointer)) return {}
  const entries = Object.entries(raw).filter(([key]) => {
    const at = below(pointer, key)
    return DEFAULTED_SECTIONS.includes(at) ? diagnostics.isUsable(at) : diagnostics.isClean(at)
  })
  return Object.fromEntries(entries) as Partial<T>
}

/** Resolves a directory relative to the file. `~` and `$NAME` are not expanded. */
function readFolder(path: string, pointer: string, { dir, diagnostics }: PartContext): string {
  if (/^~|^\$\w/.test(path)) {
    const fix = 'write the full path, or use ${HOME} with braces'
    diagnostics.error(pointer, describe(`'~' and '$NAME' are not expanded in paths`, { found: `'${path}'`, fix }))
  }
  return resolve(dir, path)
}

interface ConfigContext extends PartContext {
  readonly now?: Millis
}

function readConfig(raw: Raw.Configuration, context: ConfigContext): Omit<Config, 'file'> {
  const filled = applyDefaults(raw, context.diagnostics)
  const kibana = readKibana(filled.links, context.diagnostics)
  const listen = readListen(filled.listen, context)
  const api = { tokens: readTokens(filled.api.tokens, '/api/tokens', context) }
  return {
    listen,
    data: readFolder(filled.data, '/data', context),
    ...(filled.schemas === undefined ? {} : { schemas: readFolder(filled.schemas, '/schemas', context) }),
    ...readLinkUrls(filled.url, listen, api),
    logLevel: filled.log.level,
    ingest: readIngest(filled.ingest, context),
    api,
    ...(filled.smtp === undefined ? {} : { smtp: readMail(filled.smtp, context) }),
    targets: readTargets(filled.receivers, context),
    ...(kibana === undefined ? {} : { kibana }),
    engine: readEngine(raw, filled, context),
  }
}

/** Without tokens, the API answers only on this machine, and links to it from elsewhere would be refused. */
function readLinkUrls(
  raw: string | undefined,
  listen: Config['listen'],
  api: Config['api'],
): Pick<Config, 'url' | 'apiUrl'> {
  if (raw === undefined) return {}
  const url = raw.replace(/\/+$/, '')
  const isLocal =
    isLoopback(listen.host) && URL.canParse(url) && isLoopback(new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'))
  return api.tokens.length > 0 || isLocal ? { url, apiUrl: url } : { url }
}

function readEngine(raw: Raw.Configuration, filled: ConfigWithDefaults, context: ConfigContext): EngineConfig {
  const { diagnostics, now } = context
  const receivers = Object.keys(filled.receivers)
  const notify = readSelfMonitoring(raw, filled, diagnostics)
  const written = checkBuiltinRules(raw, diagnostics) ? filled.rules : []
  const labels = listCustomLabels(written, filled.metrics, diagnostics)
  const metrics = readMetrics(filled.metrics, context)
  const vocabulary = readVocabulary(written, labels, diagnostics)
  const alerting = readAlerting(filled, { diagnostics, receivers, vocabulary })
  const counted = written.map(({ when }) => countedSeries(when?.count?.by))
  const labelPaths = listLabelPaths([...metrics, ...counted])
  const templates = nameLabels(filled.templates ?? {}, labelPaths)
  checkTemplates(templates, labels, '/templates', diagnostics)
  const hasRoutes = raw.routes !== undefined
  const readable = readRules(written, {
    diagnostics,
    bucket: BUCKET,
    metrics: new Map(metrics.map((metric) => [metric.name, metric])),
    metricNames: Object.keys(filled.metrics),
    receivers,
    notify,
    hasRoutes,
  })
  const rules = readable.filter(({ isEnabled }) => isEnabled).map(({ rule }) => rule)
  const limits = readLimits(filled.limits)
  const engine: EngineConfig = {
    bucket: BUCKET,
    lateness: LATENESS,
    metrics,
    rules,
    receivers: readReceivers(filled.receivers, { ...context, templates, labels, labelPaths }),
    selfMonitoring: notify,
    sources: [...new Set(filled.ingest.tokens.map(({ name }) => name))],
    occasionalSources: [
      ...new Set(filled.ingest.tokens.filter((token) => token.expected === false).map(({ name }) => name)),
    ],
    subSources: filled.ingest.sub_sources,
    hosts: readInventory(filled.hosts, { ...context, rules, limits, domains: readDomains(filled.ingest) }),
    mailsPerMinute: filled.alerting?.rate_limit?.per_recipient ?? MAILS_PER_RECIPIENT,
    alerting,
    limits,
  }
  checkReachability({ engine, rules: readable, hasRoutes, ...(now === undefined ? {} : { now }) }, diagnostics)
  checkUnusedReceivers(engine, diagnostics)
  return engine
}

/** The built-in rules need the built-in metrics. */
function checkBuiltinRules(raw: Raw.Configuration, diagnostics: Diagnostics): boolean {
  const hasRules = raw.rules !== undefined && diagnostics.isUsable('/rules')
  if (hasRules || raw.metrics === undefined) return true
  const what = "'rules' is missing: the built-in rules need the built-in metrics"
  diagnostics.error('/rules', describe(what, { fix: "add 'rules', or remove 'metrics'" }))
  return false
}

function readLimits({
  hosts,
  series,
  series_per_host: seriesPerHost,
  sources,
}: ConfigWithDefaults['limits']): EngineConfig['limits'] {
  return { hosts, series, seriesPerHost, sources }
}

/** Returns the receivers of the service's own alerts: those of the file, or the only receiver. */
function readSelfMonitoring(
  raw: Raw.Configuration,
  filled: ConfigWithDefaults,
  diagnostics: Diagnostics,
): readonly string[] {
  const known = Object.keys(filled.receivers)
  const at = '/self_monitoring/notify'
  if (!diagnostics.isUsable('/self_monitoring') || !diagnostics.isClean(at) || !diagnostics.isUsable('/receivers')) {
    return known
  }
  const { notify } = filled.self_monitoring
  if (raw.self_monitoring?.notify !== undefined) checkReceivers(notify, at, known, diagnostics)
  else if (known.length > 1) {
    const what = "'self_monitoring.notify' is required with more than one receiver"
    diagnostics.error(at, describe(what, { expected: `receivers among ${known.join(', ')}` }))
  } else return known
  return notify
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of value instanceof Map ? value.values() : Object.values(value)) freeze(inner)
  }
  return value
}
