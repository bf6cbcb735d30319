import * as fc from 'fast-check'
import { test } from 'tap'
import { sampleHosts } from '../../src/engine/sample.ts'
import { matchesGlob, isGlob } from '../../src/labels/pattern.ts'
import { matchesHosts } from '../../src/labels/host-name.ts'

test('a star is any text, a question mark one character, all else itself', async (t) => {
  const fitting = ['web-1:web-1', '*:', 'web-*:web-', 'web-*:web-1', '*-1:web-1', 'w*b*1:web-1', 'web-?:web-1', '**:x']
  const others = [
    'web-1:web-11',
    'web-?:web-',
    'web-?:web-11',
    '*-2:web-1',
    ':x',
    'web.1:web-1',
    'a*b:a',
    'WEB-1:web-1',
  ]
  const fits = (pair: string): boolean => {
    const [pattern = '', name = ''] = pair.split(':')
    return matchesGlob(pattern, name)
  }
  t.strictSame(
    fitting.map(fits),
    fitting.map(() => true),
  )
  t.strictSame(
    others.map(fits),
    others.map(() => false),
  )
  t.strictSame(['web-*', 'web-?', 'web-1', 'web.+'].map(isGlob), [true, true, false, false])
})

test('it agrees with the regular expression that means the same', async (t) => {
  const text = (...letters: string[]) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 })
  const agrees = (pattern: string, name: string): boolean => {
    const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')
    return matchesGlob(pattern, name) === new RegExp(`^${source}$`).test(name)
  }
  t.doesNotThrow(() =>
    fc.assert(fc.property(text('a', 'b', '.', '*', '?'), text('a', 'b', '.'), agrees), { numRuns: 2000 }),
  )
})

test('patterns with ! exclude hosts, of all or of those that the others mean', async (t) => {
  const among = (...patterns: string[]): readonly string[] =>
    ['login-1', 'web-1', 'web-9'].filter((host) => matchesHosts(patterns, host))
  t.strictSame(among(), ['login-1', 'web-1', 'web-9'])
  t.strictSame(among('!login*'), ['web-1', 'web-9'])
  t.strictSame(among('web-*', '!web-9'), ['web-1'])
  t.strictSame(among('!web-9', 'web-*'), ['web-1'], 'in any order')
  t.strictSame(among('!*'), [])
  t.strictSame(among('login-1', '!web-?'), ['login-1'])
})

test('sample hosts are none of those that a pattern excludes', async (t) => {
  t.strictSame(sampleHosts(['!web-*'], 1), ['sample-1'])
  t.strictSame(sampleHosts(['db-?', '!db-1'], 2), ['db-2', 'web-1'])
})
