import { tmpdir, userInfo } from 'node:os'
import { run } from './cli/index.ts'

/** The process: what it was called with, its environment, its signals, its exit code. Nothing else touches them. */
const write = (stream: NodeJS.WriteStream) => (line: string): void => void stream.write(`${line}\n`)

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
  },
  onReload: (call) => void process.on('SIGHUP', call),
})
