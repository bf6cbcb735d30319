import { test } from 'tap'
import type { HeartbeatItems } from '../../src/model.ts'
import { describeNotice } from '../../src/text/notice.ts'

const AT = Date.UTC(2026, 10, 22, 12)
const MINUTE = 60_000

test('a heartbeat is all clear only while events arrive', async (t) => {
  const title = (pulse: Pick<HeartbeatItems['pulse'], 'lastEvent' | 'gap'>): string => {
    const items: HeartbeatItems = {
      pulse: { hosts: 2, hostsSeen: 0, sources: { total: 0, first: [] }, ...pulse },
      mails: 0,
      since: AT - 1440 * MINUTE,
      firing: { total: 0, first: [] },
      suppressed: { silence: 0, maintenance: 0, inhibition: 0, acknowledgement: 0 },
    }
    return describeNotice({ kind: 'heartbeat', items }, AT).title
  }
  t.equal(title({ lastEvent: AT - MINUTE }), 'All clear')
  t.equal(title({ lastEvent: AT - 61 * MINUTE }), 'No events received')
  t.equal(title({}), 'No events received')
  t.equal(title({ gap: { from: AT - 1440 * MINUTE, to: AT - MINUTE } }), 'All clear', 'it was down until a minute ago')
})
