import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  isAboutSource,
  type AlertState,
  type Clock,
  type Engine,
  type HostDetail,
  type Millis,
  type RuleView,
  type SendRecord,
  BUILTIN_RULE_NAMES,
} from '../model.ts'
import { nearest, suggest } from '../text/suggest.ts'
import { ask, type AskEngine, createAskEngine, unknownEpisode } from './ask.ts'
import { alertsPage, episodePage, hostPage, hostsPage, prefersPage } from './pages/detail.ts'
import { PAGE_POLICY } from './pages/html.ts'
import { sendPage } from './pages/mailbox.ts'
import { knownHost, readChoices, readLimit, readTimeRange, readText, type QueryString } from './params.ts'
import { ApiProblem } from './problem.ts'
import { showAlert, showEpisode } from './views/alert.ts'
import { showHost, showHostDetail } from './views/host.ts'
import { showNotification } from './views/notification.ts'
import { showRule, showWhy } from './views/rule.ts'

/** Dependencies of the read routes. */
export interface ReadDeps {
  readonly engine: Pick<Engine, 'query' | 'outbox'>
  /** Returns counts by reason, and the newest rejected events as they are shown. */
  readonly rejects: { list(): unknown }
  /** The clock for timeouts, which must run in real time. */
  readonly clock: Clock
  /** Returns the time of events and windows. */
  readonly now: () => Millis
}

const DEFAULT_ROWS = 50
const MAX_ROWS = 1000
/** Paths that mails link to. */
const LINKED = { config: { isLinked: true } } as const
const STATES: readonly AlertState[] = ['pending', 'firing', 'recovering', 'resolved']

/** Adds the GET endpoints below `/api/v1`. */
export function addReadRoutes(app: FastifyInstance, { engine, rejects, clock, now }: ReadDeps): void {
  const query = createAskEngine(clock, engine)
  const sends = async (limit: number): Promise<readonly SendRecord[]> =>
    ask(clock, async () => engine.outbox.list(limit))

  addHostRoutes(app, query, now)

  app.get('/aggregate', { config: { query: ['host', 'metric', 'from', 'to'] } }, async (request) => {
    const asked = readAggregate(request.query as QueryString)
    const found = await query({ kind: 'aggregate', ...asked })
    return found ?? explainMissing(await findHost(query, asked.host), asked.metric)
  })

  app.get('/alerts', { config: { query: ['state'], isLinked: true } }, async (request, reply) => {
    const states = readChoices(request.query as QueryString, 'state', STATES)
    const alerts = (await query({ kind: 'alerts' })).filter(({ state }) => states.includes(state))
    reply.header('vary', 'accept')
    return prefersPage(request) ? sendPage(reply, PAGE_POLICY, alertsPage(alerts, now())) : alerts.map(showAlert)
  })

  app.get('/alerts/*', LINKED, async (request, reply) => {
    const episode = tail(request)
    const alert = await query({ kind: 'alert', episode })
    if (alert === null) throw unknownEpisode(episode)
    reply.header('vary', 'accept')
    const rows = await sends(MAX_ROWS)
    return prefersPage(request)
      ? sendPage(reply, PAGE_POLICY, episodePage(alert, rows, now()))
      : showEpisode(alert, rows)
  })

  app.get('/why', { config: { query: ['rule', 'host'] } }, async (request) => {
    const asked = readWhy(request.query as QueryString)
    const found = await query({ kind: 'why', ...asked })
    if (found === null) throw unknownRule(asked.rule, await query({ kind: 'rules' }))
    // Alerts of some built-in rules are about a source or the service itself, which are not hosts.
    if (found.host === null && found.evaluations.length === 0 && found.alerts.length === 0)
      await (isAboutSource(asked.rule) ? refuseSource(query, asked.host) : findHost(query, asked.host))
    return showWhy(found, asked.host, await sends(MAX_ROWS))
  })

  app.get('/rules', async () => (await query({ kind: 'rules' })).map((rule) => showRule(rule)))

  app.get('/rejects', async () => rejects.list())

  app.get('/notifications', { config: { query: ['limit'] } }, async (request) => {
    const limit = readLimit(request.query as QueryString, 'limit', DEFAULT_ROWS, MAX_ROWS)
    return (await sends(limit)).map(showNotification)
  })
}

function addHostRoutes(app: FastifyInstance, query: AskEngine, now: () => Millis): void {
  app.get('/hosts', LINKED, async (request, reply) => {
    const hosts = await query({ kind: 'hosts' })
    reply.header('vary', 'accept')
    return prefersPage(request) ? sendPage(reply, PAGE_POLICY, hostsPage(hosts, now())) : hosts.map(showHost)
  })

  // Host names are any text of any length, including slashes, so a named parameter does not fit.
  app.get('/hosts/*', LINKED, async (request, reply) => {
    const host = await findHost(query, tail(request))
    reply.header('vary', 'accept')
    if (!prefersPage(request)) return showHostDetail(host)
    const alerts = await query({ kind: 'alerts' })
    return sendPage(
      reply,
      PAGE_POLICY,
      hostPage(
        host,
        alerts.filter((alert) => alert.identity.host === host.host),
        now(),
      ),
    )
  })
}

/** Returns the rest of the path. */
function tail(request: FastifyRequest): string {
  return (request.params as { readonly '*': string })['*']
}

function readAggregate(query: QueryString) {
  const host = readText(query, 'host', 'the name of a host, as /api/v1/hosts lists them')
  const metric = readText(query, 'metric', 'the name of a metric, such as cpu or disk{mount_point="/"}')
  return { host, metric, ...readTimeRange(query) }
}

async function refuseSource(query: AskEngine, source: string): Promise<never> {
  const known = await query({ kind: 'sources' })
  throw new ApiProblem('unknown-source', {
    detail: 'No source has this name.',
    parameter: 'host',
    found: source,
    expected: `a known source${suggest(source, known)}`,
  })
}

async function findHost(query: AskEngine, host: string): Promise<HostDetail> {
  const found = await query({ kind: 'host', host })
  if (found !== null) return found
  const known = await query({ kind: 'hosts' })
  throw new ApiProblem('unknown-host', {
    detail: 'No host has this name. /api/v1/hosts lists all hosts.',
    parameter: 'host',
    found: host,
    expected: knownHost(
      host,
      known.map(({ host: name }) => name),
    ),
  })
}

function explainMissing(host: HostDetail, metric: string): never {
  const names = [...new Set(host.series.map((series) => series.metric))].sort()
  throw new ApiProblem('unknown-metric', {
    detail: 'The host has no series of this metric. /api/v1/hosts/{host} lists its series.',
    parameter: 'metric',
    found: metric,
    expected: names.length === 0 ? 'a metric of this host, which has none' : `one of ${names.join(', ')}`,
  })
}

function readWhy(query: QueryString) {
  const rule = readText(query, 'rule', 'the name of a rule, as /api/v1/rules lists them')
  return { rule, host: readText(query, 'host', 'the name of a host, as /api/v1/hosts lists them') }
}

function unknownRule(rule: string, rules: readonly RuleView[]): ApiProblem {
  const names = rules.map(({ name }) => name)
  const guess = nearest(rule, [...names, ...BUILTIN_RULE_NAMES])
  return new ApiProblem('unknown-rule', {
    detail: 'No rule has this name. /api/v1/rules lists them.',
    parameter: 'rule',
    found: rule,
    expected: guess === undefined ? `one of ${names.join(', ')}` : `the name of a rule, perhaps ${guess}`,
  })
}
