import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess, SpawnSyncReturns } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'

const repository = fileURLToPath(new URL('../', import.meta.url))
const launcher = join(repository, 'bin/stashwatch.cjs')

/** A main program that tells how it was started; with `wait` it stays until a signal comes, and names it. */
const mainProgram = (from: string): string => `
  const say = (fields) => process.stdout.write(JSON.stringify(fields) + '\\n')
  const [verb, code] = process.argv.slice(2)
  if (verb === 'exit') process.exitCode = Number(code)
  if (verb === 'wait') {
    const timer = setTimeout(() => say({ signal: 'none came' }), 20_000)
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'])
      process.once(signal, () => {
        say({ signal })
        clearTimeout(timer)
        process.exitCode = 7
      })
  }
  say({ from: '${from}', pid: process.pid, node: process.versions.node, args: process.argv.slice(2) })
  if (verb === 'die') process.kill(process.pid, code)
`

/** Makes the Node that reads the launcher believe that it is an old one. */
const disguise = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`

interface Started {
  readonly from: string
  readonly pid: number
  readonly node: string
  readonly args: readonly string[]
}

const started = (output: string): Started => JSON.parse(output.split('\n', 1)[0] ?? '') as Started

/** Lays out a package with the real launcher in `folder`, and gives the arguments that run it as an old Node. */
function layOut(folder: string, files: Readonly<Record<string, string>>): { bin: string; asOldNode: string[] } {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  const bin = join(folder, 'bin/stashwatch.cjs')
  copyFileSync(launcher, bin)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text, { mode: 0o755 })
  }
  const preload = join(folder, 'disguise.cjs')
  writeFileSync(preload, disguise)
  return { bin, asOldNode: ['--require', preload, bin] }
}

function linkNode(folder: string): void {
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
  symlinkSync(process.execPath, join(folder, 'node_modules/.bin/node'))
}

/** This test's own process carries tap's hooks in NODE_OPTIONS or none; a child must start as a user's would. */
const environment = { ...process.env, NODE_OPTIONS: '' }

const run = (args: readonly string[], node = process.execPath): SpawnSyncReturns<string> =>
  spawnSync(node, args, { encoding: 'utf8', env: environment, timeout: 30_000 })

function output(child: ChildProcess): Promise<{ readonly text: string; readonly code: number | null }> {
  return new Promise((done) => {
    let text = ''
    child.stdout?.on('data', (part: Buffer) => (text += part.toString()))
    child.on('close', (code) => done({ text, code }))
  })
}

test('a Node that is new enough runs the program itself', (t) => {
  const { bin } = layOut(t.testdir(), { 'src/main.ts': mainProgram('src'), 'dist/main.js': mainProgram('dist') })
  const result = run([bin, 'exit', '3', '--port', '0'])
  const said = started(result.stdout)
  t.equal(said.pid, result.pid, 'no second process')
  t.strictSame(said.args, ['exit', '3', '--port', '0'])
  t.equal(result.status, 3)
  t.equal(said.from, 'src', 'an old build never shadows the sources of a checkout')
  t.end()
})

test('an installed package runs its build', (t) => {
  const folder = join(t.testdir(), 'node_modules/stashwatch')
  const { bin } = layOut(folder, { 'src/main.ts': mainProgram('src'), 'dist/main.js': mainProgram('dist') })
  t.equal(started(run([bin]).stdout).from, 'dist', 'Node strips no types below node_modules')
  t.end()
})

test('an old Node hands over to the nearest new one', (t) => {
  const folder = t.testdir()
  const inner = join(folder, 'node_modules/stashwatch')
  const { asOldNode } = layOut(inner, {
    'dist/main.js': mainProgram('dist'),
    'node_modules/.bin/node': '#!/bin/sh\necho v24.14.9\n',
  })
  linkNode(folder)
  const result = run([...asOldNode, 'exit', '5', 'two words'])
  const said = started(result.stdout)
  t.not(said.pid, result.pid)
  t.equal(said.node, process.versions.node, 'the nearer one, 24.14.9, is too old and passed over')
  t.strictSame(said.args, ['exit', '5', 'two words'])
  t.equal(result.status, 5)
  t.equal(run([...asOldNode, 'die', 'SIGKILL']).signal, 'SIGKILL', 'dies of what its child died of')
  t.end()
})

test('signals reach the program behind the launcher once', async (t) => {
  const folder = t.testdir()
  const { asOldNode } = layOut(folder, { 'dist/main.js': mainProgram('dist') })
  linkNode(folder)
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
    const child = spawn(process.execPath, [...asOldNode, 'wait'], {
      env: environment,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdout.once('data', () => child.kill(signal))
    const { text, code } = await output(child)
    t.strictSame(text.trim().split('\n').slice(1), [JSON.stringify({ signal })], signal)
    t.equal(code, 7)
  }
})

test('what is missing is said in one sentence, with exit code 2', (t) => {
  // Outside the checkout, whose own node_modules would be found on the way up.
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-launcher-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const noNode = layOut(join(folder, 'no-node'), { 'dist/main.js': mainProgram('dist') })
  const result = run([...noNode.asOldNode, 'start'])
  t.equal(result.status, 2)
  t.equal(result.stdout, '')
  t.match(result.stderr, /^stashwatch: needs Node 24\.15 or newer, and this is 20\.20\.2 .*install Node 24.*\.\n$/)

  const noBuild = layOut(join(folder, 'no-build'), {})
  const bare = run([noBuild.bin])
  t.equal(bare.status, 2)
  t.match(bare.stderr, /^stashwatch: neither src\/main\.ts nor dist\/main\.js is in .*npm run build.*\.\n$/)
  t.end()
})

test('a program that cannot be loaded shows its stack and exits 2', (t) => {
  const { bin } = layOut(t.testdir(), { 'dist/main.js': `throw new Error('broken build')` })
  const result = run([bin])
  t.equal(result.status, 2)
  t.match(result.stderr, /Error: broken build\n\s+at /)
  t.end()
})

test('the launcher asks for the Node that package.json asks for', (t) => {
  const { engines, bin } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string }
    readonly bin: { readonly stashwatch: string }
  }
  const needed = /NEEDED = \[(\d+), (\d+)\]/.exec(readFileSync(launcher, 'utf8'))
  t.equal(engines.node, `>=${needed?.[1]}.${needed?.[2]}`)
  t.equal(join(repository, bin.stashwatch), launcher)
  t.end()
})

/** The first Node on the path that is older than the one that package.json asks for, if this machine has one. */
function findOlderNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return folders
    .map((folder) => join(folder, 'node'))
    .filter((node) => existsSync(node))
    .find((node) => /^v(?:1?\d|2[0-3])\./.test(run(['--version'], node).stdout))
}

const olderNode = findOlderNode()
const skip = olderNode === undefined ? 'no Node older than 24 on the path' : false

test('the real launcher shows its help under the older Node of this machine', { skip }, (t) => {
  const result = run([launcher, '--help'], olderNode)
  t.equal(result.status, 0)
  t.match(result.stdout, 'stashwatch')
  t.equal(result.stderr, '')
  t.end()
})
