import { test } from 'tap'
import type { Acknowledgement, Command, CommandReply, Refusal, Silence } from '../../src/model.ts'
import { createTokenCheck } from '../../src/net/auth.ts'
import { alertView as alert, serve } from './service.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const HOUR = 3_600_000
const SILENCES = '/api/v1/silences'
const GOOD = { matchers: ['host = web-1'], duration: '2h', createdBy: 'Ada', comment: 'the racks are moved' }

/** An engine that carries out its commands. */
const obeys = (command: Command): CommandReply => {
  if (command.kind === 'silence') return { kind: 'done', value: command.silence }
  return { kind: 'done', value: command.kind === 'expire' ? { ...SILENCE, endsAt: command.now } : null }
}

const SILENCE: Silence = {
  id: 's1',
  matchers: [{ label: 'host', op: '=', value: 'web-1' }],
  startsAt: NOW,
  endsAt: NOW + HOUR,
  createdBy: 'Ada',
  comment: 'moved',
  createdAt: NOW,
}

test('a silence is made of what was posted, of the clock, and of an id that is new', async (t) => {
  const { send, commands } = await serve(t, { obeys })
  const { status, json } = await send('POST', SILENCES, GOOD)
  t.equal(status, 201)
  t.match(json, {
    id: /^[0-9a-f-]{36}$/,
    matchers: [{ label: 'host', op: '=', value: 'web-1' }],
    startsAt: '2026-11-22T12:00:00.000Z',
    endsAt: '2026-11-22T14:00:00.000Z',
    createdAt: '2026-11-22T12:00:00.000Z',
    createdBy: 'Ada',
    comment: 'the racks are moved',
    state: 'active',
  })
  const [command] = commands
  t.match(command, { kind: 'silence', now: NOW, silence: { startsAt: NOW, endsAt: NOW + 2 * HOUR, createdAt: NOW } })
  t.not((await send('POST', SILENCES, GOOD)).json['id'], json['id'])
})

test('matchers are a list or a single text, as in the configuration', async (t) => {
  const { send } = await serve(t, { obeys })
  const { status, json } = await send('POST', SILENCES, { ...GOOD, matchers: 'host =~ "web-.*"' })
  t.equal(status, 201)
  t.strictSame(json['matchers'], [{ label: 'host', op: '=~', value: 'web-.*' }])
})

test('a silence of a host that is not known is made, with a hint that names a known one or a source that is called nearly so', async (t) => {
  const hosts = [
    { host: 'node-1', source: 'logstash-a' },
    { host: 'db', source: null },
  ]
  const { send } = await serve(t, { obeys, answers: ({ kind }) => (kind === 'hosts' ? hosts : undefined) })
  const hints = async (...matchers: string[]): Promise<unknown> => {
    const { status, json } = await send('POST', SILENCES, { ...GOOD, matchers })
    t.equal(status, 201)
    return json['hints']
  }
  t.strictSame([await hints('host = NODE-1'), await hints('host =~ NODE-.')], [undefined, undefined])
  t.strictSame(await hints('host = nod-1'), ["no host is called 'nod-1': did you mean 'node-1'?"])
  t.strictSame(await hints('host = logstash-b'), ["no host is called 'logstash-b': did you mean 'logstash-a'?"])
  t.strictSame(await hints('host = quite-another'), ['host = "quite-another" does not fit any of the 2 known hosts'])
  const anchored = `host =~ "node" does not fit any of the 2 known hosts; expressions are anchored: did you mean 'node.*'?`
  t.strictSame(await hints('host =~ node', 'host =~ node', 'host =~ node-.'), [anchored])
  t.match(await hints('host =~ b|-1'), [/anchored: did you mean '\.\*\(b\|-1\)'\?$/])
  t.strictSame(await hints('host =~ web-.*'), ['host =~ "web-.*" does not fit any of the 2 known hosts'])
  for (const fine of ['host = node-1', 'host = logstash-a', 'host =~ nod.*', 'host = stashwatch', 'rule = cpu-high']) {
    t.equal(await hints(fine), undefined, fine)
  }
  t.equal(await hints('host != quite-another', 'host !~ web', 'rule = cpu-high'), undefined)
})

test('a silence of a severity that no alert can have is made, with a hint', async (t) => {
  const { send } = await serve(t, { obeys })
  const hints = async (...matchers: string[]): Promise<unknown> => {
    const { status, json } = await send('POST', SILENCES, { ...GOOD, matchers })
    t.equal(status, 201)
    return json['hints']
  }
  t.strictSame(await hints('severity = crit'), [
    'severity = "crit" fits no severity: expected one of warning, critical',
  ])
  t.strictSame(await hints('severity = criticl'), ['severity = "criticl" fits no severity: did you mean \'critical\'?'])
  t.strictSame(await hints('severity =~ crit'), [
    `severity =~ "crit" fits no severity; expressions are anchored: did you mean 'crit.*'?`,
  ])
  for (const fine of ['severity = critical', 'severity =~ warn.*', 'severity = warning']) {
    t.equal(await hints(fine), undefined, fine)
  }
})

test('a silence of a misspelt rule, or with matchers that exclude each other, is made, with a hint', async (t) => {
  const hosts = [
    { host: 'web-1', source: null },
    { host: 'db', source: null },
  ]
  const { send } = await serve(t, { obeys, answers: ({ kind }) => (kind === 'hosts' ? hosts : undefined) })
  const hints = async (...matchers: string[]): Promise<unknown> => {
    const { status, json } = await send('POST', SILENCES, { ...GOOD, matchers })
    t.equal(status, 201)
    return json['hints']
  }
  t.strictSame(await hints('rule = cpu_high'), ["no rule is called 'cpu_high': did you mean 'cpu-high'?"])
  t.strictSame(await hints('rule =~ cpu'), [
    `rule =~ "cpu" does not fit any of the 9 rules; expressions are anchored: did you mean 'cpu.*'?`,
  ])
  t.strictSame(await hints('rule = sourcedown'), ["no rule is called 'sourcedown': did you mean 'source-down'?"])
  const exclude = (pair: string): string =>
    `no alert fits ${pair}: all matchers must fit; use =~ with | for one of several values`
  t.strictSame(await hints('host = web-1', 'host = db'), [exclude('host = "web-1" and host = "db"')])
  t.strictSame(await hints('host = web-1', 'host !~ web-.*'), [exclude('host = "web-1" and host !~ "web-.*"')])
  t.strictSame(await hints('host =~ web-.*', 'host =~ d.*'), [exclude('host =~ "web-.*" and host =~ "d.*"')])
  t.strictSame(await hints('severity = warning', 'severity != warning'), [
    exclude('severity = "warning" and severity != "warning"'),
  ])
  t.strictSame(await hints('metric = a', 'metric = b'), [exclude('metric = "a" and metric = "b"')])
  for (const fine of [
    ['host =~ web-.*', 'host != web-7'],
    ['rule = cpu-high', 'rule =~ cpu.*'],
    ['rule =~ (cpu|disk)-.*', 'severity = warning'],
    ['rule != cpu_high', 'host = web-1'],
  ])
    t.equal(await hints(...fine), undefined, fine.join(', '))
})

test('a silence is taken as Alertmanager has it, and again as it was answered', async (t) => {
  const { send, commands } = await serve(t, { obeys })
  const theirs = {
    id: '',
    matchers: [
      { name: 'host', value: 'web-.*', isRegex: true, isEqual: true },
      { name: 'rule', value: 'cpu-high', isRegex: false },
      { name: 'severity', value: 'critical', isRegex: false, isEqual: false },
      { name: 'room', value: 'a|b', isRegex: true, isEqual: false },
    ],
    startsAt: '2026-11-22T14:00:00+01:00',
    endsAt: '2026-11-22T15:00:00.000Z',
    createdBy: 'Grace',
    comment: 'moved',
  }
  const { status, json } = await send('POST', SILENCES, theirs, { 'content-type': 'application/json' })
  t.match([status, json], [201, { state: 'pending', createdBy: 'Grace', startsAt: '2026-11-22T13:00:00.000Z' }])
  t.match(json['matchers'], [
    { label: 'host', op: '=~', value: 'web-.*' },
    { label: 'rule', op: '=', value: 'cpu-high' },
    { label: 'severity', op: '!=', value: 'critical' },
    { label: 'room', op: '!~', value: 'a|b' },
  ])
  const next = await send('POST', SILENCES, { ...json, comment: 'moved back' })
  t.match([next.status, next.json['id']], [201, json['id']], 'the same id, so that it takes its place')
  t.equal(commands.length, 2)
})

test('an invalid silence is refused with the field, what was found and what was expected', async (t) => {
  const { send, commands } = await serve(t, { obeys })
  const many = Array.from({ length: 51 }, () => 'host = web-1')
  const wrong: readonly (readonly [object | string, string, string | null | RegExp, RegExp])[] = [
    ['', 'body', null, /a JSON object/],
    ['{', 'body', '{', /a JSON object/],
    ['[]', 'body', '[]', /a JSON object/],
    [{ ...GOOD, commment: 'x' }, 'commment', 'x', /did you mean 'comment'/],
    [{ ...GOOD, matchers: undefined }, 'matchers', null, /a matcher or a list of matchers/],
    [{ ...GOOD, matchers: 7 }, 'matchers', '7', /a matcher or a list of matchers/],
    [{ ...GOOD, matchers: [] }, 'matchers', '', /at least one matcher/],
    [{ ...GOOD, matchers: 'host' }, 'matchers', 'host', /at character 5: expected =, !=, =~ or !~/],
    [{ ...GOOD, matchers: '' }, 'matchers', '', /a matcher such as/],
    [{ ...GOOD, matchers: many }, 'matchers', /host/, /at most 50/],
    [{ ...GOOD, matchers: ['host = a', 'host'] }, 'matchers[1]', 'host', /at character 5: expected =, !=, =~ or !~/],
    [{ ...GOOD, matchers: ['host =~ ('] }, 'matchers[0]', 'host =~ (', /RE2/],
    [{ ...GOOD, matchers: ['host =~ (?=a)'] }, 'matchers[0]', /\?=/, /look-ahead/],
    [{ ...GOOD, matchers: [7] }, 'matchers[0]', '7', /a matcher such as/],
    [{ ...GOOD, matchers: [{ label: 'host' }] }, 'matchers[0].value', null, /a text/],
    [{ ...GOOD, matchers: [{ value: 'host' }] }, 'matchers[0].label', null, /a label/],
    [{ ...GOOD, matchers: [{ label: 'a', op: '~', value: 'b' }] }, 'matchers[0].op', '~', /one of = != =~ !~/],
    [{ ...GOOD, matchers: [{ label: 'a', isRegexp: true, value: 'b' }] }, 'matchers[0].isRegexp', 'true', /'isRegex'/],
    [{ ...GOOD, matchers: [{ name: 'a', isRegex: 'yes', value: 'b' }] }, 'matchers[0].isRegex', 'yes', /true or false/],
    [{ ...GOOD, matchers: [{ label: 'a', op: '=~', value: '[' }] }, 'matchers[0]', /\[/, /RE2/],
    [{ ...GOOD, matchers: ['host =~ .*', 'rule != x'] }, 'matchers', /host =~/, /match the empty text/],
    [{ ...GOOD, duration: undefined }, 'duration', null, /or the end as "endsAt"/],
    [{ ...GOOD, duration: '2 h' }, 'duration', '2 h', /such as "30m"/],
    [{ ...GOOD, duration: '' }, 'duration', '', /such as "30m"/],
    [{ ...GOOD, duration: 7200 }, 'duration', '7200', /such as "30m"/],
    [{ ...GOOD, duration: '0m' }, 'duration', '0m', /such as "30m"/],
    [{ ...GOOD, duration: '366d' }, 'duration', '366d', /at most a year/],
    [{ ...GOOD, endsAt: NOW + HOUR }, 'endsAt', String(NOW + HOUR), /one of "duration" and "endsAt", not both/],
    [{ ...GOOD, duration: undefined, endsAt: 'tomorrow' }, 'endsAt', 'tomorrow', /ISO 8601/],
    [{ ...GOOD, duration: undefined, endsAt: NOW }, 'endsAt', String(NOW), /an end in the future/],
    [{ ...GOOD, duration: undefined, endsAt: '2027-11-23T12:00:00Z' }, 'endsAt', /2027/, /at most a year/],
    [{ ...GOOD, duration: undefined, startsAt: NOW + 2 * HOUR, endsAt: NOW + HOUR }, 'endsAt', /\d/, /after the start/],
    [{ ...GOOD, startsAt: NOW - 3 * HOUR }, 'duration', '2h', /an end in the future/],
    [{ ...GOOD, startsAt: '2027-12-01T00:00:00Z' }, 'startsAt', /2027/, /within a year/],
    [{ ...GOOD, createdBy: undefined }, 'createdBy', null, /the name of the author/],
    [{ ...GOOD, createdBy: ' ' }, 'createdBy', null, /the name of the author/],
    [{ ...GOOD, createdBy: 'A'.repeat(101) }, 'createdBy', /A/, /at most 100/],
    [{ ...GOOD, createdBy: 'Ada\r\nBcc: x' }, 'createdBy', /Ada/, /one line/],
    [{ ...GOOD, comment: undefined }, 'comment', null, /why the alerts are silenced/],
    [{ ...GOOD, comment: 'x'.repeat(1001) }, 'comment', /x/, /at most 1000/],
    [{ ...GOOD, comment: '\u001b[2J' }, 'comment', /2J/, /one line/],
    [{ ...GOOD, id: '../x' }, 'id', '../x', /letters, digits/],
    [{ ...GOOD, id: 7 }, 'id', '7', /letters, digits/],
  ]
  for (const [body, parameter, found, expected] of wrong) {
    const { status, json } = await send('POST', SILENCES, body)
    t.match([status, json], [400, { parameter, found, expected }], JSON.stringify(body))
    t.match(json['detail'], /expected .*Nothing was changed\.$/s)
  }
  t.match((await send('POST', SILENCES, 'x'.repeat(70_000))).json, { status: 413, detail: /64 kB/ })
  t.strictSame(commands, [], 'the engine is told nothing')
})

test('silences are listed with what they do, and one is ended as often as asked', async (t) => {
  const view = { ...SILENCE, state: 'active', matchedAlerts: 3 }
  const { get, send, commands } = await serve(t, { obeys, answers: () => [view] })
  const iso = (at: number): string => new Date(at).toISOString()
  const shown = { ...view, startsAt: iso(NOW), endsAt: iso(NOW + HOUR), createdAt: iso(NOW) }
  t.strictSame((await get(SILENCES)).json, [shown])
  const stale = [
    { ...view, startsAt: NOW - HOUR, endsAt: NOW },
    { ...view, startsAt: NOW + 1, endsAt: NOW + 2 },
    { ...view, startsAt: NOW + 1, endsAt: NOW + 1 },
  ]
  const late = await serve(t, { answers: () => stale })
  const states = ((await late.get(SILENCES)).json as unknown as { state: string }[]).map(({ state }) => state)
  t.strictSame(states, ['expired', 'pending', 'expired'], 'as it is at the moment of the answer')
  for (const _ of [1, 2])
    t.match(await send('DELETE', `${SILENCES}/s1`), { status: 200, json: { id: 's1', state: 'expired' } })
  t.strictSame(commands, [
    { kind: 'expire', id: 's1', now: NOW },
    { kind: 'expire', id: 's1', now: NOW },
  ])
})

function ackOf(command: Command | undefined) {
  if (command?.kind !== 'acknowledge') throw new Error('nothing was acknowledged')
  return command.ack
}

test('an episode is taken on and given back, by its id or its code', async (t) => {
  let ack: Acknowledgement | undefined
  const { send, commands } = await serve(t, {
    answers: () => alert(ack === undefined ? {} : { ack }),
    obeys: (command) => {
      ack = command.kind === 'acknowledge' ? { note: '', ...command.ack } : undefined
      return { kind: 'done', value: null }
    },
  })
  const path = '/api/v1/alerts/K7RX2/acknowledge'
  const { status, json } = await send('POST', path, { duration: '1d12h', author: 'Ada', note: 'a runaway job' })
  t.equal(status, 200)
  const shown = {
    createdAt: '2026-11-22T12:00:00.000Z',
    until: '2026-11-24T00:00:00.000Z',
    author: 'Ada',
    note: 'a runaway job',
  }
  t.match(json, { episode: 'e1', state: 'firing', ack: shown })
  const notified = { at: NOW, until: NOW + 36 * HOUR, author: 'Ada', note: 'a runaway job' }
  t.strictSame(commands, [{ kind: 'acknowledge', episode: 'K7RX2', ack: notified, now: NOW }])
  t.match(await send('POST', path, { until: '2026-11-22T13:00:00Z', author: 'Ada' }), {
    status: 200,
    json: { ack: { note: '' } },
  })
  t.notOk('note' in ackOf(commands.at(-1)), 'a note that is not there is left to what is known')
  await send('POST', path, { duration: '1h', author: 'Ada', note: '' })
  t.equal(ackOf(commands.at(-1)).note, '', 'an empty one takes it away')
  t.match(await send('DELETE', path), { status: 200, json: { episode: 'e1', ack: undefined } })
  t.strictSame(commands.at(-1), { kind: 'unacknowledge', episode: 'K7RX2', now: NOW })
  t.match((await send('POST', path, { author: 'Ada' })).json, { status: 400, parameter: 'duration' })
  t.match((await send('POST', path, { duration: '1h' })).json, { status: 400, parameter: 'author' })
  const gone = await serve(t, { obeys, answers: () => null })
  t.match((await gone.send('DELETE', path)).json, { status: 404, found: 'K7RX2' })
})

test('a command that the engine refuses is a problem that says the next step', async (t) => {
  const refuse = (refusal: Refusal) => serve(t, { obeys: () => refusal })
  const silences = await refuse({ kind: 'refused', code: 'unknown-silence', value: 'gone' })
  t.match((await silences.send('DELETE', `${SILENCES}/gone`)).json, {
    status: 404,
    parameter: 'id',
    found: 'gone',
    detail: /api\/v1\/silences lists/,
  })
  const episodes = await refuse({ kind: 'refused', code: 'unknown-episode', value: 'QQQQQ' })
  const path = '/api/v1/alerts/QQQQQ/acknowledge'
  for (const answer of [
    await episodes.send('POST', path, { duration: '1h', author: 'A' }),
    await episodes.send('DELETE', path),
  ]) {
    t.match(answer.json, { status: 404, type: /unknown-episode$/, parameter: 'episode', found: 'QQQQQ' })
  }
  const full = await refuse({ kind: 'refused', code: 'too-many-silences', value: 1000 })
  t.match((await full.send('POST', SILENCES, GOOD)).json, { status: 409, found: '1000', detail: /Expire some/ })
  const broken = await serve(t, {
    obeys: () => {
      throw new Error('the disk is full')
    },
  })
  t.match(await broken.send('POST', SILENCES, GOOD), { status: 503, json: { detail: /Check whether it was applied/ } })
})

test('commands need the token that reading needs, and its name is the author where none is given', async (t) => {
  const tokens = [{ name: 'ops-cli', token: 'a-long-secret-token' }]
  const guarded = await serve(t, {
    obeys,
    answers: ({ kind }) => (kind === 'alert' ? alert() : undefined),
    tokens,
    checkToken: createTokenCheck(tokens),
  })
  const { createdBy: _, ...body } = GOOD
  const routes = [
    ['POST', SILENCES],
    ['DELETE', `${SILENCES}/s1`],
    ['POST', '/api/v1/alerts/e1/acknowledge'],
    ['DELETE', '/api/v1/alerts/e1/acknowledge'],
  ] as const
  for (const [method, path] of routes)
    t.equal((await guarded.send(method, path, body)).status, 401, `${method} ${path}`)
  t.strictSame(guarded.commands, [])
  const authorization = 'Bearer a-long-secret-token'
  t.match((await guarded.send('POST', SILENCES, body, { authorization })).json, { createdBy: 'ops-cli' })
  await guarded.send('POST', '/api/v1/alerts/e1/acknowledge', { duration: '1h' }, { authorization })
  t.match(guarded.commands.at(-1), { kind: 'acknowledge', ack: { author: 'ops-cli' } })
  const open = await serve(t, { obeys })
  for (const [method, path] of routes) {
    t.equal(
      (await open.send(method, path, GOOD, { origin: 'https://example.org' })).status,
      403,
      'no page of another site',
    )
  }
  t.strictSame(open.commands, [])
})

test('a value that is nested thousands of levels deep is invalid, and no error of the service', async (t) => {
  const { send, errors } = await serve(t)
  for (const key of ['strange', 'matchers', 'comment', 'id', 'startsAt']) {
    const deep = `{"${key}":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
    const { status, json } = await send('POST', SILENCES, deep)
    t.equal(status, 400, key)
    t.ok(JSON.stringify(json).length < 1000, `${key}: ${JSON.stringify(json).length} characters`)
  }
  t.strictSame(errors, [])
})
