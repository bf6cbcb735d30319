import type { Command } from 'commander'
import type { NotificationReason, Decision, HostState, Limit, SendRecord, MeasureUnit } from '../model.ts'
import { labelDecision, describeNotificationReason } from '../text/decision.ts'
import { formatValue, formatLimit } from '../text/format.ts'
import { describeHostState } from '../text/builtin.ts'
import { type AlertRow, formatSeries } from './alerts.ts'
import { describeCommand, setAction } from './terminal/command.ts'
import { paint, type PaintIo, printJson, formatIsoInstant, type Color } from './terminal/paint.ts'
import { printable, type RemoteArgs, runRemote, withRemote } from './terminal/remote.ts'

/** The fields of `GET /api/v1/why` that the terminal shows. */
interface Why {
  readonly rule: {
    readonly name: string
    readonly kind: string
    readonly severities: readonly string[]
    readonly notify: readonly string[]
    readonly notApplicable?: string
    readonly removedAt?: string
    readonly nextEvaluation: { readonly summary: string }
  }
  readonly host: {
    readonly host: string
    readonly state: HostState
    readonly lastSeenAt: string | null
    readonly source: string
  } | null
  readonly evaluations: readonly EvaluationRow[]
  readonly alerts: readonly EpisodeRow[]
}

interface EvaluationRow {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | null
  readonly unit: MeasureUnit
  readonly threshold?: Limit
  readonly summary: string
  readonly evaluatedAt: string
  readonly hint?: { readonly summary: string }
}

interface EpisodeRow extends AlertRow {
  readonly peak: number | null
  readonly decisions?: readonly DecisionRow[]
  readonly transitions: readonly {
    readonly state: AlertRow['state']
    readonly changedAt: string
    readonly summary: string
  }[]
  readonly notifications: readonly SendRow[]
  readonly pending?: readonly { readonly to?: string; readonly summary: string }[]
}

interface DecisionRow {
  readonly decidedAt: string
  readonly kind: Decision['kind']
  readonly to?: string
  readonly summary: string
}

interface SendRow {
  readonly state: SendRecord['state']
  readonly attempts: number
  readonly createdAt: string
  readonly finishedAt?: string
  readonly nextAttemptAt?: string
  readonly summary?: string
  readonly to?: { readonly address: string }
  readonly reason?: NotificationReason
}

/** An event of an episode. */
interface TimelineEntry {
  readonly at: string
  readonly summary: string
  readonly tone?: Color
}

export function addWhy(program: Command, io: PaintIo): void {
  const command = describeCommand(
    program.command('why').argument('<rule>', 'name of the rule').argument('<host>', 'name of the host'),
    'Explain why notifications about a host were sent or not: the last evaluations and the history of each episode',
    'stashwatch why cpu-high web-1 --url http://127.0.0.1:8080',
  )
  setAction(withRemote(command), (rule, host) => why(rule, host, command.optsWithGlobals(), io))
}

/**
 * `stashwatch why RULE HOST`: prints the last evaluations of a rule on a host, and its episodes. @returns the exit
 * code.
 */
function why(rule: string, host: string, args: RemoteArgs, io: PaintIo): Promise<number> {
  return runRemote(args, io, async (ask) => {
    const asked = new URLSearchParams({ rule, host })
    const found = (await ask('GET', `/api/v1/why?${asked.toString()}`)) as Why
    if (args.json === true) return printJson(io, found)
    const print = (line: string, tone?: Color): void => io.out(paint(io, tone, printable(line)))
    printRule(found, host, print)
    printEvaluations(found, print)
    if (found.alerts.length === 0) print('no episodes')
    for (const episode of found.alerts) printEpisode(episode, print)
  })
}

type Print = (line: string, tone?: Color) => void

function printRule({ rule, host }: Why, name: string, print: Print): void {
  const { kind, severities, notify, removedAt } = rule
  const notifies = `${removedAt === undefined ? 'notifies' : 'notified'} ${notify.length === 0 ? 'the receivers of its routes' : notify.join(', ')}`
  print(`${rule.name} on ${name}`, 'bold')
  print(`  rule   ${kind}, ${severities.join(' and ')}, ${notifies}`)
  if (host !== null)
    print(`  host   ${describeHostState(host.state)}, last seen ${formatIsoInstant(host.lastSeenAt)} by ${host.source}`)
  print(`  next   ${rule.nextEvaluation.summary}`)
  print('')
}

function printEvaluations({ rule, evaluations }: Why, print: Print): void {
  print('last evaluations', 'bold')
  if (evaluations.length === 0) print(`  none: ${whyNone(rule)}`)
  for (const { labels, value, unit, threshold, summary, evaluatedAt, hint } of evaluations) {
    const label = Object.entries(labels)
      .map(([key, text]) => `${key}=${text} `)
      .join('')
    const against = threshold === undefined ? '' : `, threshold ${formatLimit(threshold, unit)}`
    const found = value === null ? 'no data' : `value ${formatValue(value, unit)}`
    print(`  ${formatIsoInstant(evaluatedAt)}  ${label}${found}${against}: ${summary}`)
    if (hint !== undefined) print(`  hint: ${hint.summary}`, 'yellow')
  }
  print('')
}

function whyNone({ notApplicable, removedAt }: Why['rule']): string {
  if (removedAt !== undefined) return 'the rule was removed from the configuration'
  return notApplicable ?? 'no data for this rule has been received from this host'
}

function printEpisode(episode: EpisodeRow, print: Print): void {
  const { code, state, closeReason, severity, peak, unit } = episode
  print(
    `${code === undefined ? 'no episode yet' : `episode ${code}`}: ${closeReason === undefined ? state : 'closed'}, ${severity}, ${formatSeries(episode)}${peak === null ? '' : `, peak ${formatValue(peak, unit)}`}`,
    'bold',
  )
  for (const { at, summary, tone } of buildTimeline(episode)) print(`  ${formatIsoInstant(at)}  ${summary}`, tone)
  for (const one of episode.pending ?? [])
    print(`  pending${one.to === undefined ? '' : ` ${one.to}`}: ${one.summary}`, 'yellow')
  print('')
}

/** Lists all events of an episode in order of time. */
function buildTimeline(episode: EpisodeRow): readonly TimelineEntry[] {
  const { transitions, decisions = [], notifications, closeReason } = episode
  const steps = transitions.map(({ state, changedAt, summary }): TimelineEntry => ({
    at: changedAt,
    summary: `${state === 'resolved' && closeReason !== undefined ? 'closed' : state}: ${summary}`,
    tone: state === 'firing' ? 'red' : 'green',
  }))
  // An alert that was closed was not evaluated: its last transition says all there is.
  const isClosing = ({ kind, decidedAt }: DecisionRow): boolean =>
    closeReason !== undefined && kind === 'evaluated' && decidedAt === transitions.at(-1)?.changedAt
  const judged = decisions.filter((one) => !isClosing(one))
  const decided = judged.map(({ decidedAt: at, kind, summary, to }): TimelineEntry => {
    const label = labelDecision(kind, isUnsent(notifications, at, to))
    const says = label === '' ? summary : `${label}${to === undefined ? '' : ` ${to}`}: ${summary}`
    return kind === 'suppressed' ? { at, summary: says, tone: 'dim' } : { at, summary: says }
  })
  // The sort is stable: at the same instant, evaluations come before decisions, and decisions before deliveries.
  return [...steps, ...decided, ...notifications.toReversed().map(formatSend)].toSorted((a, b) =>
    a.at < b.at ? -1 : Number(a.at > b.at),
  )
}

/** Returns true if the mail that followed from a decision, the first one to its address since, was not sent (yet). */
function isUnsent(notifications: readonly SendRow[], at: string, address: string | undefined): boolean {
  const row = notifications.findLast(({ to, createdAt }) => to?.address === address && createdAt >= at)
  return row !== undefined && row.state !== 'sent'
}

const OUTCOMES: Readonly<Record<Exclude<SendRecord['state'], 'pending'>, string>> = {
  sent: 'sent',
  failed: 'failed permanently',
  merged: 'merged',
  withdrawn: 'withdrawn',
}

function formatSend(sent: SendRow): TimelineEntry {
  const {
    state,
    attempts,
    createdAt,
    finishedAt,
    nextAttemptAt,
    to,
    reason,
    summary: result = 'no response yet',
  } = sent
  const address = to?.address ?? 'unknown'
  // The address of other integrations starts with the integration: webhook:ops.
  const way = /^(?:webhook|alertmanager):/.test(address) ? address : `mail to ${address}`
  const summary = `${way} (${reason === undefined ? 'unknown reason' : describeNotificationReason(reason)})`
  if (state === 'pending') {
    const next = nextAttemptAt === undefined ? '' : `, next ${formatIsoInstant(nextAttemptAt)}`
    return { at: createdAt, summary: `${summary} pending: ${attempts} attempts${next}, ${result}`, tone: 'yellow' }
  }
  return {
    at: finishedAt ?? createdAt,
    summary: `${summary} ${OUTCOMES[state]}: ${result}`,
    ...(state === 'failed' ? { tone: 'red' } : {}),
  }
}
