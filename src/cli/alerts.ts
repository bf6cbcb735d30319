import { type Command, InvalidArgumentError, Option } from 'commander'
import { formatValue } from '../text/format.ts'
import { suggest } from '../text/suggest.ts'
import type { AlertView, MeasureUnit } from '../model.ts'
import { resolveAuthor, authorOption, printable, type RemoteArgs, runRemote, withRemote } from './terminal/remote.ts'
import { describeCommand, setAction } from './terminal/command.ts'
import { type PaintIo, printJson, printTable, formatIsoInstant, type Color } from './terminal/paint.ts'

/** The fields of an alert in the API that the terminal shows. */
export interface AlertRow {
  readonly rule: string
  readonly host: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: AlertView['state']
  readonly severity: AlertView['severity']
  readonly code?: string
  readonly startsAt: string
  readonly value: number | null
  readonly unit: MeasureUnit
  readonly noDataSince?: string
  readonly closeReason?: AlertView['closeReason']
  /** The result of the last evaluation, in words. */
  readonly summary: string
  readonly muted?: { readonly summary: string }
  readonly ack?: { readonly until: string; readonly author: string; readonly note: string }
}

const STATES: readonly AlertView['state'][] = ['pending', 'firing', 'recovering', 'resolved']

interface ListArgs extends RemoteArgs {
  readonly state?: string
}

export function addAlerts(program: Command, io: PaintIo): void {
  const list = (command: Command): Command => {
    const listing = describeCommand(command, 'List the alerts of a running service', 'stashwatch alerts --state firing')
      .summary('List or acknowledge the alerts of a running service')
      .addOption(stateOption())
    setAction(withRemote(listing), () => listAlerts(listing.optsWithGlobals(), io))
    return listing
  }
  const alerts = list(program.command('alerts'))
  list(alerts.command('list', { hidden: true }))
  const ack = describeCommand(
    alerts.command('ack').argument('<code>', 'code of the episode, as shown in mails and in the list'),
    'Acknowledge an episode: stop its reminders until the time is up or its severity is raised',
    'stashwatch alerts ack K7RX2 --for 4h --note "a runaway job"',
  )
    .option('--for <duration>', 'how long it lasts', '4h')
    .option('--note <text>', "note for others; an earlier note is kept without it, and removed by ''")
    .addOption(authorOption())
  setAction(withRemote(ack), (code) => acknowledge(code, ack.optsWithGlobals(), io))
  const unack = describeCommand(
    alerts.command('unack').argument('<code>', 'code of the episode'),
    'Withdraw an acknowledgement',
    'stashwatch alerts unack K7RX2 --url http://127.0.0.1:8080',
  )
  setAction(withRemote(unack), (code) => unacknowledge(code, unack.optsWithGlobals(), io))
}

const stateOption = (): Option =>
  new Option('--state <state>', 'only alerts in this state').choices(STATES).argParser((state: string) => {
    if (STATES.some((known) => known === state)) return state
    throw new InvalidArgumentError(suggest(state, STATES))
  })

/** `stashwatch alerts`: lists alerts, or those in one state. @returns the exit code, as `remotely` does. */
function listAlerts(args: ListArgs, io: PaintIo): Promise<number> {
  return runRemote(args, io, async (ask) => {
    const { state } = args
    const path = state === undefined ? '/api/v1/alerts' : `/api/v1/alerts?state=${state}`
    const rows = (await ask('GET', path)) as readonly AlertRow[]
    if (args.json === true) return printJson(io, rows)
    if (rows.length === 0) return io.out(state === undefined ? 'no alerts' : `no alerts are ${state}`)
    const shown = rows.map((row) => ({
      cells: [
        row.code ?? '-',
        row.state,
        row.severity,
        row.rule,
        formatSeries(row),
        formatValue(row.value, row.unit),
        formatIsoInstant(row.startsAt),
        formatNotes(row),
      ],
      tone: selectTone(row),
    }))
    printTable(io, ['CODE', 'STATE', 'SEVERITY', 'RULE', 'HOST', 'VALUE', 'SINCE', 'NOTES'], shown)
  })
}

function selectTone({ state, severity, ack, muted }: AlertRow): Color | undefined {
  if (state === 'resolved' || ack !== undefined || muted !== undefined) return 'dim'
  if (state === 'pending') return undefined
  return severity === 'critical' ? 'red' : 'yellow'
}

/** Formats the host with the labels of the series. */
export function formatSeries({ host, labels }: Pick<AlertRow, 'host' | 'labels'>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return parts.length === 0 ? host : `${host} (${parts.join(', ')})`
}

/**
 * Formats what suppresses notifications, since when there is no data, and why the alert was closed without recovery.
 */
function formatNotes({ ack, muted, noDataSince, closeReason, summary }: AlertRow): string {
  const notes = [
    ...(closeReason === undefined ? [] : [`closed: ${summary}`]),
    ...(ack === undefined
      ? []
      : [
          `acknowledged by ${ack.author} until ${formatIsoInstant(ack.until)}${ack.note === '' ? '' : `: ${ack.note}`}`,
        ]),
    ...(muted === undefined ? [] : [`suppressed: ${muted.summary}`]),
    ...(noDataSince === undefined ? [] : [`no data since ${formatIsoInstant(noDataSince)}`]),
  ]
  return notes.join('; ')
}

interface AckArgs extends RemoteArgs {
  readonly for: string
  readonly note?: string
  readonly author?: string
}

const alertPath = (episode: string): string => `/api/v1/alerts/${encodeURIComponent(episode.toWellFormed())}`

/** `stashwatch alerts ack CODE`: acknowledges an episode. */
function acknowledge(code: string, args: AckArgs, io: PaintIo): Promise<number> {
  return runRemote(
    args,
    io,
    async (ask) => {
      const body = { duration: args.for, note: args.note, ...resolveAuthor(args, io) }
      const row = (await ask('POST', `${alertPath(code)}/acknowledge`, body)) as AlertRow
      if (args.json === true) return printJson(io, row)
      io.out(printable(`acknowledged until ${formatIsoInstant(row.ack?.until)}: ${row.rule} on ${formatSeries(row)}`))
      io.out(printable(`Undo with: stashwatch alerts unack ${row.code ?? code}`))
    },
    { duration: '--for', note: '--note', author: '--author' },
  )
}

/** `stashwatch alerts unack CODE`: withdraws an acknowledgement. */
function unacknowledge(code: string, args: RemoteArgs, io: PaintIo): Promise<number> {
  return runRemote(args, io, async (ask) => {
    const { ack } = (await ask('GET', alertPath(code))) as AlertRow
    const row = (await ask('DELETE', `${alertPath(code)}/acknowledge`)) as AlertRow
    if (args.json === true) return printJson(io, row)
    const summary = ack === undefined ? 'not acknowledged' : 'acknowledgement withdrawn'
    io.out(printable(`${summary}: ${row.rule} on ${formatSeries(row)}`))
  })
}
