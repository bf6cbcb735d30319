import { test } from 'tap'
import type { Test } from 'tap'
import type { Effect, Entry, Journal, Offset, SnapshotChunk, Channel } from '../../src/model.ts'
import { entryFor, unthreaded } from './payload.ts'

export type Open = (options?: { readonly keepRecords?: number }) => Journal

const ALL = Number.MAX_SAFE_INTEGER
const bytes = (text: string): Uint8Array => Buffer.from(text)
/** An effect that belongs to no thread. */
const effect = (id: string): Effect => ({ ...unthreaded(id), data: JSON.stringify({ id }) })
const part = (upTo: Offset, index: number, count: number, text: string): SnapshotChunk => ({
  upTo,
  index,
  count,
  data: bytes(text),
})
const offsetsOf = (entries: readonly Entry[]): Offset[] => entries.map(({ offset }) => offset)
const idsOf = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id)

/** Gives an empty journal its first entries, up to an offset. */
export async function fill(journal: Journal, to: Offset): Promise<void> {
  await journal.append(Array.from({ length: to }, (_, index) => entryFor(index + 1)))
}

/** What every engine promises behind the port `Journal`. `open` gives an empty journal each time. */
export function journalConformance(name: string, open: Open): void {
  const journalTest = (sentence: string, body: (t: Test, journal: Journal) => Promise<void>): void =>
    void test(`${name}: ${sentence}`, async (t) => {
      const journal = open({ keepRecords: 3 })
      t.teardown(() => journal.close())
      await body(t, journal)
    })
  entriesConform(journalTest)
  snapshotsConform(journalTest)
  effectsConform(journalTest)
  recordsConform(journalTest)
  threadsConform(journalTest)
  recoveryConforms(journalTest)
}

type JournalTest = (sentence: string, body: (t: Test, journal: Journal) => Promise<void>) => void

function entriesConform(journalTest: JournalTest): void {
  journalTest('offsets start at 1 and have no gaps, also for calls made together', async (t, journal) => {
    t.same(await journal.append([entryFor(1), entryFor(2)]), [1, 2])
    t.same(await journal.append([]), [])
    const together = [journal.append([entryFor(3)]), journal.append([]), journal.append([entryFor(4), entryFor(5)])]
    const seen = journal.read(2, ALL)
    t.same(await Promise.all(together), [[3], [], [4, 5]])
    t.same(offsetsOf(await seen), [3, 4, 5], 'a later call sees the earlier ones')
  })

  journalTest('entries come back as they were written, in their order', async (t, journal) => {
    const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)
    const written = [everyByte, new Uint8Array(0), bytes('x'.repeat(100_000))]
    await journal.append(written.map((data, index) => ({ kind: entryFor(index).kind, data })))
    const read = await journal.read(0, ALL)
    t.same(
      read.map(({ kind }) => kind),
      ['batch', 'tick', 'command'],
    )
    for (const [index, data] of written.entries()) t.ok(Buffer.from(data).equals(read[index]!.data))
  })

  journalTest('a buffer may be used again once its entry is acknowledged', async (t, journal) => {
    const data = bytes('first')
    await journal.append([{ kind: 'batch', data }])
    data.fill(0)
    t.equal(Buffer.from((await journal.read(0, ALL))[0]!.data).toString(), 'first')
  })

  journalTest('reading stops when enough bytes are reached, and never without an entry', async (t, journal) => {
    await journal.append(['aaaa', 'bbbb', 'cccc'].map((text) => ({ kind: 'batch' as const, data: bytes(text) })))
    t.same(offsetsOf(await journal.read(0, 1)), [1])
    t.same(offsetsOf(await journal.read(0, 4)), [1])
    t.same(offsetsOf(await journal.read(0, 5)), [1, 2])
    t.same(offsetsOf(await journal.read(1, 100)), [2, 3])
    t.same(await journal.read(3, 100), [])
    t.same(await journal.read(99, 100), [])
  })
}

function snapshotsConform(journalTest: JournalTest): void {
  const save = async (journal: Journal, upTo: Offset, ...texts: string[]): Promise<void> => {
    for (const [index, text] of texts.entries()) await journal.saveChunk(part(upTo, index, texts.length, text))
  }
  const loaded = async (journal: Journal): Promise<readonly [Offset, string] | undefined> => {
    const snapshot = await journal.load()
    return snapshot && [snapshot.offset, Buffer.from(snapshot.state).toString()]
  }

  journalTest('a snapshot counts once its last part is there', async (t, journal) => {
    await fill(journal, 9)
    t.equal(await loaded(journal), undefined)
    await journal.saveChunk(part(4, 0, 3, 'one '))
    await journal.append([entryFor(10)])
    await journal.saveChunk(part(4, 1, 3, ''))
    t.equal(await loaded(journal), undefined)
    await journal.saveChunk(part(4, 2, 3, 'three'))
    t.same(await loaded(journal), [4, 'one three'])
    await journal.saveChunk(part(8, 0, 2, 'half of the next '))
    t.same(await loaded(journal), [4, 'one three'])
    await journal.saveChunk(part(8, 1, 2, 'and all'))
    t.same(await loaded(journal), [8, 'half of the next and all'])
  })

  journalTest('a first part starts over, also at the same offset', async (t, journal) => {
    await fill(journal, 5)
    await save(journal, 5, 'a', 'complete one')
    await journal.saveChunk(part(5, 0, 3, 'given up'))
    await journal.saveChunk(part(5, 1, 3, 'given up'))
    await save(journal, 5, 'b', 'c')
    t.same(await loaded(journal), [5, 'bc'])
  })

  journalTest('a part out of its order, or ahead of the entries, is refused and harms nothing', async (t, journal) => {
    await fill(journal, 5)
    await t.rejects(journal.saveChunk(part(5, 1, 2, 'x')), RangeError)
    await t.rejects(journal.saveChunk(part(5, 2, 2, 'x')), RangeError)
    await t.rejects(journal.saveChunk(part(6, 0, 1, 'x')), RangeError)
    await journal.saveChunk(part(5, 0, 3, 'a'))
    await t.rejects(journal.saveChunk(part(5, 2, 3, 'x')), RangeError)
    await t.rejects(journal.saveChunk(part(4, 1, 3, 'x')), RangeError)
    await journal.saveChunk(part(5, 1, 3, 'b'))
    await journal.saveChunk(part(5, 2, 3, 'c'))
    t.same(await loaded(journal), [5, 'abc'])
    t.same(await journal.append([entryFor(6)]), [6])
  })

  journalTest('entries go when the snapshot before the newest covers them', async (t, journal) => {
    await fill(journal, 9)
    await save(journal, 3, 'a')
    t.equal((await journal.read(0, ALL)).length, 9, 'one snapshot alone could be damaged')
    await save(journal, 7, 'b')
    t.same(offsetsOf(await journal.read(0, ALL)), [4, 5, 6, 7, 8, 9])
    await save(journal, 9, 'c')
    await save(journal, 9, 'd')
    t.same(await journal.read(0, ALL), [])
    t.same(await journal.append([entryFor(10)]), [10], 'no offset is given twice')
  })
}

function effectsConform(journalTest: JournalTest): void {
  journalTest('an effect is recorded once, whatever became of it', async (t, journal) => {
    await fill(journal, 9)
    await journal.commit(2, [effect('a'), effect('b'), effect('a')], 100)
    await journal.outbox.outcome('a', { state: 'sent', response: '250' }, 150)
    await journal.commit(5, [effect('a'), effect('b'), effect('c')], 200)
    await journal.commit(9, [], 300)
    t.same(idsOf(await journal.outbox.due(1000, 9)), ['b', 'c'])
    t.same(idsOf(await journal.outbox.list(9)), ['c', 'b', 'a'])
    t.same(
      (await journal.outbox.list(9)).map(({ createdAt }) => createdAt),
      [200, 100, 100],
    )
    await t.rejects(journal.commit(10, [effect('d')], 300), RangeError)
  })

  journalTest('what is due comes oldest first, retries when their time has come', async (t, journal) => {
    await fill(journal, 1)
    await journal.commit(1, [effect('a'), effect('b'), effect('c')], 5000.5)
    await journal.outbox.outcome('a', { state: 'retry', response: '451 later', at: 7000.25 }, 5001)
    t.same(idsOf(await journal.outbox.due(6000, 9)), ['b', 'c'])
    t.same(idsOf(await journal.outbox.due(6000, 1)), ['b'])
    t.same(idsOf(await journal.outbox.due(7000.25, 9)), ['a', 'b', 'c'])
    t.same(idsOf(await journal.outbox.due(4000, 9)), ['b', 'c'], 'a clock set back holds up no new mail')
    t.match((await journal.outbox.due(7001, 1))[0], { id: 'a', data: '{"id":"a"}', attempts: 1 })
  })

  journalTest(
    'a mail that waits for a retry is due at once after the clock was set back by 25 hours',
    async (t, journal) => {
      await fill(journal, 1)
      const now = 30 * 3_600_000
      await journal.commit(1, [effect('a')], now)
      await journal.outbox.outcome('a', { state: 'retry', response: '451 later', at: now + 300_000 }, now)
      t.same(idsOf(await journal.outbox.due(now, 9)), [])
      t.same(idsOf(await journal.outbox.due(now - 300_000, 9)), [], 'a correction by minutes keeps the wait')
      t.same(idsOf(await journal.outbox.due(now - 25 * 3_600_000, 9)), ['a'])
    },
  )

  journalTest('what waits because its way was in trouble is due once that is hastened', async (t, journal) => {
    await fill(journal, 1)
    const hook = notified('hook', 'h', 'webhook:ops', 'webhook')
    await journal.commit(1, [notified('a', 'x'), notified('greylisted', 'y'), notified('b', 'z'), hook], 1)
    const later = { state: 'retry', response: 'later', at: 500 } as const
    for (const id of ['a', 'b', 'hook']) await journal.outbox.outcome(id, { ...later, fault: 'server' }, 1)
    await journal.outbox.outcome('greylisted', later, 1)
    await journal.outbox.rendered('a', bytes('kept'))
    await journal.outbox.outcome('b', later, 2)
    await journal.outbox.retryNow('email')
    t.match(await journal.outbox.due(3, 9), [{ id: 'a', attempts: 1, rendered: Buffer.from('kept') }])
    t.same(idsOf(await journal.outbox.due(3, 9)), ['a'], 'the last answer counts')
    await journal.outbox.retryNow('webhook')
    t.same(idsOf(await journal.outbox.due(3, 9)), ['a', 'hook'])
    await journal.outbox.outcome('a', later, 4)
    await journal.outbox.retryNow('email')
    t.same(idsOf(await journal.outbox.due(5, 9)), ['hook'])
  })

  journalTest('a message is rendered once, kept for its retries, and dropped when it is done', async (t, journal) => {
    const message = async (): Promise<string | undefined> => {
      const rendered = (await journal.outbox.due(1000, 1))[0]?.rendered
      return rendered && Buffer.from(rendered).toString()
    }
    await fill(journal, 1)
    await journal.commit(1, [effect('a')], 1)
    t.equal(await message(), undefined)
    const buffer = bytes('From: a')
    await journal.outbox.rendered('a', buffer)
    buffer.fill(0)
    await journal.outbox.rendered('a', bytes('From: b'))
    await journal.outbox.rendered('unknown', bytes('From: c'))
    await journal.outbox.outcome('a', { state: 'retry', response: 'time-out', at: 2 }, 2)
    t.equal(await message(), 'From: a')
    await journal.outbox.outcome('a', { state: 'sent', response: '250' }, 3)
    await journal.outbox.rendered('a', bytes('From: d'))
    t.equal(await message(), undefined)
  })
}

function recordsConform(journalTest: JournalTest): void {
  journalTest('the registry tells what became of each effect, newest first', async (t, journal) => {
    await fill(journal, 1)
    t.same(await journal.outbox.stats(), { pending: 0 })
    await journal.commit(1, [effect('a'), effect('b')], 10)
    await journal.commit(1, [effect('c'), effect('d')], 20)
    t.same(await journal.outbox.stats(), { pending: 4, oldest: 10 })
    await journal.outbox.outcome('a', { state: 'retry', response: '421 busy', at: 40 }, 30)
    await journal.outbox.outcome('a', { state: 'sent', response: '250 ok' }, 50)
    await journal.outbox.outcome('b', { state: 'failed', response: '550 unknown' }, 60)
    await journal.outbox.outcome('b', { state: 'sent', response: 'too late' }, 70)
    await journal.outbox.outcome('b', { state: 'retry', response: 'too late', at: 90 }, 70)
    await journal.outbox.outcome('c', { state: 'retry', response: '421 busy', at: 80 }, 70)
    await journal.outbox.outcome('unknown', { state: 'sent', response: '250' }, 70)
    const why = { code: 'receiver_removed', params: { at: 70 } }
    await journal.outbox.outcome('d', { state: 'withdrawn', why }, 75)
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => ({ id, data: effect(id).data }))
    t.same(await journal.outbox.list(9), [
      { ...d, state: 'withdrawn', attempts: 0, createdAt: 20, finishedAt: 75, why },
      { ...c, state: 'pending', attempts: 1, createdAt: 20, nextAttemptAt: 80, response: '421 busy' },
      { ...b, state: 'failed', attempts: 1, createdAt: 10, finishedAt: 60, response: '550 unknown' },
      { ...a, state: 'sent', attempts: 2, createdAt: 10, finishedAt: 50, response: '250 ok' },
    ])
    t.same(idsOf(await journal.outbox.list(2)), ['d', 'c'])
    for (const record of await journal.outbox.list(9)) t.same(await journal.outbox.find(record.id), record)
    t.equal(await journal.outbox.find('unknown'), null)
    t.same(await journal.outbox.stats(), { pending: 1, oldest: 20 })
  })

  journalTest('a result comes back in codes, with the reply of every server', async (t, journal) => {
    await fill(journal, 1)
    await journal.commit(1, [effect('a'), effect('b'), effect('c')], 10)
    const refused = { code: 'no_response', params: { server: 'b:25', within: 200.5, settings: ['x', 'y'] } }
    const replies = [
      { server: 'a:25', response: '451 später' },
      { server: 'b:25', why: refused },
    ]
    const givenUp = { code: 'given_up', params: { after: 86_400_000 } }
    await journal.outbox.outcome('a', { state: 'retry', replies, at: 40, fault: 'server' }, 20)
    await journal.outbox.outcome('b', { state: 'failed', replies, why: givenUp }, 20)
    await journal.outbox.outcome('c', { state: 'retry', replies, at: 30 }, 20)
    await journal.outbox.outcome('c', { state: 'sent', response: '250' }, 30)
    const [c, b, a] = await journal.outbox.list(9)
    t.match(a, { state: 'pending', nextAttemptAt: 40 })
    t.strictSame(a?.replies, replies)
    t.strictSame([b?.state, b?.replies, b?.why, b?.response], ['failed', replies, givenUp, undefined])
    t.strictSame([c?.state, c?.response, c?.replies], ['sent', '250', undefined], 'the last attempt counts')
  })

  journalTest('old records go, but never pending ones nor those that a replay could bring back', async (t, journal) => {
    await fill(journal, 20)
    for (let upTo = 1; upTo <= 10; upTo += 1) {
      await journal.commit(upTo, [effect(`e${upTo}`)], upTo)
      if (upTo !== 2) await journal.outbox.outcome(`e${upTo}`, { state: 'sent', response: '250' }, upTo)
    }
    await journal.saveChunk(part(5, 0, 1, 'a'))
    t.equal((await journal.outbox.list(99)).length, 10, 'a damaged snapshot could mean a replay from the start')
    await journal.saveChunk(part(20, 0, 1, 'b'))
    t.same(idsOf(await journal.outbox.list(99)), ['e10', 'e9', 'e8', 'e7', 'e6', 'e2'])
    await journal.commit(8, [effect('e8')], 99)
    t.same(idsOf(await journal.outbox.due(99, 9)), ['e2'], 'a replay sends nothing again')
    await journal.saveChunk(part(20, 0, 1, 'c'))
    t.same(idsOf(await journal.outbox.list(99)), ['e10', 'e9', 'e8', 'e2'], 'three are kept')
  })
}

/** A notification of a thread that is about nothing else. */
const notified = (id: string, thread: string, recipient = 'ada', queue: Channel = 'email'): Effect => ({
  id,
  queue,
  recipient,
  orderingKey: thread,
  thread,
  data: JSON.stringify({ id }),
})

function threadsConform(journalTest: JournalTest): void {
  journalTest('a long line hides no other: each gives its first ones', async (t, journal) => {
    await fill(journal, 1)
    const many = Array.from({ length: 50 }, (_, i) => notified(`h${i}`, `t${i}`, 'webhook:ops', 'webhook'))
    await journal.commit(1, [...many, notified('a', 'x'), notified('b', 'x', 'grace'), notified('c', 'y')], 1)
    t.same(idsOf(await journal.outbox.due(1, 10, 2)), ['h0', 'h1', 'a', 'b', 'c'])
    t.same(idsOf(await journal.outbox.due(1, 1, 2)), ['h0', 'a'])
    await journal.outbox.outcome('h0', { state: 'retry', response: 'busy', at: 9 }, 1)
    t.same(idsOf(await journal.outbox.due(1, 10, 1)), ['h1', 'a', 'b'], 'what waits for its retry takes no place')
  })

  journalTest('many lines of one way hide no other way: each gives as many as are asked for', async (t, journal) => {
    await fill(journal, 1)
    const mails = Array.from({ length: 50 }, (_, i) => notified(`m${i}`, `t${i}`, `host-${i}@example.org`))
    const hooks = ['h0', 'h1', 'h2', 'h3'].map((id) => notified(id, id, `webhook:${id}`, 'webhook'))
    await journal.commit(1, [...mails, ...hooks, notified('a', 'x', 'alertmanager:ops', 'alertmanager')], 1)
    t.same(idsOf(await journal.outbox.due(1, 3, 2)), ['m0', 'm1', 'm2', 'h0', 'h1', 'h2', 'a'])
    await journal.outbox.outcome('m1', { state: 'retry', response: 'busy', at: 9 }, 1)
    t.same(idsOf(await journal.outbox.due(1, 2, 2)), ['m0', 'm2', 'h0', 'h1', 'a'])
    t.same(idsOf(await journal.outbox.due(9, 2, 2)), ['m0', 'm1', 'h0', 'h1', 'a'], 'and each its oldest')
  })

  journalTest('of a thread only the first is given, also while it waits for its retry', async (t, journal) => {
    await fill(journal, 1)
    const others = [
      notified('other thread', 'y'),
      notified('other address', 'x', 'bob'),
      notified('other way', 'x', 'ada', 'webhook'),
    ]
    await journal.commit(1, [notified('a', 'x'), notified('b', 'x'), ...others, effect('p'), effect('q')], 1)
    const due = async (now: number): Promise<readonly string[]> => idsOf(await journal.outbox.due(now, 9))
    const free = ['other thread', 'other address', 'other way', 'p', 'q']
    t.same(await due(1), ['a', ...free])
    await journal.outbox.outcome('a', { state: 'retry', response: 'busy', at: 500 }, 1)
    t.same(await due(499), free, 'nothing overtakes it')
    t.same(await due(500), ['a', ...free])
    await journal.outbox.outcome('a', { state: 'failed', response: '550' }, 500)
    t.same(await due(500), ['b', ...free], 'what is refused for good lets the next one go')
    await journal.outbox.outcome('b', { state: 'sent', response: '250' }, 500)
    t.same(await due(500), free)
  })

  journalTest(
    'the episodes of a rule on a host follow each other, and are threads of their own',
    async (t, journal) => {
      const alert = (id: string, thread: string, orderingKey: string): Effect => ({
        ...notified(id, thread),
        orderingKey,
      })
      await fill(journal, 1)
      await journal.commit(
        1,
        [
          alert('over', 'first', 'cpu-high web-1'),
          alert('fired', 'second', 'cpu-high web-1'),
          alert('another host', 'third', 'cpu-high web-2'),
          alert('group', 'fourth', 'cpu-high web-1'),
          alert('list', 'list', 'list'),
        ],
        1,
      )
      const due = async (now: number): Promise<readonly string[]> => idsOf(await journal.outbox.due(now, 9))
      t.same(await due(1), ['over', 'another host', 'list'])
      await journal.outbox.outcome('over', { state: 'retry', response: 'busy', at: 500 }, 1)
      t.same(await due(499), ['another host', 'list'], 'the next episode does not overtake the end of the first')
      t.same(idsOf(await journal.outbox.pendingInThread('over')), ['over'], 'merging goes by thread')
      await journal.outbox.outcome('over', { state: 'sent', response: '250' }, 500)
      t.same(await due(500), ['fired', 'another host', 'list'])
      await journal.outbox.outcome('fired', { state: 'sent', response: '250' }, 500)
      t.same(await due(500), ['another host', 'group', 'list'], 'a group is about its first alert')
    },
  )

  journalTest('of a thread it is known what was sent last, and what nobody got', async (t, journal) => {
    await fill(journal, 1)
    const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => notified(id, 'x'))
    await journal.commit(1, [...all, notified('other', 'x', 'bob'), effect('p'), effect('q')], 1)
    t.same(await journal.outbox.history('g'), { undelivered: [] })
    await journal.outbox.outcome('a', { state: 'failed', response: '550' }, 1)
    await journal.outbox.outcome('b', { state: 'sent', response: '250' }, 1)
    await journal.outbox.outcome('c', { state: 'sent', response: '250' }, 1)
    await journal.outbox.merge({ into: 'e', data: '{}', of: ['d'] }, 1)
    await journal.outbox.outcome('g', { state: 'sent', response: '250' }, 1)
    for (const id of ['other', 'p']) await journal.outbox.outcome(id, { state: 'failed', response: '550' }, 1)
    const data = (id: string): string => notified(id, 'x').data
    t.same(await journal.outbox.history('f'), { sent: data('c'), undelivered: [data('a'), data('d')] })
    t.same(await journal.outbox.history('b'), { undelivered: [data('a')] })
    t.same(await journal.outbox.history('q'), { undelivered: [] }, 'what has no thread has nothing before it')
    t.same(await journal.outbox.history('unknown'), { undelivered: [] })
  })

  journalTest('it is known what an address never got since the newest mail that it got', async (t, journal) => {
    await fill(journal, 1)
    await journal.commit(
      1,
      [...['a', 'b', 'c', 'd', 'e'].map((id) => notified(id, id)), notified('other', 'x', 'bob')],
      1,
    )
    const end = (id: string, state: 'sent' | 'failed', at: number): Promise<void> =>
      journal.outbox.outcome(id, { state, response: '' }, at)
    await end('a', 'failed', 10)
    await end('other', 'failed', 10)
    const data = (id: string): string => notified(id, id).data
    t.same(await journal.outbox.history('e'), { undelivered: [], failed: [data('a')] })
    await end('b', 'sent', 20)
    t.same(await journal.outbox.history('e'), { undelivered: [] }, 'it was told with that one')
    await end('d', 'failed', 30)
    await end('c', 'failed', 40)
    t.same(await journal.outbox.history('e'), { undelivered: [], failed: [data('c'), data('d')] })
  })

  journalTest('siblings are what is pending for the same way, address and thread', async (t, journal) => {
    await fill(journal, 1)
    const others = [
      notified('other thread', 'y'),
      notified('other address', 'x', 'bob'),
      notified('other way', 'x', 'ada', 'webhook'),
    ]
    await journal.commit(
      1,
      [notified('a', 'x'), ...others, notified('b', 'x', 'ada', 'email'), notified('c', 'x'), notified('d', 'x')],
      1,
    )
    await journal.outbox.outcome('b', { state: 'retry', response: 'busy', at: 1e9 }, 1)
    await journal.outbox.outcome('c', { state: 'sent', response: '250' }, 1)
    t.same(idsOf(await journal.outbox.pendingInThread('d')), ['a', 'b', 'd'])
    t.match(await journal.outbox.pendingInThread('a'), [{ id: 'a' }, { id: 'b', attempts: 1 }, { id: 'd' }])
    t.same(await journal.outbox.pendingInThread('unknown'), [])
    await journal.commit(1, [effect('p'), effect('q')], 1)
    t.same(idsOf(await journal.outbox.pendingInThread('p')), ['p'], 'what has no thread has no siblings')
  })

  journalTest('one takes the place of others at once, or nothing happens', async (t, journal) => {
    await fill(journal, 1)
    await journal.commit(1, [notified('a', 'x'), notified('b', 'x'), notified('c', 'x'), notified('d', 'x')], 10)
    await journal.outbox.outcome('a', { state: 'retry', response: '421', at: 500 }, 20)
    await journal.outbox.rendered('a', bytes('old'))
    await journal.outbox.rendered('c', bytes('old'))
    t.equal(await journal.outbox.merge({ into: 'c', data: '{"new":1}', of: ['a', 'b'] }, 30), true)
    const [d, c, b, a] = await journal.outbox.list(9)
    t.match(
      [a, b],
      [
        { id: 'a', state: 'merged', mergedInto: 'c', attempts: 1, finishedAt: 30 },
        { id: 'b', state: 'merged', mergedInto: 'c', attempts: 0, finishedAt: 30 },
      ],
    )
    t.equal(a?.nextAttemptAt, undefined)
    t.match([c, d], [{ state: 'pending', data: '{"new":1}', createdAt: 10 }, { state: 'pending' }])
    t.same(await journal.outbox.due(600, 9), [{ id: 'c', data: '{"new":1}', attempts: 0 }])
    await journal.outbox.outcome('a', { state: 'sent', response: 'too late' }, 40)
    t.match((await journal.outbox.list(9))[3], { state: 'merged', attempts: 1 })
    for (const names of [['a'], ['d', 'b'], ['d', 'unknown']]) {
      t.equal(await journal.outbox.merge({ into: 'c', data: '{"new":2}', of: names }, 50), false)
    }
    t.equal(await journal.outbox.merge({ into: 'b', data: '{"new":2}', of: ['d'] }, 50), false)
    t.equal((await journal.outbox.due(600, 1))[0]?.data, '{"new":1}')
    t.same(await journal.outbox.stats(), { pending: 2, oldest: 10 })
    t.same(idsOf(await journal.outbox.pendingInThread('d')), ['c', 'd'], 'with other data it stays in its thread')
  })
}

function recoveryConforms(journalTest: JournalTest): void {
  journalTest('recovery forgets what lies beyond an offset, and goes on from there', async (t, journal) => {
    await fill(journal, 6)
    await journal.commit(3, [effect('kept')], 1)
    await journal.commit(6, [effect('forgotten')], 1)
    await journal.saveChunk(part(2, 0, 1, 'kept'))
    await journal.saveChunk(part(6, 0, 1, 'forgotten'))
    await journal.saveChunk(part(6, 0, 2, 'under way'))
    await journal.recover(4)
    t.same(offsetsOf(await journal.read(2, ALL)), [3, 4])
    t.equal((await journal.load())?.offset, 2)
    t.same(idsOf(await journal.outbox.list(9)), ['kept'])
    await t.rejects(journal.saveChunk(part(4, 1, 2, 'under way')), RangeError, 'a snapshot starts over')
    t.same(await journal.append([entryFor(5)]), [5])
    t.same(await journal.read(4, ALL), [{ offset: 5, ...entryFor(5) }])
    await t.rejects(journal.recover(9), 'what was acknowledged must be there')
  })

  journalTest('a closed journal refuses, and closing it again is no error', async (t, journal) => {
    await fill(journal, 1)
    const waiting = journal.append([entryFor(2)])
    await journal.close()
    await journal.close()
    t.same(await waiting, [2])
    await t.rejects(journal.append([entryFor(3)]), { code: 'JOURNAL_FAILED' })
    await t.rejects(journal.read(0, 1), { code: 'JOURNAL_FAILED' })
    await t.rejects(journal.recover(1), { code: 'JOURNAL_FAILED' })
    await t.rejects(journal.outbox.due(1, 1), { code: 'JOURNAL_FAILED' })
  })
}
