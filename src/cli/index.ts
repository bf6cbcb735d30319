import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { VERSION } from '../service.ts'
import { meant } from '../spelling.ts'
import { ACTING } from './acting.ts'
import { check } from './check.ts'
import { demo } from './demo.ts'
import { forgetHost, hosts } from './hosts.ts'
import { preview } from './preview.ts'
import { REMOTE } from './remote.ts'
import { sendTest } from './send-test.ts'
import { start } from './start.ts'
import {
  type Io,
  AS_JSON,
  type Option,
  type Options,
  remoteOf,
  textOf,
  type Values,
  type Verb,
  wordOf,
} from './verb.ts'

const CONFIG = { type: 'string', value: 'FILE', says: 'the configuration (YAML); without it the built-in one' } as const

/** A verb of two words is told apart from the one-word verb that it begins with. */
const VERBS: Readonly<Record<string, Verb>> = {
  start: {
    does: 'runs the service',
    example: 'stashwatch start --config stashwatch.yaml',
    options: { config: CONFIG },
    run: (values, io) => start(configOf(values), io),
  },
  check: {
    does: 'validates a configuration and prints every error with its place; with --events, what it makes of real events',
    example: 'stashwatch check --config stashwatch.yaml --events events.ndjson.gz',
    options: {
      config: CONFIG,
      events: { type: 'string', value: 'FILE', says: 'events (lines or an array, also .gz; - reads standard input)' },
    },
    run: (values, io) => check({ ...configOf(values), ...textOf(values, 'events') }, io),
  },
  demo: {
    does: 'shows an alert mail and a recovery mail within a minute, without any set-up',
    example: 'stashwatch demo --port 8081',
    options: {
      once: { type: 'boolean', says: 'ends once both mails are there, and leaves a copy of them' },
      port: { type: 'string', value: 'N', says: 'the port to listen on (8080; 0 takes a free one)' },
    },
    run: runDemo,
  },
  'send-test': {
    does: 'sends one real test mail to every recipient',
    example: 'stashwatch send-test --config stashwatch.yaml --receiver ops',
    options: {
      config: CONFIG,
      receiver: { type: 'string', value: 'NAME', says: 'only the recipients of this receiver' },
    },
    run: (values, io) => sendTest({ ...configOf(values), ...textOf(values, 'receiver') }, io),
  },
  preview: {
    does: 'writes the mails that would come (alerts, report, heart-beat) into a folder, with sample data, to be looked at in a browser',
    example: 'stashwatch preview --config stashwatch.yaml --rule cpu-high --out preview',
    options: {
      config: CONFIG,
      rule: { type: 'string', value: 'NAME', says: 'only the mails about this rule' },
      receiver: { type: 'string', value: 'NAME', says: 'as this receiver gets them: its zone, its templates' },
      out: {
        type: 'string',
        value: 'FOLDER',
        says: 'where to (./preview); what has the same names there is overwritten',
      },
    },
    run: (values, io) =>
      preview(
        { ...configOf(values), ...textOf(values, 'rule'), ...textOf(values, 'receiver'), ...textOf(values, 'out') },
        io,
      ),
  },
  hosts: {
    does: 'lists the hosts that a running service knows: when each was last seen, its state, how many series it has',
    example: 'stashwatch hosts --url http://127.0.0.1:8080',
    options: { ...REMOTE, json: AS_JSON },
    run: (values, io) => hosts({ ...remoteOf(values), json: values['json'] === true }, io),
  },
  'hosts forget': {
    does: 'lets go of a host that is gone for good, with its series, and closes its alerts',
    example: 'stashwatch hosts forget web-7 --url http://127.0.0.1:8080',
    takes: [{ value: 'NAME', says: "the host's whole name" }],
    options: {
      force: { type: 'boolean', says: 'also one that was heard within the last 5 minutes' },
      ...REMOTE,
      json: AS_JSON,
    },
    run: (values, io) =>
      forgetHost(
        {
          ...remoteOf(values),
          host: wordOf(values, 'NAME'),
          force: values['force'] === true,
          json: values['json'] === true,
        },
        io,
      ),
  },
  ...ACTING,
}

/**
 * Runs the verb that the arguments name.
 *
 * @returns the exit code: 0 done, 1 the user's input is at fault, 2 the environment is.
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = joinWords(args)
  if (name === 'help' && rest[0] !== undefined) return run([...rest, '--help'], io)
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    usage(name === undefined ? io.err : io.out)
    return name === undefined ? 1 : 0
  }
  if (name === '--version' || name === '-V') {
    io.out(VERSION)
    return 0
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
  if (verb === undefined) return sayUnknown(name, rest[0], io)
  const values = readOptions(name, rest, verb)
  if (typeof values === 'string') {
    io.err(`${values} (stashwatch ${name} --help lists what it takes)`)
    return 1
  }
  if (values['help'] === true) {
    help(name, verb, io.out)
    return 0
  }
  return verb.run(values, io)
}

/** A verb that there is not, or the first word of some, which alone or with --help lists them. */
function sayUnknown(name: string, second: string | undefined, io: Io): number {
  const family = familyOf(name)
  const isAsked = second === '--help' || second === '-h'
  if (family.length > 0 && (isAsked || second === undefined)) {
    const out = isAsked ? io.out : io.err
    out(`stashwatch ${name}: one of these (each says more with --help)`)
    sayPairs(family, out)
    return isAsked ? 0 : 1
  }
  const written = family.length > 0 ? `${name} ${second}` : name
  const known = family.length > 0 ? family.map(([verb]) => verb) : Object.keys(VERBS)
  io.err(`unknown verb '${written}'${meant(written, known)} (stashwatch --help lists the verbs)`)
  return 1
}

/** The verbs of two words that begin with this one, and what they do. */
function familyOf(first: string): readonly (readonly [verb: string, does: string])[] {
  return Object.entries(VERBS).flatMap(([verb, { does }]) =>
    verb.startsWith(`${first} `) ? [[verb, does] as const] : [],
  )
}

const HELP: Option = { type: 'boolean', says: 'says all this' }

/** The arguments with the two words of a verb made one. What lists by itself may be told to list. */
function joinWords(args: readonly string[]): readonly string[] {
  const [first, second, ...rest] = args
  if (first === 'help') return [first, ...joinWords(args.slice(1))]
  const both = `${first} ${second}`
  if (first !== undefined && second === 'list' && Object.hasOwn(VERBS, first)) return [first, ...rest]
  return Object.hasOwn(VERBS, both) ? [both, ...rest] : args
}

/** The values of a verb's options and its word, or a sentence about what is wrong with them. */
function readOptions(name: string, args: readonly string[], { options: given, takes = [] }: Verb): Values | string {
  const known: Options = { ...given, help: HELP }
  const types = Object.entries(known).map(([key, { type, multiple = false }]) => [
    key,
    { type, multiple, ...(key === 'help' ? { short: 'h' } : {}) },
  ])
  const options = Object.fromEntries(types) as ParseArgsOptionsConfig
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  const words: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (words.length === takes.length)
        return `unexpected argument '${token.value}'${wordHint(name, token.value, known)}`
      words.push(token.value)
    }
    if (token.kind !== 'option') continue
    const fault = faultOf(token, known)
    if (fault !== undefined) return fault
  }
  const { values } = parseArgs({ args: [...args], options, allowPositionals: true })
  const missing = takes[words.length]
  if (missing !== undefined && values['help'] !== true) return `${name} needs ${missing.value}: ${missing.says}`
  return { ...(values as Values), ...Object.fromEntries(words.map((word, i) => [takes[i]?.value, word])) }
}

/** What was perhaps meant by a word that a verb does not take: an option's value, another verb that begins with it, or a file. */
function wordHint(name: string, value: string, known: Options): string {
  const seconds = familyOf(name).map(([verb]) => verb.slice(name.length + 1))
  const option = Object.entries(known).find(([, { words }]) => words?.includes(value))
  if (option !== undefined) return `: did you mean '--${option[0]} ${value}'?`
  return seconds.length > 0 ? meant(value, seconds) : fileHint(value, known)
}

interface Written {
  readonly name: string
  /** As it was written: `--config`. */
  readonly rawName: string
  readonly value: string | undefined
  /** The value was written with `=`. */
  readonly inlineValue: boolean | undefined
}

function faultOf({ name, rawName, value, inlineValue }: Written, known: Options): string | undefined {
  const option = Object.hasOwn(known, name) ? known[name] : undefined
  if (option === undefined)
    return `unknown option '${rawName}'${meant(
      rawName,
      Object.keys(known).map((key) => `--${key}`),
    )}`
  if (option.type === 'boolean') return value === undefined ? undefined : `${rawName} takes no value, found '${value}'`
  const isOption = value !== '-' && value?.startsWith('-') === true && inlineValue === false
  const isEmpty = value === '' && option.mayBeEmpty !== true
  return value === undefined || isEmpty || isOption
    ? `${rawName} needs a value: ${rawName} ${option.value ?? 'VALUE'}`
    : undefined
}

/** A file that stands alone is probably the configuration. */
function fileHint(argument: string, known: Options): string {
  return Object.hasOwn(known, 'config') && /\.ya?ml$/.test(argument) ? `: did you mean '--config ${argument}'?` : ''
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

function usage(out: (line: string) => void): void {
  out('stashwatch: watches what Logstash posts and mails the right person when a host leaves its bounds')
  out('')
  out('usage: stashwatch VERB [options]')
  sayPairs(
    Object.entries(VERBS).map(([name, { does }]) => [name, does]),
    out,
  )
  out('')
  out('stashwatch VERB --help says more; exit codes: 0 done, 1 your input is at fault, 2 the environment is')
}

function help(name: string, { does, takes = [], options, example }: Verb, out: (line: string) => void): void {
  out(`stashwatch ${name}: ${does}`)
  const written = Object.entries({ ...options, help: HELP }).map(
    ([key, { value, says }]) => [`--${key}${value === undefined ? '' : ` ${value}`}`, says] as const,
  )
  sayPairs([...takes.map(({ value, says }) => [value, says] as const), ...written], out)
  const family = familyOf(name)
  if (family.length > 0) out('there are also')
  sayPairs(family, out)
  out(`example: ${example}`)
}

function sayPairs(pairs: readonly (readonly [string, string])[], out: (line: string) => void): void {
  const width = Math.max(...pairs.map(([left]) => left.length))
  for (const [left, right] of pairs) out(`  ${left.padEnd(width)}  ${right}`)
}
