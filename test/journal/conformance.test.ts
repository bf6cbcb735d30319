import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { after, test } from 'tap'
import { openMemoryJournal, openSqliteJournal } from '../../src/journal/index.ts'
import type { Journal, Outcome } from '../../src/model.ts'
import { journalConformance } from './conformance.ts'
import type { Open } from './conformance.ts'
import { entryFor, unthreaded } from './payload.ts'

const folder = mkdtempSync(join(tmpdir(), 'stashwatch-journal-'))
after(() => rmSync(folder, { recursive: true }))

let opened = 0
const openSqlite: Open = (options) => openSqliteJournal({ ...options, file: join(folder, `${(opened += 1)}.db`) })

journalConformance('memory', openMemoryJournal)
journalConformance('sqlite', openSqlite)

/** One call, as data, so that a counterexample can be read. Numbers are taken modulo what exists. */
const step = fc.oneof(
  fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ do: fc.constant('commit' as const), upTo: fc.nat(), id: fc.nat({ max: 12 }) }),
  fc.record({
    do: fc.constant('save' as const),
    upTo: fc.nat(),
    index: fc.nat({ max: 2 }),
    count: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({ do: fc.constant('recover' as const), upTo: fc.nat() }),
  fc.record({ do: fc.constant('render' as const), id: fc.nat({ max: 12 }) }),
  fc.record({ do: fc.constant('merge' as const), id: fc.nat({ max: 12 }), of: fc.nat({ max: 12 }) }),
  fc.record({
    do: fc.constant('outcome' as const),
    id: fc.nat({ max: 12 }),
    state: fc.constantFrom<Outcome['state'][]>('sent', 'failed', 'retry', 'withdrawn'),
    isServers: fc.boolean(),
  }),
  fc.record({ do: fc.constant('hasten' as const) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Up to one beyond the last entry, which is refused; recovery beyond it would rightly say that entries are lost. */
function offsetOf(step: Step, last: number): number {
  if (!('upTo' in step)) return 0
  return step.upTo % (step.do === 'recover' ? last + 1 : last + 2)
}

function outcomeOf({ state, isServers }: Extract<Step, { do: 'outcome' }>, now: number): Outcome {
  const response = `${now}`
  return state === 'retry'
    ? { state, response, at: now + 3, ...(isServers && { fault: 'server' }) }
    : { state, response }
}

async function perform(journal: Journal, step: Step, now: number, last: number): Promise<unknown> {
  const id = 'id' in step ? `e${step.id}` : ''
  const upTo = offsetOf(step, last)
  const data = Buffer.from(`${now}`)
  switch (step.do) {
    case 'append':
      return journal.append(Array.from({ length: step.count }, (_, index) => entryFor(last + index + 1)))
    case 'commit':
      return journal.commit(
        upTo,
        [{ ...unthreaded(id, `${now}`), recipient: 'a', orderingKey: `${now % 2}`, thread: `${now % 2}` }],
        now,
      )
    case 'save':
      return journal.saveChunk({ upTo, index: step.index, count: step.count, data })
    case 'recover':
      return journal.recover(upTo)
    case 'merge':
      return step.of === step.id || journal.outbox.merge({ into: id, data: `${now}`, of: [`e${step.of}`] }, now)
    case 'render':
      return journal.outbox.rendered(id, data)
    default:
      return journal.outbox.outcome(id, outcomeOf(step, now), now)
    case 'hasten':
      return journal.outbox.retryNow('email')
  }
}

async function observe(journal: Journal, now: number): Promise<unknown> {
  const snapshot = await journal.load()
  const due = await journal.outbox.due(now, 99)
  return {
    entries: await journal.read(0, Number.MAX_SAFE_INTEGER),
    snapshot: snapshot && [snapshot.offset, Buffer.from(snapshot.state).toString()],
    due: due.map(({ rendered, ...item }) => [item, rendered && Buffer.from(rendered).toString()]),
    list: await journal.outbox.list(99),
    siblings: await Promise.all(due.map(({ id }) => journal.outbox.pendingInThread(id))),
    earlier: await Promise.all(due.map(({ id }) => journal.outbox.history(id))),
    stats: await journal.outbox.stats(),
  }
}

test('both engines answer alike, whatever they are asked', async (t) => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
    const journals = [openMemoryJournal({ keepRecords: 2 }), openSqlite({ keepRecords: 2 })] as const
    let last = 0
    for (const [now, step] of steps.entries()) {
      const answers = await Promise.all(
        journals.map((journal) => perform(journal, step, now, last).catch(() => 'refused')),
      )
      t.same(answers[1], answers[0])
      if (step.do === 'append') last += step.count
      if (step.do === 'recover' && answers[0] !== 'refused') last = offsetOf(step, last)
      const [memory, sqlite] = [await observe(journals[0], now), await observe(journals[1], now)]
      if (!t.same(sqlite, memory)) throw new Error(JSON.stringify({ step, sqlite, memory }))
    }
    for (const journal of journals) await journal.close()
  })
  await fc.assert(property, { numRuns: 25, seed: 20261122 })
})
