import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { ROOT, runChild, runCli } from '../helpers/service.ts'

const VERBS = ['start', 'check', 'demo', 'send-test', 'preview', 'hosts']

/** What was printed, as one text each. */
async function cli(
  args: readonly string[],
  env?: Record<string, string>,
): Promise<{ code: number; out: string; err: string }> {
  const { code, out, err } = await runCli(args, ROOT, env)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

test('every verb says what it does, what it takes, and gives an example', async (t) => {
  const usage = await cli(['--help'])
  t.match(usage, { code: 0, err: '' })
  for (const verb of VERBS) {
    t.match(usage.out, new RegExp(`^ {2}${verb} +\\w`, 'm'))
    const { code, out, err } = await cli([verb, '--help'])
    t.strictSame([code, err], [0, ''], verb)
    t.match(out, new RegExp(`^stashwatch ${verb}: `))
    t.match(out, new RegExp(`\nexample: stashwatch ${verb} --\\w+`))
    t.equal((await cli([verb, '-h'])).out, out)
    t.equal((await cli(['help', verb])).out, out)
    const example = /example: stashwatch (.*)/.exec(out)?.[1] ?? ''
    for (const [, option] of example.matchAll(/(--\w+)/g))
      t.ok(out.includes(`\n  ${option} `), `${verb} explains ${option}`)
  }
  t.strictSame(await cli(['help']), usage)
  t.match(await cli([]), { code: 1, out: '', err: usage.out })
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  t.strictSame(await cli(['--version']), { code: 0, out: version, err: '' })
})

test('a word that is not known is answered with the one that was probably meant, and exit code 1', async (t) => {
  const wrong: readonly (readonly [string[], string])[] = [
    [['strat'], "unknown verb 'strat': did you mean 'start'?"],
    [['send_test'], "unknown verb 'send_test': did you mean 'send-test'?"],
    [
      ['constructor'],
      "unknown verb 'constructor': expected one of start, check, demo, send-test, preview, hosts, hosts forget",
    ],
    [['start', '--confg', 'x.yaml'], "unknown option '--confg': did you mean '--config'?"],
    [['start', '--port', '1'], "unknown option '--port': expected one of --config, --help"],
    [['hosts', 'forgot'], "unexpected argument 'forgot': did you mean 'forget'?"],
    [['hosts', 'forget'], "hosts forget needs NAME: the host's whole name"],
    [['hosts', 'forget', 'a', 'b'], "unexpected argument 'b'"],
    [
      ['hosts', 'forget', '--yes', 'a'],
      "unknown option '--yes': expected one of --force, --url, --token, --json, --help",
    ],
    [['alerts', 'resolved'], "unexpected argument 'resolved': did you mean '--state resolved'?"],
    [['demo', '--onec'], "unknown option '--onec': did you mean '--once'?"],
    [['start', 'x.yaml'], "unexpected argument 'x.yaml': did you mean '--config x.yaml'?"],
    [['demo', 'now'], "unexpected argument 'now'"],
    [['check', '--config'], '--config needs a value: --config FILE'],
    [['check', '--config='], '--config needs a value: --config FILE'],
    [['send-test', '--config', '--receiver', 'ops'], '--config needs a value: --config FILE'],
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

test('a verb whose reader has gone does its work in silence', async (t) => {
  const cwd = t.testdir()
  const verbs: readonly (readonly [args: readonly string[], code: number])[] = [
    [['--help'], 0],
    [['preview', '--out', 'mails'], 0],
    [['demo', '--port', '0'], 0],
    [['check', '--config', 'nowhere.yaml'], 1],
  ]
  for (const [args, code] of verbs) {
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
    if (err === '')
      t.strictSame([code, out.split('\n')[0]?.startsWith(`examples/${file} is in order: `)], [0, true], file)
    t.notMatch(out + err, /abcd-1234|efgh-5678|ijkl-9012/)
  }
})
