import { page } from './html.ts'
import { escapeHtml } from '../../text/sanitise.ts'

/** The content of the landing page. It is public, so it names no host and no rule. */
interface LandingState {
  /** Why events are not accepted; undefined if they are. */
  readonly notReady: string | undefined
  readonly tokenNeeded: boolean
  readonly hasMailbox: boolean
}

type Link = readonly [href: string, what: string]

const READ: readonly Link[] = [
  ['/api/v1/alerts', 'Alerts: pending, firing, recovering and recently resolved'],
  ['/api/v1/silences', 'Silences: what is muted, until when, and by whom'],
  ['/api/v1/hosts', 'Hosts: when each was last seen, from which source'],
  ['/api/v1/rules', 'Rules with their last evaluations'],
  ['/api/v1/notifications', 'Notifications: what was sent, to whom, and the response'],
  ['/api/v1/rejects', 'Rejects: events that were rejected, and why'],
]
const MAILBOX: Link = ['/mailbox', 'Mailbox: mails written to files instead of sent']
const MACHINES: readonly Link[] = [
  ['/metrics', 'Metrics of the service itself, for Prometheus'],
  ['/-/ready', 'Readiness: whether the service accepts events'],
  ['/-/healthy', 'Liveness: whether the service is running'],
]

const list = (links: readonly Link[]): string => {
  const items = links.map(
    ([href, what]) => `<li><a href="${href}">${href}</a><span class="soft">${escapeHtml(what)}</span></li>`,
  )
  return `<ul class="card">${items.join('\n')}</ul>`
}

/** Renders the page at `/`. */
export function landingPage({ notReady, tokenNeeded, hasMailbox }: LandingState): string {
  const state =
    notReady === undefined
      ? '<p class="state good">ready</p>'
      : `<p class="state bad">not ready: ${escapeHtml(notReady)}</p>`
  const key = tokenNeeded ? '<p class="soft">Requires a token: any user name, with the token as the password.</p>' : ''
  return page(
    'stashwatch',
    `<h1>stashwatch</h1>
<p class="soft">Evaluates the events that Logstash posts and notifies people when a host crosses a threshold.</p>
${state}
<h2>Browse</h2>
${key}
${list(hasMailbox ? [MAILBOX, ...READ] : READ)}
<h2>Endpoints for tools</h2>
${list(MACHINES)}
<h2>Query and ingest</h2>
<ul class="card">
<li><code>GET /api/v1/aggregate?host=NAME&amp;metric=cpu&amp;from=TIME&amp;to=TIME</code>
<span class="soft">Count, sum, mean, min, max and last value of a metric over a time range</span></li>
<li><code>POST /events</code><span class="soft">Receives events from Logstash's http output</span></li>
</ul>`,
  )
}
