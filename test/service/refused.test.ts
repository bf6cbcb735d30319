import { test } from 'tap'
import { clockFrom, type Running, runService, temporary, until } from '../helpers/service.ts'

const yaml = `metrics: { cpu: { field: system.cpu.total.norm.pct, unit: ratio } }
receivers: { ops: { email: { to: [ada@example.org] }, report: { every: day, at: "08:00" } } }
self_monitoring: { notify: [ops] }
rules:
  - { name: cpu-high, when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } } }
`
const wrong = {
  '@timestamp': '2026-11-23T07:50:00Z',
  host: { name: 'web-1' },
  event: { dataset: 'system.cpu' },
  system: { cpu: { total: { norm: { pct: 'much' } } } },
}
const undated = { '@timestamp': 'yesterday', host: { name: 'web-1' } }
const fine = { '@timestamp': '2026-11-23T07:50:00Z', host: { name: 'web-1' }, message: 'hello' }

const start = (t: Parameters<typeof runService>[0], folder: string, time: string, scale: number): Promise<Running> =>
  runService(t, { yaml, folder, clock: clockFrom(Date.parse(`2026-11-23T${time}Z`), scale) })

/** A tick was taken: from then on things are gathered for reports. */
const ticked = (service: Running): Promise<unknown> =>
  until('a tick', async () => {
    const reported = (await service.metrics()).get('stashwatch_engine_last_report_timestamp_seconds')
    return reported !== undefined && reported > 0
  })

test('what was posted and refused, before a restart as after it, stands in the report of the day', async (t) => {
  const folder = temporary(t)
  const before = await start(t, folder, '07:50:00', 4)
  await ticked(before)
  t.match(await before.post([wrong, fine, wrong], { 'x-source': 'logstash-a' }), { status: 200, rejected: 2 })
  t.match(await before.post([undated], { 'x-source': 'logstash-b' }), { status: 422, rejected: 1 })
  t.match(await before.post('{"broken', { 'x-source': 'logstash-b' }), { status: 400 })
  await before.stop()
  const after = await start(t, folder, '07:59:30', 20)
  t.match(await after.post([wrong], { 'x-source': 'logstash-a' }), { status: 422, rejected: 1 })
  const mail = await until('the report', async () => {
    const [newest] = (await after.service.mailbox?.list()) ?? []
    return newest === undefined ? undefined : after.service.mailbox?.read(newest.n)
  })
  const text = mail?.text ?? ''
  t.match(
    text,
    /Rejected as invalid\n {2}logstash-a {2}█+·* {2}3 events {2}3 schema \(e\.g\. at \/system\/cpu\/total\/norm\/pct\)\n/,
  )
  t.match(text, /\n {2}logstash-b {2}█+·* {2}2 events {2}1 json, 1 timestamp \(e\.g\. at \/@timestamp\)\n/)
  t.match(text, /5 events were rejected as invalid\./)
  t.match(mail?.html ?? '', /Rejected as invalid.*logstash-a.*3 events/s)
})
