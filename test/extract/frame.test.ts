import { deepStrictEqual } from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { decodeFrame, encodeFrame, FrameError } from '../../src/extract/frame.ts'
import type { EventSamples, Frame } from '../../src/model.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const samples: fc.Arbitrary<EventSamples> = fc
  .record(
    {
      host: text,
      ts: fc.double(),
      heartbeat: fc.boolean(),
      isRemote: fc.boolean(),
      pairs: fc.array(fc.tuple(text, fc.double()), { maxLength: 12 }),
    },
    { noNullPrototype: true },
  )
  .map(({ pairs, isRemote, ...event }) => ({
    ...event,
    ...(isRemote ? { remote: true } : {}),
    series: pairs.map(([key]) => key),
    values: pairs.map(([, v]) => v),
  }))
const frames: fc.Arbitrary<Frame> = fc.record(
  {
    source: text,
    batchId: fc.stringMatching(/^[0-9a-f]{16}$/),
    isBatch: fc.boolean(),
    isMaybeRetry: fc.boolean(),
    receivedAt: fc.double({ noNaN: true }),
    events: fc.array(samples, { maxLength: 20 }),
  },
  { noNullPrototype: true },
)

const typical = (events: number, perEvent: number): Frame => ({
  source: 'logstash-a',
  batchId: '00c0ffee00c0ffee',
  isBatch: events > 1,
  isMaybeRetry: false,
  receivedAt: 1_763_812_800_000.5,
  events: Array.from({ length: events }, (_, i) => ({
    host: `web-${i % 20}.example.org`,
    ts: 1_763_812_800_000.125 + i,
    heartbeat: false,
    series: Array.from({ length: perEvent }, (__, s) => `system.metric.${s}`),
    values: Array.from({ length: perEvent }, (__, s) => i / (s + 3)),
  })),
})

const codeOf = (call: () => unknown): string => {
  try {
    call()
  } catch (error) {
    if (error instanceof FrameError) return error.code
    throw error
  }
  return 'no error'
}

void test('a frame comes back as it was packed, NaN and minus zero included', async (t) => {
  fc.assert(
    fc.property(frames, (frame) => {
      deepStrictEqual(decodeFrame(encodeFrame(frame)), frame)
    }),
    { numRuns: 200 },
  )
  const odd = {
    ...typical(1, 2),
    events: [{ host: 'a', ts: Number.NaN, heartbeat: true, series: ['x'], values: [-0] }],
  }
  const event = decodeFrame(encodeFrame(odd)).events[0]!
  t.ok(Number.isNaN(event.ts))
  t.ok(Object.is(event.values[0], -0))
  t.equal(event.heartbeat, true)
})

void test('a frame owns its memory and can be read from the middle of another buffer', async (t) => {
  const bytes = encodeFrame(typical(3, 2))
  t.equal(bytes.buffer.byteLength, bytes.byteLength)
  t.equal(bytes.byteOffset, 0)
  const around = new Uint8Array(bytes.length + 14)
  around.set(bytes, 7)
  t.strictSame(decodeFrame(around.subarray(7, 7 + bytes.length)), typical(3, 2))
  const moved = structuredClone(bytes, { transfer: [bytes.buffer] })
  t.strictSame(decodeFrame(moved), typical(3, 2))
})

void test('an event of ten samples takes about 110 bytes', async (t) => {
  const perEvent = encodeFrame(typical(125, 10)).length / 125
  t.ok(perEvent <= 110, `${perEvent} bytes`)
})

void test('more than 127 strings and samples are packed without loss', async (t) => {
  const frame = typical(200, 300)
  t.strictSame(decodeFrame(encodeFrame(frame)), frame)
})

void test('a frame cut at any byte, of another version or followed by junk is refused with a code', async (t) => {
  const bytes = encodeFrame(typical(3, 2))
  const codes = Array.from(bytes, (_, length) => codeOf(() => decodeFrame(bytes.subarray(0, length))))
  t.strictSame([...new Set(codes)], ['frame_cut'])
  const other = Uint8Array.from(bytes)
  other[0] = 2
  t.equal(
    codeOf(() => decodeFrame(other)),
    'frame_version',
  )
  t.equal(
    codeOf(() => decodeFrame(Uint8Array.from([...bytes, 0]))),
    'frame_damaged',
  )
})

void test('random bytes end in nothing but a frame error, and take no memory that they do not fill', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, versioned) => {
      if (versioned) bytes[0] = 1
      codeOf(() => decodeFrame(bytes))
    }),
    { numRuns: 500 },
  )
  const greedy = Uint8Array.from([1, 0, ...Array<number>(8).fill(0), 0xff, 0xff, 0xff, 0xff, 0x0f])
  t.equal(
    codeOf(() => decodeFrame(greedy)),
    'frame_cut',
  )
})

void test('what is shown of an event comes back, and costs the other events one byte', async (t) => {
  const frame = typical(125, 3)
  const shown: EventSamples['shown'] = [
    ['message', 'Failed password for ünï from 10.0.0.1'],
    ['user.name', 'ada'],
  ]
  const events = frame.events.map((event, i) =>
    i === 7 ? { ...event, shown } : i === 8 ? { ...event, shown: [] } : event,
  )
  deepStrictEqual(decodeFrame(encodeFrame({ ...frame, events })), { ...frame, events })
  const more = encodeFrame({ ...frame, events }).length - encodeFrame(frame).length
  t.ok(more < 125 + 80, `${more} bytes`)
  const bytes = encodeFrame({ ...frame, events: events.slice(7, 8) })
  for (let end = 0; end < bytes.length; end += 1)
    t.equal(
      codeOf(() => decodeFrame(bytes.subarray(0, end))),
      'frame_cut',
      `cut at ${end}`,
    )
})
