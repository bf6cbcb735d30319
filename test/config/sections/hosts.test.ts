import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { ConfigErrors, loadConfig } from '../../../src/config/index.ts'
import type { Inventory } from '../../../src/model.ts'
import { temporary } from '../../helpers/service.ts'

const HOUR = 3_600_000
const read = (text: string, cwd = '/nowhere'): Inventory =>
  loadConfig({ file: 'f.yaml', text, env: {}, cwd }).config.engine.hosts

function mistakesOf(text: string, cwd?: string): readonly string[] {
  try {
    read(text, cwd)
    return []
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error
    return error.diagnostics.map(({ line, column, message }) => `${line}:${column}: ${message}`)
  }
}

test('nobody is expected unless it is said, and hosts are kept for a day, or twice as long as a rule waits', async (t) => {
  t.strictSame(read('url: http://a'), { expected: [], retireAfter: 24 * HOUR })
  t.strictSame(read('hosts: { expected: [web-1, web-2] }'), { expected: ['web-1', 'web-2'], retireAfter: 24 * HOUR })
  t.strictSame(read('hosts: { retire_after: 1h }').retireAfter, HOUR)
  const patient = 'rules: [{ name: gone, when: { absence: { after: 3d } } }]'
  t.equal(read(patient).retireAfter, 144 * HOUR)
  t.equal(read(`${patient}\nhosts: { retire_after: 4d }`).retireAfter, 96 * HOUR)
})

test('expected hosts come out of a file beside the configuration, one a line', async (t) => {
  const folder = temporary(t)
  writeFileSync(
    join(folder, 'hosts.txt'),
    '\uFEFF# the cluster\r\nweb-1\r\n  web-2   # in the cellar\n\n#web-3\nC#-build\nweb-1\n',
  )
  t.strictSame(read('hosts: { expected: { file: hosts.txt } }', folder).expected, ['web-1', 'web-2', 'C#-build'])
})

test('each error in the list of hosts names its place and the next step', async (t) => {
  const folder = temporary(t)
  writeFileSync(join(folder, 'bad.txt'), 'web-1\nweb-2 web-3\nweb-*\n')
  writeFileSync(join(folder, 'none.txt'), '# nobody\n')
  writeFileSync(join(folder, 'latin.txt'), Buffer.from([0xfc, 0x0a]))
  const bad = join(folder, 'bad.txt')
  const rows: readonly (readonly [string, string])[] = [
    ['hosts: { expect: [a] }', "1:10: unknown key 'expect': did you mean 'expected'?"],
    ['hosts: { expected: web-1 }', "1:20: wrong type (found 'web-1', expected a list"],
    ['hosts: { expected: { file: list.txt, flie: x } }', "1:38: unknown key 'flie': did you mean 'file'?"],
    ['hosts: { expected: [a, a] }', '1:20: entries 2 and 1 of the list are equal. Fix: remove one of them'],
    ['hosts: { expected: [a, " b"] }', "1:24: the host name is not valid (found ' b', expected a host name)"],
    ['hosts: { expected: ["web-*"] }', "1:21: a pattern cannot be expected (found 'web-*', expected a full host name)"],
    ['hosts: { retire_after: 1m }', "1:24: the duration is too short (found '1m', expected at least 10m)"],
    ['hosts: { retire_after: 1 }', '1:24: wrong type (found 1, expected a duration such as'],
    [
      'hosts: { retire_after: 1h }\nrules: [{ name: gone, when: { absence: { after: 2h } } }]',
      '1:24: retire_after (1h) is not longer than absence.after (2h) of gone, which could never fire. Fix: set retire_after to more than 2h',
    ],
    [
      'limits: { hosts: 1 }\nhosts: { expected: [a, b] }',
      '2:20: 2 expected hosts exceed limits.hosts (1). Fix: raise limits.hosts, or shorten the list',
    ],
    ['hosts: { expected: { file: gone.txt } }', `1:28: the host file ${join(folder, 'gone.txt')} does not exist`],
    [
      'hosts: { expected: { file: none.txt } }',
      `1:28: the host file ${join(folder, 'none.txt')} is empty (expected one name per line)`,
    ],
    ['hosts: { expected: { file: latin.txt } }', `1:28: the host file ${join(folder, 'latin.txt')} is not UTF-8 text`],
    [
      'hosts: { expected: { file: bad.txt } }',
      `1:28: ${bad}:2: several names in one line (found 'web-2 web-3', expected one name per line); ${bad}:3: a pattern cannot be expected (found 'web-*', expected a full host name)`,
    ],
  ]
  for (const [yaml, says] of rows) {
    const found = mistakesOf(yaml, folder)
    t.equal(found.length, 1, yaml)
    t.ok(found[0]?.startsWith(says), `${yaml}: ${found[0]}`)
  }
})
