import { existsSync } from 'node:fs'
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
import { MINUTE, SECOND } from '../helpers/play.ts'

const CASES = fileURLToPath(new URL('../../../shared/cases/', import.meta.url))

/** A reason to skip a case that is not there. */
const without = (name: string): string | false =>
  existsSync(`${CASES}${name}`) ? false : `no case at ${CASES}${name}: it was NOT played`

const observer = {
  events() {},
  rejects() {},
  nonNumeric() {},
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
