import { parseArgs } from 'node:util'
import { VERSION } from '../service.ts'
import { meant } from '../template.ts'
import { check } from './check.ts'
import { demo } from './demo.ts'
import { sendTest } from './send-test.ts'
import { start, type StartIo } from './start.ts'

/** What the command line needs of the process. */
export interface Io extends StartIo {
  /** Folder for temporary data. */
  readonly tmp: string
}

type Options = Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly value?: string; readonly says: string }>>
type Values = Readonly<Record<string, string | boolean | undefined>>

interface Verb {
  readonly does: string
  readonly example: string
  readonly options: Options
  run(values: Values, io: Io): Promise<number>
}

const CONFIG = { type: 'string', value: 'FILE', says: 'the configuration (YAML); without it the built-in one' } as const

const VERBS: Readonly<Record<string, Verb>> = {
  start: {
    does: 'runs the service',
    example: 'stashwatch start --config stashwatch.yaml',
    options: { config: CONFIG },
    run: (values, io) => start(configOf(values), io),
  },
  check: {
    does: 'validates a configuration and says every mistake with its place',
    example: 'stashwatch check --config stashwatch.yaml',
    options: { config: CONFIG },
    run: (values, io) => check(configOf(values), io),
  },
  demo: {
    does: 'shows an alert mail and a recovery mail within a minute, without any set-up',
    example: 'stashwatch demo --port 8081',
    options: {
      once: { type: 'boolean', says: 'ends once both mails are there' },
      port: { type: 'string', value: 'N', says: 'the port to listen on (8080; 0 takes a free one)' },
    },
    run: runDemo,
  },
  'send-test': {
    does: 'sends one real test mail to every recipient',
    example: 'stashwatch send-test --config stashwatch.yaml --receiver ops',
    options: { config: CONFIG, receiver: { type: 'string', value: 'NAME', says: 'only the recipients of this receiver' } },
    run: (values, io) => sendTest({ ...configOf(values), ...textOf(values, 'receiver') }, io),
  },
}

/**
 * Runs the verb that the arguments name.
 *
 * @returns the exit code: 0 done, 1 the user's input is at fault, 2 the environment is.
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    usage(name === undefined ? io.err : io.out)
    return name === undefined ? 1 : 0
  }
  if (name === '--version') {
    io.out(VERSION)
    return 0
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
  if (verb === undefined) {
    io.err(`unknown verb '${name}'${meant(name, Object.keys(VERBS))}; stashwatch --help lists the verbs`)
    return 1
  }
  return runVerb(name, verb, rest, io)
}

async function runVerb(name: string, verb: Verb, args: readonly string[], io: Io): Promise<number> {
  let values: Values
  try {
    const options = Object.fromEntries(Object.entries(verb.options).map(([key, { type }]) => [key, { type }]))
    values = parseArgs({ args: [...args], options: { ...options, help: { type: 'boolean', short: 'h' } } }).values
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)} (stashwatch ${name} --help lists what it takes)`)
    return 1
  }
  if (values['help'] === true) {
    help(name, verb, io.out)
    return 0
  }
  return verb.run(values, io)
}

async function runDemo(values: Values, io: Io): Promise<number> {
  const text = values['port'] ?? '8080'
  const port = Number(text)
  if (typeof text !== 'string' || !/^\d{1,5}$/.test(text) || port > 65_535) {
    io.err(`--port: found '${String(text)}', expected a number from 0 to 65535`)
    return 1
  }
  return demo({ once: values['once'] === true, port }, io)
}

function configOf(values: Values): { readonly config?: string } {
  return textOf(values, 'config')
}

function textOf<K extends string>(values: Values, key: K): { readonly [name in K]?: string } {
  const value = values[key]
  return (typeof value === 'string' ? { [key]: value } : {}) as { readonly [name in K]?: string }
}

function usage(out: (line: string) => void): void {
  out('stashwatch: watches what Logstash posts and mails the right person when a host leaves its bounds')
  out('')
  out('usage: stashwatch VERB [options]')
  for (const [name, { does }] of Object.entries(VERBS)) out(`  ${name.padEnd(10)} ${does}`)
  out('')
  out('stashwatch VERB --help says more; exit codes: 0 done, 1 your input is at fault, 2 the environment is')
}

function help(name: string, verb: Verb, out: (line: string) => void): void {
  out(`stashwatch ${name}: ${verb.does}`)
  for (const [key, { value, says }] of Object.entries(verb.options)) {
    out(`  ${`--${key}${value === undefined ? '' : ` ${value}`}`.padEnd(16)} ${says}`)
  }
  out(`example: ${verb.example}`)
}
