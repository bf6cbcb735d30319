import type { Command } from 'commander'
import { createClock } from '../clock.ts'
import { ConfigErrors, ConfigUnreadable, formatDiagnostic, loadConfig, type Loaded } from '../config/index.ts'
import type { Alerting, Receiver, Recipient, AlertSnapshot, EngineConfig, Rule, Unit } from '../model.ts'
import { computeCapacity } from '../service/capacity.ts'
import { formatValue, splitUnit } from '../text/format.ts'
import { listKinds, openSchemas, SchemaError } from '../service/judge.ts'
import { checkEvents } from './check/events.ts'
import { configOption, describeCommand, setAction } from './terminal/command.ts'
import { anyAlert, playRule, sampleReceivers } from '../preview/samples.ts'
import { suggest } from '../text/suggest.ts'
import { compileTemplate, templateValues, ANY_NAMES } from '../text/template.ts'

export interface CheckIo {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Print one line to standard output and to standard error. */
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

interface CheckArgs {
  readonly config?: string
  /** A file of events; `-` for standard input. */
  readonly events?: string
  readonly strict?: true
}

const WARNING = 'warning: '

export function addCheck(program: Command, io: CheckIo): void {
  const command = describeCommand(
    program.command('check'),
    'Validate a configuration and report every error with its position; with --events, test it against real events',
    'stashwatch check --config stashwatch.yaml --events events.ndjson.gz',
  )
    .addOption(configOption())
    .option('--events <file>', 'events as JSON lines or an array, plain or gzip; - reads standard input')
    .option(
      '--strict',
      'exit 1 if there are warnings; with --events, check the configuration and the events in one run',
    )
  setAction(command, () => check(command.optsWithGlobals(), io))
}

/**
 * `stashwatch check`: checks a configuration, and prints all errors. With events it prints what the configuration
 * extracts from them; with `strict` it does both, and warnings count as errors.
 *
 * @returns the exit code: 0 valid, 1 errors, 2 the file could not be read.
 */
async function check(args: CheckArgs, io: CheckIo): Promise<number> {
  const loaded = load(args, io)
  if (typeof loaded === 'number') return loaded
  const isStrict = args.strict === true
  if (args.events !== undefined && !isStrict) return checkEvents(args.events, loaded.config, io)
  const lines = summarize(args.config ?? 'the built-in configuration', loaded)
  for (const line of lines) io.out(line)
  const warnings = lines.filter((line) => line.startsWith(WARNING)).length
  if (isStrict && warnings > 0) io.err(`${count(warnings, 'warning')}, which --strict does not accept`)
  const code = isStrict && warnings > 0 ? 1 : 0
  if (args.events === undefined) return code
  io.out('')
  return Math.max(code, await checkEvents(args.events, loaded.config, io))
}

/** Returns the configuration, or the exit code after printing its errors. */
export function load(args: { readonly config?: string }, io: CheckIo): Loaded | number {
  try {
    const loaded = loadConfig({
      ...(args.config === undefined ? {} : { file: args.config }),
      env: io.env,
      cwd: io.cwd,
      now: createClock().now(),
    })
    if (loaded.config.schemas !== undefined) openSchemas(loaded.config)
    return loaded
  } catch (error) {
    if (error instanceof SchemaError) {
      io.err(error.message)
      io.err('1 error in the schemas: the service would not start')
      return 1
    }
    if (error instanceof ConfigErrors) {
      for (const diagnostic of error.diagnostics) io.err(formatDiagnostic(diagnostic))
      io.err(`${count(error.diagnostics.length, 'error')}: the service would not start`)
      return 1
    }
    if (!(error instanceof ConfigUnreadable)) throw error
    io.err(error.message)
    return 2
  }
}

function summarize(name: string, { config, warnings }: Loaded): readonly string[] {
  const { engine, listen } = config
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host
  const samples = renderSamples(engine)
  return [
    `${name} is valid: ${count(engine.rules.length, 'rule')}, ${count(engine.receivers.length, 'receiver')}`,
    ...printNotifiers(config),
    ...printAlerting(engine.alerting),
    ...(samples.subjects.length === 0
      ? []
      : [
          `  subjects such as ${printList(
            samples.subjects.map((one) => `'${one}'`),
            3,
          )}`,
        ]),
    `  listens on ${host}:${listen.port}, stores its data in ${config.data}`,
    ...printCapacity(engine),
    ...(engine.hosts.expected.length === 0
      ? []
      : [`  expects ${count(engine.hosts.expected.length, 'host')}: ${printList(engine.hosts.expected)}`]),
    ...(config.schemas === undefined
      ? []
      : [`  custom schemas in ${config.schemas}: ${printList(openSchemas(config).customKinds)}`]),
    ...[...warnings, ...samples.warnings, ...remoteWarnings(config)].map((warning) => `${WARNING}${warning}`),
  ]
}

/** Warns of remote kinds that no event has. */
function remoteWarnings(config: Loaded['config']): readonly string[] {
  const kinds = listKinds(config)
  const strange = config.ingest.remoteKinds.filter((kind) => !kinds.includes(kind))
  return strange.map((kind) => `no schema has the kind '${kind}' of ingest.remote_kinds${suggest(kind, kinds)}`)
}

/** Prints the maximum memory of the series. */
function printCapacity(engine: Loaded['config']['engine']): readonly string[] {
  const capacity = computeCapacity(engine)
  if (capacity === undefined) return []
  const { metric, bytes } = capacity.largest
  const { hosts, series } = engine.limits
  const size = formatValue(capacity.bytes, 'bytes')
  return [
    `  series take up to ${size} at the limits (${hosts} hosts, ${series} series); one of ${metric} takes ${Math.round(bytes)} B`,
  ]
}

/** Prints how notifications are sent, one line per integration. */
function printNotifiers({ engine, smtp }: Loaded['config']): readonly string[] {
  const people = new Map(
    engine.receivers.flatMap(({ email }) => email).map((one) => [one.address, printRecipient(one)]),
  )
  const named = (what: string, has: (receiver: Receiver) => unknown): readonly string[] => {
    const names = engine.receivers.filter(has).map(({ name }) => name)
    return names.length === 0 ? [] : [`  ${what} ${printList(names)}`]
  }
  const servers = smtp?.servers.map(({ host, port }) => `${host}:${port}`) ?? []
  const through = servers.length > 0 ? `through ${servers.join(', then ')}` : 'to the mailbox'
  return [
    ...(people.size === 0 ? [] : [`  mail to ${printList([...people.values()])}, ${through}`]),
    ...named('webhook of', ({ webhook }) => webhook),
    ...named('Alertmanager of', ({ alertmanager }) => alertmanager),
    ...named('report to', ({ report }) => report),
    ...named('heartbeat to', ({ heartbeat }) => heartbeat),
  ]
}

/** Formats the alerting settings of the file; nothing if there are none. */
function printAlerting({ routes, maintenanceWindows, inhibitRules }: Alerting): readonly string[] {
  const windows = maintenanceWindows.map(({ name }) => name)
  const parts = [
    ...(routes.length === 0 ? [] : [count(routes.length, 'route')]),
    ...(windows.length === 0 ? [] : [`${count(windows.length, 'maintenance window')} (${printList(windows)})`]),
    ...(inhibitRules.length === 0 ? [] : [count(inhibitRules.length, 'inhibition')]),
  ]
  return parts.length === 0 ? [] : [`  ${parts.join(', ')}`]
}

function printRecipient({ name, address }: Recipient): string {
  return name === undefined ? address : `${name} <${address}>`
}

function printList(names: readonly string[], max = 5): string {
  const first = names.slice(0, max).join(', ')
  return names.length > max ? `${first} and ${names.length - max} more` : first
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** The results of a configuration's templates for sample alerts. */
interface SampleTexts {
  /** Subjects, in the order of rules and receivers, without duplicates. */
  readonly subjects: readonly string[]
  /** Warnings about texts that are empty. */
  readonly warnings: readonly string[]
}

/** Renders the subject and text of each rule and receiver on a sample alert. */
function renderSamples(config: EngineConfig): SampleTexts {
  const { rules, receivers } = config
  const subjects = new Set<string>()
  const warnings: string[] = []
  const render = (
    whose: string,
    { subject, body }: Pick<Receiver, 'subject' | 'body'>,
    snapshot: AlertSnapshot,
  ): void => {
    for (const [key, template] of Object.entries({ subject, body })) {
      if (template === undefined) continue
      const text = renderText(template, snapshot).trim()
      if (text === '') warnings.push(`the ${key} of ${whose} comes out empty on a sample alert`)
      else if (key === 'subject') subjects.add(text)
    }
  }
  const samples = rules.flatMap((rule): readonly Sample[] => {
    const snapshot = playRule(rule, config, { onlyFired: true }).fired?.alerts[0]
    if (snapshot === undefined) warnings.push(describeSilent(rule.name))
    return snapshot === undefined ? [] : [{ rule, snapshot }]
  })
  for (const { rule, snapshot } of samples) render(rule.name, rule, snapshot)
  const other = samples.find(({ rule: { subject, body } }) => subject === undefined && body === undefined) ?? samples[0]
  const snapshot = other?.snapshot ?? anyAlert(config)
  for (const receiver of receivers) render(receiver.name, receiver, snapshot)
  return { subjects: [...subjects], warnings: [...warnings, ...findUnsupported(config, samples)] }
}

/** Warns of a rule that raised no alert on data that should breach it. */
export function describeSilent(rule: string): string {
  return `${rule} raises no alert on sample data: check that its thresholds, min_samples and breaches can be reached`
}

interface Sample {
  readonly rule: Rule
  readonly snapshot: AlertSnapshot
}

const PERCENT = /\{\{\s*(?:value|peak)\s*\|\s*percent\s*\}\}/
/** Returns how the values of a rule are measured, if they are not shares of a whole. */
const MEASURED: Partial<Readonly<Record<Unit, string>>> = {
  bytes: 'measures in bytes',
  seconds: 'measures in seconds',
  count: 'counts',
  none: 'measures without a unit',
}

/** Warns of templates that format a value as a percentage although it is not a share of a whole. */
function findUnsupported(config: EngineConfig, samples: readonly Sample[]): readonly string[] {
  return (['subject', 'body'] as const).flatMap((key) => {
    const warn = (whose: string, template: string | undefined, { rule, snapshot }: Sample): readonly string[] => {
      const measured = MEASURED[splitUnit(snapshot.identity.measure.unit)[0]]
      if (measured === undefined || template === undefined || !PERCENT.test(template)) return []
      return [
        `the ${key} of ${whose} applies '| percent' to what ${rule.name} ${measured}: write {{value}}, which brings its unit`,
      ]
    }
    return samples.flatMap((sample) => {
      const { rule, snapshot } = sample
      if (rule[key] !== undefined) return warn(rule.name, rule[key], sample)
      const receivers = sampleReceivers(rule, snapshot, config)
      return config.receivers
        .filter(({ name }) => receivers.includes(name))
        .flatMap((receiver) => warn(receiver.name, receiver[key], sample))
    })
  })
}

function renderText(template: string, snapshot: AlertSnapshot): string {
  return compileTemplate(template, ANY_NAMES).render(templateValues(snapshot))
}
