import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { LinkKeyError, openLinkKey } from '../../src/links/key.ts'
import { runCli, temporary } from '../helpers/service.ts'

test('the key of links is made once, for the service alone, and found again', (t) => {
  const folder = temporary(t)
  const key = openLinkKey(folder)
  t.equal(key.length, 32)
  t.equal(statSync(join(folder, 'link.key')).mode & 0o777, 0o600)
  t.strictSame(openLinkKey(folder), key)
  t.strictSame(readdirSync(folder), ['link.key'], 'nothing is left beside it')
  t.notSame(openLinkKey(temporary(t)), key)
  t.end()
})

test('a key that is none stops the start and says what to do; it is never replaced unasked', async (t) => {
  const folder = temporary(t)
  const file = join(folder, 'link.key')
  const whole = `${'ab'.repeat(32)}\n`
  for (const text of ['', 'ab', whole.slice(0, 62), `${whole}00`, whole.replace('a', 'x'), whole.toUpperCase()]) {
    writeFileSync(file, text, { mode: 0o600 })
    const wanted = { code: 'LINK_KEY', message: /link\.key: found \d+ characters.*expected 64 hex digits: .*delete it/ }
    t.throws(() => openLinkKey(folder), wanted, JSON.stringify(text))
    t.equal(readFileSync(file, 'utf8'), text)
  }
  writeFileSync(join(folder, 'c.yaml'), 'listen: 127.0.0.1:0\ndata: .\nlog: { level: error }\n')
  t.match(await runCli(['start', '--config', 'c.yaml'], folder), { code: 2, out: [], err: [/link\.key: found/] })
  mkdirSync(join(folder, 'odd', 'link.key'), { recursive: true })
  t.throws(
    () => openLinkKey(join(folder, 'odd')),
    new LinkKeyError(
      `${join(folder, 'odd', 'link.key')}: cannot be read (EISDIR): make it a file that the service's user may read`,
    ),
  )
  writeFileSync(file, whole)
  chmodSync(file, 0o400)
  t.equal(openLinkKey(folder).length, 32, 'a key that was put there read-only is as good')
})

test('a key that every user can read, or behind a symbolic link, is refused', (t) => {
  const folder = temporary(t)
  const file = join(folder, 'link.key')
  const whole = `${'ab'.repeat(32)}\n`
  writeFileSync(file, whole)
  for (const mode of [0o666, 0o604, 0o602]) {
    chmodSync(file, mode)
    const message = new RegExp(`link\\.key: every user can access it \\(mode ${mode.toString(8)}\\).*chmod 600`)
    t.throws(() => openLinkKey(folder), { code: 'LINK_KEY', message })
  }
  chmodSync(file, 0o660)
  t.equal(openLinkKey(folder).length, 32, 'the group of a shared volume is the one of the service')
  const other = temporary(t)
  symlinkSync(file, join(other, 'link.key'))
  t.throws(() => openLinkKey(other), { code: 'LINK_KEY', message: /link\.key: cannot be read \(a symbolic link\)/ })
  t.end()
})

test('what somebody left in the place of a new key is removed, not written through or kept', (t) => {
  const elsewhere = join(temporary(t), 'theirs')
  writeFileSync(elsewhere, 'theirs')
  const plant = {
    link: (path: string) => symlinkSync(elsewhere, path),
    file: (path: string) => writeFileSync(path, 'x', { mode: 0o666 }),
    folder: (path: string) => mkdirSync(path),
  }
  for (const [what, put] of Object.entries(plant)) {
    const folder = temporary(t)
    put(join(folder, 'link.key.new'))
    const key = openLinkKey(folder)
    t.equal(statSync(join(folder, 'link.key')).mode & 0o777, 0o600, what)
    t.equal(readFileSync(join(folder, 'link.key'), 'utf8').trim(), Buffer.from(key).toString('hex'), what)
    t.strictSame(readdirSync(folder), ['link.key'], what)
  }
  t.equal(readFileSync(elsewhere, 'utf8'), 'theirs')
  t.end()
})
