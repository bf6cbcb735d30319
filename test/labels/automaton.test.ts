import * as fc from 'fast-check'
import { RE2JS } from 're2js'
import { test } from 'tap'
import { compilePattern, type Pattern } from '../../src/labels/pattern.ts'

const compile = (expression: string): Pattern => {
  const pattern = compilePattern(expression)
  if ('reason' in pattern) throw new Error(`${expression}: ${pattern.reason}`)
  return pattern
}

const stepsOf = (pattern: Pattern, text: string): number => {
  const budget = { left: 1e9 }
  pattern.isFoundIn(text, budget)
  return 1e9 - budget.left
}

/** `denied` first, so that no search for it helps, and a `user` at uneven distances. */
const DEAR = `denied ${Array.from({ length: 6000 }, (_, i) => `user${' '.repeat((i * 7919) % 5)}`).join('')}`

test('the counted search finds what re2js finds', async (t) => {
  const atoms = [
    'a',
    'b',
    '.',
    '\\d',
    '[a-c]',
    '[^a]',
    '\\b',
    '\\B',
    '^',
    '$',
    '(?i)B',
    'é',
    '\\PL',
    '(?:ab|b)',
    '(a)',
    '\\n',
  ]
  const expression = fc
    .array(fc.tuple(fc.constantFrom(...atoms), fc.constantFrom('', '', '*', '+?', '?', '{1,3}', '|')), { maxLength: 6 })
    .map((parts) => parts.map((part) => part.join('')).join(''))
  const text = fc.array(fc.constantFrom('a', 'b', 'B', 'c', '1', ' ', '_', '\n', 'é', '🔥', '\ud83d'), {
    maxLength: 10,
  })
  let compared = 0
  fc.assert(
    fc.property(expression, text, (source, characters) => {
      const pattern = compilePattern(source)
      if ('reason' in pattern) return true
      compared++
      const input = characters.join('')
      return pattern.isFoundIn(input, { left: 1e6 }) === RE2JS.compile(source).test(input)
    }),
    { numRuns: 3000 },
  )
  t.ok(compared > 1000, `${compared} were compared`)
  for (const [source, input, found] of [
    ['(?m)^b$', 'a\nb\nc', true],
    ['\\Ab', 'ab', false],
    ['b\\z', 'ab', true],
    ['(?s)a.b', 'a\nb', true],
    ['a.b', 'a\nb', false],
    ['^.$', '🔥', true],
    ['ſ', 'S', false],
    ['(?i)ſ', 'S', true],
    ['', '', true],
  ] as const)
    t.equal(compile(source).isFoundIn(input, { left: 1e6 }), found, `${source} in ${JSON.stringify(input)}`)
})

test('a text always takes the same steps, whatever was searched before', async (t) => {
  const pattern = compile('user.{0,200}denied')
  const first = stepsOf(pattern, DEAR)
  stepsOf(pattern, 'denied user user')
  t.equal(stepsOf(pattern, DEAR), first)
  t.equal(stepsOf(compile('user.{0,200}denied'), DEAR), first)
  t.ok(first > 400_000 && first < pattern.maxSteps, `${first} of ${pattern.maxSteps} steps`)
  t.ok(stepsOf(pattern, 'nothing of the kind'.repeat(20)) < 10, 'a text without what every match contains takes few')
  const line = 'sshd[17]: Failed password for invalid user admin from 10.0.0.1 port 4711: access denied'
  t.ok(stepsOf(pattern, line) < 500, 'and so does a usual line')
})

test('beyond the budget nothing is known, unless a literal is missing', async (t) => {
  const pattern = compile('user.{0,200}denied')
  const budget = { left: 1000 }
  t.equal(pattern.isFoundIn(DEAR, budget), undefined)
  t.ok(budget.left <= 0)
  t.equal(pattern.isFoundIn(DEAR, budget), undefined)
  t.equal(pattern.isFoundIn('user', budget), false)
})

test('8192 characters of a text are searched', async (t) => {
  t.equal(compile('end').isFoundIn(`${'x'.repeat(8189)}end`, { left: 1e6 }), true)
  t.equal(compile('end').isFoundIn(`${'x'.repeat(8190)}end`, { left: 1e6 }), false)
})
