import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { createInterface } from 'node:readline'
import { test } from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../src/config/index.ts'
import { parseLogstash } from './helpers/logstash.ts'
import { runCli } from './helpers/service.ts'

const root = new URL('../', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')
const blocks = (language: string): string[] =>
  [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)]
    .filter(([, named]) => named === language)
    .map(([, , text = '']) => text.trim())

/** Commands of the README that other places run: the CI script, and the tests of the command line. */
const RUN_ELSEWHERE = [
  'npm ci && npm run demo',
  'npm ci && npm test',
  'npx stashwatch check --config examples/stashwatch.yaml\nnpx stashwatch send-test --config examples/stashwatch.yaml\nnpx stashwatch start --config examples/stashwatch.yaml',
  'npx stashwatch preview --config examples/minimal.yaml --out mails',
]

test('the first steps of the README lead to the mail that it promises', { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-readme-'))
  const [start, oneLiner, ...questions] = blocks('sh').filter((block) => !RUN_ELSEWHERE.includes(block))
  t.equal(start, 'npm start')
  const config = join(folder, 'port.yaml')
  writeFileSync(config, 'listen: 127.0.0.1:0\n')
  const child = spawn('npm', ['start', '--silent', '--', '--config', config], {
    cwd: fileURLToPath(root),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child.stdout, 'close')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const url = await new Promise<string>((found) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as { url?: string }
      if (entry.url !== undefined) found(entry.url)
    })
  })
  const shell = async (script: string): Promise<string> => {
    const run = spawn('sh', ['-c', script.replaceAll('http://127.0.0.1:8080', url)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    run.stdout.on('data', (part: Buffer) => (out += part.toString()))
    await once(run, 'close')
    return out
  }
  const answer = await shell(oneLiner ?? '')
  t.ok(readme.includes(answer.trim()), `the answer is the one that is shown: ${answer}`)
  let page = ''
  for (let tries = 0; tries < 100 && !page.includes('CPU on web-1 is high'); tries++) {
    await pause(250)
    page = await (await fetch(`${url}/mailbox`)).text()
  }
  t.match(page, /CPU on web-1 is high/)
  t.equal(questions.length, 1)
  const answers = await shell(questions[0] ?? 'false')
  t.match(answers, /"host":"web-1"/)
  t.match(answers, /"rule":"cpu-high"/)
  t.match(answers, /"threshold":\{"op":"above","value":0\.9\}/)
  child.kill('SIGTERM')
  await ended
  await t.rejects(fetch(url), 'a signal to npm stops the service and leaves nothing behind')
})

test('the configuration that the README shows is accepted as it stands', (t) => {
  const [text = ''] = blocks('yaml')
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-readme-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'smtp'), 'a password')
  const local = text.replace('/run/secrets/smtp', join(folder, 'smtp'))
  const { config } = loadConfig({ text: local, env: { STASHWATCH_TOKEN: 'a token for this test' }, cwd: folder })
  t.strictSame(
    config.engine.rules.map((rule) => rule.name),
    ['cpu-high', 'host-silent'],
  )
  t.ok(parse(text))
  t.end()
})

test('the Logstash output of the README is part of the pipeline that is shipped', (t) => {
  const shown = parseLogstash(blocks('').find((block) => block.startsWith('output')) ?? '')
  const shipped = parseLogstash(readFileSync(new URL('deploy/logstash/stashwatch.conf', root), 'utf8'))
  const settings = (plugins: typeof shown): object => plugins.find((plugin) => plugin.name === 'http')?.settings ?? {}
  const all = settings(shipped) as Record<string, unknown>
  t.match(settings(shown), { headers: { 'Content-Encoding': 'gzip' } })
  for (const [key, value] of Object.entries(settings(shown))) {
    if (key !== 'headers' && key !== 'url') t.strictSame(value, all[key], key)
  }
  t.end()
})

test('every file that the README links to is there', (t) => {
  const links = [...readme.matchAll(/\]\((?!http)([^)#]+)\)/g)].map(([, link = '']) => link)
  t.ok(links.length > 8)
  for (const link of links) t.ok(existsSync(new URL(link, root)), link)
  t.end()
})

test('every command that the pages show is one that the command line takes', async (t) => {
  const docs = readdirSync(new URL('docs/', root)).filter((file) => file.endsWith('.md'))
  const texts = ['README.md', ...docs.map((file) => `docs/${file}`)].map((file) =>
    readFileSync(new URL(file, root), 'utf8'),
  )
  const shown = texts.flatMap((text) => [
    ...[...text.matchAll(/^(?:npx )?stashwatch (.+)$/gm)].map(([, command = '']) => command),
    ...[...text.matchAll(/`(?:npx )?stashwatch\s([a-z][^`]*)`/g)].map(([, command = '']) => command),
  ])
  const commands = [...new Set(shown.map((command) => command.replaceAll(/\s+/g, ' ')))]
  t.ok(commands.length > 15, commands.join('; '))
  for (const command of commands) {
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare = '']) => quoted ?? bare)
    const { code, err } = await runCli([...words, '--help'])
    t.strictSame([code, err], [0, []], command)
  }
})
