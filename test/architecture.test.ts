import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import type { Import, Source } from './helpers/source.ts'
import { lineAt, readSource } from './helpers/source.ts'

/*
 * Who may import whom in src/, as data. A room is a folder, or a file that stands directly in src/; what is not listed
 * may not be imported. docs/architecture.md tells the reasons at length.
 */

interface Room {
  readonly mayImport: readonly string[]
  readonly because: string
  /** Single files that may import more than their room. */
  readonly doors?: Readonly<Record<string, readonly string[]>>
  /** No input or output, no clock, no chance, no waiting: what runs here gives the same answer every time. */
  readonly pure?: true
  /** Files of a pure room that run what is pure, and are not pure themselves. Nothing pure may import them. */
  readonly impure?: readonly string[]
}

const aStage = 'a stage knows the vocabulary only; the engine and the service put stages together'

const rooms: Readonly<Record<string, Room>> = {
  model: { mayImport: [], because: 'the vocabulary stands on nothing', pure: true },
  generated: { mayImport: [], because: 'generated types stand on nothing', pure: true },
  text: { mayImport: ['model'], because: 'words are made of codes, numbers and names', pure: true },
  labels: { mayImport: ['model'], because: 'labels and their matchers are text', pure: true },
  links: {
    mayImport: ['model', 'files'],
    because: 'mails sign what the API verifies; neither knows the other',
    pure: true,
    impure: ['links/key.ts'],
  },
  files: { mayImport: [], because: 'a folder is a path' },
  clock: { mayImport: ['model'], because: 'a clock knows the vocabulary only' },
  metrics: { mayImport: ['model'], because: 'metrics are told what happened, they do not ask' },
  net: { mayImport: ['model'], because: 'the server carries requests for ingest and API alike, and knows neither' },
  ingest: { mayImport: ['model', 'labels', 'net', 'text'], because: aStage },
  extract: { mayImport: ['model', 'labels', 'text'], because: aStage, pure: true },
  journal: { mayImport: ['model', 'files'], because: aStage },
  aggregate: { mayImport: ['model'], because: aStage, pure: true },
  detect: { mayImport: ['model', 'generated', 'text'], because: aStage, pure: true },
  alert: { mayImport: ['model'], because: aStage, pure: true },
  dispatch: { mayImport: ['model', 'labels'], because: aStage, pure: true },
  engine: {
    mayImport: ['model', 'labels', 'extract', 'aggregate', 'detect', 'alert', 'dispatch'],
    because: 'the engine folds; what it reads from and writes to is handed to it',
    doors: { 'engine/worker/thread.ts': ['journal'] },
    pure: true,
    impure: [
      'engine/worker/client.ts',
      'engine/worker/journal-writer.ts',
      'engine/worker/runner.ts',
      'engine/worker/serve.ts',
      'engine/worker/thread.ts',
    ],
  },
  notify: { mayImport: ['model', 'text', 'links', 'net', 'files'], because: aStage },
  api: { mayImport: ['model', 'text', 'labels', 'links', 'net'], because: aStage },
  config: {
    mayImport: ['model', 'generated', 'text', 'labels', 'net', 'files', 'detect'],
    because: 'configuration is read before any part exists',
  },
  preview: {
    mayImport: ['model', 'text', 'labels', 'links', 'files', 'extract', 'dispatch', 'engine', 'notify'],
    because: 'a preview plays samples through the parts that mails come from',
  },
  service: {
    mayImport: [
      'model',
      'text',
      'labels',
      'links',
      'files',
      'clock',
      'metrics',
      'net',
      'config',
      'ingest',
      'extract',
      'journal',
      'aggregate',
      'detect',
      'alert',
      'dispatch',
      'engine',
      'notify',
      'api',
      'preview',
    ],
    because: 'the service is put together here and does not know who starts it',
  },
  cli: {
    mayImport: ['model', 'text', 'labels', 'files', 'clock', 'config', 'preview', 'service'],
    because: 'a command speaks to the service, not to its parts',
  },
  main: { mayImport: ['cli', 'service'], because: 'the process only chooses a command' },
}

/** Each package has one home, so that replacing it is one file's work. `/` ends a folder, `*` stands for any ending. */
interface Home {
  readonly files: readonly string[]
  /** Types may be named elsewhere; the package's code may not. */
  readonly typesAnywhere?: true
}

const homes: Readonly<Record<string, Home>> = {
  '@fastify/rate-limit': { files: ['ingest/', 'api/'] },
  commander: { files: ['cli/'] },
  '@resvg/resvg-js': { files: ['notify/chart/png.ts'] },
  ajv: { files: ['ingest/schema/index.ts', 'config/file/'] },
  fastify: { files: ['net/server.ts'], typesAnywhere: true },
  nodemailer: { files: ['notify/email/smtp.ts'] },
  pino: { files: ['service.ts', 'main.ts'] },
  'postal-mime': { files: ['notify/email/mailbox.ts'] },
  'prom-client': { files: ['metrics.ts', 'metrics/'] },
  re2js: { files: ['labels/pattern.ts'] },
  yaml: { files: ['config/file/'] },
  'node:process': { files: ['main.ts'] },
  'node:sqlite': { files: ['journal/sqlite/'] },
  // Code that is written at run time is looked at in one place.
  'node:vm': { files: ['extract/paths.ts'] },
  'node:worker_threads': { files: ['engine/worker/thread.ts', 'engine/worker/client.ts', 'service.ts'] },
}

/** What a pure room may take from Node: a hash, and the binary form of a value, come out the same every time. */
const pureBuiltins: readonly string[] = ['node:crypto', 'node:v8']

interface Ban {
  readonly what: RegExp
  readonly name: string
  readonly because: string
  readonly allowedIn?: readonly string[]
  readonly onlyPure?: true
  /** Looks at comments and literals too. */
  readonly everywhere?: true
}

const bans: readonly Ban[] = [
  {
    what: /\bDate\.now\b|\bnew Date\(\s*\)|(?<!new )\bDate\(\s*\)|\bset(?:Timeout|Interval)\b|\bscheduler\b/g,
    name: 'the wall clock and timers',
    because: 'take a Clock; only clock.ts reads the time, so that tests and the demo can move it',
    allowedIn: ['clock.ts'],
  },
  {
    what: /(?<![.\w$])(?:globalThis\.)?process\s*(?:\?\.|\.|\[)/g,
    name: 'process',
    because: 'arguments, environment, signals and the exit code belong to main.ts',
    allowedIn: ['main.ts'],
  },
  {
    what: /^(?:export )?(?:let|var)\s/gm,
    name: 'a variable of the module',
    because: 'state belongs to whoever creates the part, or two services in one process would share it',
  },
  {
    what: /\bclass\s+\w+(?!\w*\s+extends\s+\w*Error\b)\b/g,
    name: 'a class',
    because: 'parts are plain functions and closures; only errors are classes',
  },
  {
    what: /\basync\b|\bawait\b|\bMath\.random\b|\bperformance\.now\b|\brandomUUID\b|\brandomBytes\b/g,
    name: 'waiting, chance or a clock',
    because: 'this is pure: the same journal must give the same answer every time',
    onlyPure: true,
  },
  {
    what: /oxlint-disable|eslint-disable|@ts-(?:ignore|nocheck|expect-error)|\bas unknown as\b/g,
    name: 'a way round the checks',
    because: 'mend the code or the rule',
    everywhere: true,
  },
]

const emptyNames = /(?:^|\/)(?:types|utils?|helpers?|common|shared|misc|lib)(?:\/|\.ts$)/

// ------------------------------------------------------------------------------------------------------ the rules

const roomOf = (file: string): string => (file.split('/', 1)[0] ?? '').replace(/\.ts$/, '')

const isIn = (file: string, places: readonly string[]): boolean =>
  places.some((place) => (/[/*]$/.test(place) ? file.startsWith(place.replace('*', '')) : file === place))

const isPure = (file: string): boolean => {
  const room = rooms[roomOf(file)]
  return room?.pure === true && !isIn(file, room.impure ?? [])
}

const say = (source: Pick<Source, 'file'>, line: number, what: string, because: string): string =>
  `${source.file}:${line}: ${what}: ${because}`

/** The path below src that a relative import means; one that leaves src begins with `..`. */
const resolve = (source: Source, specifier: string): string => posix.join(posix.dirname(source.file), specifier)

function judgeLocalImport(source: Source, found: Import, files: ReadonlySet<string>): string[] {
  const target = resolve(source, found.specifier)
  if (!files.has(target))
    return found.isUrl
      ? []
      : [
          say(
            source,
            found.line,
            `${target} is no source in src`,
            'imports name a .ts file, and the build stays in src',
          ),
        ]
  const [from, to] = [roomOf(source.file), roomOf(target)]
  const room = rooms[from]
  if (from === to && isPure(source.file) && !isPure(target))
    return [
      say(source, found.line, `${source.file} may not import ${target}`, 'what is pure does not know what runs it'),
    ]
  if (room === undefined || from === to) return []
  const allowed = [...room.mayImport, ...(room.doors?.[source.file] ?? [])]
  return allowed.includes(to) ? [] : [say(source, found.line, `${from} may not import ${to}`, room.because)]
}

function judgePackage(source: Source, found: Import): string[] {
  const from = roomOf(source.file)
  const name = isBuiltin(found.specifier) ? found.specifier : found.specifier.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1')
  const home = homes[name]
  const refuse = (because: string): string[] => [say(source, found.line, `${from} may not import ${name}`, because)]
  if (home === undefined && !isBuiltin(name)) return refuse('the package has no home; give it one in this table')
  if (home !== undefined)
    return isIn(source.file, home.files) || (home.typesAnywhere === true && found.typeOnly)
      ? []
      : refuse(`its home is ${home.files.join(' and ')}`)
  if (isPure(source.file) && !pureBuiltins.includes(name)) return refuse('this is pure')
  return []
}

const judgeImports = (source: Source, files: ReadonlySet<string>): string[] =>
  source.imports.flatMap((found) =>
    found.specifier.startsWith('.') ? judgeLocalImport(source, found, files) : judgePackage(source, found),
  )

const judgeText = (source: Source): string[] =>
  bans
    .filter((ban) => ban.onlyPure !== true || isPure(source.file))
    .filter((ban) => !isIn(source.file, ban.allowedIn ?? []))
    .flatMap((ban) => {
      const text = ban.everywhere === true ? source.text : source.code
      return [...text.matchAll(ban.what)].map((found) =>
        say(source, lineAt(text, found.index), `${roomOf(source.file)} may not use ${ban.name}`, ban.because),
      )
    })

/** Where numbers and codes are carried, of which words are made elsewhere. */
const wordless: readonly string[] = ['aggregate', 'alert', 'detect', 'dispatch', 'engine']
/** What a detector says to those who write its part of the configuration. */
const CONFIGURATION = /^detect\/(?:\w+\/)?configuration(?:\/|\.ts$)/
/** Two words, one after the other. */
const SENTENCE = /[A-Za-z]{2,}[,:;.]? [A-Za-z]{2,}/
/** What a programmer reads where a promise of the code was broken. */
const THROWN = /throw new \w*Error\(/g

/** Finds sentences in the strings and templates of the folds. What runs them, and logs, may speak. */
const judgeWords = ({ file, code, text, literals }: Source): string[] =>
  !wordless.includes(roomOf(file)) || !isPure(file) || CONFIGURATION.test(file)
    ? []
    : literals
        .filter((literal) => SENTENCE.test(literal.text) && !isThrown(code, literal.index))
        .map(({ index, text: found }) =>
          say(
            { file },
            lineAt(text, index),
            `${roomOf(file)} may not hold the sentence "${found.trim()}"`,
            'it carries numbers and codes; words are made in text/, notify/, api/ and cli/',
          ),
        )

/** Whether a place lies between the brackets of the error that is thrown last before it. */
function isThrown(code: string, index: number): boolean {
  const before = [...code.slice(0, index).matchAll(THROWN)].at(-1)
  if (before === undefined) return false
  let open = 0
  for (const char of code.slice(before.index, index)) open += char === '(' ? 1 : char === ')' ? -1 : 0
  return open > 0
}

function judgePlace(source: Source): string[] {
  const name = emptyNames.exec(source.file)?.[0]
  if (name !== undefined)
    return [say(source, 1, `${name} is no name`, 'call it by what it does, in the words of model.ts')]
  return roomOf(source.file) in rooms
    ? []
    : [say(source, 1, `${roomOf(source.file)} has no place in the table`, 'say who may import whom')]
}

/** Finds one circle of imports through each file that closes one, told as the way round. */
function findCycles(sources: readonly Source[], files: ReadonlySet<string>): string[] {
  const next = new Map(
    sources.map((source) => [
      source.file,
      source.imports.map(({ specifier }) => resolve(source, specifier)).filter((target) => files.has(target)),
    ]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const walk = (file: string, way: readonly string[]): void => {
    const seenAt = way.indexOf(file)
    if (seenAt !== -1) cycles.push(`${file}:1: imports go in a circle: ${[...way.slice(seenAt), file].join(' -> ')}`)
    if (seenAt !== -1 || done.has(file)) return
    for (const target of next.get(file) ?? []) walk(target, [...way, file])
    done.add(file)
  }
  for (const file of next.keys()) walk(file, [])
  return cycles
}

/** All violations in a tree of sources, as `file:line: what: why`. */
function judge(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts'))
    .sort()
  const files = new Set(names)
  const sources = names.map((name) => readSource(name, readFileSync(join(folder, name), 'utf8')))
  return [
    ...sources.flatMap((source) => [
      ...judgePlace(source),
      ...judgeImports(source, files),
      ...judgeText(source),
      ...judgeWords(source),
    ]),
    ...findCycles(sources, files),
  ]
}

// ------------------------------------------------------------------------------------------------------ the tests

const repository = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string): string => readFileSync(join(repository, path), 'utf8')

test('src keeps its own rules', (t) => {
  t.strictSame(judge(join(repository, 'src')), [])
  t.end()
})

const clean = {
  'model.ts': `export type Millis = number\n`,
  alert: {
    'lifecycle.ts': `import { createHash } from 'node:crypto'\nimport type { Millis } from '../model.ts'\nexport const x = 1\n`,
  },
  engine: {
    worker: {
      'client.ts':
        `import { Worker } from 'node:worker_threads'\n` +
        'export const start = () => new Worker(new URL(`./thread${ending}`, import.meta.url))\n',
      'thread.ts': `import { open } from '../../journal/sqlite/index.ts'\n`,
    },
  },
  journal: {
    sqlite: { 'index.ts': `import { DatabaseSync } from 'node:sqlite'\nexport class JournalError extends Error {}\n` },
  },
  'service.ts': `import { x } from './alert/lifecycle.ts'\nconst schemas = new URL('../schemas/', import.meta.url)\n`,
  cli: {
    'start.ts': `// process.exit() and Date.now() in a comment\nconst help = 'uses process.argv and new Date()'\n`,
  },
}

test('a clean tree has nothing to answer for', (t) => {
  t.strictSame(judge(t.testdir(clean)), [])
  t.end()
})

/** What somebody might plant, and the finding that must name it, up to its reason. */
const planted: readonly (readonly [path: string, text: string, finding: string])[] = [
  ['alert/a.ts', `\nimport { open } from '../journal/sqlite/index.ts'\n`, 'alert/a.ts:2: alert may not import journal'],
  ['model.ts', `import type { X } from './alert/lifecycle.ts'\n`, 'model.ts:1: model may not import alert'],
  ['engine/step.ts', `export * from '../journal/sqlite/index.ts'\n`, 'engine/step.ts:1: engine may not import journal'],
  ['cli/b.ts', `const x = await import('../alert/lifecycle.ts')\n`, 'cli/b.ts:1: cli may not import alert'],
  [
    'notify/w.ts',
    `new URL('../engine/worker/thread.ts', import.meta.url)\n`,
    'notify/w.ts:1: notify may not import engine',
  ],
  ['cli/c.ts', `const x = await import(name)\n`, 'cli/c.ts:1: cli may not import a computed path (n...)'],
  ['service.ts', `import { createTransport } from 'nodemailer'\n`, 'service.ts:1: service may not import nodemailer'],
  [
    'journal/j.ts',
    `import { DatabaseSync } from 'node:sqlite'\n`,
    'journal/j.ts:1: journal may not import node:sqlite',
  ],
  ['notify/f.ts', `import { fastify } from 'fastify'\n`, 'notify/f.ts:1: notify may not import fastify'],
  ['api/x.ts', `import pad from 'left-pad/fast'\n`, 'api/x.ts:1: api may not import left-pad'],
  ['detect/i.ts', `import { readFileSync } from 'node:fs'\n`, 'detect/i.ts:1: detect may not import node:fs'],
  ['api/m.ts', `import { x } from './missing.ts'\n`, 'api/m.ts:1: api/missing.ts is no source in src'],
  ['api/v.ts', `import p from '../../package.json'\n`, 'api/v.ts:1: ../package.json is no source in src'],
  ['notify/t.ts', `const x = 1\nsetTimeout(run, 10)\n`, 'notify/t.ts:2: notify may not use the wall clock and timers'],
  ['api/d.ts', 'const x = `at ${new Date()}`\n', 'api/d.ts:1: api may not use the wall clock and timers'],
  ['config.ts', `export const home = process.env['HOME']\n`, 'config.ts:1: config may not use process'],
  ['ingest/s.ts', `\n\nlet count = 0\n`, 'ingest/s.ts:3: ingest may not use a variable of the module'],
  ['notify/c.ts', `export class SendManager {\n}\n`, 'notify/c.ts:1: notify may not use a class'],
  [
    'dispatch/p.ts',
    `export async function f() {}\n`,
    'dispatch/p.ts:1: dispatch may not use waiting, chance or a clock',
  ],
  [
    'engine/q.ts',
    `import { x } from './worker/thread.ts'\n`,
    'engine/q.ts:1: engine/q.ts may not import engine/worker/thread.ts',
  ],
  ['engine/r.ts', `const t = performance.now()\n`, 'engine/r.ts:1: engine may not use waiting, chance or a clock'],
  ['extract/o.ts', `// oxlint-disable-next-line\n`, 'extract/o.ts:1: extract may not use a way round the checks'],
  [
    'alert/w.ts',
    `\nexport const why = 'the host is gone'\n`,
    'alert/w.ts:2: alert may not hold the sentence "the host is gone"',
  ],
  [
    'engine/w.ts',
    'export const why = (name: string) => `${name} is not heard any more`\n',
    'engine/w.ts:1: engine may not hold the sentence "is not heard any more"',
  ],
  ['alert/utils.ts', `export {}\n`, 'alert/utils.ts:1: /utils.ts is no name'],
  ['types/alert.ts', `export {}\n`, 'types/alert.ts:1: types/ is no name'],
  ['store/x.ts', `export {}\n`, 'store/x.ts:1: store has no place in the table'],
]

test('every kind of violation is found where it was planted', (t) => {
  for (const [path, text, finding] of planted) {
    const [folder, file] = path.includes('/') ? path.split('/') : [undefined, path]
    const room = folder === undefined ? {} : (clean as Readonly<Record<string, unknown>>)[folder]
    const tree = folder === undefined ? { [path]: text } : { [folder]: { ...(room as object), [file ?? '']: text } }
    const found = judge(t.testdir({ ...clean, ...tree })).filter((line) => !line.includes('in a circle'))
    t.strictSame(
      found.map((line) => line.split(': ').slice(0, 2).join(': ')),
      [finding],
    )
    t.match(found[0], /: .+: .{10,}/, 'with its reason')
  }
  t.end()
})

test('an import cycle is reported as its path', (t) => {
  const folder = t.testdir({
    alert: {
      'a.ts': `import { b } from './b.ts'\n`,
      'b.ts': `import { c } from './c.ts'\n`,
      'c.ts': `import { b } from './b.ts'\n`,
    },
  })
  t.strictSame(judge(folder), ['alert/b.ts:1: imports go in a circle: alert/b.ts -> alert/c.ts -> alert/b.ts'])
  t.end()
})

test('lint holds files to 300 lines and functions to 60, nowhere in src excepted', (t) => {
  const lint = JSON.parse(read('.oxlintrc.json')) as {
    readonly rules: Readonly<Record<string, unknown>>
    readonly overrides: readonly { readonly files: readonly string[] }[]
  }
  const counted = { skipBlankLines: true, skipComments: true }
  t.strictSame(lint.rules['eslint/max-lines'], ['error', { max: 300, ...counted }])
  t.strictSame(lint.rules['eslint/max-lines-per-function'], ['error', { max: 60, ...counted }])
  t.strictSame(
    lint.overrides.flatMap(({ files }) => files).filter((files) => files.startsWith('src')),
    [],
  )
  t.end()
})

test('docs/architecture.md shows every room, and none that is gone', (t) => {
  const entries = readdirSync(join(repository, 'src'), { withFileTypes: true })
  const real = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
  const tour = /```\nsrc\/\n([^]*?)```/.exec(read('docs/architecture.md'))?.[1] ?? ''
  const notified = [...tour.matchAll(/^ {2}([\w.]+\/?) /gm)].map(([, name]) => name)
  t.strictSame(new Set(notified), new Set(real))
  t.end()
})

test('every package that the service runs on is a home of the table', (t) => {
  const { dependencies, optionalDependencies } = JSON.parse(read('package.json')) as {
    readonly dependencies: Readonly<Record<string, string>>
    readonly optionalDependencies: Readonly<Record<string, string>>
  }
  t.strictSame(
    Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !(name in homes)),
    [],
  )
  t.end()
})

test('a sentence that is thrown at programmers, a code and a query are no words for people', (t) => {
  const text = [
    "export const kind = 'severity_raised'",
    "if (kind === 'x') throw new Error('no plan for the rule')",
    'if (kind === `y`) throw new RangeError(\n  `no plan for ${String(kind)} at all`,\n)',
    'const pattern = /two words/',
    '// Words in a comment.',
  ]
  t.strictSame(judge(t.testdir({ ...clean, detect: { 'a.ts': `${text.join('\n')}\n` } })), [])
  t.end()
})
