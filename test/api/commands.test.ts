import { test } from 'tap'
import { createTokenCheck } from '../../src/net/auth.ts'
import { serve } from './service.ts'

const NOON = Date.parse('2026-11-22T12:00:00Z')
const CLOSED = [{ rule: 'host-silent', code: 'K7QM2' }]

test('a host is retired by DELETE, whatever its name, and the command says who and when', async (t) => {
  const tokens = [{ name: 'grace', token: 'a-long-secret-token' }]
  const { get, commands, clock } = await serve(t, {
    tokens,
    checkToken: createTokenCheck(tokens),
    obeys: (command) => ({
      kind: 'done',
      value: { host: command.kind === 'retire' ? command.host : '', lastSeenAt: NOON, closed: CLOSED },
    }),
  })
  const authorization = 'Bearer a-long-secret-token'
  for (const name of ['web-1.example.org', 'a/b c', 'größer']) {
    const { status, json } = await get(`/api/v1/hosts/${encodeURIComponent(name)}`, { authorization }, 'DELETE')
    t.equal(status, 200)
    t.strictSame(json, { host: name, lastSeenAt: '2026-11-22T12:00:00.000Z', closedAlerts: CLOSED })
    const notified = { kind: 'retire', host: name, author: 'grace', now: clock.now() }
    t.strictSame(commands.at(-1), { ...notified, unlessSeenWithin: 300_000 })
    await get(`/api/v1/hosts/${encodeURIComponent(name)}?force=true`, { authorization }, 'DELETE')
    t.strictSame(commands.at(-1), notified)
  }
})

test('an unknown host is answered with the names that were perhaps meant', async (t) => {
  const known = ['web-1', 'web-2', 'db-1', 'web-10']
  const { get } = await serve(t, { obeys: () => ({ kind: 'refused', code: 'unknown-host', value: known }) })
  const { status, json } = await get('/api/v1/hosts/wbe-1', {}, 'DELETE')
  t.equal(status, 404)
  t.match(json, {
    type: 'urn:stashwatch:problem:unknown-host',
    parameter: 'host',
    found: 'wbe-1',
    expected: 'the name of a known host, such as web-1',
  })
  const other = await get('/api/v1/hosts/nothing-like-it', {}, 'DELETE')
  t.match(other.json, { status: 404, expected: 'the name of a known host' })
})

test('an expected host is not retired, and the problem says what to do first', async (t) => {
  const { get } = await serve(t, { obeys: () => ({ kind: 'refused', code: 'host-expected', value: null }) })
  const { status, json } = await get('/api/v1/hosts/web-1', {}, 'DELETE')
  t.equal(status, 409)
  t.match(json, {
    type: 'urn:stashwatch:problem:host-expected',
    detail: /Remove it there and reload the configuration/,
  })
})

test('a host that was seen recently is not retired unless it is forced', async (t) => {
  const { get } = await serve(t, { obeys: () => ({ kind: 'refused', code: 'host-active', value: NOON }) })
  const { status, json } = await get('/api/v1/hosts/web-1', {}, 'DELETE')
  t.equal(status, 409)
  t.match(json, {
    type: 'urn:stashwatch:problem:host-active',
    detail: /last seen at 2026-11-22T12:00:00\.000Z .*\?force=true/,
  })
  t.match((await get('/api/v1/hosts/web-1?force=yes', {}, 'DELETE')).json, { status: 400, parameter: 'force' })
})

test('a page of another site cannot retire a host', async (t) => {
  const { get, commands } = await serve(t)
  const { status } = await get('/api/v1/hosts/web-1', { origin: 'https://elsewhere.example.org' }, 'DELETE')
  t.equal(status, 403)
  t.strictSame(commands, [])
})

test('an engine that fails or stalls is answered 503', async (t) => {
  const failing = await serve(t, {
    obeys: () => {
      throw new Error('the disk is full')
    },
  })
  t.equal((await failing.get('/api/v1/hosts/a', {}, 'DELETE')).status, 503)
})
