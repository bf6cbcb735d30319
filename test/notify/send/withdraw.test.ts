import { test } from 'tap'
import { isNobodys } from '../../../src/notify/send/withdraw.ts'
import { KINDS } from '../kinds.ts'

test('who left is told the end of what was told, and of nothing else', async (t) => {
  const end = KINDS['resolved']?.()
  if (end === undefined) throw new Error('there is a sample of a resolved mail')
  const left = end.decidedAt + 1000
  const instead = (because: 'fired' | 'repeat_interval') => ({ ...end, replaces: { at: end.decidedAt, because } })
  t.equal(isNobodys(end, left), false)
  t.equal(isNobodys(instead('repeat_interval'), left), false, 'only a repeat never got out')
  t.equal(isNobodys(instead('fired'), left), true, 'nobody there knows that it fired')
  t.equal(isNobodys({ ...end, channel: 'webhook' }, left), true, 'a machine that left has no way')
})
