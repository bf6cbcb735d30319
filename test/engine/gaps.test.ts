import { test } from 'tap'
import {
  above,
  at,
  below,
  config,
  countRule,
  cpuHigh,
  createPlay,
  event,
  every,
  HOUR,
  MINUTE,
  type Play,
  SECOND,
  openAlerts,
  bounds,
  TEN,
} from '../helpers/play.ts'

const reasons = (play: Play): string[] => play.mails.map((mail) => `${mail.alerts[0]?.identity.host} ${mail.reason}`)

/** Another host behind the same source keeps its clock going. */
const other = (now: number): ReturnType<typeof event> => event('other', now, { cpu: 0.1 })

test('a pending alert whose data stops for hours is forgotten, and the next breach begins anew', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh({ over: MINUTE, for: 10 * MINUTE })] }))
  play.until(
    '16:00:00',
    every(TEN, (now) => {
      const isSent = now < at('12:04:00') || (now >= at('15:00:00') && now < at('15:05:00'))
      play.post(isSent ? [other(now), event('web-1', now, { cpu: 0.99 })] : [other(now)])
      if (now === at('14:00:00')) t.strictSame(openAlerts(play.fold), [], 'nothing is pending any more')
    }),
  )
  t.strictSame(play.notified(), [], 'four minutes and five minutes are not ten')
})

test('a pending alert lives through the pauses of a host that reports less often than `for`', async (t) => {
  const rule = cpuHigh({ over: 20 * SECOND, every: TEN, for: 30 * SECOND })
  const play = createPlay(config({ rules: [rule] }))
  play.until(
    '12:20:00',
    every(TEN, (now) => {
      const cpu = now >= at('12:05:00') && now < at('12:10:00') ? 0.99 : 0.1
      play.post(now % MINUTE === 0 ? [other(now), event('slow', now, { cpu })] : [other(now)])
    }),
  )
  t.strictSame(reasons(play), ['slow fired', 'slow resolved'])
})

test('after a long gap a series is as cold as a new one', async (t) => {
  const play = createPlay(config())
  play.until(
    '12:40:00',
    every(TEN, (now) => {
      const isBooting = now >= at('12:30:50') && now < at('12:31:20')
      const isSent = now < at('12:10:00') || now >= at('12:30:50')
      play.post(isSent ? [other(now), event('web-1', now, { cpu: isBooting ? 1 : 0.1 })] : [other(now)])
    }),
  )
  t.strictSame(play.notified(), [], 'thirty seconds of work at boot are not two minutes')
})

test('a host that reports every ten minutes is judged by each of its samples', async (t) => {
  const play = createPlay(config())
  play.until(
    '13:30:00',
    every(TEN, (now) => {
      const cpu = now >= at('12:30:00') && now < at('13:00:00') ? 0.99 : 0.1
      play.post(now % (10 * MINUTE) === 0 ? [other(now), event('slow', now, { cpu })] : [other(now)])
    }),
  )
  t.strictSame(reasons(play), ['slow fired', 'slow resolved'])
})

test('an early rule with `for` waits for it in windows that have closed', async (t) => {
  const rule = countRule({ over: TEN, every: TEN, for: 20 * SECOND, condition: bounds('count', [above(4, 4)]) })
  const play = createPlay(config({ rules: [rule] }))
  const bursts = [at('12:05:02'), at('12:05:22')]
  play.until('12:10:00', (now) => {
    if (now % TEN === 0) play.post([event('login', now)])
    if (bursts.includes(now))
      play.post(Array.from({ length: 6 }, () => event('login', now, { 'count(ssh-failures)': 1 })))
  })
  t.strictSame(play.notified(), [], 'there was a quiet window in between')
})

test('a count that lasts for `for` fires and resolves', async (t) => {
  const rule = countRule({ over: MINUTE, every: TEN, for: MINUTE, condition: bounds('count', [above(4, 4)]) })
  const play = createPlay(config({ rules: [rule] }))
  play.until(
    '12:20:00',
    every(TEN, (now) => {
      const isHit = now >= at('12:05:00') && now < at('12:09:00')
      play.post([event('login', now, isHit ? { 'count(ssh-failures)': 1 } : {})])
    }),
  )
  t.strictSame(reasons(play), ['login fired', 'login resolved'])
})

test('a firing count rule resolves when its host sends again, even if nothing matches', async (t) => {
  const play = createPlay(config({ rules: [countRule()] }))
  play.until(
    '13:00:00',
    every(TEN, (now) => {
      const hits =
        now >= at('12:05:00') && now < at('12:05:30')
          ? Array.from({ length: 10 }, () => event('door', now, { 'count(ssh-failures)': 1 }))
          : []
      play.post([other(now), ...hits, ...(now >= at('12:40:00') ? [event('door', now)] : [])])
    }),
  )
  t.strictSame(reasons(play), ['door fired', 'door resolved'])
  t.ok((play.mails[1]?.decidedAt ?? 0) >= at('12:40:00'), 'silence alone proves nothing')
})

test('a host that is always half a minute behind fires and resolves like the others', async (t) => {
  for (const lag of [30 * SECOND, 90 * SECOND, 4 * MINUTE]) {
    const play = createPlay(config({ rules: [cpuHigh(), cpuHigh({ name: 'short', over: 20 * SECOND, every: TEN })] }))
    play.until(
      '12:40:00',
      every(TEN, (now) => {
        const ts = now - lag
        const cpu = ts >= at('12:10:00') && ts < at('12:20:00') ? 0.99 : 0.1
        play.post([other(now), event('behind', ts, { cpu })])
      }),
    )
    t.strictSame(
      play.mails.map((mail) => `${mail.alerts[0]?.identity.rule} ${mail.reason}`).sort(),
      ['cpu-high fired', 'cpu-high resolved', 'short fired', 'short resolved'],
      `${lag / SECOND} s behind`,
    )
    t.equal(openAlerts(play.fold).length, 0)
  }
})

test('what is pending on a host that lags is undone by its late good samples', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh({ over: 20 * SECOND, every: TEN, for: 3 * MINUTE })] }))
  play.until(
    '12:40:00',
    every(TEN, (now) => {
      const ts = now - MINUTE
      const cpu =
        (ts >= at('12:10:00') && ts < at('12:11:00')) || (ts >= at('12:13:00') && ts < at('12:14:00')) ? 0.99 : 0.1
      play.post([other(now), event('behind', ts, { cpu })])
    }),
  )
  t.strictSame(play.notified(), [])
})

test('late samples do not tell an episode again that is over', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh({ every: TEN })] }))
  play.until(
    '12:30:00',
    every(TEN, (now) => {
      const cpu = (ts: number): number => (ts >= at('12:05:00') && ts < at('12:08:00') ? 0.99 : 0.1)
      play.post([other(now), event('web-1', now, { cpu: cpu(now) })])
      if (now === at('12:10:30')) play.post([event('web-1', at('12:07:30'), { cpu: 0.99 })])
    }),
  )
  t.strictSame(reasons(play), ['web-1 fired', 'web-1 resolved'])
})

test('`min_samples` holds for rules that speak early as well', async (t) => {
  const rule = cpuHigh({ over: MINUTE, every: TEN, minSamples: 3, condition: bounds('max', [above(0.9, 0.8)]) })
  const play = createPlay(config({ rules: [rule] }))
  play.until(
    '12:05:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: now === at('12:00:10') ? 0.99 : 0.1 })])),
  )
  t.equal(play.mails[0]?.decidedAt, at('12:00:30'))
})

test('the `count` of a metric is the number of its samples', async (t) => {
  const rule = cpuHigh({ name: 'quiet', over: MINUTE, every: MINUTE, condition: bounds('count', [below(3, 4)]) })
  const play = createPlay(config({ rules: [rule] }))
  play.until(
    '12:20:00',
    every(TEN, (now) => {
      const isThin = now >= at('12:05:00') && now < at('12:10:00')
      play.post([other(now), event('web-1', now, isThin ? {} : { cpu: 0.1 })])
    }),
  )
  t.strictSame(reasons(play), ['web-1 fired', 'web-1 resolved'])
  t.equal(play.mails[1]?.alerts[0]?.value, 6)
})

test('a window without an end in the ring is one step, however long the pause was', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh({ every: TEN }), countRule({ every: TEN })] }))
  play.until(
    '12:05:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: 0.99, 'count(ssh-failures)': 10 })])),
  )
  const later = createPlay(
    config({ rules: [cpuHigh({ every: TEN }), countRule({ every: TEN })] }),
    play.now() + 10_000 * HOUR,
    play.fold,
  )
  const began = performance.now()
  later.until(
    later.now() + 5 * MINUTE,
    every(TEN, (now) => later.post([event('web-1', now, { cpu: 0.1 })])),
  )
  t.ok(performance.now() - began < 2000)
  t.strictSame(
    reasons(later).filter((one) => !one.includes('repeat')),
    ['web-1 resolved', 'web-1 resolved'],
  )
})

test('a backlog that is read a hundred times faster than it was written gives the same episodes', async (t) => {
  const play = createPlay(
    config({
      rules: [cpuHigh(), cpuHigh({ name: 'lasting', over: MINUTE, every: TEN, for: MINUTE, keepFiringFor: MINUTE })],
    }),
  )
  const hosts = Array.from({ length: 12 }, (_, i) => `node-${i}`)
  const cpu = (host: string, ts: number): number =>
    host === 'node-7' && ts >= at('12:35:00') && ts < at('12:40:00') ? 0.99 : 0.1
  let delivered = at('12:00:00')
  play.until('13:20:00', (now) => {
    const isCut = now > at('12:10:00') && now <= at('13:10:00')
    const until = isCut ? delivered : Math.min(now, delivered + 100 * SECOND)
    while (delivered + TEN <= until) {
      delivered += TEN
      play.post(hosts.map((host) => event(host, delivered, { cpu: cpu(host, delivered) })))
    }
  })
  t.equal(play.mails.length, 1)
  t.strictSame(
    play.mails[0]?.alerts.map(({ identity: { rule, host }, startsAt, resolvedAt }) => [
      rule,
      host,
      startsAt,
      resolvedAt,
    ]),
    [
      ['cpu-high', 'node-7', at('12:37:00'), at('12:41:00')],
      ['lasting', 'node-7', at('12:36:00'), at('12:41:10')],
    ],
  )
})
