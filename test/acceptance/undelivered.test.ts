import { test } from 'tap'
import { encodeEntry } from '../../src/engine/step.ts'
import { renderMessage } from '../../src/notify/message.ts'
import { config, createPlay, MINUTE, NOON } from '../helpers/play.ts'

const receivers = [
  { name: 'team', email: [{ address: 'ada@example.org' }] },
  { name: 'ops', email: [{ address: 'ada@example.org' }, { address: 'grace@example.org' }], webhook: true },
]

test('a mail that was given up is told to whoever hears of the service, but not to who did not get it', async (t) => {
  const play = createPlay(config({ receivers, system: ['ops'] }))
  const fail = (what: string, now: number): void => {
    const command = {
      kind: 'undelivered' as const,
      address: 'ada@example.org',
      receiver: 'team',
      what,
      answer: '554 5.7.1 no',
    }
    play.enter({ kind: 'command', data: encodeEntry({ ...command, at: NOON, now }) })
  }
  play.until(NOON + MINUTE)
  for (let i = 0; i < 30; i += 1) fail(`cpu-high on web-${i}`, play.now())
  play.until(NOON + 3 * MINUTE)
  t.strictSame(
    play.mails.map(({ to, because }) => [to.address, because]),
    [
      ['grace@example.org', 'not delivered'],
      ['webhook:ops', 'not delivered'],
    ],
  )
  const [mail] = play.mails
  t.equal(mail?.notice?.title, '30 mails were not delivered')
  t.equal(mail?.notice?.lines.length, 21)
  const text = mail && renderMessage(mail, { from: { address: 'a@example.org' }, domain: 'example.org' }).text
  t.match(text, /cpu-high on web-0, of 2026-11-22 12:00:00 UTC, to\s+ada@example.org\s+\(team\):\s+554 5.7.1 no/)
  t.match(text, /its receiver may\s+not know/)
})

test('where nobody else hears of the service, nothing is told of a mail that was given up', async (t) => {
  const play = createPlay(config({ receivers, system: ['team'] }))
  const command = {
    kind: 'undelivered' as const,
    address: 'ada@example.org',
    receiver: 'team',
    what: 'x',
    answer: 'no',
  }
  play.enter({ kind: 'command', data: encodeEntry({ ...command, at: NOON, now: play.now() }) })
  play.until(NOON + 3 * MINUTE)
  t.strictSame(play.mails, [])
})
