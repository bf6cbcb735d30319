import type { Command } from 'commander'
import { loadConfig } from '../config/index.ts'
import { createClock } from '../clock.ts'
import type { Config } from '../model.ts'
import { createLog, type Service, startService } from '../service.ts'
import { type CheckIo, load } from './check.ts'
import { configOption, describeCommand, setAction } from './terminal/command.ts'

/** What a long-running command needs of the process. */
export interface StartIo extends CheckIo {
  /** Registers callbacks for the signals to stop and to reload. */
  readonly onStop: (call: () => void) => void
  readonly onReload: (call: () => void) => void
}

interface StartArgs {
  readonly config?: string
}

export function addStart(program: Command, io: StartIo): void {
  const command = describeCommand(
    program.command('start'),
    'Run the service',
    'stashwatch start --config stashwatch.yaml',
  )
  setAction(command.addOption(configOption()), () => start(command.optsWithGlobals(), io))
}

/**
 * `stashwatch start`: runs the service until it receives SIGTERM or SIGINT.
 *
 * @returns the exit code: 0 stopped normally, 1 invalid configuration, 2 it could not run.
 */
async function start(args: StartArgs, io: StartIo): Promise<number> {
  const loaded = load(args, io)
  if (typeof loaded === 'number') return loaded
  const { config, warnings } = loaded
  const log = createLog(config.logLevel)
  for (const warning of warnings) log.warn({}, warning)
  const clock = createClock()
  let end: (code: number) => void = () => undefined
  const exitCode = new Promise<number>((done) => {
    end = done
  })
  let service: Service | undefined
  // Registered before the start: a signal while the journal is read must not kill the process.
  io.onStop(() => end(0))
  io.onReload(() => void service?.reload())
  try {
    const onEnd = (error: Error): void => {
      log.error(
        { reason: error.message },
        'the engine has ended; stopping, so that the supervisor restarts the service',
      )
      end(2)
    }
    const readConfig = (): Config => loadConfig({ ...configFile(args), env: io.env, cwd: io.cwd }).config
    service = await startService({ config, clock, timers: clock, log, readConfig, onEnd })
  } catch (error) {
    io.err(whyNot(error, `${config.listen.host}:${config.listen.port}`))
    return 2
  }
  const code = await exitCode
  await service
    .stop()
    .catch((error: unknown) =>
      log.error({ err: error }, 'the stop was not clean; all accepted events are in the journal'),
    )
  return code
}

function configFile({ config }: StartArgs): { readonly file?: string } {
  return config === undefined ? {} : { file: config }
}

/** Describes in one sentence what prevents the start, and what to do. */
export function whyNot(error: unknown, address: string): string {
  const { code, message, syscall } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return `${address} is already in use. Fix: stop the other program, or set another address with listen (demo: --port)`
  if (code === 'EADDRNOTAVAIL') return `${address} is not an address of this machine. Fix: correct listen`
  if (code === 'EACCES')
    return `permission denied: ${message}. Fix: check listen (ports below 1024) and the data folder`
  if (code === 'EEXIST' || code === 'ENOTDIR' || syscall === 'mkdir')
    return `cannot create the data folder (${message}). Fix: correct data`
  return message
}
