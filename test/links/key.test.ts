import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
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
    writeFileSync(file, text)
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
