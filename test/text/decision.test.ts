import { test } from 'tap'
import { describeResponse } from '../../src/text/decision.ts'

test('what came of a notification is the response, or why there is none', async (t) => {
  t.equal(describeResponse({}), undefined, 'not tried yet')
  t.equal(describeResponse({ response: '250 OK' }), '250 OK')
  t.equal(describeResponse({ mergedInto: 'b' }), 'replaced by notification b')
  t.match(describeResponse({ damaged: true }), /not sent: .* checksum/)
  t.equal(describeResponse({ response: '250 OK', damaged: true }), '250 OK', 'it was sent before the damage')
})
