import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { loadConfig } from '../../src/config/index.ts'
import { openMemoryJournal } from '../../src/journal/index.ts'
import { createNotifiers } from '../../src/notify/index.ts'
import { createSender } from '../../src/notify/send/sender.ts'
import { createVirtualClock } from '../helpers/clock.ts'
import { until } from '../helpers/service.ts'
import { silent, startMailServer } from '../notify/email/smtp-server.ts'
import { at, effectOf, notification } from '../notify/samples.ts'
import { HOUR, MINUTE, SECOND } from '../helpers/play.ts'
import { tell } from '../helpers/story.ts'

const CASES = fileURLToPath(new URL('../../../shared/cases/', import.meta.url))

/** A reason to skip a case that is not there. */
const without = (name: string): string | false =>
  existsSync(`${CASES}${name}`) ? false : `no case at ${CASES}${name}: it was NOT played`

const observer = {
  events() {},
  rejects() {},
  nonNumeric() {},
  sharedName() {},
  untimed() {},
  answered() {},
  engine() {},
  notified() {},
  closed() {},
}

for (const timeout of ['30s', '5m']) {
  const skip = without('alerting/03-slow-data-reply-duplicates')
  test(
    `case 03: a filter that answers the mail after 35 s gets it once, with a timeout of ${timeout}`,
    { skip },
    async (t) => {
      const held: (() => void)[] = []
      const server = await startMailServer(t, {
        onData: (_stream, _session, callback) => void held.push(() => callback()),
      })
      const text = `smtp: { host: 127.0.0.1, port: ${server.port}, from: alerts@example.org, timeout: ${timeout} }\nrules: []`
      const { config } = loadConfig({ text, env: {}, cwd: t.testdir() })
      const clock = createVirtualClock(at('12:05:12'))
      const { notifiers } = await createNotifiers(config, { clock, log: silent })
      const { outbox, ...journal } = openMemoryJournal()
      await journal.commit(0, [effectOf(notification({ decidedAt: clock.now() }))], clock.now())
      const sender = createSender({ outbox, notifiers, clock, log: silent, observer })
      t.teardown(() => Promise.all([sender.stop(0), clock.advance(5_000)]))
      await until('the filter has the mail', () => held.length === 1)
      await clock.advance(35 * SECOND)
      held[0]?.()
      await until('it was tried', async () => ((await outbox.list(1))[0]?.attempts ?? 0) > 0)
      await clock.advance(10 * MINUTE)
      t.match(await outbox.list(1), [{ state: 'sent', attempts: 1 }])
      t.strictSame([server.arrived.length, held.length], [1, 1])
    },
  )
}

/** A case's configuration, whose keys have had other names. */
function load(name: string): ReturnType<typeof loadConfig> {
  const written = readFileSync(`${CASES}${name}`, 'utf8')
  const text = written
    .replace(/^system:/m, 'self_monitoring:')
    .replace(/^inhibit:/m, 'inhibit_rules:')
    .replaceAll('{ source:', '{ source_matchers:')
    .replaceAll(' target:', ' target_matchers:')
  return loadConfig({ text, env: {}, cwd: CASES })
}

const INHIBITION = 'alerting/04-inhibition-silences-everybody'

test(
  'case 04 a: of two rules that inhibit each other one alert is told, and check warns',
  { skip: without(INHIBITION) },
  async (t) => {
    const { config, warnings } = load(`${INHIBITION}/config-mirror.yaml`)
    t.match(
      warnings.filter((line) => line.includes('suppress each other')),
      { 0: /config-mirror|configuration/, length: 1 },
    )
    const story = tell(config.engine)
    story.at('12:00').reports('web-1', { cpu: 0.99, mem: 0.99 })
    t.strictSame(story.until('12:30'), ['12:02:10 ada fired: cpu-high web-1'])
  },
)

test(
  'case 04 b, c: who is not told of the critical alert, or not now, is told of the warning',
  { skip: without(INHIBITION) },
  async (t) => {
    const { config } = load(`${INHIBITION}/config-disjoint.yaml`)
    const story = tell(config.engine)
    story.at('12:00').silence('s1', ['rule=cpu-crit', 'host=web-2'], HOUR).cpu('web-1', 0.99).cpu('web-2', 0.99)
    const notified = story.until('12:30')
    t.strictSame(notified.toSorted(), [
      '12:02:10 oncall fired: cpu-crit web-1',
      '12:02:10 ops fired: cpu-warn web-1',
      '12:02:10 ops fired: cpu-warn web-2',
    ])
  },
)
