import { type Command, CommanderError, Option } from 'commander'
import { suggest } from '../../text/suggest.ts'

/** Options for which an empty value is valid: `--note ''` removes a note. */
const MAY_BE_EMPTY = ['note']

export const configOption = (): Option =>
  new Option('--config <file>', 'configuration file (YAML); without it, the built-in configuration')

/**
 * Sets a command's description, and an example in its help. An error in the arguments is one line on standard error;
 * help is shown only on request.
 */
export function describeCommand(command: Command, description: string, example: string): Command {
  return command
    .description(description)
    .helpCommand(false)
    .addHelpText('after', `\nExample:\n  ${example}`)
    .on('beforeHelp', () => refuseUnknown(command))
}

/** Sets the function that runs a command with its arguments. It resolves to the exit code. */
export function setAction(command: Command, work: (...words: string[]) => Promise<number>): void {
  command.action(async () => {
    const code = await work(...command.args)
    if (code !== 0) throw new CommanderError(code, 'stashwatch.failed', '')
  })
}

/** Makes a command and its subcommands print each error as one line, and reject options without a value. */
export function watchArguments(command: Command, args: readonly string[], print: (line: string) => void): void {
  command.exitOverride((error) => {
    if (error.exitCode !== 0 && error.code !== 'commander.help') {
      const name = [...nameParts(command), '--help'].join(' ')
      print(`${explain(error, command)} (see ${name})`)
    }
    throw error
  })
  for (const option of command.options.filter(({ required }) => required)) {
    command.on(`option:${option.name()}`, (value: string) => {
      const isNext = args.some((arg, i) => arg === option.long && args[i + 1] === value)
      const isOption = isNext && value.startsWith('-') && value !== '-'
      if (isOption || (value === '' && !MAY_BE_EMPTY.includes(option.name())))
        command.error(`option '${option.flags}' argument missing`, { code: 'commander.optionMissingArgument' })
    })
  }
  for (const child of command.commands) watchArguments(child, args, print)
}

const nameParts = (command: Command): readonly string[] =>
  command.parent === null ? [command.name()] : [...nameParts(command.parent), command.name()]

const isFlag = (word: string): boolean => word.startsWith('-') && word !== '-'

/** Checks the arguments even if --help is given. */
function refuseUnknown(command: Command): void {
  const words = command.args.slice(
    0,
    command.args.findIndex((word) => word === '--help' || word === '-h'),
  )
  const flag = words.find(isFlag)
  if (flag !== undefined) command.error(`unknown option '${flag}'`, { code: 'commander.unknownOption' })
  const isVariadic = command.registeredArguments.at(-1)?.variadic === true
  if (!isVariadic && words.length > command.registeredArguments.length)
    command.error('', { code: command.commands.length > 0 ? 'commander.unknownCommand' : 'commander.excessArguments' })
}

/** Describes an error: what was found, and what was probably meant. */
function explain({ code, message }: CommanderError, command: Command): string {
  switch (code) {
    case 'commander.unknownOption':
      return explainOption(/'(.*)'/s.exec(message)?.[1] ?? '', command)
    case 'commander.unknownCommand':
      return explainCommand(command)
    case 'commander.excessArguments':
      return explainExcess(command.args[command.registeredArguments.length] ?? '', command)
    default:
      return message
        .replace(/^error: /, '')
        .replace(/^option '(--[\w-]+).*?' argument '(.*)' is invalid\. /s, "$1: found '$2'")
  }
}

function explainOption(written: string, command: Command): string {
  const [flag = '', value] = written.split(/=(.*)/s)
  const known = command.createHelp().visibleOptions(command)
  if (known.some(({ long }) => long === flag)) return `${flag} takes no value, found '${value ?? ''}'`
  return `unknown option '${flag}'${suggest(
    flag,
    known.flatMap(({ long }) => long ?? []),
  )}`
}

const explainCommand = (command: Command): string => {
  const [word = ''] = command.args
  const written = [...nameParts(command).slice(1), word].join(' ')
  return `unknown command '${written}'${suggest(word, subcommands(command))}`
}

/** Returns a hint for an extra argument: a misspelt subcommand, the value of an option, or the configuration file. */
function explainExcess(word: string, command: Command): string {
  const option = command.options.find(({ argChoices }) => argChoices?.includes(word))?.long
  const config = /\.ya?ml$/.test(word) ? command.options.find(({ long }) => long === '--config')?.long : undefined
  const flag = option ?? config
  const names = subcommands(command)
  const guess =
    flag === undefined ? (names.length === 0 ? '' : suggest(word, names)) : `: did you mean '${flag} ${word}'?`
  return `unexpected argument '${word}'${guess}`
}

const subcommands = (command: Command): readonly string[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name())
