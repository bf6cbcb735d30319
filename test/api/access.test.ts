import { test } from 'tap'
import type { ApiDeps } from '../../src/api/index.ts'
import { createTokenCheck } from '../../src/net/auth.ts'
import { serve } from './service.ts'

const OPEN = ['/', '/metrics', '/-/healthy', '/healthz', '/-/ready', '/readyz']
const GUARDED = [
  '/api/v1/hosts',
  '/api/v1/hosts/web-1',
  '/api/v1/aggregate',
  '/api/v1/alerts',
  '/api/v1/alerts/e1',
  '/api/v1/rules',
  '/api/v1/silences',
  '/api/v1/why?rule=cpu&host=web-1',
  '/api/v1/rejects',
  '/api/v1/notifications',
  '/mailbox',
  '/mailbox/1',
]
const MAILBOX = { list: async () => [], read: async () => undefined }
const SECRET = 'a-long-secret-token'
const tokens = [{ name: 'grafana', token: SECRET }]
const TOKENS: Pick<ApiDeps, 'tokens' | 'checkToken' | 'mailbox'> = {
  tokens,
  checkToken: createTokenCheck(tokens),
  mailbox: MAILBOX,
}

test('with tokens the API wants one, however the request is dressed up', async (t) => {
  const { get, port, queries, commands } = await serve(t, { ...TOKENS, answers: () => [] })
  for (const path of GUARDED) {
    for (const method of ['GET', 'HEAD']) t.equal((await get(path, {}, method)).status, 401, `${method} ${path}`)
  }
  t.equal((await get('/api/v1/hosts/web-1', {}, 'DELETE')).status, 401)
  t.same(commands, [], 'the engine is told nothing')
  const { headers, json, body } = await get('/api/v1/hosts', { authorization: 'Bearer a-wrong-token' })
  t.match(headers['www-authenticate'], /^Bearer .*Basic /)
  t.match(json, { type: 'urn:stashwatch:problem:token-required', status: 401, parameter: 'Authorization' })
  t.notMatch(body, /a-wrong-token|a-long-secret/, 'what was sent is not repeated')
  const tricks: readonly (readonly [string, Record<string, string>])[] = [
    ['/api/v1/hosts?authorization=Bearer%20a-long-secret-token', {}],
    ['/api/v1/hosts', { 'x-forwarded-for': '127.0.0.1' }],
    ['/api/v1/hosts', { 'x-original-url': '/metrics' }],
    ['/api/v1/hosts', { 'x-http-method-override': 'OPTIONS' }],
    ['/api/v1/hosts', { host: 'localhost' }],
    ['/api/v1/hosts', { cookie: `token=${SECRET}` }],
    ['/api/v1/hosts', { authorization: '' }],
    ['/%61pi/v1/hosts', {}],
    [`http://127.0.0.1:${port}/api/v1/hosts`, {}],
  ]
  for (const [path, headers] of tricks) t.equal((await get(path, headers)).status, 401, path)
  // Forms of the path that this service does not know are found nowhere, or are no path at all.
  const misses = [
    '//api/v1/hosts',
    '/API/v1/hosts',
    '/api/v1/../v1/hosts',
    '/-/ready/../../api/v1/hosts',
    '/api/v1/hosts;a',
  ]
  for (const path of misses) t.ok([400, 401, 404].includes((await get(path)).status), path)
  t.same(queries, [], 'the engine is not asked')
  t.equal((await get('/api/v1/hosts', { authorization: `Bearer ${SECRET}` })).status, 200)
  const basic = `Basic ${Buffer.from(`anybody:${SECRET}`).toString('base64')}`
  t.equal((await get('/mailbox', { authorization: basic })).status, 200, 'as a browser sends it')
})

test('probes, metrics and the landing page are open, and no answer holds a token', async (t) => {
  const { get } = await serve(t, { ...TOKENS, listensBeyondLoopback: true })
  for (const path of [...OPEN, ...GUARDED]) {
    const { status, body, headers } = await get(path)
    t.equal(status, OPEN.includes(path) ? 200 : 401, path)
    const all = body + JSON.stringify(headers)
    t.notOk(all.includes(SECRET) || all.includes(Buffer.from(SECRET).toString('base64')), path)
  }
})

test('a service that others can reach gives its API away to nobody until tokens are set', async (t) => {
  const { get } = await serve(t, { listensBeyondLoopback: true, mailbox: MAILBOX })
  for (const path of GUARDED) {
    const { status, json } = await get(path, { authorization: 'Bearer anything' })
    t.equal(status, 403, path)
    t.match(json, { type: 'urn:stashwatch:problem:tokens-not-configured', detail: /Set api\.tokens/ })
  }
})

test('without tokens the API answers this machine only by its own name', async (t) => {
  const { get } = await serve(t, { answers: () => [] })
  for (const host of ['localhost', 'LOCALHOST:8080', '127.0.0.1:8080', '127.8.8.8', '[::1]:8080']) {
    t.equal((await get('/api/v1/hosts', { host })).status, 200, host)
  }
  for (const host of ['rebound.example.org:8080', 'localhost.example.org', '127.0.0.1.example.org', 'x@localhost']) {
    t.match((await get('/api/v1/hosts', { host })).json, { status: 403, parameter: 'Host', found: host }, host)
  }
})

test('behind a proxy, whose requests come from this machine, the API is not open without tokens', async (t) => {
  const { get, queries } = await serve(t, { answers: () => [], mailbox: MAILBOX, reload: async () => [] })
  const added: readonly (readonly [string, string])[] = [
    ['forwarded', 'for=203.0.113.7'],
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-host', 'localhost'],
    ['x-forwarded-server', 'proxy'],
    ['x-real-ip', '203.0.113.7'],
    ['via', '1.1 proxy'],
  ]
  for (const [name, value] of added) {
    for (const path of ['/api/v1/hosts', '/mailbox']) {
      t.match(
        (await get(path, { host: '127.0.0.1:8080', [name]: value })).json,
        { status: 403, type: 'urn:stashwatch:problem:tokens-not-configured', parameter: name, found: value },
        `${path} with ${name}`,
      )
    }
    t.equal((await get('/-/reload', { [name]: value }, 'POST')).status, 403, `reload with ${name}`)
    t.equal((await get('/-/ready', { [name]: value })).status, 200, 'probes are open as before')
  }
  t.same(queries, [])
  const tokens = await serve(t, { ...TOKENS, answers: () => [] })
  const through = { authorization: `Bearer ${SECRET}`, 'x-forwarded-for': '203.0.113.7', via: '1.1 proxy' }
  t.equal((await tokens.get('/api/v1/hosts', through)).status, 200, 'with a token it does not matter')
})

test('a reload is a command: guarded, not for pages of other sites, and it says what is wrong', async (t) => {
  const mistakes: string[] = []
  let reloads = 0
  const reload = async (): Promise<readonly string[]> => {
    reloads += 1
    return mistakes
  }
  const guarded = await serve(t, { ...TOKENS, reload })
  t.equal((await guarded.get('/-/reload', {}, 'POST')).status, 401)
  const { get } = await serve(t, { reload })
  const foreign = await get('/-/reload', { origin: 'https://example.org' }, 'POST')
  t.match(foreign.json, { status: 403, parameter: 'Origin' })
  t.equal((await get('/-/reload', { origin: 'null' }, 'POST')).status, 403)
  t.equal((await get('/-/reload')).status, 405, 'GET changes nothing')
  t.equal(reloads, 0)
  t.same((await get('/-/reload', {}, 'POST')).json, { reloaded: true })
  const form = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' }
  t.same((await get('/-/reload', form, 'POST')).json, { reloaded: true })
  mistakes.push('stashwatch.yaml:3:7: unknown key "rulez", did you mean "rules"?')
  const refused = await get('/-/reload', {}, 'POST')
  t.match(refused.json, { status: 422, detail: /old one stays.*stashwatch\.yaml:3:7/ })
  const without = await serve(t)
  t.equal((await without.get('/-/reload', {}, 'POST')).status, 404, 'where it is not offered, it is not there')
})

test('readiness says why events are not taken; liveness only whether the service runs', async (t) => {
  const now: { state: ReturnType<ApiDeps['state']>; journal: boolean } = { state: 'starting', journal: true }
  const { get } = await serve(t, { state: () => now.state, journalOk: () => now.journal })
  const ready = async (status: number, body: string): Promise<void> => {
    for (const path of ['/-/ready', '/readyz']) {
      const answer = await get(path)
      t.equal(answer.status, status, path)
      t.match(answer.body, body)
      t.equal((await get(path, {}, 'HEAD')).status, status)
    }
    for (const path of ['/-/healthy', '/healthz']) t.equal((await get(path)).status, 200, path)
    t.match((await get('/')).body, status === 200 ? '>ready<' : body)
  }
  await ready(503, 'not ready: starting')
  now.state = 'ready'
  await ready(200, 'ready\n')
  now.journal = false
  await ready(503, 'not ready: the journal cannot be written')
  now.state = 'draining'
  await ready(503, 'not ready: draining')
})

test('every answer forbids storing, guessing, framing and running, and none invites other sites', async (t) => {
  const { get } = await serve(t, { mailbox: MAILBOX })
  for (const path of [...OPEN, ...GUARDED, '/api/v1/hosts?x=1']) {
    const { headers } = await get(path, { origin: 'https://example.org' })
    t.equal(headers['x-content-type-options'], 'nosniff', path)
    t.equal(headers['cache-control'], 'no-store', path)
    t.match(headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/, path)
    t.equal(headers['access-control-allow-origin'], undefined, path)
    t.equal(headers['set-cookie'], undefined, path)
  }
})

test('metrics are negotiated over HTTP, and what others post to / stays theirs', async (t) => {
  const { get } = await serve(t)
  const plain = await get('/metrics', { accept: 'text/plain' })
  t.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  const open = await get('/metrics', { accept: 'application/openmetrics-text; version=1.0.0' })
  t.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  t.ok(open.body.endsWith('\n# EOF\n'))
  t.equal((await get('/metrics', {}, 'HEAD')).body, '')
  t.same((await get('/', {}, 'POST')).json, { taken: 'by ingest' })
})
