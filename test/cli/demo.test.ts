import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { runChild, temporary } from '../helpers/service.ts'

test(
  'the demo shows an alert mail and a recovery mail within a minute, keeps both, tidies up, and exits 0',
  { timeout: 100_000 },
  async (t) => {
    const tmp = temporary(t)
    const child = runChild(t, ['demo', '--once', '--port', '0'], { cwd: tmp, env: { TMPDIR: tmp } })
    const began = performance.now()
    t.equal(await child.exit, 0)
    const seconds = (performance.now() - began) / 1000
    t.ok(seconds < 60, `it took ${seconds.toFixed(0)} s`)
    t.strictSame(child.err, [])
    t.match(child.out, [
      /^00:00 {2}listening on http:\/\/127\.0\.0\.1:\d+; 24 hosts/,
      /^00:00 {2}rule: mean CPU above 90%/,
      /^00:\d\d {2}the CPU of node07 rises/,
      /^00:\d\d {2}mail "CPU on node07 is high" to .*ada@example\.org.*: http:\/\/127\.0\.0\.1:\d+\/mailbox\/1$/,
      /^00:\d\d {2}the CPU of node07 falls back/,
      /^00:\d\d {2}mail ".*node07.*" to .*ada@example\.org.*: http:\/\/127\.0\.0\.1:\d+\/mailbox\/2$/,
      /^00:\d\d {2}both mails are saved, as HTML and as text, in .*stashwatch-mails-\w+$/,
    ])
    t.equal(child.out.length, 7, 'few lines')
    const [kept = '', ...more] = readdirSync(tmp)
    t.strictSame(more, [], 'nothing else is left behind')
    t.ok(child.out.at(-1)?.endsWith(join(tmp, kept)))
    t.strictSame(readdirSync(join(tmp, kept)).sort(), [
      '1-fired.html',
      '1-fired.txt',
      '2-resolved.html',
      '2-resolved.txt',
    ])
    const read = (name: string): string => readFileSync(join(tmp, kept, name), 'utf8')
    t.match(read('1-fired.txt'), /^\[Warning\] CPU averaged 9\d(?:\.\d+)?% over 2 min on node07 \(threshold 90%\)\n/)
    t.match(read('2-resolved.txt'), /^\[Resolved\] CPU back to [\d.]+% on node07 after /)
    for (const name of ['1-fired.html', '2-resolved.html']) {
      t.match(read(name), '<html')
      t.notMatch(read(name), /src="cid:/, 'its chart is in it')
    }
  },
)

test('a demo that is interrupted ends at once', async (t) => {
  const tmp = temporary(t)
  const child = runChild(t, ['demo', '--port', '0'], { cwd: tmp, env: { TMPDIR: tmp } })
  await child.line(/rule:/)
  const began = performance.now()
  child.process.kill('SIGINT')
  t.equal(await child.exit, 0)
  t.ok(performance.now() - began < 3000)
  t.strictSame([child.err, readdirSync(tmp)], [[], []])
})
