import * as fc from 'fast-check'
import { test } from 'tap'
import { checkMatchers, compileMatchers, MatcherError, parseMatcher, printMatcher } from '../../src/labels/matcher.ts'
import type { Matcher } from '../../src/model.ts'

const matcher = (text: string): Matcher => {
  const read = parseMatcher(text)
  if ('reason' in read) throw new Error(`${text}: ${read.reason}`)
  return read
}

const fits = (text: string, labels: Readonly<Record<string, string>>): boolean =>
  compileMatchers([matcher(text)])(labels)

test('a matcher is a label, an operator and a value, bare or in quotes', async (t) => {
  const rows: readonly (readonly [string, string, Matcher['op'], string])[] = [
    ['severity = critical', 'severity', '=', 'critical'],
    ['  severity=critical  ', 'severity', '=', 'critical'],
    ['host!=web-1', 'host', '!=', 'web-1'],
    ['host =~ "db-.*"', 'host', '=~', 'db-.*'],
    ['host =~ db-[0-9]{1,3}', 'host', '=~', 'db-[0-9]{1,3}'],
    ["host !~ 'db \\d+'", 'host', '!~', 'db \\d+'],
    ['host =~ "a\\.b\\\\.c\\"d"', 'host', '=~', 'a\\.b\\.c"d'],
    ['team = ""', 'team', '=', ''],
    ['system.filesystem.mount_point = /var/lib', 'system.filesystem.mount_point', '=', '/var/lib'],
    ['"my label" = x=y', 'my label', '=', 'x=y'],
  ]
  for (const [text, label, op, value] of rows) t.strictSame(parseMatcher(text), { label, op, value }, text)
})

test('an invalid matcher is refused with its position and a suggestion', async (t) => {
  const rows: readonly (readonly [string, number, RegExp])[] = [
    ['', 0, /LABEL OP VALUE such as severity = critical, found nothing$/],
    ['= critical', 0, /the label is missing/],
    ['{host="a"}', 0, /without braces/],
    ['host', 4, /expected =, !=, =~ or !~ after the label, found none of them$/],
    ['host == a', 5, /found '=='; did you mean '='\?/],
    ['host ~ a', 5, /found '~'; did you mean '=~'\?/],
    ['host: a', 4, /found ':'; did you mean '='\?/],
    ['host =', 6, /the value after '=' is missing; "" is the empty text/],
    ['host = "a', 7, /a quote begins here and does not end/],
    ['host = web 1', 11, /a value with spaces in quotes/],
    ['host="a", rule="b"', 8, /several matchers as a list/],
    ['host=a,rule=b', 6, /several matchers as a list/],
    ['host =~ "db-(.*"', 8, /RE2 expression after '=~': missing closing \)/],
    ['host =~ (?=a)', 8, /no look-ahead/],
    ['host = "a\tb"', 7, /without control characters/],
    [`host = ${'a'.repeat(1024)}`, 0, /at most 1024 characters/],
  ]
  for (const [text, at, what] of rows) t.match(parseMatcher(text), { at, reason: what }, text)
})

test('an expression fits from the first to the last character, and a missing label is the empty text', async (t) => {
  t.equal(fits('host =~ db-.', { host: 'db-1' }), true)
  t.equal(fits('host =~ db-.', { host: 'my-db-1' }), false)
  t.equal(fits('host =~ "a|bc"', { host: 'ac' }), false, 'an alternative is not cut in two')
  t.equal(fits('host !~ db-.', { host: 'db-12' }), true)
  t.equal(fits('team = ""', { host: 'a' }), true)
  t.equal(fits('team != storage', { host: 'a' }), true)
  t.equal(fits('constructor =~ .+', {}), false, 'what every object has is no label')
  t.equal(compileMatchers([])({}), true)
  t.equal(compileMatchers([matcher('a = 1'), matcher('b = 2')])({ a: '1', b: '3' }), false, 'all must hold')
})

test('one matcher of a list must not fit the empty text, and lists are bounded', async (t) => {
  t.equal(checkMatchers([matcher('host = a'), matcher('team != b')]), undefined)
  t.match(checkMatchers([matcher('team != b')]), /^the matcher matches the empty text, .* such as host =~ "\.\+"$/)
  t.match(checkMatchers([matcher('team != b'), matcher('host =~ .*')]), /^all matchers match the empty text/)
  t.match(checkMatchers([]), 'at least one')
  t.match(checkMatchers(Array.from({ length: 51 }, () => matcher('a = b'))), 'at most 50 matchers, found 51')
})

test('an expression that nobody checked is an error under a stable code', async (t) => {
  const broken = (): unknown => compileMatchers([{ label: 'host', op: '=~', value: '(' }])
  t.throws(broken, MatcherError)
  t.throws(broken, { code: 'MATCHER_INVALID', message: /found "\("/ })
})

test('what is printed is read as the same matcher', async (t) => {
  t.equal(printMatcher(matcher('host=~db-.*')), 'host =~ "db-.*"')
  const text = fc.string({ maxLength: 200 }).filter((one) => !/\p{Cc}/u.test(one))
  const op = fc.constantFrom<Matcher['op'][]>('=', '!=')
  fc.assert(
    fc.property(
      text.filter((label) => label !== ''),
      op,
      text,
      (label, op, value) => {
        t.strictSame(parseMatcher(printMatcher({ label, op, value })), { label, op, value })
      },
    ),
  )
})
