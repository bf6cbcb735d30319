import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type * as Raw from '../generated/config.ts'
import type { Config, EngineConfig, Millis } from '../model.ts'
import { readAlerting } from './alerting.ts'
import { BUCKET, DEFAULT_YAML, LATENESS } from './defaults.ts'
import { warnOfFutile, warnOfPast } from './futile.ts'
import { readInventory } from './inventory.ts'
import { compileEach } from './fits.ts'
import { readKibana } from './links.ts'
import { readMail } from './mail.ts'
import { below, ConfigErrors, ConfigUnreadable, createReport } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { checkReceivers, ownLabels, readVocabulary } from './names.ts'
import { readIngest, readListen, readMetrics, readTokens } from './parts.ts'
import type { PartContext } from './parts.ts'
import { readYaml } from './read.ts'
import { readReceivers, readTargets } from './receivers.ts'
import { readRules } from './rules.ts'
import { reasonOf } from './secrets.ts'
import type { Env } from './secrets.ts'
import { checkTemplates } from './templates.ts'
import { validate } from './validate.ts'
import { warningsOf, warnOfAlerting } from './warnings.ts'

export { DEFAULT_YAML } from './defaults.ts'
export { ConfigErrors, ConfigUnreadable, printMistake } from './mistakes.ts'
export type { Mistake } from './mistakes.ts'

export interface ConfigInput {
  /** Path of the file, relative to `cwd`. With `text` it only gives the name and the folder. */
  readonly file?: string
  /** The YAML itself, where it does not come out of the file. */
  readonly text?: string
  readonly env: Env
  readonly cwd: string
  /** With the time, what lies in the past is warned of. */
  readonly now?: Millis
}

export interface Loaded {
  readonly config: Config
  /** Sentences about what is allowed but was perhaps not meant. */
  readonly warnings: readonly string[]
}

/**
 * Reads, checks and completes a configuration: all of it, or nothing. Without file and text it is the built-in one.
 * What it returns is frozen throughout.
 *
 * @throws {ConfigErrors} with every mistake found, and its place.
 * @throws {ConfigUnreadable} when the file is there but cannot be read.
 */
export function loadConfig(input: ConfigInput): Loaded {
  const source = readSource(input)
  const report = createReport(source.name, source.text)
  const raw = readYaml(source.text, input.env, report)
  judge(raw, report)
  const context: PartContext = { report, dir: source.dir }
  const config = readConfig(isMapping(raw) ? raw : {}, context)
  warnOfAlerting(config.engine, report)
  warnOfFutile(config.engine, report)
  if (input.now !== undefined) warnOfPast(config.engine, input.now, report)
  const warnings = [...report.finish(), ...warningsOf(config)]
  return freeze({ config: { ...config, ...(source.file === undefined ? {} : { file: source.file }) }, warnings })
}

/** What could not be read at all has been told already. */
function judge(raw: unknown, report: Report): void {
  if (raw === null) {
    report.mistakeAt(0, 'the file is empty: expected at least a receiver or a rule; see examples/minimal.yaml')
  } else if (raw !== undefined) validate(raw, report)
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

function readText(path: string, name: string): string {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const what = `the configuration ${path} ${reasonOf(error)}`
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EISDIR') throw new ConfigUnreadable(what, error)
    throw new ConfigErrors([{ file: name, what: `${what}: check the path after --config` }])
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ConfigErrors([{ file: name, line: 1, column: 1, what: 'the file is not UTF-8 text' }])
  }
}

function isMapping(value: unknown): value is Raw.Configuration {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a configuration certainly has once the defaults are in. */
interface Filled extends Raw.Configuration {
  readonly listen: string
  readonly data: string
  readonly log: Required<NonNullable<Raw.Configuration['log']>>
  readonly ingest: Required<Omit<Raw.Ingest, 'id_field'>> & Raw.Ingest
  readonly api: Required<NonNullable<Raw.Configuration['api']>>
  readonly metrics: NonNullable<Raw.Configuration['metrics']>
  readonly receivers: NonNullable<Raw.Configuration['receivers']>
  readonly system: Required<NonNullable<Raw.Configuration['system']>>
  readonly rules: NonNullable<Raw.Configuration['rules']>
  readonly hosts: Required<NonNullable<Raw.Configuration['hosts']>>
  readonly limits: Required<NonNullable<Raw.Configuration['limits']>>
}

/** Sections whose keys are filled in one by one; any other key that is given takes the default's place as a whole. */
const SECTIONS = ['log', 'ingest', 'api', 'system', 'hosts', 'limits'] as const

/** The defaults, with what the file says and what is in order there put over them. */
function fill(raw: Raw.Configuration, report: Report): Filled {
  const defaults = readYaml(DEFAULT_YAML, {}, createReport('built-in defaults', DEFAULT_YAML)) as Filled
  const section = <K extends (typeof SECTIONS)[number]>(name: K): Filled[K] => ({
    ...defaults[name],
    ...inOrder(raw[name] ?? {}, `/${name}`, report),
  })
  const ingest = section('ingest')
  return {
    ...defaults,
    ...inOrder(raw, '', report),
    log: section('log'),
    ingest: { ...ingest, host: { ...defaults.ingest.host, ...ingest.host } },
    api: section('api'),
    system: section('system'),
    hosts: section('hosts'),
    limits: section('limits'),
  }
}

/** Sections and collections may have mistakes inside; their parts are looked at one by one. */
const INSIDE: readonly string[] = [
  ...[...SECTIONS, 'metrics', 'smtp', 'receivers', 'rules', 'routes', 'maintenance', 'inhibit'].map(
    (name) => `/${name}`,
  ),
  '/ingest/tokens',
  '/api/tokens',
]

function inOrder<T extends object>(raw: T, pointer: string, report: Report): Partial<T> {
  if (!report.usable(pointer)) return {}
  const entries = Object.entries(raw).filter(([key]) => {
    const at = below(pointer, key)
    return INSIDE.includes(at) ? report.usable(at) : report.clean(at)
  })
  return Object.fromEntries(entries) as Partial<T>
}

/** A folder, relative to the file. What a shell would fill in is filled in by nobody here. */
function readFolder(path: string, pointer: string, { dir, report }: PartContext): string {
  if (/^~|^\$\w/.test(path)) {
    report.mistake(
      pointer,
      `'${path}': write the folder out, or \${HOME} with braces; '~' and '$NAME' are not filled in here`,
    )
  }
  return resolve(dir, path)
}

function readConfig(raw: Raw.Configuration, context: PartContext): Omit<Config, 'file'> {
  const filled = fill(raw, context.report)
  const kibana = readKibana(filled.links, context.report)
  return {
    listen: readListen(filled.listen, context),
    data: readFolder(filled.data, '/data', context),
    ...(filled.schemas === undefined ? {} : { schemas: readFolder(filled.schemas, '/schemas', context) }),
    ...(filled.url === undefined ? {} : { url: filled.url.replace(/\/+$/, '') }),
    logLevel: filled.log.level,
    ingest: readIngest(filled.ingest, context),
    api: { tokens: readTokens(filled.api.tokens, '/api/tokens', context) },
    ...(filled.smtp === undefined ? {} : { smtp: readMail(filled.smtp, context) }),
    targets: readTargets(filled.receivers, context),
    ...(kibana === undefined ? {} : { kibana }),
    engine: readEngine(raw, filled, context),
  }
}

function readEngine(raw: Raw.Configuration, filled: Filled, context: PartContext): EngineConfig {
  const { report } = context
  const receivers = Object.keys(filled.receivers)
  const notify = systemNotify(raw, filled, report)
  const builtIn = raw.rules === undefined || !report.usable('/rules')
  const unfit = builtIn && raw.metrics !== undefined
  if (unfit) report.mistake('/rules', "'rules' is missing: the built-in rules go with the built-in metrics only")
  const metrics = readMetrics(filled.metrics, context)
  const written = unfit ? [] : filled.rules
  const labels = ownLabels(written, filled.metrics, report)
  const words = readVocabulary(written, labels, report)
  const alerting = readAlerting(filled, { report, receivers, words })
  const { templates = {} } = filled
  checkTemplates(templates, labels, '/templates', report)
  const rules = readRules(written, {
    report,
    bucket: BUCKET,
    metrics: new Map(metrics.map((metric) => [metric.name, metric])),
    metricNames: Object.keys(filled.metrics),
    receivers,
    notify,
    ...(raw.routes === undefined ? {} : { routes: alerting.routes.map(({ matchers }) => compileEach(matchers)) }),
  })
  const limits = readLimits(filled.limits)
  return {
    bucket: BUCKET,
    lateness: LATENESS,
    metrics,
    rules,
    receivers: readReceivers(filled.receivers, { ...context, templates, labels }),
    system: notify,
    sources: filled.ingest.tokens.map(({ name }) => name),
    hosts: readInventory(filled.hosts, { ...context, rules, limits }),
    mailsPerMinute: filled.system.mails_per_minute,
    alerting,
    limits,
  }
}

function readLimits({
  hosts,
  series,
  series_per_host: seriesPerHost,
  sources,
}: Filled['limits']): EngineConfig['limits'] {
  return { hosts, series, seriesPerHost, sources }
}

/** Who hears of the service's own alerts: whom the file names, or the only receiver there is. */
function systemNotify(raw: Raw.Configuration, { system, receivers }: Filled, report: Report): readonly string[] {
  const known = Object.keys(receivers)
  if (!report.usable('/system') || !report.clean('/system/notify') || !report.usable('/receivers')) return known
  if (raw.system?.notify !== undefined) checkReceivers(system.notify, '/system/notify', known, report)
  else if (known.length > 1) {
    const what = `'notify' is missing under 'system': which of ${known.join(', ')} hear of silent sources and clocks?`
    report.mistake('/system/notify', what)
  } else return known
  return system.notify
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of value instanceof Map ? value.values() : Object.values(value)) freeze(inner)
  }
  return value
}
