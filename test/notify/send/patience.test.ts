import type { ServerResponse } from 'node:http'
import { test } from 'tap'
import { openMemoryJournal } from '../../../src/journal/index.ts'
import type { Channel, Targets } from '../../../src/model.ts'
import { createNotifiers } from '../../../src/notify/index.ts'
import { createSender } from '../../../src/notify/send/sender.ts'
import { createVirtualClock } from '../../helpers/clock.ts'
import { until } from '../../helpers/service.ts'
import { silent } from '../email/smtp-server.ts'
import { startWebServer } from '../http.ts'
import { at, effectOf, notification } from '../samples.ts'

const MINUTE = 60_000
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

const ways: Readonly<Record<Exclude<Channel, 'email'>, (url: string) => Targets>> = {
  webhook: (url) => ({ webhook: { url, headers: {}, allowPrivate: true, timeout: 5 * MINUTE } }),
  alertmanager: (url) => ({ alertmanager: { urls: [url], timeout: 5 * MINUTE } }),
}

for (const [channel, target] of Object.entries(ways)) {
  test(`the ${channel} with a timeout of five minutes that answers after four and a half gets its alert once`, async (t) => {
    const held: ServerResponse[] = []
    const server = await startWebServer(t, (_, response) => void held.push(response))
    const clock = createVirtualClock(at('12:05:12'))
    const targets = new Map([['ops', target(server.url)]])
    const { notifiers } = await createNotifiers(
      { data: t.testdir(), targets, engine: { mailsPerMinute: 5 } },
      { clock, log: silent },
    )
    const { outbox, ...journal } = openMemoryJournal()
    const notified = notification({
      channel: channel as Channel,
      decidedAt: clock.now(),
      to: { address: `${channel}:ops` },
    })
    await journal.commit(0, [effectOf(notified)], clock.now())
    const sender = createSender({ outbox, notifiers, clock, log: silent, observer })
    t.teardown(() => Promise.all([sender.stop(0), clock.advance(5_000)]))
    await until('it was asked', () => held.length === 1)
    await clock.advance(4.5 * MINUTE)
    held[0]?.end()
    await until('it was tried', async () => ((await outbox.list(1))[0]?.attempts ?? 0) > 0)
    t.match(await outbox.list(1), [{ state: 'sent', attempts: 1 }])
    t.equal(server.posted.length, 1)
  })
}
