import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { check } from '../../src/cli/check.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Outcome {
  readonly code: number
  readonly out: readonly string[]
  readonly err: readonly string[]
}

async function run(config: string | undefined, cwd = root, env: Record<string, string> = {}): Promise<Outcome> {
  const out: string[] = []
  const err: string[] = []
  const io = { env, cwd, out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) }
  return { code: await check(config === undefined ? {} : { config }, io), out, err }
}

test('check sums up a configuration that is in order', async (t) => {
  const env = { STASHWATCH_TOKEN: 'abcd-1234', STASHWATCH_API_TOKEN: 'efgh-5678', SMTP_PASSWORD: 'ijkl-9012' }
  const { code, out, err } = await run('examples/receivers.yaml', root, env)
  t.equal(code, 0)
  t.strictSame(err, [])
  t.strictSame(out, [
    'examples/receivers.yaml is in order: 3 rules, 1 receiver',
    '  mail to Ada Lovelace <ada@example.org>, grace@example.org, through mail.example.org:587',
    '  listens on 0.0.0.0:8080, keeps its data in /var/lib/stashwatch',
  ])
  t.notMatch(out.join(), /abcd|efgh|ijkl/)
})

test('check tells what was perhaps not meant, and does not fail for it', async (t) => {
  const { code, out } = await run(undefined)
  t.equal(code, 0)
  t.match(out[0], 'the built-in configuration is in order: 3 rules, 1 receiver')
  t.equal(out.at(-1), "warning: no 'smtp': mails go to the mailbox, nobody is told")
})

test('check prints every mistake with its place and exits 1', async (t) => {
  const cwd = t.testdir({
    'c.yaml': 'lisen: 1\nrules:\n  - { name: r, when: { metric: cpuu, over: 1m, threshold: {} } }\n',
  })
  t.strictSame(await run('c.yaml', cwd), {
    code: 1,
    out: [],
    err: [
      "c.yaml:1:1: unknown key 'lisen': did you mean 'listen'?",
      "c.yaml:3:32: no metric is named 'cpuu': did you mean 'cpu'?",
      '2 mistakes; nothing would start',
    ],
  })
})

test('check names every secret that is missing', async (t) => {
  const text = readFileSync(join(root, 'examples/stashwatch.yaml'), 'utf8').replace('/run/secrets/smtp', './gone')
  const cwd = t.testdir({ 'c.yaml': text })
  const { code, err } = await run('c.yaml', cwd)
  t.equal(code, 1)
  t.match(err, [
    /^c\.yaml:6:35: the environment variable STASHWATCH_TOKEN is not set/,
    /^c\.yaml:14:76: the secret's file .*gone does not exist/,
    '2 mistakes; nothing would start',
  ])
})

test('check exits 1 for a wrong path and 2 where the environment is at fault', async (t) => {
  t.match(await run('gone.yaml'), {
    code: 1,
    out: [],
    err: [/gone\.yaml does not exist: check the path/, /1 mistake;/],
  })
  t.match(await run('x'.repeat(300)), { code: 2, out: [], err: [/cannot be read \(ENAMETOOLONG\)/] })
})
