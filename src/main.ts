import { tmpdir, userInfo } from 'node:os'
import { run } from './cli/index.ts'

/** The process: arguments, environment, signals and exit code. No other module touches them. */

/**
 * Returns a function that writes lines to a stream. A closed pipe (`| head`) discards further lines and does not stop
 * the command.
 */
function write(stream: NodeJS.WriteStream): (line: string) => void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return (line) => {
    if (stream.writable) stream.write(`${line}\n`)
  }
}

/** Returns the user who runs the process. Containers run under numeric users without a name. */
const user = (): string | undefined => {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  tmp: tmpdir(),
  out: write(process.stdout),
  err: write(process.stderr),
  user: user(),
  // `hasColors` respects NO_COLOR and TERM.
  colour: process.stdout.isTTY && process.stdout.hasColors(),
  onStop(call) {
    process.once('SIGTERM', call)
    process.once('SIGINT', call)
    // Commands that only show something stop when their output is closed. The service does not write here.
    process.stdout.once('error', call)
  },
  onReload: (call) => void process.on('SIGHUP', call),
})
