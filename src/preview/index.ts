import { addressee } from '../dispatch/compose.ts'
import { createDispatchPlan } from '../dispatch/plan.ts'
import { buildHeartbeat } from '../dispatch/heartbeat.ts'
import { sampleHosts } from '../engine/sample.ts'
import type { BuiltinRule, Config, EngineConfig, Log, Notification, Receiver, Rule } from '../model.ts'
import { openComposer } from '../notify/index.ts'
import { LINK_KEY_BYTES } from '../links/signature.ts'
import { SAMPLE_PULSE, sampleReport } from './report.ts'
import { SAMPLE_AT } from './play.ts'
import { playBuiltin, playRule, READER, type SampleMails, type SampleOptions } from './samples.ts'

/** A mail as the reader sees it, and the names of its files. */
export interface Preview {
  readonly name: string
  readonly subject: string
  readonly text: string
  /** Includes its chart, and loads nothing. */
  readonly html: string
  readonly png?: Uint8Array
}

interface Previews {
  readonly previews: readonly Preview[]
  /** Rules without mails, because their samples raise no alert. */
  readonly silent: readonly string[]
}

export interface PreviewChoice {
  readonly rules: readonly Rule[]
  readonly builtins: readonly BuiltinRule[]
  /** The first reader of this receiver gets all mails; without it each rule's first reader gets its mails. */
  readonly receiver?: Receiver
  /** Whether scheduled mails, the report and the heartbeat, are included. */
  readonly scheduled: boolean
}

const DAY = 86_400_000
/** Signs sample links with a random key, so that no service accepts them. */
const SAMPLE_KEY = new Uint8Array(LINK_KEY_BYTES)
/** Minimum number of alerts in a digest, and how many of them have resolved. */
const LIST_SIZE = 6

/** Renders the mails of rules on sample data, with the code that decides and renders real ones. */
export async function previewMails(config: Config, choice: PreviewChoice, log: Log): Promise<Previews> {
  const compose = await openComposer(config, log, SAMPLE_KEY)
  const { mails, silent } = listNotifications(config.engine, choice)
  const previews = mails.map(({ name, notification }) => {
    const { subject, text, html, attachments } = compose(notification)
    const chart = attachments.find(({ cid }) => cid !== undefined)
    const png = typeof chart?.content === 'string' ? undefined : chart?.content
    if (png === undefined) return { name, subject, text, html }
    return { name, subject, text, html: html.replaceAll(`src="cid:${chart?.cid}"`, `src="${dataUrl(png)}"`), png }
  })
  return { previews, silent }
}

/** A sandboxed frame may not load the file beside it. */
const dataUrl = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`

/** The notifications about one rule on sample data, or why there are none. */
interface Named {
  readonly name: string
  readonly notification: Notification
}

interface Listed {
  readonly mails: readonly Named[]
  /** Rules whose samples raise no alert. */
  readonly silent: readonly string[]
}

function listNotifications(config: EngineConfig, choice: PreviewChoice): Listed {
  const { rules, builtins, receiver, scheduled } = choice
  const options = receiver === undefined ? {} : { receiver }
  const played = [
    ...rules.map((rule) => ({ name: rule.name, ...playRule(rule, config, options) })),
    ...builtins.map((name) => ({ name, ...playBuiltin(name, config, options) })),
  ]
  const mails = played.flatMap(({ name, fired, resolved }): readonly Named[] => [
    ...(fired === undefined ? [] : [{ name: `${name}.fired`, notification: fired }]),
    ...(resolved === undefined ? [] : [{ name: `${name}.resolved`, notification: resolved }]),
  ])
  const own = played.slice(0, rules.length)
  return {
    mails: [
      ...mails,
      ...listDigest(config, rules, own, options),
      ...(scheduled ? listScheduled(config, receiver, own) : []),
    ],
    silent: played.filter(({ fired }) => fired === undefined).map(({ name }) => name),
  }
}

/** A digest of alerts of all rules, each on its own host. Every fourth has resolved. */
function listDigest(
  config: EngineConfig,
  rules: readonly Rule[],
  played: readonly SampleMails[],
  options: SampleOptions,
): readonly Named[] {
  const first = played.find(({ fired }) => fired !== undefined)?.fired
  if (first === undefined) return []
  const alerts = Array.from({ length: Math.max(LIST_SIZE, rules.length) }, (_, i) => {
    const rule = rules[i % rules.length] as Rule
    const mails = i < rules.length ? played[i] : playRule(onHost(rule, i), config, options)
    const taken = (i % 4 === 3 ? mails?.resolved : undefined) ?? mails?.fired
    return (taken?.alerts ?? []).slice(0, 1).map(({ chart: _drawn, ...snapshot }) => snapshot)
  })
  const digest = { ...first, thread: 'digest', seq: 0, alerts: alerts.flat() }
  return [{ name: 'digest', notification: { ...digest, reason: 'rate_limited', kind: 'digest' } }]
}

/** The rule for the i-th of the hosts that it is for. */
function onHost(rule: Rule, i: number): Rule {
  return { ...rule, hosts: sampleHosts(rule.hosts, i + 1).slice(-1) }
}

/** Returns the report and the heartbeat for the receivers that have them; if there are none, for a sample receiver. */
function listScheduled(
  config: EngineConfig,
  chosen: Receiver | undefined,
  played: readonly SampleMails[],
): readonly Named[] {
  const plan = createDispatchPlan(config)
  const mailed = config.receivers.filter(({ email }) => email.length > 0)
  const nobody: Receiver = { name: 'nobody', email: [] }
  const readerOf = (kind: 'report' | 'heartbeat'): Receiver =>
    chosen ?? mailed.find((one) => one[kind] !== undefined) ?? mailed[0] ?? nobody
  const common = (kind: string, receiver: Receiver) => ({
    ...addressee(plan, { receiver: receiver.name, channel: 'email', to: receiver.email[0] ?? READER }),
    id: `preview.${kind}`,
    decidedAt: SAMPLE_AT,
    reason: 'scheduled' as const,
    thread: kind,
    seq: 0,
    alerts: [],
  })
  const [reader, listener] = [readerOf('report'), readerOf('heartbeat')]
  const every = reader.report !== undefined && reader.report.weekday === undefined ? 'day' : 'week'
  const over = played.flatMap(({ resolved }) => resolved?.alerts.slice(0, 1) ?? [])
  const due = { since: SAMPLE_AT - DAY, mails: 2 }
  const notice = buildHeartbeat(due, { firing: [], pulse: SAMPLE_PULSE }, SAMPLE_AT)
  return [
    {
      name: 'report',
      notification: { ...common('report', reader), kind: 'report', report: sampleReport(config, every, over) },
    },
    { name: 'heartbeat', notification: { ...common('heartbeat', listener), kind: 'notice', notice } },
  ]
}
