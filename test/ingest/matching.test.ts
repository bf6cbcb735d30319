import { test } from 'tap'
import { createExtractor } from '../../src/extract/samples.ts'
import { checkInto, createBatchVerdict } from '../../src/ingest/verdict.ts'
import type { EventSamples } from '../../src/model.ts'
import { runService, until } from '../helpers/service.ts'

/** `denied` first, so that no search for it helps, and a `user` at uneven distances. */
const DEAR = `denied ${Array.from({ length: 6000 }, (_, i) => `user${' '.repeat((i * 7919) % 5)}`).join('')}`.padEnd(
  32_000,
)
const EXPRESSION = 'user.{0,200}denied'
const now = (): string => new Date().toISOString()

/** What the events of one body give, as texts, with this many rules of the same expression and one more. */
function matchBody(messages: readonly string[], dear: number): readonly string[] {
  const where = (expression: string) => [{ field: 'message', matches: expression }]
  const rules = Array.from({ length: dear }, (_, i) => ({
    name: `dear-${i}`,
    where: where(EXPRESSION),
    zeroes: false,
    placeholders: [],
    byFields: [],
  }))
  const extract = createExtractor({
    metrics: [],
    rules: [
      ...rules,
      { name: 'sudo', where: where('sudo.*(fail|denied)'), zeroes: false, placeholders: [], byFields: [] },
    ],
    host: {},
  })
  const verdict = createBatchVerdict(messages.length)
  const events = messages.map((message) => ({ message, host: 'a' }))
  const judge = (one: unknown) => ({ kind: 'base', event: one as object })
  for (let at = 0; at < events.length;) at += checkInto(verdict, events.slice(at), { schemas: { judge }, extract })
  return verdict.accepted.map(({ series, values }: EventSamples) =>
    series.map((key, i) => `${key}=${values[i]}`).join(' '),
  )
}

test('dear lines cannot hide others: each event has its share of steps', async (t) => {
  const honest = 'sudo: user root: access denied'
  const all = 'count(dear-0)=1 count(sudo)=1'
  t.strictSame(matchBody([DEAR, honest, DEAR, honest], 1), ['', all, '', all], 'a few dear ones are matched')
  const many = Array.from({ length: 3000 }, (_, i) => (i % 1000 === 0 ? DEAR : honest))
  const found = matchBody(many, 1)
  t.equal(found[0], 'count(dear-0)=NaN', 'among many events one has few steps')
  t.strictSame([...new Set(found.filter((_, i) => i % 1000 !== 0))], [all])
  t.equal(found[1000], '', 'more are there for one that comes after cheap ones')
  const dear = matchBody([`${DEAR.slice(0, 8000)} sudo denied`, honest], 15)
  t.match(dear[0], /count\(dear-14\)=NaN count\(sudo\)=NaN$/, 'one event does not take 10 times its part')
  t.notMatch(dear[1], /NaN/)
})

test('lines of 32 kB that are dear to match do not block other senders', { timeout: 60_000 }, async (t) => {
  const yaml = `rules:
  - name: denied
    when: { count: { where: { message: { matches: "${EXPRESSION}" } } }, over: 1m, threshold: { above: 1 } }`
  const service = await runService(t, { yaml })
  const answered: string[] = []
  const dear = service
    .post(Array.from({ length: 45 }, () => ({ '@timestamp': now(), host: { name: 'a' }, message: DEAR })))
    .then((taken) => {
      answered.push('dear')
      return taken
    })
  for (let i = 0; i < 5; i++) {
    const taken = await service.post({ '@timestamp': now(), host: { name: 'b' }, message: 'ordinary' })
    t.match(taken, { status: 200, accepted: 1 })
    answered.push('other')
  }
  t.strictSame(answered.slice(0, 5), ['other', 'other', 'other', 'other', 'other'])
  t.match(await dear, { status: 200, accepted: 45 })
})

test('an event that could not be matched is counted, shown and alerted', async (t) => {
  const rules = Array.from(
    { length: 15 },
    (_, i) =>
      `{ name: denied-${i}, when: { count: { where: { message: { matches: "${EXPRESSION}" } } }, over: 1m, threshold: { above: 1 } } }`,
  )
  const service = await runService(t, { yaml: `rules: [${rules.join(', ')}]` })
  t.match(await service.post([{ '@timestamp': now(), host: { name: 'a' }, message: DEAR }]), {
    status: 200,
    accepted: 1,
  })
  const { recent } = JSON.parse((await service.get('/api/v1/rejects')).text) as { recent: object[] }
  t.match(recent, [{ code: 'unmatched', reason: /accepted, but not matched with denied-\d+, .*denied-14: / }])
  t.match(
    await until('the alert', async () => {
      const alerts = JSON.parse((await service.get('/api/v1/alerts')).text) as { rule: string }[]
      return alerts.find(({ rule }) => rule === 'unmatched-events')
    }),
    { rule: 'unmatched-events', host: 'stashwatch' },
  )
  t.equal((await service.metrics()).get('stashwatch_events_unmatched_total'), 1)
})
