import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { ROOT, runChild, runCli } from '../helpers/service.ts'

const COMMANDS = ['start', 'check', 'demo', 'send-test', 'preview', 'routes', 'hosts', 'alerts', 'silences', 'why']

/** What was printed, as one text each. */
async function cli(
  args: readonly string[],
  env?: Record<string, string>,
): Promise<{ code: number; out: string; err: string }> {
  const { code, out, err } = await runCli(args, ROOT, env)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

test('every command says what it does, what it takes, and gives an example', async (t) => {
  const usage = await cli(['--help'])
  t.match(usage, { code: 0, err: '' })
  t.match(usage.out, 'Exit codes: 0: done, 1: invalid input, 2: environment error.')
  for (const command of COMMANDS) {
    t.match(usage.out, new RegExp(`^ {2}${command} [ <>a-z]*[A-Z]\\w`, 'm'))
    const { code, out, err } = await cli([command, '--help'])
    t.strictSame([code, err], [0, ''], command)
    t.match(out, new RegExp(`^Usage: stashwatch ${command} \\[options\\].*\n\n[A-Z]\\w+ `))
    t.match(out, new RegExp(`\nExample:\n  stashwatch ${command} [-\\w]+`))
    t.equal((await cli([command, '-h'])).out, out)
    t.equal((await cli(['help', command])).out, out)
    const example = /Example:\n {2}stashwatch (.*)/.exec(out)?.[1] ?? ''
    for (const [, option] of example.matchAll(/(--\w+)/g))
      t.ok(out.includes(`\n  ${option} `), `${command} explains ${option}`)
  }
  t.strictSame(await cli(['help']), usage)
  t.match(await cli([]), { code: 1, out: '', err: usage.out })
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  t.strictSame(await cli(['--version']), { code: 0, out: version, err: '' })
})

test('an unknown command is answered with a suggestion and exit code 1', async (t) => {
  const wrong: readonly (readonly [string[], string])[] = [
    [['strat'], "unknown command 'strat': did you mean 'start'?"],
    [['send_test'], "unknown command 'send_test': did you mean 'send-test'?"],
    [['constructor'], `unknown command 'constructor': expected one of ${COMMANDS.join(', ')}`],
    [['strat', '--help'], "unknown command 'strat': did you mean 'start'?"],
    [['help', 'strat'], "unknown command 'strat': did you mean 'start'?"],
    [['start', '--confg', 'x.yaml', '--help'], "unknown option '--confg': did you mean '--config'?"],
    [['start', '--confg', 'x.yaml'], "unknown option '--confg': did you mean '--config'?"],
    [['start', '--port', '1'], "unknown option '--port': expected one of --config, --help"],
    [['hosts', 'retrie'], "unexpected argument 'retrie': did you mean 'retire'?"],
    [['hosts', 'retire'], "missing required argument 'name' (see stashwatch hosts retire --help)"],
    [['hosts', 'retire', 'a', 'b'], "unexpected argument 'b'"],
    [
      ['hosts', 'retire', '--yes', 'a'],
      "unknown option '--yes': expected one of --force, --url, --token, --json, --help",
    ],
    [['alerts', 'resolved'], "unexpected argument 'resolved': did you mean '--state resolved'?"],
    [['demo', '--onec'], "unknown option '--onec': did you mean '--once'?"],
    [['start', 'x.yaml'], "unexpected argument 'x.yaml': did you mean '--config x.yaml'?"],
    [['demo', 'now'], "unexpected argument 'now'"],
    [['check', '--config'], "option '--config <file>' argument missing"],
    [['check', '--config='], "option '--config <file>' argument missing"],
    [['send-test', '--config', '--receiver', 'ops'], "option '--config <file>' argument missing"],
    [['demo', '--once=yes'], "--once takes no value, found 'yes'"],
    [['demo', '--port', 'http'], "--port: found 'http', expected a number from 0 to 65535"],
    [['demo', '--port', '65536'], "--port: found '65536', expected a number from 0 to 65535"],
  ]
  for (const [args, says] of wrong) {
    const { code, out, err } = await cli(args)
    t.strictSame([code, out], [1, ''], args.join(' '))
    t.ok(err.startsWith(says), err)
    t.notMatch(err, /\n|node:|Error/, 'one sentence, and no stack')
  }
})

test('a value that begins with a dash is given with an equals sign', async (t) => {
  const { code, err } = await cli(['check', '--config=-x.yaml'])
  t.equal(code, 1)
  t.match(err, /-x\.yaml does not exist/)
  t.match(await cli(['check', '--config', '-x.yaml']), { code: 1, err: /^option '--config <file>' argument missing/ })
})

test('a command exits quietly when its reader is gone', async (t) => {
  const cwd = t.testdir()
  const commands: readonly (readonly [args: readonly string[], code: number])[] = [
    [['--help'], 0],
    [['preview', '--out', 'mails'], 0],
    [['demo', '--port', '0'], 0],
    [['check', '--config', 'nowhere.yaml'], 1],
  ]
  for (const [args, code] of commands) {
    const child = runChild(t, args, { cwd })
    child.process.stdout?.destroy()
    t.equal(await child.exit, code, args.join(' '))
    t.notMatch(child.err.join('\n'), /EPIPE|node:/)
  }
  t.ok(existsSync(join(cwd, 'mails/index.html')))
})

test('every example that the package ships is in order', async (t) => {
  const chat = { CHAT_HOOK: 'https://chat.example.org/ijkl-9012', CHAT_SECRET: 'ijkl-9012' }
  const env = {
    STASHWATCH_TOKEN: 'abcd-1234-abcd',
    STASHWATCH_API_TOKEN: 'efgh-5678-efgh',
    SMTP_PASSWORD: 'ijkl-9012',
    ...chat,
  }
  const files = readdirSync(join(ROOT, 'examples')).filter((file) => file.endsWith('.yaml'))
  t.ok(files.length >= 4)
  for (const file of files) {
    const { code, out, err } = await cli(['check', '--config', `examples/${file}`], env)
    // The founding example reads a secret from a file that only its operator has.
    const faults = err.split('\n').filter((line) => !line.includes('/run/secrets/smtp') && !line.startsWith('1 error:'))
    t.strictSame(faults.join('\n'), '', file)
    if (err === '') t.strictSame([code, out.split('\n')[0]?.startsWith(`examples/${file} is valid: `)], [0, true], file)
    t.notMatch(out + err, /abcd-1234|efgh-5678|ijkl-9012/)
  }
})
