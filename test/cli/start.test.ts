import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { runChild, runCli, startChild, temporary } from '../helpers/service.ts'

test('a broken configuration exits 1 with its places, and nothing is started half', async (t) => {
  const folder = temporary(t)
  const yaml =
    'listen: 127.0.0.1:0\ndata: ./kept\nrules:\n  - { name: hot, when: { metric: cpuu, over: 2m }, evry: 1m }\n'
  writeFileSync(join(folder, 'c.yaml'), yaml)
  const child = runChild(t, ['start', '--config', 'c.yaml'], { cwd: folder })
  t.equal(await child.exit, 1)
  t.match(child.err.join('\n'), /^c\.yaml:4:\d+: .*\bevry.*: did you mean 'every'\?$/m)
  t.match(child.err.at(-1), /errors?: the service would not start$/)
  t.strictSame(child.out, [], 'nothing listens, nothing is logged')
  t.notOk(existsSync(join(folder, 'kept')), 'no data folder was made')
  for (const [path, says] of [
    ['gone.yaml', /^the configuration .*gone\.yaml does not exist. Fix: check the path after --config$/],
    ['.', /^the configuration .* is a directory. Fix: check the path/],
  ] as const) {
    t.match(await runCli(['start', '--config', path], folder), {
      code: 1,
      out: [],
      err: [says, /^1 error: the service would not start$/],
    })
  }
})

test('an environment that stands in the way exits 2 and says the next step', async (t) => {
  const folder = temporary(t)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  writeFileSync(join(folder, 'a-file'), '')
  const inUse = new RegExp(
    `^127\\.0\\.0\\.1:${port} is already in use\\. Fix: stop the other program, or set another address`,
  )
  const file = join(folder, 'c.yaml')
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['listen: 192.0.2.1:0', /^192\.0\.2\.1:0 is not an address of this machine. Fix: correct listen$/],
    ['listen: 127.0.0.1:0\ndata: ./a-file', /^cannot create the data folder \(.*a-file.*\)\. Fix: correct data$/],
    ['listen: 127.0.0.1:0\ndata: ./a-file/below', /^cannot create the data folder \(.*a-file.*\)\. Fix: correct data$/],
    // A folder that is there and takes none, on Linux.
    ['listen: 127.0.0.1:0\ndata: /proc/x/y', /^cannot create the data folder \(.*\/proc\/x.*\)\. Fix: correct data$/],
    [`listen: 127.0.0.1:${port}`, inUse],
  ]
  for (const [yaml, says] of wrong) {
    writeFileSync(file, `${yaml}\nlog: { level: error }\n`)
    t.match(await runCli(['start', '--config', file], folder), { code: 2, out: [], err: [says] }, yaml)
  }
  const child = runChild(t, ['start', '--config', file], { cwd: folder })
  t.equal(await child.exit, 2)
  t.match(child.err, [inUse])
  t.equal(child.err.length, 1, 'one sentence, and no stack')
  t.match(await runCli(['demo', '--port', String(port)]), { code: 2, err: [inUse] })
})

test('without a file the built-in configuration runs, and signals are handled from the beginning', async (t) => {
  const folder = temporary(t)
  writeFileSync(join(folder, 'c.yaml'), 'listen: 127.0.0.1:0')
  const early = runChild(t, ['start', '--config', 'c.yaml'], { cwd: folder })
  await early.line(/mails are written to the mailbox/)
  early.process.kill('SIGHUP')
  early.process.kill('SIGTERM')
  t.equal(await early.exit, 0, 'a signal while it starts stops it in order')
  t.match(early.out.at(-1), /"msg":"stopped"/)

  const child = await startChild(t, 'c.yaml', { cwd: folder })
  t.match(await child.door.post([{ '@timestamp': new Date().toISOString(), host: 'web-1' }]), {
    status: 200,
    accepted: 1,
  })
  t.match((await child.door.get('/api/v1/rules')).text, /cpu-high.*memory-high.*host-silent/)
  t.equal((await child.door.get('/mailbox')).status, 200, 'mails can be looked at')
  t.match(
    child.out.filter((line) => line.includes('"level":40')),
    { 0: /mails are written to the mailbox and not sent/, length: 1 },
  )
  const input = (await child.door.get('/metrics')).text
  const promtool = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
  if (promtool.error) t.pass('promtool is not installed: the metrics were NOT checked', { skip: true })
  else
    t.strictSame(
      [promtool.status, promtool.stdout, promtool.stderr],
      [0, '', ''],
      'the metrics are clean from the start',
    )
  child.door.shut()
  child.process.kill('SIGINT')
  t.equal(await child.exit, 0)
})
