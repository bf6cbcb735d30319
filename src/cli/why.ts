import type { Command } from 'commander'
import { formatBound, formatValue } from '../format.ts'
import type { Decision, SendRecord, Unit, Waiting } from '../model.ts'
import { type AlertRow, subjectOf } from './alerts.ts'
import { describe, setAction } from './terminal/command.ts'
import { paint, type PaintIo, printJson, timeOf, type Tone } from './terminal/paint.ts'
import { printable, type RemoteArgs, remotely, withRemote } from './terminal/remote.ts'

/** What `GET /api/v1/why` answers, as far as the terminal shows it. */
interface Why {
  readonly rule: {
    readonly name: string
    readonly kind: string
    readonly severity: string
    readonly severities?: readonly string[]
    readonly notify: readonly string[]
    readonly unfit?: string
    readonly left?: string
    readonly waitingFor: string
  }
  readonly host: {
    readonly host: string
    readonly state: string
    readonly lastSeen: string | null
    readonly source: string
  } | null
  readonly verdicts: readonly Verdict[]
  readonly alerts: readonly Episode[]
}

interface Verdict {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | null
  readonly unit: Unit
  readonly bound: string
  readonly reason: string
  readonly at: string
  readonly hint?: string
}

interface Episode extends AlertRow {
  readonly peak: number | null
  readonly bound: string
  readonly decisions?: readonly (Omit<Decision, 'at'> & { readonly at: string })[]
  readonly transitions: readonly { readonly to: AlertRow['state']; readonly at: string; readonly reason: string }[]
  readonly notifications: readonly Sent[]
  readonly waits?: readonly (Omit<Waiting, 'until'> & { readonly until?: string })[]
}

interface Sent {
  readonly state: SendRecord['state']
  readonly attempts: number
  readonly createdAt: string
  readonly doneAt?: string
  readonly nextAt?: string
  readonly answer?: string
  readonly to?: { readonly address: string }
  readonly because?: string
}

/** One moment of an episode. */
interface Moment {
  readonly at: string
  readonly says: string
  readonly tone?: Tone
}

export function addWhy(program: Command, io: PaintIo): void {
  const command = describe(
    program.command('why').argument('<rule>', 'name of the rule').argument('<host>', 'name of the host'),
    'Explain why people were notified about a host, or were not: the last verdicts, and the history of each episode',
    'stashwatch why cpu-high web-1 --url http://127.0.0.1:8080',
  )
  setAction(withRemote(command), (rule, host) => why(rule, host, command.optsWithGlobals(), io))
}

/** `stashwatch why RULE HOST`: what a rule sees of a host, and what came of it. @returns the exit code. */
function why(rule: string, host: string, args: RemoteArgs, io: PaintIo): Promise<number> {
  return remotely(args, io, async (ask) => {
    const asked = new URLSearchParams({ rule, host })
    const found = (await ask('GET', `/api/v1/why?${asked.toString()}`)) as Why
    if (args.json === true) return printJson(io, found)
    const say = (line: string, tone?: Tone): void => io.out(paint(io, tone, printable(line)))
    sayRule(found, host, say)
    sayVerdicts(found, say)
    if (found.alerts.length === 0) say('no episode of it is kept')
    for (const episode of found.alerts) sayEpisode(episode, say)
  })
}

type Say = (line: string, tone?: Tone) => void

function sayRule({ rule, host }: Why, name: string, say: Say): void {
  const { kind, severity, severities = [severity], notify, left } = rule
  const what = kind === 'own' ? 'of stashwatch itself' : kind
  const tells = `${left === undefined ? 'tells' : 'told'} ${notify.length === 0 ? 'whom the routes name' : notify.join(', ')}`
  say(`${rule.name} on ${name}`, 'bold')
  say(`  rule   ${what}, ${severities.join(' and ')}, ${tells}`)
  if (host !== null) say(`  host   ${host.state}, last seen ${timeOf(host.lastSeen)} by ${host.source}`)
  say(`  next   ${rule.waitingFor}`)
  say('')
}

function sayVerdicts({ rule, verdicts }: Why, say: Say): void {
  say('last verdicts', 'bold')
  if (verdicts.length === 0) say(`  none: ${rule.unfit ?? 'nothing that the rule looks at has come from there'}`)
  for (const { labels, value, unit, bound, reason, at, hint } of verdicts) {
    const label = Object.entries(labels)
      .map(([key, text]) => `${key}=${text} `)
      .join('')
    const against = bound === '' ? '' : `, bound ${formatBound(bound, unit)}`
    const found = value === null ? 'no data' : `value ${formatValue(value, unit)}`
    say(`  ${timeOf(at)}  ${label}${found}${against}: ${reason}`)
    if (hint !== undefined) say(`  hint: ${hint}`, 'yellow')
  }
  say('')
}

function sayEpisode(episode: Episode, say: Say): void {
  const { code, state, severity, peak, unit } = episode
  say(
    `${code === undefined ? 'not yet an episode' : `episode ${code}`}: ${state}, ${severity}, ${subjectOf(episode)}${peak === null ? '' : `, peak ${formatValue(peak, unit)}`}`,
    'bold',
  )
  for (const { at, says, tone } of storyOf(episode)) say(`  ${timeOf(at)}  ${says}`, tone)
  for (const one of episode.waits ?? [])
    say(`  waits ${one.to ?? 'whoever is to hear of it'}: ${waitText(one)}`, 'yellow')
  say('')
}

const WAITS: Readonly<Record<Waiting['for'], string>> = {
  group_wait: 'with its group',
  group_interval: 'with its group',
  'mail budget': 'for the next list',
  backlog: 'for the end of a backlog',
  acknowledgement: 'while somebody looks after it',
  silence: 'while it is silenced',
  maintenance: 'while a maintenance window lasts',
  inhibition: 'while another alert speaks for it',
}

/** `'fired' waits with its group until 10:00:30 (group_wait)`. */
function waitText({ news, for: what, until }: NonNullable<Episode['waits']>[number]): string {
  const end = until === undefined ? '' : ` until ${timeOf(until)}`
  return `'${news}' waits ${WAITS[what]}${end}${what.includes('group') || what === 'mail budget' ? ` (${what})` : ''}`
}

const TOLD: Readonly<Record<Decision['kind'], string>> = {
  judged: 'judged',
  notified: 'told',
  suppressed: 'not told',
  acknowledged: 'acknowledged',
}

/** What held an alert back may have been a silence, a maintenance window or another alert. */
const SAID: Readonly<Record<string, string>> = { 'silence ended': 'nothing holds it back any more' }

/** All that is known of an episode, in the order in which it happened. */
function storyOf({ transitions, decisions = [], notifications }: Episode): readonly Moment[] {
  const steps = transitions.map(({ to, at, reason }): Moment => ({
    at,
    says: `${to}: ${reason}`,
    tone: to === 'firing' ? 'red' : 'green',
  }))
  const decided = decisions.map(({ at, kind, reason, to }): Moment => {
    const word = kind === 'notified' && isUnsent(notifications, at, to) ? 'to be told' : TOLD[kind]
    const says = `${word}${to === undefined ? '' : ` ${to}`}: ${SAID[reason] ?? reason}`
    return kind === 'suppressed' ? { at, says, tone: 'dim' } : { at, says }
  })
  // The sort is stable: of one moment, what was found comes before what was decided, and that before what was sent.
  return [...steps, ...decided, ...notifications.toReversed().map(momentOf)].toSorted((a, b) =>
    a.at < b.at ? -1 : Number(a.at > b.at),
  )
}

/** Whether the mail that a decision led to, the first one to its address since, did not get out (yet). */
function isUnsent(notifications: readonly Sent[], at: string, address: string | undefined): boolean {
  const row = notifications.findLast(({ to, createdAt }) => to?.address === address && createdAt >= at)
  return row !== undefined && row.state !== 'sent'
}

const OUTCOMES: Readonly<Record<Exclude<SendRecord['state'], 'pending'>, string>> = {
  sent: 'sent',
  failed: 'failed for good',
  merged: 'not sent by itself',
  withdrawn: 'withdrawn',
}

function momentOf({ state, attempts, createdAt, doneAt, nextAt, answer = 'no answer yet', to, because }: Sent): Moment {
  const address = to?.address ?? 'somebody'
  // Of other ways than mail the address names the way: webhook:ops.
  const way = /^(?:webhook|alertmanager):/.test(address) ? address : `mail to ${address}`
  const told = `${way} (${because === undefined ? 'no reason kept' : (SAID[because] ?? because)})`
  if (state === 'pending') {
    const next = nextAt === undefined ? '' : `, next ${timeOf(nextAt)}`
    return { at: createdAt, says: `${told} waits: ${attempts} attempts${next}, ${answer}`, tone: 'yellow' }
  }
  return {
    at: doneAt ?? createdAt,
    says: `${told} ${OUTCOMES[state]}: ${answer}`,
    ...(state === 'failed' ? { tone: 'red' } : {}),
  }
}
