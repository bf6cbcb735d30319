import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import { readSnapshot, startSnapshot } from '../../src/engine/snapshot.ts'
import { compileMatchers } from '../../src/labels/matcher.ts'
import { config, cpuHigh, createPlay, event, every, MINUTE, NOON, type Play, silent, TEN } from '../helpers/play.ts'

/*
 * One machine, spelled in several ways: names of hosts are compared without case, and the first spelling is kept.
 */

const hostsOf = (play: Play): string[] => runQuery(play.fold, { kind: 'hosts' }).map(({ host }) => host)

test('a host that changes the case of its name stays one host and is not absent', async (t) => {
  const play = createPlay(config({ rules: [silent(), cpuHigh({ hosts: ['node-*'] })] }))
  const report = (name: string, cpu: number) => every(TEN, (now) => play.post([event(name, now, { cpu })]))
  play.until(NOON + 10 * MINUTE, report('NODE-A', 0.2))
  play.until(NOON + 20 * MINUTE, report('node-a', 0.2))
  t.strictSame(hostsOf(play), ['NODE-A'])
  t.strictSame(play.notified(), [])
  play.until(NOON + 25 * MINUTE, report('node-a', 0.95))
  t.match(play.notified(), [/cpu-high NODE-A firing/], 'a pattern in small letters matches it')
  const found = runQuery(play.fold, { kind: 'why', rule: 'cpu-high', host: 'node-A' })
  t.equal(found?.host?.host, 'NODE-A')
  t.equal(found?.alerts.length, 1)
})

test('an expected host is the one that reports, however it is spelled', async (t) => {
  const expecting = config({
    rules: [silent()],
    hosts: { expected: ['Web-1', 'web-1', 'DB-1'], retireAfter: 60 * MINUTE },
  })
  const play = createPlay(expecting)
  play.until(
    NOON + 10 * MINUTE,
    every(TEN, (now) => play.post([event('WEB-1', now, { cpu: 0.2 })])),
  )
  t.strictSame(hostsOf(play).sort(), ['DB-1', 'web-1'])
  t.match(play.notified(), [/host-silent DB-1 firing/])
  t.ok(runQuery(play.fold, { kind: 'hosts' }).every(({ expected }) => expected))
})

test('the first spelling is kept over a snapshot, and goes with the host', async (t) => {
  const play = createPlay(config())
  play.post([event('Web-1', NOON, { cpu: 0.2 })])
  const writer = startSnapshot(play.fold.state, 1)
  const parts: Uint8Array[] = []
  for (let part = writer.take(); part !== undefined; part = writer.take()) parts.push(part.data)
  const state = readSnapshot(new Uint8Array(Buffer.concat(parts)))
  const later = createPlay(config(), NOON, { ...play.fold, state })
  later.post([event('WEB-1', NOON, { cpu: 0.2 })])
  t.strictSame(hostsOf(later), ['Web-1'])
  const command = { kind: 'retire', host: 'web-1', author: 'Ada', now: NOON }
  const { reply } = later.enter({ kind: 'command', data: Buffer.from(JSON.stringify(command)) })
  t.match(reply, { kind: 'done', value: { host: 'Web-1' } })
  later.post([event('WEB-1', NOON, { cpu: 0.2 })])
  t.strictSame(hostsOf(later), ['WEB-1'])
})

test('matchers compare hosts without case, and other labels with it', async (t) => {
  const labels = { host: 'NODE-A', mount: '/Data' }
  for (const [label, op, value, holds] of [
    ['host', '=', 'node-a', true],
    ['host', '!=', 'node-a', false],
    ['host', '=~', 'node-.*|web', true],
    ['host', '!~', 'node-.*', false],
    ['mount', '=', '/data', false],
  ] as const) {
    t.equal(compileMatchers([{ label, op, value }])(labels), holds, `${label} ${op} ${value}`)
  }
})
