import { Command, CommanderError } from 'commander'
import { VERSION } from '../service.ts'
import { addAlerts } from './alerts.ts'
import { addCheck } from './check.ts'
import { addDemo } from './demo.ts'
import { addHosts } from './hosts.ts'
import { addPreview } from './preview.ts'
import { addRoutes } from './routes.ts'
import { addSendTest } from './send-test.ts'
import { addSilences } from './silences.ts'
import { addStart, type StartIo } from './start.ts'
import { describeCommand, watchArguments } from './terminal/command.ts'
import type { PaintIo } from './terminal/paint.ts'
import { addWhy } from './why.ts'

/** What the command line needs of the process. */
interface Io extends StartIo, PaintIo {
  /** Folder for temporary data. */
  readonly tmp: string
}

/**
 * Runs the command that the arguments name.
 *
 * @returns the exit code: 0 success, 1 invalid input, 2 environment error.
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [first, ...rest] = args
  const asked = first === 'help' ? [...rest, '--help'] : args
  const program = createProgram(io)
  watchArguments(program, asked, io.err)
  try {
    await program.parseAsync(asked, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    throw error
  }
}

function createProgram(io: Io): Command {
  const program = new Command('stashwatch')
    .configureOutput({ writeOut: printTo(io.out), writeErr: printTo(io.err), outputError: () => undefined })
    .configureHelp({
      subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
    })
    .usage('<command> [options]')
    .helpOption('-h, --help', 'show this help')
    .version(VERSION, '-V, --version', 'show the version')
    // Options of a group, such as --url, may be before or after its subcommand.
    .enablePositionalOptions()
  describeCommand(
    program,
    'Evaluate the events that Logstash posts and notify people when a host crosses a threshold',
    'stashwatch demo',
  )
  addStart(program, io)
  addCheck(program, io)
  addDemo(program, io)
  addSendTest(program, io)
  addPreview(program, io)
  addRoutes(program, io)
  addHosts(program, io)
  addAlerts(program, io)
  addSilences(program, io)
  addWhy(program, io)
  return program.addHelpText(
    'after',
    '\nstashwatch <command> --help shows the options of a command.\nExit codes: 0: done, 1: invalid input, 2: environment error.',
  )
}

const argumentTerm = (argument: { name(): string }): string => `<${argument.name()}>`

const printTo =
  (print: (line: string) => void) =>
  (text: string): void => {
    for (const line of text.replace(/\n$/, '').split('\n')) print(line)
  }
