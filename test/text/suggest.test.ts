import { test } from 'tap'
import { nearest } from '../../src/text/suggest.ts'

test('the word that was probably meant is found, and none where nothing is near', async (t) => {
  t.equal(nearest('treshold', ['over', 'threshold']), 'threshold')
  t.equal(nearest('hsot', ['server', 'host']), 'host')
  t.equal(nearest('WHEN', ['when']), 'when')
  t.equal(nearest('colour', ['listen', 'data']), undefined)
  t.equal(nearest('x'.repeat(5000), ['x'.repeat(5000)]), undefined)
})
