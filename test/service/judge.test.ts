import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { createClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config/index.ts'
import type { Config, Log } from '../../src/model.ts'
import { createEventChecker } from '../../src/service/judge.ts'
import { startService } from '../../src/service.ts'

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const rack = (type: string): string =>
  JSON.stringify({
    'x-stashwatch-match': [{ 'rack.id': true }],
    properties: { rack: { properties: { watts: { type } } } },
  })

test('one event after the other is judged and taken apart, and nothing is kept', async (t) => {
  const judge = createEventChecker(loadConfig({ env: {}, cwd: '/' }).config)
  const event = { host: 'web-1', 'event.dataset': 'system.load', system: { load: { norm: { 1: '0.5' } } } }
  t.match(judge(event), {
    kind: 'system.load',
    event: { system: {} },
    outcome: { host: 'web-1', series: ['load'], values: [0.5] },
  })
  t.match(judge({ ...event, system: 1 }), {
    kind: 'system.load',
    event: undefined,
    outcome: { path: '/system', code: 'schema' },
  })
  t.match(judge({ ...event, '@timestamp': 'now' }), { kind: 'system.load', event: {}, outcome: { code: 'timestamp' } })
  t.match(judge(7), { kind: undefined, event: undefined, outcome: { code: 'not_object' } })
  t.match(judge(event), { kind: 'system.load', outcome: { values: [0.5] } })
})

test('own schemas judge what is posted, and a reload reads them anew or keeps the old ones', async (t) => {
  const folder = t.testdir({
    'c.yaml': 'listen: 127.0.0.1:0\nschemas: ./s\n',
    s: { 'rack.schema.json': rack('number') },
  })
  const readConfig = (): Config => loadConfig({ file: join(folder, 'c.yaml'), env: {}, cwd: folder }).config
  const clock = createClock()
  const service = await startService({
    config: readConfig(),
    clock,
    timers: clock,
    log: silent,
    readConfig,
    onEnd: () => undefined,
  })
  t.teardown(() => service.stop())
  const post = async (watts: unknown): Promise<unknown> => {
    const body = JSON.stringify({ host: 'r1', rack: { id: 1, watts } })
    return (await fetch(`${service.url}/events`, { method: 'POST', body })).json()
  }
  t.match(await post(7), { accepted: 1 })
  t.match(await post('7'), { accepted: 0, errors: [{ path: '/rack/watts', reason: 'expected a number, found "7"' }] })
  writeFileSync(join(folder, 's/rack.schema.json'), '{"type":1}')
  t.match(await service.reload(), [/rack\.schema\.json: schema is invalid/])
  t.match(await post('7'), { accepted: 0 })
  writeFileSync(join(folder, 's/rack.schema.json'), rack('string'))
  t.strictSame(await service.reload(), [])
  t.match(await post('7'), { accepted: 1 })
})
