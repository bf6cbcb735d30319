import { resolveTargets } from '../dispatch/routing.ts'
import { addressee } from '../dispatch/compose.ts'
import { alertLabels } from '../labels/matcher.ts'
import { createDispatchPlan } from '../dispatch/plan.ts'
import { buildHeartbeat } from '../dispatch/heartbeat.ts'
import type { AlertSnapshot, Config, EngineConfig, Log, Notification, Receiver, Rule } from '../model.ts'
import { openComposer } from '../notify/index.ts'
import { LINK_KEY_BYTES } from '../links/signature.ts'
import { SAMPLE_PULSE, sampleReport } from './report.ts'
import { SAMPLE_AT, sampleAlert } from './samples.ts'

/** A mail as its reader would see it, and what its files are called. */
export interface Preview {
  readonly name: string
  readonly subject: string
  readonly text: string
  /** Holds its chart, and loads nothing. */
  readonly html: string
  readonly png?: Uint8Array
}

export interface PreviewChoice {
  readonly rules: readonly Rule[]
  /** The first reader of this receiver gets all mails; without it each rule's first reader gets its mails. */
  readonly receiver?: Receiver
  /** Whether the mails that come by the clock, the report and the heart-beat, are shown as well. */
  readonly scheduled: boolean
}

/** From a window's end to the mail about it. */
const LATENESS = 12_000
const DAY = 86_400_000
/** Stands in where nobody gets mail. */
const READER = { address: 'reader@example.org' }
/** Signs links that look like those of real mails; no service takes them, for each has a key of its own. */
const SAMPLE_KEY = new Uint8Array(LINK_KEY_BYTES)
/** A digest is a list: so many alerts at least, and a few of them over. */
const LIST_SIZE = 6

/** Writes the mails that rules would lead to, about sample alerts, with the code that writes real ones. */
export async function previewMails(config: Config, choice: PreviewChoice, log: Log): Promise<readonly Preview[]> {
  const compose = await openComposer(config, log, SAMPLE_KEY)
  return listNotifications(config.engine, choice).map(({ name, notification }) => {
    const { subject, text, html, attachments } = compose(notification)
    const chart = attachments.find(({ cid }) => cid !== undefined)
    const png = typeof chart?.content === 'string' ? undefined : chart?.content
    if (png === undefined) return { name, subject, text, html }
    return { name, subject, text, html: html.replaceAll(`src="cid:${chart?.cid}"`, `src="${dataUrl(png)}"`), png }
  })
}

/** A page in a frame that may run nothing may not load the file beside it either. */
const dataUrl = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`

interface Named {
  readonly name: string
  readonly notification: Notification
}

function listNotifications(config: EngineConfig, { rules, receiver, scheduled }: PreviewChoice): readonly Named[] {
  const read = readers(config, receiver)
  const single = rules.flatMap((rule): Named[] => {
    const [fired, resolved] = [sampleAlert(rule, config), sampleAlert(rule, config, { state: 'resolved' })]
    return [
      {
        name: `${rule.name}.fired`,
        notification: { ...read(fired, rule), reason: 'fired', kind: 'alert', seq: 0, alerts: [fired] },
      },
      {
        name: `${rule.name}.resolved`,
        notification: {
          ...read(resolved, rule),
          reason: 'resolved',
          kind: 'alert',
          seq: 1,
          alerts: [resolved],
          lead: { alert: fired, more: 0 },
        },
      },
    ]
  })
  const [first] = rules
  if (first === undefined) return single
  const list = buildList(rules, config)
  const digest = { ...read(sampleAlert(first, config), first), thread: 'digest', seq: 0, alerts: list }
  return [
    ...single,
    { name: 'digest', notification: { ...digest, reason: 'rate_limited', kind: 'digest' } },
    ...(scheduled ? listScheduled(config, receiver) : []),
  ]
}

/** The report and the heart-beat, as those get them who have asked for them; else as anybody would. */
function listScheduled(config: EngineConfig, chosen: Receiver | undefined): readonly Named[] {
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
  const due = { since: SAMPLE_AT - DAY, mails: 2 }
  const notice = buildHeartbeat(due, { firing: [], pulse: SAMPLE_PULSE }, SAMPLE_AT)
  return [
    {
      name: 'report',
      notification: { ...common('report', reader), kind: 'report', report: sampleReport(config, every) },
    },
    { name: 'heartbeat', notification: { ...common('heartbeat', listener), kind: 'notice', notice } },
  ]
}

/** Returns a list of alerts: every rule, each on its own hosts. */
function buildList(rules: readonly Rule[], config: EngineConfig): readonly AlertSnapshot[] {
  return Array.from({ length: Math.max(LIST_SIZE, rules.length) }, (_, i) => {
    const rule = rules[i % rules.length] as Rule
    const snapshot = sampleAlert(rule, config, { state: i % 4 === 3 ? 'resolved' : 'firing' })
    const { identity } = snapshot
    const { chart: _drawn, ...mailed } = {
      ...snapshot,
      episode: `sample${i}`,
      code: `SMPL${i}`,
      identity: { ...identity, host: i === 0 ? identity.host : `${identity.host}-${i}` },
    }
    return mailed
  })
}

type Addressed = Pick<
  Notification,
  'id' | 'receiver' | 'channel' | 'to' | 'timeZone' | 'templates' | 'decidedAt' | 'thread'
>

/** Finds who would read of an alert. Where nobody gets mail, some reader stands in, so that the mail can be seen. */
function readers(
  config: EngineConfig,
  chosen: Receiver | undefined,
): (snapshot: AlertSnapshot, rule: Rule) => Addressed {
  const plan = createDispatchPlan(config)
  return (snapshot, { notify }) => {
    const lines = resolveTargets(plan, { snapshot, notify }, alertLabels(snapshot))
    const mailed = lines.find(({ channel }) => channel === 'email')
    const receiver = chosen?.name ?? mailed?.receiver ?? notify[0] ?? config.receivers[0]?.name ?? 'nobody'
    const to = (chosen === undefined ? mailed?.to : chosen.email[0]) ?? READER
    const whom = addressee(plan, { receiver, channel: 'email', to })
    return {
      ...whom,
      id: `preview.${snapshot.identity.rule}.${snapshot.state}`,
      decidedAt: SAMPLE_AT + LATENESS,
      thread: snapshot.episode,
    }
  }
}
