import { readFileSync } from 'node:fs'
import { test } from 'tap'
import type { QueryResults, HostView, RuleView, SendRecord, SilenceView } from '../../src/model.ts'
import { alertView, identityOf, serve } from './service.ts'

const NOON = Date.parse('2026-11-22T12:00:00Z')
const MINUTE = 60_000
const EPISODE = '4f1c0a9b2e7d5c31'
const WHY = { code: 'breached', params: { samples: 24 } }
const EVIDENCE = { limit: { op: 'above', value: 0.9 }, clear: { op: 'at_most', value: 0.85 }, why: WHY } as const

const HOST: HostView = {
  host: 'web-7',
  lastSeenAt: NOON,
  source: 'logstash-a',
  clockSkewSeconds: null,
  state: 'live',
  expected: true,
  series: 1,
}

const ALERT = alertView({
  identity: identityOf({ host: 'web-7' }),
  episode: EPISODE,
  code: 'K7X2',
  startsAt: NOON - 5 * MINUTE,
  firedAt: NOON - 5 * MINUTE,
  evidence: EVIDENCE,
  evaluations: 31,
  breaches: 31,
  refirings: 0,
  notificationCount: 1,
  suppressed: 0,
  muted: { by: 'silence', id: 'racks', until: NOON + 60 * MINUTE, author: 'Ada', comment: 'moving the racks' },
  ack: { at: NOON - 2 * MINUTE, until: NOON + 240 * MINUTE, author: 'Ada', note: 'a runaway job' },
  transitions: [{ to: 'firing', at: NOON - 5 * MINUTE, value: 0.942, evidence: EVIDENCE }],
  decisions: [
    { at: NOON - 5 * MINUTE, kind: 'notified', to: 'ada@example.org', event: 'fired' },
    { at: NOON - 2 * MINUTE, kind: 'acknowledged', author: 'Ada', until: NOON + 240 * MINUTE, note: 'a runaway job' },
    {
      at: NOON,
      kind: 'suppressed',
      to: 'ada@example.org',
      event: 'severity_raised',
      why: { by: 'silence', id: 'racks', until: NOON + 60 * MINUTE, author: 'Ada', comment: 'moving the racks' },
    },
  ],
  pending: [{ event: 'fired', reason: 'group_wait', until: NOON + MINUTE / 2, to: 'grace@example.org' }],
})

const RULE: RuleView = {
  name: 'cpu-high',
  kind: 'metric',
  severity: 'warning',
  severities: ['warning'],
  notify: ['ops'],
  evaluations: [
    {
      host: 'web-7',
      labels: {},
      measure: identityOf().measure,
      value: 0.95,
      evidence: EVIDENCE,
      evaluatedAt: NOON,
    },
  ],
  nextEvaluation: {
    kind: 'window',
    end: NOON + MINUTE,
    wait: 10_000,
    sources: [{ source: 'logstash-a', clock: NOON + 47_000 }],
  },
}

const SILENCE: SilenceView = {
  id: 'racks',
  matchers: [{ label: 'host', op: '=~', value: 'web-.*' }],
  startsAt: NOON,
  endsAt: NOON + 60 * MINUTE,
  createdBy: 'Ada',
  comment: 'moving the racks',
  createdAt: NOON,
  state: 'active',
  matchedAlerts: 1,
}

const SENT: SendRecord = {
  id: `${EPISODE}.0.ada`,
  data: JSON.stringify({
    receiver: 'ops',
    to: { name: 'Ada Lovelace', address: 'ada@example.org' },
    reason: 'fired',
    kind: 'alert',
    thread: EPISODE,
    alerts: [
      {
        episode: EPISODE,
        code: 'K7X2',
        identity: identityOf({ host: 'web-7' }),
        state: 'firing',
        severity: 'warning',
        reason: 'fired',
      },
    ],
  }),
  state: 'sent',
  attempts: 1,
  createdAt: NOON - 5 * MINUTE,
  finishedAt: NOON - 5 * MINUTE + 250,
  response: '250 OK',
}

const ANSWERS: Partial<QueryResults> = {
  hosts: [HOST],
  host: {
    host: 'web-7',
    lastSeenAt: NOON,
    source: 'logstash-a',
    state: 'live',
    series: [
      {
        metric: 'cpu',
        labels: {},
        unit: 'ratio',
        buckets: 31,
        newest: NOON,
        window: { count: 24, sum: 22.8, mean: 0.95, min: 0.91, max: 0.98, last: 0.96 },
      },
    ],
  },
  alert: ALERT,
  rules: [RULE],
  silences: [SILENCE],
}

const docs = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')

const open = (t: Parameters<typeof serve>[0]) => serve(t, { answers: ({ kind }) => ANSWERS[kind], sends: [SENT] })

test('docs/api.md shows what the API answers', async (t) => {
  const { get } = await open(t)
  const shown = [...docs.matchAll(/^`GET (\/api\/v1\/\S+)` answers:\n\n```json\n([^]*?)```/gm)]
  t.equal(shown.length, 6)
  for (const [, path = '', json = ''] of shown) t.strictSame((await get(path)).json, JSON.parse(json), path)
})

test('fields of the API are in camelCase, instants are ISO 8601, and enumerations have no spaces', async (t) => {
  const { get } = await open(t)
  const paths = ['hosts', 'hosts/web-7', `alerts/${EPISODE}`, 'rules', 'silences', 'notifications']
  const isWord = /^[a-z][a-zA-Z]*$/
  const codes = new Set(['state', 'kind', 'event', 'code', 'by', 'closeReason', 'severity', 'unit'])
  const check = (value: unknown, path: string): void => {
    if (Array.isArray(value)) return value.forEach((one) => check(one, path))
    if (typeof value !== 'object' || value === null) return
    for (const [name, one] of Object.entries(value)) {
      t.match(name, isWord, `${path}: ${name}`)
      if (codes.has(name)) t.match(one, /^[a-z_]+$|^[A-Z0-9]{4}$/, `${path}: ${name}`)
      if (name.endsWith('At')) t.match(one, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, `${path}: ${name}`)
      check(one, path)
    }
  }
  for (const path of paths) {
    const { status, json } = await get(`/api/v1/${path}`)
    t.equal(status, 200, path)
    check(json, path)
  }
})
