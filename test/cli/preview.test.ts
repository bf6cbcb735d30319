import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { BUILTIN_RULE_NAMES } from '../../src/model.ts'
import { type Outcome, ROOT, runCli, temporary } from '../helpers/service.ts'

const BASE = `
metrics:
  cpu: { field: cpu, unit: ratio }
  disk: { field: disk, unit: bytes, by: [mount] }
receivers:
  ops: { email: { to: ["Ada Lovelace <ada@example.org>"] } }
  hook: { webhook: { url: "https://hook.example.org/x" } }
self_monitoring: { notify: [ops] }
`
const RULES = `
rules:
  - name: cpu-high
    when: { metric: cpu, over: 2m, threshold: { of: mean, above: 0.9 } }
    subject: CPU on {{server}} is at {{value}}
  - name: disk-low
    when: { metric: disk, over: 1h, threshold: { of: last, warning: { below: 1000000000 }, critical: { below: 1000000 } } }
    hosts: ["db-*"]
    notify: [hook]
  - name: host-silent
    when: { absence: { after: 3m } }
`

interface Written extends Outcome {
  readonly folder: string
  readonly files: readonly string[]
  readonly read: (name: string) => string
}

async function preview(t: Test, yaml: string, ...args: readonly string[]): Promise<Written> {
  const folder = temporary(t)
  writeFileSync(join(folder, 'c.yaml'), yaml)
  const outcome = await runCli(['preview', '--config', 'c.yaml', ...args], folder)
  const into = join(folder, 'preview')
  const files = existsSync(into) ? readdirSync(into).sort() : []
  return { ...outcome, folder, files, read: (name) => readFileSync(join(into, name), 'utf8') }
}

const PNG = [0x89, 0x50, 0x4e, 0x47]

test('preview writes each kind of mail of each rule as page, text and chart, and says so', async (t) => {
  const { code, out, err, files, read, folder } = await preview(t, BASE + RULES)
  t.strictSame([code, err], [0, []])
  const drawn = ['cpu-high', 'disk-low'].flatMap((rule) => ['fired', 'resolved'].map((step) => `${rule}.${step}`))
  // No rule here has an expression.
  const builtin = BUILTIN_RULE_NAMES.filter((name) => name !== 'unmatched-events')
  const silent = ['host-silent', ...builtin].flatMap((rule) => [`${rule}.fired`, `${rule}.resolved`])
  const plain = [...silent, 'digest', 'report', 'heartbeat']
  const wanted = [
    ...drawn.flatMap((name) => [`${name}.html`, `${name}.png`, `${name}.txt`]),
    ...plain.flatMap((name) => [`${name}.html`, `${name}.txt`]),
  ]
  t.strictSame(files, [...wanted, 'index.html'].sort())
  t.equal(out[0], 'cpu-high.fired.html, .txt, .png: CPU on web-1 is at 92.07%')
  t.equal(out[1], 'cpu-high.resolved.html, .txt, .png: Re: CPU on web-1 is at 92.07%', 'as in the thread')
  t.match(
    out[2],
    /^disk-low\.fired\.html, \.txt, \.png: disk-low on db-1 \/srv: last of disk over 1 h$/,
    'a host that the rule is for',
  )
  t.equal(out.at(-1), `overview: ${join(folder, 'preview', 'index.html')}`)
  t.equal(out.length, plain.length + drawn.length + 1)
  for (const name of drawn) t.strictSame([...readFileSync(join(folder, 'preview', `${name}.png`)).subarray(0, 4)], PNG)
  t.match(
    read('cpu-high.fired.txt'),
    /\[Warning\] CPU averaged 92\.07% over 2 min on web-1 \(threshold 90%\)\n\nRule cpu-high fired\./,
  )
  t.match(
    read('disk-low.fired.txt'),
    /Disk last read 477\.3 MiB on db-1 \/srv \(threshold 953\.7 MiB\)/,
    "in the metric's unit, and not yet critical",
  )
  t.match(read('host-silent.fired.txt'), /No events from web-1 for 3 min \(threshold 3 min\)/)
  t.match(read('digest.txt'), /\[Digest\] 5 firing, 1 resolved/)
  t.match(read('report.txt'), /ada@example\.org/)
  t.match(read('report.txt'), /cpu-high[^]*disk-low[^]*host-silent/, 'about the rules that there are')
  t.match(read('report.txt'), /web-9/, 'and the metrics that are a share of a whole')
  t.match(read('heartbeat.txt'), /All clear/)
  const page = read('cpu-high.fired.html')
  t.match(page, /src="data:image\/png;base64,/, 'the page holds its chart')
  t.notMatch(page, /cid:|src="http|<script/)
})

test('the index shows every mail in a frame of its own that can run nothing', async (t) => {
  const { read, files } = await preview(t, BASE + RULES)
  const index = read('index.html')
  const frames = [...index.matchAll(/<iframe src="([^"]+)" title="[^"]*" sandbox /g)].map(([, file = '']) => file)
  t.strictSame(
    frames.toSorted(),
    files.filter((file) => file.endsWith('.html') && file !== 'index.html'),
  )
  t.match(index, /width: 390px/)
  t.match(index, 'lead nowhere')
  t.match(index, /<h2>CPU on web-1 is at 92.07%<\/h2>/)
})

test('with a url the mails have the buttons and the footer of real ones', async (t) => {
  const { read } = await preview(t, `${BASE}url: https://stashwatch.example.org\n${RULES}`)
  t.match(read('cpu-high.fired.html'), 'href="https://stashwatch.example.org/act/')
  t.match(read('cpu-high.fired.txt'), 'Acknowledge stops the reminders for this alert.')
  t.notMatch(read('cpu-high.resolved.html'), '/act/')
  t.match(read('digest.txt'), 'https://stashwatch.example.org/act/')
})

test('links that would answer 403 are in no mail; links that act are', async (t) => {
  const url = `${BASE}url: https://stashwatch.example.org\n`
  const { read, files } = await preview(t, `${url}${RULES}`)
  for (const name of files.filter((one) => /\.(?:txt|html)$/.test(one) && one !== 'index.html'))
    t.notMatch(read(name), 'https://stashwatch.example.org/api/', name)
  t.match(read('cpu-high.fired.txt'), 'https://stashwatch.example.org/act/')
  const open = await preview(t, `${url}api: { tokens: [{ name: ada, token: abcd-1234 }] }\n${RULES}`)
  t.match(open.read('cpu-high.fired.txt'), 'https://stashwatch.example.org/api/v1/hosts/web-1')
})

test('--rule, --receiver and --out narrow it down', async (t) => {
  const templates = `
receivers:
  ops: { email: { to: [ada@example.org] } }
  night: { email: { to: ["Grace Hopper <grace@example.org>"] }, time_zone: Europe/Berlin }
`
  const yaml = (BASE + RULES)
    .replace(/\nreceivers:[^]*?(?=\nself_monitoring:)/, templates)
    .replace('notify: [hook]', 'notify: [ops]')
  const { code, out, folder, files } = await preview(
    t,
    yaml,
    '--rule',
    'disk-low',
    '--receiver',
    'night',
    '--out',
    'a/b',
  )
  t.strictSame([code, files], [0, []])
  t.strictSame(
    readdirSync(join(folder, 'a/b')).filter((file) => file.endsWith('.txt')),
    ['digest.txt', 'disk-low.fired.txt', 'disk-low.resolved.txt'],
  )
  t.match(
    readFileSync(join(folder, 'a/b/disk-low.fired.txt'), 'utf8'),
    /receiver night, which lists grace@example\.org/,
  )
  t.equal(out.length, 4)
})

test('templates that try to be markup stay text, in the mails and in the index', async (t) => {
  const evil = '</title></style></iframe><script>alert(1)</script><img src=x onerror=alert(1)> {{server}}'
  const rule = `
rules:
  - name: cpu-high
    when: { metric: cpu, over: 2m, threshold: { of: mean, above: 0.9 } }
    labels: { team: "<b>team</b>" }
    subject: '${evil}'
    body: '${evil} {{label.team}}'
`
  const { code, files, read } = await preview(t, BASE + rule)
  t.equal(code, 0)
  for (const file of files.filter((name) => name.endsWith('.html'))) {
    const page = read(file)
    t.notMatch(page, /<script|<img src=x|<b>team|<\/iframe><script/, file)
    if (file === 'cpu-high.fired.html')
      t.match(page, /&lt;\/title&gt;&lt;\/style&gt;&lt;\/iframe&gt;&lt;script&gt;/, file)
  }
  t.match(read('cpu-high.fired.html'), /&lt;b&gt;team&lt;\/b&gt;/)
})

test('what is wrong is said as check says it, and nothing is written', async (t) => {
  const cases: readonly (readonly [yaml: string, args: readonly string[], code: number, says: RegExp])[] = [
    [BASE.replace('unit: ratio', 'unit: ration') + RULES, [], 1, /^c\.yaml:3:\d+: .*ratio/],
    [BASE + RULES, ['--rule', 'cpu-hihg'], 1, /^no rule 'cpu-hihg' in the configuration: did you mean 'cpu-high'\?$/],
    [
      BASE + RULES.replace(/ +- name: host-silent[^]*/, ''),
      ['--rule', 'mass-absence'],
      1,
      /^mass-absence cannot fire with this configuration\. Fix: mass-absence needs an absence rule/,
    ],
    [BASE + RULES, ['--receiver', 'night'], 1, /^no receiver 'night' in the configuration: expected one of ops, hook$/],
    [`${BASE}rules: []\n`, [], 1, /^the configuration has no rules, .*\. Fix: add a rule under rules$/],
    [BASE + RULES, ['--config', 'missing.yaml'], 1, /missing\.yaml/],
    [BASE + RULES, ['--out', 'c.yaml'], 2, /^cannot write the mails to .*c\.yaml \(.*\)\. Fix: correct --out$/],
  ]
  for (const [yaml, args, code, says] of cases) {
    const outcome = await preview(t, yaml, ...args)
    t.strictSame([outcome.code, outcome.out, outcome.files], [code, [], []], args.join(' '))
    t.match(outcome.err[0], says)
  }
})

test('a text of the configuration is text in the mail, whatever markup it holds', async (t) => {
  const body = '</template><!-- <b>{{host}}</b> --!><plaintext>'
  const { read } = await preview(t, `${BASE}rules: [{ name: r, when: { absence: { after: 3m } }, body: "${body}" }]`)
  const html = read('r.fired.html')
  t.match(html, '&lt;/template&gt;&lt;!-- &lt;b&gt;')
  t.notMatch(html, /<\/template|<!--\s*<b|<plaintext/)
})

test('a folder that cannot be made is refused at once', async (t) => {
  const folder = temporary(t)
  writeFileSync(join(folder, 'a-file'), '')
  for (const out of ['/proc/x', '/proc/x/y', 'a-file', 'a-file/below']) {
    const began = performance.now()
    const { code, err } = await runCli(['preview', '--out', out], folder)
    t.match({ code, err }, { code: 2, err: [/^cannot write the mails to .*\. Fix: correct --out$/] }, out)
    t.ok(performance.now() - began < 5000, 'Node itself would try for ever')
  }
})

test('the example of the README is what the command does', async (t) => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const [, config = '', folder = ''] = /npx stashwatch preview --config (\S+) --out (\S+)/.exec(readme) ?? []
  t.ok(existsSync(join(ROOT, config)), config)
  const out = join(temporary(t), folder)
  const { code, err } = await runCli(['preview', '--config', join(ROOT, config), '--out', out])
  t.strictSame([code, err], [0, []])
  t.ok(existsSync(join(out, 'index.html')))
})

test('a rule that its sample cannot breach has no mails, and is named', async (t) => {
  const never = '{ name: never, when: { metric: cpu, over: 1m, threshold: { of: stddev, below: 0 } } }'
  const { code, err, files } = await preview(t, `${BASE}rules: [${never}]\n`, '--rule', 'never')
  t.strictSame(
    [code, err],
    [
      0,
      [
        'warning: never raises no alert on sample data: check that its thresholds, min_samples and breaches can be reached',
      ],
    ],
  )
  t.strictSame(files, ['index.html'])
})

test('--rule takes a built-in rule', async (t) => {
  const { code, err, files, read } = await preview(t, BASE + RULES, '--rule', 'source-down')
  t.strictSame([code, err], [0, []])
  t.strictSame(files, [
    'index.html',
    ...['fired', 'resolved'].flatMap((step) => [`source-down.${step}.html`, `source-down.${step}.txt`]),
  ])
  t.match(read('source-down.resolved.txt'), /logstash-a is delivering again/)
})
