import { test } from 'tap'
import { encodeEntry } from '../../src/engine/step.ts'
import { config, createPlay, MINUTE, NOON } from '../helpers/play.ts'

const receivers = [
  { name: 'team', email: [{ address: 'ada@example.org' }] },
  { name: 'ops', email: [{ address: 'ada@example.org' }, { address: 'grace@example.org' }], webhook: true },
]

test('an undelivered mail is reported to self_monitoring, but not to its own address', async (t) => {
  const play = createPlay(config({ receivers, selfMonitoring: ['ops'] }))
  const fail = (host: string, now: number): void => {
    const result = { response: '554 5.7.1 no' }
    const subject = { kind: 'alert', rule: 'cpu-high', host, state: 'firing' } as const
    const item = { address: 'ada@example.org', receiver: 'team', subject, result, at: NOON }
    play.enter({ kind: 'command', data: encodeEntry({ kind: 'undelivered', item, now }) })
  }
  play.until(NOON + MINUTE)
  for (let i = 0; i < 30; i += 1) fail(`web-${i}`, play.now())
  play.until(NOON + 3 * MINUTE)
  t.strictSame(
    play.mails.map(({ to, reason }) => [to.address, reason]),
    [
      ['grace@example.org', 'undelivered'],
      ['webhook:ops', 'undelivered'],
    ],
  )
  const [mail] = play.mails
  t.match(mail?.notice, { kind: 'undelivered', count: 30 })
  t.equal(mail?.notice?.kind === 'undelivered' && mail.notice.items.length, 20)
  const [first] = mail?.notice?.kind === 'undelivered' ? mail.notice.items : []
  const subject = { kind: 'alert', rule: 'cpu-high', host: 'web-0', state: 'firing' }
  const result = { response: '554 5.7.1 no' }
  t.strictSame(first, { address: 'ada@example.org', receiver: 'team', subject, result, at: NOON })
})

test('without other receivers of self_monitoring, an undelivered mail is not reported', async (t) => {
  const play = createPlay(config({ receivers, selfMonitoring: ['team'] }))
  const item = {
    address: 'ada@example.org',
    receiver: 'team',
    subject: { kind: 'unknown' },
    result: { response: 'no' },
    at: NOON,
  } as const
  play.enter({ kind: 'command', data: encodeEntry({ kind: 'undelivered', item, now: play.now() }) })
  play.until(NOON + 3 * MINUTE)
  t.strictSame(play.mails, [])
})
