import { test } from 'tap'
import {
  formatBeside,
  formatDuration,
  formatTime,
  formatValue,
  formatLimit,
  formatReach,
} from '../../src/text/format.ts'

test('values are printed by their unit', async (t) => {
  const printed: readonly (readonly [string, number | null, Parameters<typeof formatValue>[1]])[] = [
    ['95%', 0.95, 'ratio'],
    ['29%', 0.29, 'ratio'],
    ['0%', 0, 'ratio'],
    ['99.97%', 0.9997, 'ratio'],
    ['53.2%', 53.2, 'percent'],
    ['1.5 GiB', 1.5 * 1024 ** 3, 'bytes'],
    ['1023 B', 1023, 'bytes'],
    ['1 KiB', 1024, 'bytes'],
    ['1 MiB', 1024 ** 2 - 1, 'bytes'],
    ['-2 KiB', -2048, 'bytes'],
    ['20', 20, 'count'],
    ['0', -0, 'count'],
    ['123456.79', 123_456.789, 'none'],
    ['0.0123', 0.0123456, 'none'],
    ['350 ms', 0.35, 'seconds'],
    ['12.3 s', 12.3, 'seconds'],
    ['1 min 30 s', 90, 'seconds'],
    ['no data', null, 'ratio'],
    ['no data', NaN, 'count'],
    ['infinite%', Infinity, 'ratio'],
  ]
  for (const [text, value, unit] of printed) t.equal(formatValue(value, unit), text)
})

test('spans are printed in their two largest units', async (t) => {
  const printed: readonly (readonly [string, number])[] = [
    ['0 s', 0],
    ['350 ms', 350],
    ['1.5 s', 1500],
    ['59 s', 59_000],
    ['1 min', 59_999],
    ['2 min 10 s', 130_000],
    ['1 h', 3_599_999],
    ['1 h 1 min', 3_661_000],
    ['1 d', 86_399_999],
    ['3 d 4 h', 3 * 86_400_000 + 4 * 3_600_000],
    ['-5 s', -5000],
    ['an unknown time', NaN],
  ]
  for (const [text, span] of printed) t.equal(formatDuration(span), text)
})

test('instants are printed to the second with their zone', async (t) => {
  const at = Date.UTC(2026, 10, 22, 23, 3, 10) + 0.75
  t.equal(formatTime(at), '2026-11-22 23:03:10 UTC')
  t.equal(formatTime(at, 'Europe/Berlin'), '2026-11-23 00:03:10 CET')
  t.equal(formatTime(NaN), 'an unknown time')
  t.equal(formatTime(1e18), 'an unknown time')
})

test('a value is not written as the bound that it is beyond, and a limit has the unit of its value', (t) => {
  t.equal(formatBeside(0.900_001, 'ratio', [0.9, 0.8]), '90.0001%')
  t.equal(formatBeside(0.950_001, 'ratio', [0.9, 0.8]), '95%')
  t.equal(formatBeside(0.9, 'ratio', [0.9]), '90%')
  t.equal(formatBeside(1_073_741_825, 'bytes', [1_073_741_824]), '1073741825 B')
  t.equal(formatBeside(90.0001, 'percent', [90]), '90.0001%')
  t.equal(formatBeside(60.001, 'seconds', [60]), '60.001 s')
  t.equal(formatBeside(null, 'ratio', [0.9]), 'no data')
  t.equal(formatLimit({ op: 'above', value: 0.9 }, 'ratio'), 'above 90%')
  t.equal(formatLimit({ op: 'at_most', value: 1e-3 }, 'ratio'), 'at most 0.1%')
  t.equal(formatLimit({ op: 'above', value: 180 }, 'seconds'), 'above 3 min')
  t.equal(formatReach({ op: 'at_most', value: 0.85 }, 'ratio'), 'at or below 85%')
  t.equal(formatLimit(undefined, 'ratio'), '')
  t.end()
})
