import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { test } from 'tap'
import { run } from '../../src/cli/index.ts'
import type {
  AlertView,
  Command,
  CommandReply,
  HostView,
  Query,
  RuleView,
  SendRecord,
  SilenceView,
  WhyView,
} from '../../src/model.ts'
import { createTokenCheck } from '../../src/net/auth.ts'
import { alertView, because, identityOf, serve } from '../api/service.ts'
import { type Outcome, ROOT, runCli } from '../helpers/service.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const ALERT = alertView({
  transitions: [
    { to: 'pending', at: NOW - HOUR - MINUTE, value: 0.91, evidence: because('breached') },
    { to: 'firing', at: NOW - HOUR, value: 0.95, evidence: because('breached') },
  ],
})

/** Escape sequences, as an event might carry them. */
const EVIL = '\u001b[2J\u202E'

const ALERTS: readonly AlertView[] = [
  { ...ALERT, ack: { at: NOW, until: NOW + HOUR, author: 'Ada', note: 'a runaway job' } },
  {
    ...ALERT,
    identity: identityOf({ host: `web-2${EVIL}`, labels: { mount: '/home' } }),
    code: 'M3PQ9',
    episode: 'e2',
    severity: 'critical',
    noDataSince: NOW,
  },
  {
    ...ALERT,
    identity: identityOf({ host: 'web-3' }),
    state: 'resolved',
    resolvedAt: NOW,
    muted: { by: 'maintenance', name: 'sundays' },
  },
]

const SILENCES: readonly SilenceView[] = [
  {
    id: 's1',
    matchers: [{ label: 'host', op: '=~', value: 'web-.*' }],
    startsAt: NOW,
    endsAt: NOW + HOUR,
    createdBy: 'Ada',
    comment: `moved${EVIL}`,
    createdAt: NOW,
    state: 'active',
    matchedAlerts: 12,
  },
]
const OVER: SilenceView = { ...SILENCES[0]!, id: 's0', endsAt: NOW, state: 'expired', matchedAlerts: 0 }

const answers = (query: Query): unknown => {
  if (query.kind === 'alert') return ALERTS.find(({ code }) => code === query.episode) ?? ALERTS[0]
  if (query.kind === 'silences') return [...SILENCES, OVER]
  if (query.kind === 'alerts') return ALERTS
  if (query.kind === 'hosts') return [{ host: 'web-1', source: 'logstash-a' }]
  if (query.kind === 'labels') return ['host', 'severity', 'team']
  return query.kind === 'rules'
    ? [RULE]
    : query.kind === 'why'
      ? query.rule === 'cpu-high'
        ? whyOf(query.host)
        : null
      : null
}

const obeys = (command: Command): CommandReply => {
  if (command.kind === 'silence') return { kind: 'done', value: { ...command.silence, matchedAlerts: 3 } }
  if (command.kind === 'expire') {
    const silence = SILENCES.find(({ id }) => id === command.id)
    if (silence === undefined) return { kind: 'refused', code: 'unknown-silence', value: command.id }
    return { kind: 'done', value: silence }
  }
  return { kind: 'done', value: null }
}

const RULE: RuleView = {
  name: 'cpu-high',
  kind: 'metric',
  severity: 'warning',
  severities: ['warning', 'critical'],
  notify: ['ops'],
  evaluations: [],
  nextEvaluation: { kind: 'window', end: NOW + 3 * MINUTE, wait: 10_000, sources: [] },
}

const HOST: HostView = {
  host: 'am-1',
  lastSeenAt: NOW,
  source: 'logstash-a',
  clockSkewSeconds: 0,
  state: 'live',
  expected: false,
  series: 4,
}
const NOT_APPLICABLE = 'cpu-high applies to big-*, not to am-1'

const whyOf = (host: string): WhyView => {
  if (host === 'web-9') return { rule: RULE, host: null, evaluations: [], alerts: [] }
  if (host === 'am-1') {
    const rule: RuleView = { ...RULE, nextEvaluation: { kind: 'not_applicable', hosts: ['big-*'] } }
    return { rule, host: HOST, evaluations: [], alerts: [] }
  }
  if (host === 'old-1') return removed(host)
  const { measure } = identityOf()
  return {
    rule: RULE,
    host: { ...HOST, host },
    evaluations: [{ host, labels: {}, measure, value: 0.95, evidence: because('breached'), evaluatedAt: NOW }],
    alerts: [
      {
        ...ALERT,
        decisions: [
          { at: NOW - HOUR, kind: 'notified', event: 'fired', to: 'ada@example.org' },
          {
            at: NOW - HOUR / 2,
            kind: 'suppressed',
            event: 'repeat_interval',
            why: { by: 'silence', id: 's1', until: NOW, author: 'Ada', comment: 'moved' },
            to: 'ada@example.org',
          },
          { at: NOW - HOUR / 2, kind: 'acknowledged', author: 'Ada', until: NOW - HOUR / 4, note: 'on it' },
          { at: NOW - HOUR / 4, kind: 'unacknowledged', author: 'Ada', reason: 'expired' },
          {
            at: NOW - 2 * HOUR,
            kind: 'evaluated',
            event: 'flapping_started',
            value: 0.5,
            evidence: because('cleared'),
          },
          { at: NOW - HOUR / 4, kind: 'notified', event: 'silence_ended', to: 'webhook:chat' },
          { at: NOW - MINUTE, kind: 'notified', event: 'repeat_interval', to: 'ada@example.org' },
        ],
        pending: [
          { to: 'grace@example.org', event: 'fired', reason: 'group_wait', until: NOW + 30_000 },
          { event: 'resolved', reason: 'inhibition' },
        ],
      },
    ],
  }
}

/** The only alert of a rule that was removed. */
function removed(host: string): WhyView {
  const rule: RuleView = { ...RULE, removedAt: NOW, nextEvaluation: { kind: 'rule_removed', at: NOW } }
  const evidence = because('rule_removed')
  const alert: AlertView = {
    ...ALERT,
    state: 'resolved',
    resolvedAt: NOW,
    closeReason: 'rule_changed',
    transitions: [...ALERT.transitions, { to: 'resolved', at: NOW, value: 0.95, evidence }],
    decisions: [{ at: NOW, kind: 'evaluated', event: 'resolved', value: 0.95, evidence }],
  }
  return { rule, host: { ...HOST, host }, evaluations: [], alerts: [alert] }
}

const notified = (address: string, reason: string): string =>
  JSON.stringify({ to: { address }, reason, alerts: [{ episode: 'e1', identity: identityOf() }] })

const send = (id: string, state: SendRecord['state'], more: Partial<SendRecord> = {}): SendRecord => ({
  id,
  data: notified('ada@example.org', 'fired'),
  state,
  attempts: 1,
  createdAt: NOW - HOUR + 1000,
  ...more,
})
const SENDS = [
  send('b', 'pending', { attempts: 3, createdAt: NOW - MINUTE, nextAttemptAt: NOW + MINUTE, response: '451 later' }),
  send('d', 'merged', {
    createdAt: NOW - HOUR / 4 + 1000,
    finishedAt: NOW - HOUR / 4 + 2000,
    mergedInto: 'a',
    data: notified('webhook:chat', 'silence_ended'),
  }),
  send('a', 'sent', { finishedAt: NOW - HOUR + 2000, response: '250 OK' }),
  { ...send('c', 'sent'), data: JSON.stringify({ alerts: [{ episode: 'e2', identity: identityOf() }] }) },
]

async function open(t: Parameters<typeof serve>[0]) {
  const service = await serve(t, { answers, obeys, sends: SENDS })
  const url = `http://127.0.0.1:${service.port}`
  const cli = (...args: string[]): Promise<Outcome> => runCli([...args, '--url', url], undefined, { USER: 'ada' })
  return { ...service, url, cli }
}

test('silences add, list and expire do what the API does, and say how to take it back', async (t) => {
  const { cli, commands } = await open(t)
  const added = await cli(
    'silences',
    'add',
    '--matcher',
    'host=~web-.*',
    '--matcher',
    'severity = warning',
    '--duration',
    '2h',
    '--comment',
    'moved',
  )
  const silence = commands.flatMap((one) => (one.kind === 'silence' ? [one.silence] : []))[0]
  t.match(silence, {
    matchers: [
      { label: 'host', op: '=~', value: 'web-.*' },
      { label: 'severity', op: '=', value: 'warning' },
    ],
    endsAt: NOW + 2 * HOUR,
    createdBy: 'ada',
    comment: 'moved',
  })
  t.strictSame(added, {
    code: 0,
    out: [
      'silenced until 2026-11-22 14:00:00 UTC: host =~ "web-.*", severity = "warning"',
      'mutes 3 firing alerts now',
      `Undo with: stashwatch silences expire ${silence?.id}`,
    ],
    err: [],
  })
  const odd = ['--matcher', 'tem=db', '--matcher', 'host=a', '--duration', '1h', '--comment', 'x']
  t.match((await cli('silences', 'add', ...odd)).out, [
    /^silenced/,
    /^mutes 3/,
    "no rule or metric gives alerts a label 'tem': did you mean 'team'?",
    'host = "a" does not fit the one known host',
    /^Undo with/,
  ])
  t.strictSame(await cli('silences', 'list'), {
    code: 0,
    out: [
      'ID  STATE   ALERTS  STARTS AT                ENDS AT                  CREATED BY  MATCHERS          COMMENT',
      's1  active      12  2026-11-22 12:00:00 UTC  2026-11-22 13:00:00 UTC  Ada         host =~ "web-.*"  moved\uFFFD[2J\uFFFD',
    ],
    err: [],
  })
  t.match((await cli('silences', 'list', '--all')).out, { length: 3 })
  const json = JSON.parse((await cli('silences', 'list', '--json')).out.join('\n')) as unknown
  t.match(json, [{ id: 's1', endsAt: '2026-11-22T13:00:00.000Z' }])
  t.match(await cli('silences', 'expire', 's1'), { code: 0, out: [/^expired at 2026-11-22 13:00:00 UTC: host =~/] })
  t.strictSame(commands.at(-1), { kind: 'expire', id: 's1', now: NOW })
})

test('silences expire takes the beginning of an id, of silences that are not over first', async (t) => {
  const ids = ['8f14-a', '8f14-b', '8f20-c', '9a-d', '9a-e']
  const rows = ids.map((id, i) => ({ ...SILENCES[0]!, id, ...(i === 0 || i === 2 ? { endsAt: NOW } : {}) }))
  const { port, commands } = await serve(t, {
    answers: ({ kind }) => (kind === 'silences' ? rows : undefined),
    obeys: (command) => ({ kind: 'done', value: command.kind === 'expire' ? rows[0]! : null }),
  })
  const expire = (id: string) => runCli(['silences', 'expire', id, '--url', `http://127.0.0.1:${port}`])
  for (const [start, id] of [
    ['8f14', '8f14-b'],
    ['8f2', '8f20-c'],
    ['8f', '8f14-b'],
    ['9a-d', '9a-d'],
    ['x', 'x'],
  ] as const) {
    t.match(await expire(start), { code: 0 })
    t.match(commands.at(-1), { kind: 'expire', id }, start)
  }
  t.match(await expire('9a'), {
    code: 1,
    err: ["several silences begin with '9a': 9a-d, 9a-e. Fix: give more of the id"],
  })
})

test('an alert that was closed does not pass for one that got better', async (t) => {
  const evidence = because('rule_removed')
  const closed: AlertView = { ...ALERT, state: 'resolved', resolvedAt: NOW, closeReason: 'rule_changed', evidence }
  const { port } = await serve(t, { answers: () => [closed] })
  t.match(
    (await runCli(['alerts', '--url', `http://127.0.0.1:${port}`])).out[1],
    /resolved .* closed: the rule cpu-high was removed/,
  )
})

test('alerts are listed with what is known of them, and no name in them steers the terminal', async (t) => {
  const { cli } = await open(t)
  t.strictSame(
    (await cli('alerts')).out.map((line) => line.trimEnd()),
    [
      'CODE   STATE     SEVERITY  RULE      HOST                      VALUE  SINCE                    NOTES',
      'K7RX2  firing    warning   cpu-high  web-1                     95%    2026-11-22 11:00:00 UTC  acknowledged by Ada until 2026-11-22 13:00:00 UTC: a runaway job',
      'M3PQ9  firing    critical  cpu-high  web-2\uFFFD[2J\uFFFD (mount=/home)  95%    2026-11-22 11:00:00 UTC  no data since 2026-11-22 12:00:00 UTC',
      "K7RX2  resolved  warning   cpu-high  web-3                     95%    2026-11-22 11:00:00 UTC  suppressed: maintenance window 'sundays'",
    ],
  )
  t.strictSame(await cli('alerts', 'list'), await cli('alerts'))
  t.match((await cli('alerts', '--state', 'resolved')).out, [/^CODE/, /web-3/])
  t.strictSame((await cli('alerts', '--state', 'pending')).out, ['no alerts are pending'])
  t.equal((JSON.parse((await cli('alerts', '--state', 'firing', '--json')).out.join('')) as unknown[]).length, 2)
})

test('an episode is taken on and given back by its code', async (t) => {
  const { cli, commands } = await open(t)
  t.match(await cli('alerts', 'ack', 'K7RX2', '--for', '90m', '--note', 'a runaway job', '--author', 'Grace'), {
    code: 0,
    out: ['acknowledged until 2026-11-22 13:00:00 UTC: cpu-high on web-1', 'Undo with: stashwatch alerts unack K7RX2'],
  })
  t.match(commands, [
    {
      kind: 'acknowledge',
      episode: 'K7RX2',
      ack: { until: NOW + 90 * MINUTE, author: 'Grace', note: 'a runaway job' },
    },
  ])
  t.match(await cli('alerts', 'unack', 'M3PQ9'), {
    code: 0,
    out: [/^not acknowledged: cpu-high on web-2.* \(mount=\/home\)$/],
  })
  t.match(await cli('alerts', 'unack', 'K7RX2'), {
    code: 0,
    out: ['acknowledgement withdrawn: cpu-high on web-1'],
  })
  await cli('alerts', 'ack', 'e/1?')
  t.match(commands.at(-1), { episode: 'e/1?', ack: { until: NOW + 4 * HOUR, author: 'ada' } })
})

test('why prints the history of each episode in order, with the reason of every step', async (t) => {
  const { cli } = await open(t)
  t.strictSame(await cli('why', 'cpu-high', 'web-1'), {
    code: 0,
    out: [
      'cpu-high on web-1',
      '  rule   metric, warning and critical, notifies ops',
      '  host   live, last seen 2026-11-22 12:00:00 UTC by logstash-a',
      '  next   window 12:03:00 closes 10 s after the clock of its source passes it',
      '',
      'last evaluations',
      '  2026-11-22 12:00:00 UTC  value 95%, threshold above 90%: cpu averaged 95% over 2 min: above 90%',
      '',
      'episode K7RX2: firing, warning, web-1, peak 97%',
      '  2026-11-22 10:00:00 UTC  flapping started: cpu averaged 50% over 2 min: at most 85%',
      '  2026-11-22 10:59:00 UTC  pending: cpu averaged 91% over 2 min: above 90%',
      '  2026-11-22 11:00:00 UTC  firing: cpu averaged 95% over 2 min: above 90%',
      '  2026-11-22 11:00:00 UTC  notified ada@example.org: fired',
      '  2026-11-22 11:00:02 UTC  mail to ada@example.org (fired) sent: 250 OK',
      "  2026-11-22 11:30:00 UTC  not notified ada@example.org: 'repeat interval elapsed', silenced by Ada until 2026-11-22 12:00:00 UTC: moved",
      '  2026-11-22 11:30:00 UTC  acknowledged by Ada until 2026-11-22 11:45:00 UTC: on it',
      '  2026-11-22 11:45:00 UTC  acknowledgement expired: acknowledged by Ada until now',
      '  2026-11-22 11:45:00 UTC  notification queued webhook:chat: no longer suppressed',
      '  2026-11-22 11:45:02 UTC  webhook:chat (no longer suppressed) merged: replaced by notification a',
      '  2026-11-22 11:59:00 UTC  notification queued ada@example.org: repeat interval elapsed',
      '  2026-11-22 11:59:00 UTC  mail to ada@example.org (fired) pending: 3 attempts, next 2026-11-22 12:01:00 UTC, 451 later',
      "  pending grace@example.org: 'fired' waits for its group (group_wait) until 2026-11-22 12:00:30 UTC",
      "  pending: 'resolved' is suppressed by another alert",
      '',
    ],
    err: [],
  })
  t.match(JSON.parse((await cli('why', 'cpu-high', 'web-1', '--json')).out.join('')), {
    rule: { name: 'cpu-high' },
    alerts: [{ episode: 'e1', notifications: [{ id: 'b' }, { id: 'd' }, { id: 'a' }] }],
  })
  t.strictSame((await cli('why', 'cpu-high', 'am-1')).out.slice(3, 7), [
    `  next   none: ${NOT_APPLICABLE}`,
    '',
    'last evaluations',
    `  none: ${NOT_APPLICABLE}`,
  ])
  const gone = await cli('why', 'cpu-high', 'old-1')
  t.equal(gone.out[6], '  none: the rule was removed from the configuration')
  t.match(gone.out[8], /^episode K7RX2: closed, warning/)
  t.strictSame(
    gone.out.filter((line) => line.includes('the rule cpu-high was removed')),
    ['  2026-11-22 12:00:00 UTC  closed: the rule cpu-high was removed from the configuration'],
  )
  t.match(await cli('why', 'cpu-hihg', 'web-1'), { code: 1, err: [/No rule has this name.*perhaps cpu-high/] })
  t.match(await cli('why', 'source-dwn', 'web-1'), { code: 1, err: [/No rule has this name.*perhaps source-down/] })
  t.match(await cli('why', 'cpu-high', 'web-9'), {
    code: 1,
    err: [/No host has this name.*Found 'web-9', expected the name of a known host, such as web-1\.$/],
  })
})

test('the commands that docs/acting.md shows do what they say', async (t) => {
  const { cli } = await open(t)
  const page = readFileSync(new URL('../../docs/acting.md', import.meta.url), 'utf8')
  const commands = [...page.matchAll(/^stashwatch (.+)$/gm)].map(([, command = '']) => command)
  t.equal(commands.length, 9)
  for (const command of commands) {
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare = '']) => quoted ?? bare)
    t.match(await cli(...words), { code: 0, err: [] }, command)
  }
})

test('what is missing, refused or out of reach is one sentence and its exit code', async (t) => {
  const { cli } = await open(t)
  const wrong: readonly (readonly [string[], RegExp])[] = [
    [['silences', 'ad'], /^unknown command 'silences ad': did you mean 'add'\?/],
    [['silences', 'wibble'], /^unknown command 'silences wibble': expected one of add, list, expire/],
    [['why', 'cpu-high'], /^missing required argument 'host' \(see stashwatch why --help\)/],
    [['why', 'a', 'b', 'c'], /^unexpected argument 'c'/],
    [['alerts', 'ack'], /^missing required argument 'code' \(see stashwatch alerts ack --help\)/],
    [['alerts', 'akc'], /^unexpected argument 'akc': did you mean 'ack'\?/],
    [['alerts', '--state', 'fring'], /^--state: found 'fring': did you mean 'firing'\?/],
    [['silences', 'add'], /^required option '--matcher <matcher>' not specified/],
    [
      ['silences', 'add', '--matcher', 'host'],
      /^--matcher is invalid: expected a matcher such as host = web-1; at character 5: expected =, !=, =~ or !~ after the label, found none of them\. Nothing was changed\. Found 'host'\.$/,
    ],
    [['silences', 'add', '--matcher', 'host==a'], /; did you mean '='\? Nothing was changed/],
    [
      ['silences', 'add', '--matcher', 'host!=a'],
      /^--matcher is invalid: expected matchers that tell alerts apart: the matcher matches the empty text/,
    ],
    [['silences', 'add', '--matcher', 'host=a', '--comment', 'x'], /^--duration is missing/],
    [['silences', 'add', '--matcher', 'host=a', '--duration', '1h'], /^--comment is missing/],
    [['silences', 'expire', 's7'], /No silence has this id.*Found 's7'/],
    [
      ['alerts', 'ack', 'K7RX2', '--for', 'ever'],
      /^--for is invalid: expected a duration such as "30m", "2h" or "1d12h"\. Nothing was changed\. Found 'ever'\.$/,
    ],
  ]
  for (const [args, says] of wrong)
    t.match(await cli(...args), { code: 1, out: [], err: { 0: says, length: 1 } }, args.join(' '))
  const nowhere = await runCli(['alerts', '--url', 'http://127.0.0.1:9'])
  t.match(nowhere, { code: 2, err: { 0: /cannot reach stashwatch/, length: 1 } })
})

test('the address and the token are taken from the environment too', async (t) => {
  const tokens = [{ name: 'ops-cli', token: 'a-long-secret-token' }]
  const { port, commands } = await serve(t, { answers, obeys, tokens, checkToken: createTokenCheck(tokens) })
  const env = { STASHWATCH_URL: `http://127.0.0.1:${port}/`, STASHWATCH_API_TOKEN: 'a-long-secret-token' }
  t.match(await runCli(['alerts'], undefined, env), { code: 0 })
  t.match(await runCli(['alerts'], undefined, { ...env, STASHWATCH_API_TOKEN: 'other' }), {
    code: 1,
    err: [/--token or STASHWATCH_API_TOKEN/],
  })
  t.match(
    await runCli(['alerts', '--token', 'a-long-secret-token'], undefined, { STASHWATCH_URL: env.STASHWATCH_URL }),
    { code: 0 },
  )
  await runCli(['alerts', 'ack', 'K7RX2'], undefined, env)
  t.match(commands, [{ ack: { author: 'ops-cli' } }], 'where nobody is logged in, the token has a name')
})

test('the commands that docs/acting.md shows are as they are typed, and every command has its help', async (t) => {
  const { cli } = await open(t)
  const docs = readFileSync(join(ROOT, 'docs/acting.md'), 'utf8')
  const lines = [...docs.matchAll(/^stashwatch (.*)$/gm)].map(([, line = '']) => line)
  t.equal(lines.length, 9)
  for (const line of lines) {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
    t.match(await cli(...words), { code: 0, err: [] }, line)
  }
  const commands = ['alerts', 'alerts ack', 'alerts unack', 'silences add', 'silences list', 'silences expire', 'why']
  for (const command of commands) {
    const { code, out, err } = await runCli([...command.split(' '), '--help'])
    t.match([code, err, out[0]], [0, [], `Usage: stashwatch ${command} `])
    const example = out.at(-1) ?? ''
    t.ok(example.startsWith(`  stashwatch ${command} `), example)
    for (const [option] of example.matchAll(/--\w+/g))
      t.ok(
        out.some((line) => line.startsWith(`  ${option} `)),
        `${command} explains ${option}`,
      )
  }
})

test('the first word of several commands shows them all', async (t) => {
  const help = /^Usage: stashwatch silences [^]*\n {2}add +Mute[^]*\n {2}list +List[^]*\n {2}expire <id> +End/
  const bare = await runCli(['silences'])
  t.strictSame([bare.code, bare.out], [1, []])
  t.match(bare.err.join('\n'), help)
  for (const args of [
    ['silences', '--help'],
    ['silences', '-h'],
    ['help', 'silences'],
  ]) {
    const { code, out, err } = await runCli(args)
    t.strictSame([code, err], [0, []], args.join(' '))
    t.match(out.join('\n'), help)
  }
  for (const [command, seconds] of [
    ['alerts', ['ack <code>', 'unack <code>']],
    ['hosts', ['retire <name>']],
  ] as const) {
    const { code, out } = await runCli([command, '--help'])
    t.equal(code, 0)
    for (const second of seconds) t.match(out.join('\n'), `\n  ${second} `)
  }
})

test('options of a group may stand before its subcommand', async (t) => {
  const { url, commands } = await open(t)
  t.match(await runCli(['alerts', '--url', url, 'ack', 'K7RX2'], undefined, { USER: 'ada' }), { code: 0, err: [] })
  t.match(commands, [{ kind: 'acknowledge', episode: 'K7RX2' }])
})

test('who acts is found out, or asked for', async (t) => {
  const { url, commands } = await open(t)
  const ack = ['alerts', 'ack', 'K7RX2', '--url', url]
  const author = () => commands.flatMap((one) => (one.kind === 'acknowledge' ? [one.ack.author] : [])).at(-1)
  await runCli(ack, undefined, { USER: '', LOGNAME: 'grace' })
  t.equal(author(), 'grace')
  const ignore = (): void => undefined
  const io = { env: {}, cwd: '/', tmp: '/', out: ignore, err: ignore, onStop: ignore, onReload: ignore }
  t.equal(await run(ack, { ...io, user: 'app' }), 0)
  t.equal(author(), 'app')
  t.match(await runCli(ack), { code: 1, err: [/--author NAME/] })
})

test('colours are for terminals, and change no word', async (t) => {
  const { url, cli } = await open(t)
  const out: string[] = []
  const ignore = (): void => undefined
  const io = {
    env: {},
    cwd: '/',
    tmp: '/',
    out: (line: string) => void out.push(line),
    err: ignore,
    onStop: ignore,
    onReload: ignore,
  }
  for (const args of [['alerts'], ['silences', 'list', '--all'], ['why', 'cpu-high', 'web-1']]) {
    out.length = 0
    await run([...args, '--url', url], { ...io, colour: true })
    t.ok(
      out.some((line) => line.includes('\u001b[')),
      args.join(' '),
    )
    t.strictSame(out.map(stripVTControlCharacters), (await cli(...args)).out)
  }
})
