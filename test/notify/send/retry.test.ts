import { test } from 'tap'
import { isWithdrawn } from '../../../src/notify/send/retry.ts'
import { KINDS } from '../kinds.ts'

test('a removed address gets the end of alerts it was notified of, and nothing else', async (t) => {
  const end = KINDS['resolved']?.()
  if (end === undefined) throw new Error('there is a sample of a resolved mail')
  const left = end.decidedAt + 1000
  const instead = (reason: 'fired' | 'repeat_interval') => ({ ...end, replaces: { at: end.decidedAt, reason } })
  t.equal(isWithdrawn(end, left), false)
  t.equal(isWithdrawn(instead('repeat_interval'), left), false, 'only a repeat never got out')
  t.equal(isWithdrawn(instead('fired'), left), true, 'nobody there knows that it fired')
  t.equal(isWithdrawn({ ...end, channel: 'webhook' }, left), true, 'a machine that left has no way')
})
