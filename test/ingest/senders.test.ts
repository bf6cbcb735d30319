import { test } from 'tap'
import { clockFrom, runService } from '../helpers/service.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const YAML = `
ingest:
  tokens:
    - { name: logstash-a, token: old-token-of-a }
    - { name: logstash-a, token: new-token-of-a }
    - { name: nightly, token: token-of-nightly, expected: false }
    - { name: logstash-b, token: token-of-b }
rules: []
`

test('old and new token of a name are one source while one replaces the other, and why knows all sources', async (t) => {
  const service = await runService(t, { yaml: YAML, clock: clockFrom(NOW) })
  const event = JSON.stringify([{ '@timestamp': new Date(NOW).toISOString(), host: { name: 'web-1' } }])
  for (const token of ['old-token-of-a', 'new-token-of-a', 'token-of-nightly']) {
    t.match(await service.post(event, { authorization: `Bearer ${token}` }), { status: 200 }, token)
  }
  t.match(await service.post(event, { authorization: 'Bearer another-token' }), { status: 401 })
  const why = async (name: string): Promise<unknown> =>
    (await service.get(`/api/v1/why?rule=source-down&host=${name}`)).json
  t.match(await why('logstash-a'), { evaluations: [{ reason: { code: 'source_delivers' } }] })
  t.match(await why('nightly'), { evaluations: [{ reason: { code: 'source_occasional' } }] })
  t.match(await why('logstash-b'), { evaluations: [{ reason: { code: 'source_awaited' } }] })
  t.match(await why('logstash-c'), {
    type: 'urn:stashwatch:problem:unknown-source',
    status: 404,
    found: 'logstash-c',
    expected: /did you mean 'logstash-a'/,
  })
})

test('what Slurm says of a node belongs to the node, and is no sign that it is alive', async (t) => {
  const rule = `rules:
  - name: node-down
    when: { count: { where: { slurm.node.state: down } }, over: 1m, threshold: { at_least: 1 } }`
  for (const [more, state] of [
    ['', 'never_seen'],
    ['ingest: { remote_kinds: [] }\n', 'live'],
  ] as const) {
    const service = await runService(t, { yaml: `${more}${rule}\n`, clock: clockFrom(NOW) })
    const time = new Date(NOW).toISOString()
    const said = {
      '@timestamp': time,
      event: { dataset: 'slurm.node' },
      slurm: { node: { name: 'n1', state: 'down' } },
    }
    t.match(await service.post([said]), { status: 200, accepted: 1 })
    t.match(JSON.parse((await service.get('/api/v1/hosts')).text), [{ host: 'n1', state, seriesCount: 1 }])
    await service.stop()
  }
})
