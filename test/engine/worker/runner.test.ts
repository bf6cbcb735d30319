import { test } from 'tap'
import type { EngineEvent } from '../../../src/engine/worker/protocol.ts'
import { startRunner } from '../../../src/engine/worker/runner.ts'
import { openMemoryJournal } from '../../../src/journal/index.ts'
import { encodeFrame } from '../../../src/extract/frame.ts'
import type { Journal, NewEntry, Offset, SnapshotChunk } from '../../../src/model.ts'
import { config, event, NOON, SECOND, silent, cpuHigh, TEN } from '../../helpers/play.ts'

const settings = config({ rules: [cpuHigh(), silent()] })

const frame = (now: number): NewEntry => ({
  kind: 'batch',
  data: encodeFrame({
    source: 'logstash-a',
    batchId: `${now}`.padStart(16, '0'),
    isBatch: true,
    isMaybeRetry: false,
    receivedAt: now,
    events: [event('a', now, { cpu: 1 }), event('b', now, { cpu: 0.5 })],
  }),
})

interface Seen {
  readonly journal: Journal
  readonly effects: { upTo: Offset; id: string }[]
  readonly log: string[]
}

/** A journal that says what was asked of it, and forgets nothing when its runner is thrown away. */
function watched(): Seen {
  const journal = openMemoryJournal()
  const effects: { upTo: Offset; id: string }[] = []
  const log: string[] = []
  return {
    effects,
    log,
    journal: {
      ...journal,
      commit: (upTo, list, now) => {
        for (const { id } of list) effects.push({ upTo, id })
        log.push(`effects ${upTo}`)
        return journal.commit(upTo, list, now)
      },
      saveChunk: (chunk: SnapshotChunk) => {
        log.push(`chunk ${chunk.upTo}`)
        return journal.saveChunk(chunk)
      },
    },
  }
}

const OFTEN = { bytes: 1 << 30, ticks: 20 }

/** Four minutes of a hot host, with a new runner on the same journal after every `life` seconds. */
async function live(seen: Seen, life: number, reports: EngineEvent[] = []): Promise<string[]> {
  let runner = await startRunner(seen.journal, settings, NOON, (report) => reports.push(report), OFTEN)
  for (let second = 1; second <= 240; second++) {
    const now = NOON + second * SECOND
    if (second % life === 0)
      runner = await startRunner(seen.journal, settings, now, (report) => reports.push(report), OFTEN)
    if (now % TEN === 0) await runner.write([frame(now)])
    await runner.tick({ now, refused: false })
    while (runner.hasWork()) await runner.work()
  }
  return (await seen.journal.outbox.list(100)).map(({ data }) => data).sort()
}

test('a runner that is thrown away at any moment leaves nothing undone and does nothing twice', async (t) => {
  const whole = await live(watched(), 1000)
  t.ok(whole.length > 0, `${whole.length} mails`)
  for (const life of [7, 13, 61, 133]) t.strictSame(await live(watched(), life), whole, `a crash every ${life} s`)
})

test('a snapshot never precedes the effects that it covers (I8)', async (t) => {
  const seen = watched()
  await live(seen, 1000)
  const chunks = seen.log.flatMap((line, i) =>
    line.startsWith('chunk') ? [{ i, upTo: Number(line.split(' ')[1]) }] : [],
  )
  t.ok(chunks.length > 3)
  for (const { upTo } of seen.effects) {
    const recorded = seen.log.indexOf(`effects ${upTo}`)
    const covering = chunks.find((chunk) => chunk.upTo >= upTo)
    t.ok(covering === undefined || recorded < covering.i)
  }
})

test('a journal that fails takes no batch and folds none, and everything goes on when it works again', async (t) => {
  const seen = watched()
  const reports: EngineEvent[] = []
  let isBroken = false
  const recovered: Offset[] = []
  const journal: Journal = {
    ...seen.journal,
    append: (entries) => (isBroken ? Promise.reject(new Error('disk full')) : seen.journal.append(entries)),
    recover: (upTo) => {
      if (isBroken) return Promise.reject(new Error('disk still full'))
      recovered.push(upTo)
      return seen.journal.recover(upTo)
    },
  }
  const runner = await startRunner(journal, settings, NOON, (report) => reports.push(report), {
    ...OFTEN,
    reopenInterval: 0,
  })
  await runner.write([frame(NOON + TEN)])
  isBroken = true
  await t.rejects(runner.write([frame(NOON + 2 * TEN)]), /disk full/)
  await t.rejects(runner.tick({ now: NOON + 21 * SECOND, refused: false }), /disk still full/)
  t.equal(runner.fold.counters.get('samples'), 2, 'what was not kept is not counted')
  isBroken = false
  const [again] = await runner.write([frame(NOON + 2 * TEN)])
  t.equal(again?.duplicate, false, 'the sender tries again, and it is no duplicate')
  t.equal(runner.fold.counters.get('samples'), 4)
  t.strictSame(recovered, [3])
  t.strictSame(
    reports.filter((report) => report.kind === 'journal').map((report) => report.ok),
    [false, true],
  )
})

test('an entry that makes the fold throw is reported, and stops nothing', async (t) => {
  const reports: EngineEvent[] = []
  const journal = openMemoryJournal()
  const runner = await startRunner(journal, settings, NOON, (report) => reports.push(report))
  await runner.write([{ kind: 'batch', data: new Uint8Array([99, 1, 2]) }, frame(NOON + TEN)])
  t.match(
    reports.find((report) => report.kind === 'fault'),
    { offset: 3 },
  )
  t.equal(runner.fold.counters.get('samples'), 2)
  const next = await startRunner(journal, settings, NOON, () => undefined)
  t.equal(next.fold.state.hosts.size, 2, 'nor at the next start')
})

test('downtimes are recorded and shown with the alerts that they affect', async (t) => {
  const journal = openMemoryJournal()
  const first = await startRunner(journal, settings, NOON, () => undefined)
  for (let now = NOON + SECOND; now <= NOON + 60 * SECOND; now += SECOND) {
    if (now % TEN === 0) await first.write([frame(now)])
    await first.tick({ now, refused: false })
  }
  const back = NOON + 200 * SECOND
  const second = await startRunner(journal, settings, back, () => undefined)
  for (let now = back; now <= back + 200 * SECOND; now += SECOND) {
    if (now % TEN === 0) await second.write([frame(now)])
    await second.tick({ now, refused: false })
  }
  const [mail] = await journal.outbox.list(1)
  t.match(JSON.parse(mail?.data ?? '{}'), {
    alerts: [{ identity: { host: 'a' }, gaps: [{ from: NOON + 60 * SECOND, to: back }] }],
  })
})

test('a command is durable before its answer comes, and folded again at the next start', async (t) => {
  const journal = openMemoryJournal()
  const begin = (now: number) => startRunner(journal, settings, now, () => undefined)
  const runner = await begin(NOON)
  await runner.write([frame(NOON)])
  const command = { kind: 'retire', host: 'a', author: 'ada', now: NOON } as const
  t.match(await runner.command({ ...command, unlessSeenWithin: SECOND }), {
    kind: 'refused',
    code: 'host-active',
    value: NOON,
  })
  t.match(await runner.command(command), { kind: 'done', value: { host: 'a' } })
  t.match(await runner.command(command), { kind: 'refused', code: 'unknown-host' })
  const again = await begin(NOON + SECOND)
  t.strictSame([...again.fold.state.hosts.keys()], ['b'])
})

test('a command is rejected when the journal fails, and nothing has happened', async (t) => {
  const journal = openMemoryJournal()
  let isFull = false
  const full = (): Promise<readonly Offset[]> => Promise.reject(new Error('the disk is full'))
  const failing: Journal = { ...journal, append: (entries) => (isFull ? full() : journal.append(entries)) }
  const runner = await startRunner(failing, settings, NOON, () => undefined)
  await runner.write([frame(NOON)])
  isFull = true
  await t.rejects(runner.command({ kind: 'retire', host: 'a', author: 'ada', now: NOON }), {
    message: 'the disk is full',
  })
  t.ok(runner.fold.state.hosts.has('a'))
})

test('a command that this version does not know is passed over in the journal, and refused to whoever sends it', async (t) => {
  const reports: EngineEvent[] = []
  const runner = await startRunner(openMemoryJournal(), settings, NOON, (report) => reports.push(report))
  const [step] = await runner.write([{ kind: 'command', data: new TextEncoder().encode('{"kind":"toString"}') }])
  t.equal(step?.reply, undefined)
  t.match(reports.at(-1), { kind: 'fault', message: /the command 'toString' is not known/ })
})
