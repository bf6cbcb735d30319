import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { test } from 'tap'
import { answer } from '../../src/engine/query.ts'
import { readSnapshot } from '../../src/engine/snapshot.ts'
import { createFold } from '../../src/engine/step.ts'
import { at, createPlay, cpuHigh, event, every, HOUR, MINUTE, SECOND, openAlerts } from '../helpers/play.ts'

/** Ten minutes of one host as version 0.1 wrote them: cpu at 0.95, a disk that fills, a counter, a match every 10 s. */
const bytes = gunzipSync(readFileSync(new URL('../fixtures/snapshot-0.1.bin.gz', import.meta.url)))

test('a snapshot of version 0.1 is the state again, and goes on', async (t) => {
  const fold = createFold(readSnapshot(bytes))
  const { config } = fold.state
  if (config === undefined) throw new Error('the snapshot holds no configuration')
  const ask = (metric: string): unknown =>
    answer(fold, { kind: 'aggregate', host: 'web-1', metric, from: at('12:05:00'), to: at('12:08:00') })
  t.match(ask('cpu'), { count: 17, mean: 0.95 })
  t.match(ask('disk'), { count: 17, last: 470 / 1024 })
  t.match(ask('net'), { count: 17, last: 47_000 })
  t.strictSame(
    openAlerts(fold).map((alert) => alert.rule),
    ['cpu-high', 'ssh-failures'],
  )
  const play = createPlay(config, at('12:10:00'), fold)
  play.until(
    '12:20:00',
    every(10 * SECOND, (now) => {
      const samples = { cpu: 0.1, 'disk\u001f/': 0.95, 'net\u001feth0': (now - at('11:50:00')) * 2 }
      if (now === at('12:15:00'))
        play.configure({
          ...config,
          rules: [...config.rules, cpuHigh({ name: 'long', over: 2 * HOUR, every: MINUTE })],
        })
      play.post([event('web-1', now + 250, samples)], { batchId: `${now}`.padStart(16, '0') })
    }),
  )
  t.strictSame(play.told(), [
    '12:11:10 cpu-high web-1 resolved (resolved)',
    '12:11:10 disk-full web-1 firing (fired)',
    '12:11:10 net-busy web-1 firing (fired)',
    '12:12:10 ssh-failures web-1 resolved (resolved)',
  ])
})

test('a snapshot of a version to come is refused by name', async (t) => {
  const text = Buffer.from(bytes)
  const place = text.indexOf('version') + 'version'.length
  text[place + 1] = 10
  t.throws(() => readSnapshot(text), { code: 'snapshot_version', message: /has version 5, this program reads 2/ })
})
