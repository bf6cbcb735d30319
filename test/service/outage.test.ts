import PostalMime from 'postal-mime'
import { test } from 'tap'
import { begin, type Send } from '../helpers/life.ts'
import { type Arrived, refusal, startMailServer } from '../notify/email/smtp-server.ts'

const MINUTE = 60_000
const yaml = (port: number, to: readonly string[]): string => `
smtp: { host: 127.0.0.1, port: ${port}, from: alerts@example.org }
receivers: { ops: { email: { to: [${to.join()}] } } }
metrics: { cpu: { field: cpu, unit: ratio } }
rules:
  - { name: cpu-high, when: { metric: cpu, over: 30s, threshold: { of: mean, above: 0.9 } }, notify: [ops] }
`

/** `web-1 firing`, of each mail that arrived, in its order. */
async function notified(mails: readonly Arrived[]): Promise<readonly string[]> {
  const parsed = await Promise.all(mails.map(({ raw }) => PostalMime.parse(raw)))
  return parsed.map(({ headers }) => {
    const header = (name: string): string => headers.find(({ key }) => key === `x-stashwatch-${name}`)?.value ?? ''
    return `${header('host')} ${header('state')}`
  })
}

const rows = (sends: readonly Send[]): readonly string[] =>
  sends.map(({ state, reason, alerts }) => `${alerts[0]?.host} ${reason}: ${state}`).toSorted()

test('a mail server that is down for an hour costs no mail and repeats none; what came and went meanwhile is one mail', async (t) => {
  const before = await startMailServer(t)
  const life = await begin(t, { yaml: yaml(before.port, ['ada@example.org']) })
  for (const host of ['web-1', 'web-2', 'web-3', 'web-4']) life.cpu.set(host, 0.1)
  life.cpu.set('web-1', 0.99)
  await life.pass(MINUTE)
  await life.drain()
  t.strictSame(await notified(before.arrived), ['web-1 firing'])

  await before.close()
  life.cpu.set('web-2', 0.99).set('web-3', 0.99)
  await life.pass(2 * MINUTE)
  life.cpu.set('web-1', 0.1).set('web-2', 0.1)
  await life.pass(2 * MINUTE)
  life.cpu.set('web-2', 0.99)
  await life.pass(2 * MINUTE)
  await life.clock.advance(54 * MINUTE)
  const waiting = (await life.sends()).filter(({ state }) => state === 'pending')
  t.ok(waiting.length >= 4 && waiting.some(({ attempts }) => attempts > 3), `${waiting.length} wait`)

  const after = await startMailServer(t, {}, before.port)
  await life.drain()
  life.cpu.set('web-3', 0.1)
  await life.pass(2 * MINUTE)
  const sends = await life.drain(7)
  t.strictSame((await notified(after.arrived)).toSorted(), [
    'web-1 resolved',
    'web-2 firing',
    'web-2 resolved',
    'web-3 firing',
    'web-3 resolved',
  ])
  const of = async (host: string): Promise<readonly string[]> =>
    (await notified(after.arrived)).filter((line) => line.startsWith(host))
  t.strictSame(await of('web-3'), ['web-3 firing', 'web-3 resolved'], 'in the order of their conversation')
  t.strictSame(rows(sends), [
    'web-1 fired: sent',
    'web-1 resolved: sent',
    'web-2 fired: merged',
    'web-2 fired: sent',
    'web-2 resolved: sent',
    'web-3 fired: sent',
    'web-3 resolved: sent',
  ])
  const combined = after.arrived.find(
    ({ raw }) => raw.includes('X-Stashwatch-Host: web-2') && raw.includes('X-Stashwatch-State: resolved'),
  )
  t.match((await PostalMime.parse(combined?.raw ?? '')).text, /could not be sent/)
  const ids = [...before.arrived, ...after.arrived].map(({ raw }) => /^Message-ID: (.*)\r$/im.exec(raw.toString())?.[1])
  t.equal(new Set(ids).size, 6, 'none twice')
})

test('a recipient who is refused for good costs nobody else a mail, and the registry says so', async (t) => {
  const server = await startMailServer(t, {
    onRcptTo: ({ address }, _session, callback) =>
      callback(address.startsWith('gone') ? refusal(550, 'no such user here') : null),
  })
  const life = await begin(t, { yaml: yaml(server.port, ['gone@example.org', 'ada@example.org', 'grace@example.org']) })
  life.cpu.set('web-1', 0.99)
  await life.pass(MINUTE)
  life.cpu.set('web-1', 0.1)
  await life.pass(MINUTE)
  const sends = await life.drain(6)
  const sent = sends.map(
    ({ to, reason, state, attempts }) => `${to.address.split('@')[0]} ${reason} ${state} ${attempts}`,
  )
  t.strictSame(sent.toSorted(), [
    'ada fired sent 1',
    'ada resolved sent 1',
    'gone fired failed 1',
    'gone resolved failed 1',
    'grace fired sent 1',
    'grace resolved sent 1',
  ])
  for (const { to, response } of sends) if (to.address.startsWith('gone')) t.match(response, /550 no such user here/)
  t.strictSame(server.arrived.flatMap(({ to }) => to).toSorted(), [
    'ada@example.org',
    'ada@example.org',
    'grace@example.org',
    'grace@example.org',
  ])
  t.equal((await life.metrics()).get('stashwatch_notification_attempts_total{integration="email",outcome="failed"}'), 2)
})
