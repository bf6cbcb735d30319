import { createServer } from 'node:http'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { ROOT, runCli, runService, temporary, until } from '../helpers/service.ts'

const TOKEN = 'a-long-secret-token'
const YAML = [`api: { tokens: [{ name: grace, token: ${TOKEN} }] }`, 'hosts: { expected: { file: hosts.txt } }'].join(
  '\n',
)

test('hosts of a running service are listed and retired from a terminal, and the list is read again at a reload', async (t) => {
  const folder = temporary(t)
  writeFileSync(join(folder, 'hosts.txt'), '# the cluster\nweb-1\nweb-2 # in the cellar\n\n')
  const running = await runService(t, { yaml: YAML, folder, token: TOKEN })
  const at = ['--url', running.service.url]
  const env = { STASHWATCH_API_TOKEN: TOKEN }
  const cli = (...args: string[]) => runCli(args, ROOT, env)
  await running.post([
    { '@timestamp': new Date().toISOString(), host: { name: 'web-1' } },
    { host: { name: 'web-10' } },
    { host: { name: 'old\u001b[31m' } },
  ])
  await until('the expected hosts', async () => (await running.hosts()).length === 4)

  const listed = await cli('hosts', ...at)
  t.match(listed, { code: 0, err: [] })
  t.match(listed.out, [
    /^HOST +LAST SEEN +STATE +SERIES$/,
    /^old\uFFFD\[31m +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {2}live +0$/,
    /^web-1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {2}live +0$/,
    /^web-2 +never +never seen +0$/,
    /^web-10 +/,
  ])
  const json = await runCli(['hosts', ...at, '--token', TOKEN, '--json'])
  t.match(JSON.parse(json.out.join('\n')), [{}, {}, {}, {}])
  t.match(
    (JSON.parse(json.out.join('\n')) as { host: string }[]).find(({ host }) => host === 'web-2'),
    { lastSeenAt: null, source: null, state: 'never_seen', expected: true },
  )

  t.match(await cli('hosts', 'retire', 'web-10', ...at), {
    code: 1,
    err: [/^The host was last seen at \d{4}-.* and would come back with its next event\. .*--force/],
  })
  t.match(await cli('hosts', 'retire', 'web-10', '--force', ...at), {
    code: 0,
    err: [],
    out: [/^retired: web-10, last seen \d{4}-.* UTC; it had no open alerts$/],
  })
  t.match(await cli('hosts', 'retire', 'wbe-10', ...at), {
    code: 1,
    out: [],
    err: [/^No host has this name.* Found 'wbe-10', expected the name of a known host, such as web-1/],
  })
  t.match(await cli('hosts', 'retire', 'web-2', ...at), {
    code: 1,
    err: [/Remove it there and reload the configuration, then retire the host/],
  })
  writeFileSync(join(folder, 'hosts.txt'), 'web-1\n')
  t.strictSame(await running.service.reload(), [])
  await until('web-2 to leave the list', async () => !(await running.hosts()).includes('web-2'))
  t.strictSame((await running.hosts()).toSorted(), ['old\u001b[31m', 'web-1'])

  writeFileSync(join(folder, 'hosts.txt'), '\n')
  t.match(await running.service.reload(), [
    /^configuration:\d+:\d+: the host file .*hosts\.txt is empty .expected one name per line.$/,
  ])
})

test('what stands between a command and the service is said in one sentence, with the exit code of its kind', async (t) => {
  const running = await runService(t, { yaml: YAML.split('\n')[0] ?? '', token: TOKEN })
  const other = createServer((_, answer) => answer.end('<html>')).listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const { url } = running.service
  const wrong: readonly (readonly [string[], number, RegExp])[] = [
    [['--url', url], 1, /^Send one of api\.tokens .* Fix: set --token or STASHWATCH_API_TOKEN\.$/],
    [['--url', url, '--token', 'wrong-wrong-wrong'], 1, /^Send one of api\.tokens/],
    [
      ['--url', 'localhost:8080'],
      1,
      /^--url: found 'localhost:8080', expected a URL such as http:\/\/127\.0\.0\.1:8080$/,
    ],
    [
      ['--url', 'http://127.0.0.1:1'],
      2,
      /^cannot reach stashwatch at http:\/\/127\.0\.0\.1:1 \(.+\)\. Fix: check that it is running, or set --url$/,
    ],
    [
      ['--url', `http://127.0.0.1:${port}`],
      2,
      /^the server at http:\/\/127\.0\.0\.1:\d+ is not stashwatch \(status 200\)/,
    ],
    [['--token', 'größe\u{1F600}', '--url', url], 1, /^the token contains a character/],
  ]
  for (const [args, code, says] of wrong) {
    const outcome = await runCli(['hosts', ...args])
    t.match(outcome, { code, out: [], err: [says] }, args.join(' '))
    t.equal(outcome.err.length, 1)
    t.notMatch(outcome.err.join(), /wrong-wrong/, 'a token is not repeated')
  }
})

test('both commands say what they take', async (t) => {
  for (const args of [['hosts'], ['hosts', 'retire']]) {
    const { code, out } = await runCli([...args, '--help'])
    t.equal(code, 0)
    t.ok(out[0]?.startsWith(`Usage: stashwatch ${args.join(' ')} `))
    t.match(out.join('\n'), /--url <url> +address of the service/)
    t.match(out.at(-1), new RegExp(`^  stashwatch ${args.join(' ')} `))
    t.strictSame((await runCli(['help', ...args])).out, out)
  }
})
