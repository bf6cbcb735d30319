import { globSync, readFileSync } from 'node:fs'
import { test } from 'tap'

const root = new URL('../../', import.meta.url)

/** What people read: documentation, examples, schemas, and the files whose strings are texts. */
const READ = [
  'README.md',
  'docs/*.md',
  'examples/*.yaml',
  'schemas/*.json',
  'src/{text,notify,api,cli,preview}/**/*.ts',
  'src/config/lint/*.ts',
]

/** A rule compares a value with a threshold; limits are those of memory, rates and requests. */
const OTHER_WORDS: readonly RegExp[] = [
  /\b(?:breach(?:e[sd])?|cross(?:e[sd])?|beyond|inside|within|lea(?:ve|ves|ving)|back within) (?:a|its|the|their) limits?\b/i,
  /\b(?:upper|lower|recovery|warning|critical) limits?\b(?!: `)/i,
  /\{\{ *limit *\}\}/,
  /\bmean of \S+ over [\w ]+ was\b/,
]

test('what a value is compared with is a threshold in every text, and a mean was averaged', (t) => {
  const found = globSync(READ, { cwd: root }).flatMap((path) =>
    readFileSync(new URL(path, root), 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        OTHER_WORDS.some((other) => other.test(line)) ? [`${path}:${i + 1}: ${line.trim()}`] : [],
      ),
  )
  t.strictSame(found, [])
  t.end()
})
