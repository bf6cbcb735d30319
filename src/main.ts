import { tmpdir, userInfo } from 'node:os'
import { run } from './cli/index.ts'

/** The process: what it was called with, its environment, its signals, its exit code. Nothing else touches them. */

/** Writes lines. A closed pipe (`| head`) ends the output, not the command. */
function write(stream: NodeJS.WriteStream): (line: string) => void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return (line) => {
    if (stream.writable) stream.write(`${line}\n`)
  }
}

/** Who runs the process; containers run under numbers that have no name. */
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
  // NO_COLOR and TERM are heard here.
  colour: process.stdout.isTTY && process.stdout.hasColors(),
  onStop(call) {
    process.once('SIGTERM', call)
    process.once('SIGINT', call)
    // What only shows something, and goes on, ends when nobody looks any more; a service does not write here.
    process.stdout.once('error', call)
  },
  onReload: (call) => void process.on('SIGHUP', call),
})
