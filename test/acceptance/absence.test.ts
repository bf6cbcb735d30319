import { test } from 'tap'
import {
  at,
  config,
  cpuHigh,
  createPlay,
  event,
  every,
  heartbeat,
  HOUR,
  MINUTE,
  SECOND,
  silent,
  TEN,
} from '../helpers/play.ts'

const rules = [cpuHigh(), silent()]

test('of three hosts two die, and both are named', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '12:30:00',
    every(TEN, (now) => {
      const alive = now < at('12:10:00') ? ['a', 'b', 'c'] : ['a']
      play.post(alive.map((host) => event(host, now, { cpu: 0.1 })))
    }),
  )
  t.strictSame(
    play.notified(),
    ['12:12:50 host-silent b firing (fired)', '12:12:50 host-silent c firing (fired)'],
    'each three minutes after its last event',
  )
  t.strictSame(play.mails[0]?.alerts[0]?.evidence, {
    limit: { op: 'above', value: 180 },
    why: { code: 'absent', params: { source: 'logstash-a' } },
  })
})

test('when Logstash itself dies there is one mail, about Logstash', async (t) => {
  const play = createPlay(config({ rules, sources: ['logstash-a'] }))
  play.until(
    '12:40:00',
    every(TEN, (now) => {
      if (now < at('12:10:00')) play.post(['a', 'b', 'c'].map((host) => event(host, now, { cpu: 0.95 })))
    }),
  )
  t.strictSame(
    play.mails.slice(3).map((mail) => [mail.alerts[0]?.identity.rule, mail.alerts[0]?.identity.host, mail.reason]),
    [['source-down', 'logstash-a', 'fired']],
  )
  t.match(play.notified()[3], /^12:12:2\d source-down/)
})

test('a source that comes back resolves, and its hosts are not called silent', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '13:00:00',
    every(TEN, (now) => {
      const isOut = now >= at('12:20:00') && now < at('12:40:00')
      if (!isOut) play.post([heartbeat(now), ...['a', 'b', 'c'].map((host) => event(host, now, { cpu: 0.1 }))])
    }),
  )
  t.strictSame(
    play.mails.map((mail) => [mail.alerts[0]?.identity.host, mail.reason]),
    [
      ['logstash-a', 'fired'],
      ['logstash-a', 'resolved'],
    ],
  )
})

test('an absent host that sends again is notified once more', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '12:30:00',
    every(TEN, (now) => {
      play.post([event('a', now, { cpu: 0.1 })])
      if (now < at('12:05:00') || now >= at('12:20:00')) play.post([event('b', now, { cpu: 0.1 })])
    }),
  )
  t.strictSame(play.notified(), ['12:07:50 host-silent b firing (fired)', '12:20:00 host-silent b resolved (resolved)'])
})

test('heartbeats alone prove that a source delivers', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '12:20:00',
    every(TEN, (now) => {
      play.post([heartbeat(now)])
      if (now < at('12:05:00')) play.post([event('only', now, { cpu: 0.1 })])
    }),
  )
  t.strictSame(play.notified(), ['12:07:50 host-silent only firing (fired)'])
})

test('time in which senders were turned away is not counted as their silence', async (t) => {
  const play = createPlay(config({ rules, sources: ['logstash-a'] }))
  play.until(
    '12:10:00',
    every(TEN, (now) => play.post([event('a', now, { cpu: 0.1 })])),
  )
  for (let now = at('12:10:01'); now < at('12:30:00'); now += SECOND) {
    play.enter({ kind: 'tick', data: new TextEncoder().encode(JSON.stringify({ now, refused: true })) })
  }
  t.strictSame(play.notified(), [])
})

test('a source that posts now and then by hand is not expected', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '12:40:00',
    every(2 * MINUTE, (now) => {
      if (now < at('12:10:00')) play.post([event('a', now, { cpu: 0.1 })], { source: '127.0.0.1' })
    }),
  )
  t.strictSame(play.notified(), [])
})

test('a host whose clock is two hours fast gets a clock-skew alert, and is still evaluated', async (t) => {
  const play = createPlay(config({ rules }))
  const skew = 2 * HOUR
  play.until(
    '12:40:00',
    every(TEN, (now) => {
      play.post([event('right', now, { cpu: 0.1 })])
      const cpu = now >= at('12:20:00') && now < at('12:25:00') ? 0.99 : 0.1
      play.post([event('fast', now + skew, { cpu })])
    }),
  )
  t.strictSame(
    play.mails.map((mail) => [mail.alerts[0]?.identity.rule, mail.alerts[0]?.identity.host, mail.reason]),
    [
      ['clock-skew', 'fast', 'fired'],
      ['cpu-high', 'fast', 'fired'],
      ['cpu-high', 'fast', 'resolved'],
    ],
  )
  t.strictSame(play.mails[0]?.alerts[0]?.evidence, {
    limit: { op: 'above', value: 300 },
    why: { code: 'clock_skewed', params: { seconds: -7200 } },
  })
})

test('a host whose clock is a day behind gets a clock-skew alert, is still evaluated, and recovers', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '13:00:00',
    every(TEN, (now) => {
      play.post([event('right', now, { cpu: 0.1 })])
      const cpu = now >= at('12:20:00') && now < at('12:25:00') ? 0.99 : 0.1
      play.post([event('slow', now < at('12:40:00') ? now - 27 * HOUR : now, { cpu })])
    }),
  )
  t.strictSame(
    play.mails.map((mail) => [mail.alerts[0]?.identity.rule, mail.reason]),
    [
      ['clock-skew', 'fired'],
      ['cpu-high', 'fired'],
      ['cpu-high', 'resolved'],
      ['clock-skew', 'resolved'],
    ],
  )
})

test('a backlog of twenty minutes gives one digest of resolved alerts, and firing ones as usual', async (t) => {
  const play = createPlay(config({ rules }))
  const cpu = (host: string, ts: number): number => {
    if (host === 'was-hot') return ts >= at('12:15:00') && ts < at('12:20:00') ? 0.99 : 0.1
    return host === 'is-hot' && ts >= at('12:16:00') ? 0.99 : 0.1
  }
  const hosts = ['was-hot', 'is-hot', 'fine']
  let delivered = at('12:00:00')
  play.until('13:00:00', (now) => {
    const isOut = now > at('12:10:00') && now <= at('12:40:00')
    const speed = delivered < now - TEN ? 12 * SECOND : SECOND
    const until = isOut ? delivered : Math.min(now, delivered + speed)
    while (delivered < until) {
      delivered += SECOND
      if (delivered % TEN === 0) play.post(hosts.map((host) => event(host, delivered, { cpu: cpu(host, delivered) })))
    }
  })
  t.strictSame(
    play.mails.map((mail) => [mail.kind, mail.reason, mail.alerts.map((alert) => alert.identity.host).join()]),
    [
      ['digest', 'backlog', 'was-hot'],
      ['alert', 'fired', 'is-hot'],
    ],
  )
  const [over] = play.mails[0]?.alerts ?? []
  t.equal(over?.startsAt, at('12:17:00'))
  t.equal(over?.resolvedAt, at('12:21:00'))
})

test('an alert in an old backlog that breaks off is in the digest, and not notified as new', async (t) => {
  const play = createPlay(config({ rules }), at('13:00:00'))
  play.post(Array.from({ length: 30 }, (_, i) => event('old', at('11:30:00') + i * TEN, { cpu: 0.99 })))
  play.until(
    '13:20:00',
    every(TEN, (now) => play.post([event('live', now, { cpu: 0.1 })])),
  )
  t.strictSame(
    play.mails.filter((mail) => mail.alerts[0]?.identity.rule === 'cpu-high').map((mail) => [mail.kind, mail.reason]),
    [['digest', 'backlog']],
  )
})

test('what does not fit five mails a minute is one list, and nobody is left out', async (t) => {
  const play = createPlay(config({ rules }))
  const hosts = Array.from({ length: 40 }, (_, i) => `node-${i}`)
  play.until(
    '12:10:00',
    every(TEN, (now) => play.post(hosts.map((host) => event(host, now, { cpu: 0.99 })))),
  )
  const perMinute = play.mails.filter((mail) => mail.decidedAt < at('12:03:10'))
  t.strictSame(
    perMinute.map(({ kind }) => kind),
    ['digest'],
  )
  t.strictSame(new Set(play.mails.flatMap((mail) => mail.alerts.map((alert) => alert.identity.host))), new Set(hosts))
})

test('invented hosts cannot push out known ones', async (t) => {
  const play = createPlay(config({ limits: { hosts: 50, series: 10_000, seriesPerHost: 100, sources: 10 } }))
  let invented = 0
  play.until(
    '12:30:00',
    every(TEN, (now) => {
      play.post(['a', 'b'].map((host) => event(host, now, { cpu: now < at('12:10:00') ? 0.1 : 0.99 })))
      if (now > at('12:02:00') && now < at('12:12:00')) {
        play.post(Array.from({ length: 100 }, () => event(`invented-${invented++}`, now, { cpu: 0.1 })))
      }
    }),
  )
  const mails = play.mails.map((mail) => [mail.alerts[0]?.identity.rule, mail.alerts[0]?.identity.host, mail.reason])
  t.strictSame(mails.slice(0, 3), [
    ['cardinality-limit', 'stashwatch', 'fired'],
    ['cpu-high', 'a', 'fired'],
    ['cpu-high', 'b', 'fired'],
  ])
  t.equal(play.fold.state.hosts.size, 50)
})
