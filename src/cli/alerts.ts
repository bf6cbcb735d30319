import { formatValue } from '../text/format.ts'
import { meant } from '../spelling.ts'
import type { AlertView, Unit } from '../model.ts'
import { type PaintIo, printJson, printTable, timeOf, type Tone } from './paint.ts'
import { printable, type RemoteArgs, RemoteError, remotely } from './remote.ts'
import { authorOf } from './silence.ts'

/** An alert as the API shows it, as far as the terminal does. */
export interface AlertRow {
  readonly rule: string
  readonly host: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: AlertView['state']
  readonly severity: AlertView['severity']
  readonly code?: string
  readonly since: string
  readonly value: number | null
  readonly unit: Unit
  readonly noDataSince?: string
  readonly ended?: AlertView['ended']
  /** Why the last evaluation came out as it did, in words. */
  readonly summary: string
  readonly muted?: { readonly summary: string }
  readonly ack?: { readonly until: string; readonly author: string; readonly note: string }
}

export const STATES: readonly AlertView['state'][] = ['pending', 'firing', 'recovering', 'resolved']

/** `stashwatch alerts`: lists alerts, or those in one state. @returns the exit code, as `remotely` says. */
export function listAlerts(
  args: RemoteArgs & { readonly state?: string; readonly json: boolean },
  io: PaintIo,
): Promise<number> {
  return remotely(args, io, async (ask) => {
    const { state } = args
    if (state !== undefined && !STATES.some((known) => known === state)) {
      throw new RemoteError(`--state: found '${state}'${meant(state, STATES)}`, 1)
    }
    const all = (await ask('GET', '/api/v1/alerts')) as readonly AlertRow[]
    const rows = all.filter((row) => state === undefined || row.state === state)
    if (args.json) return printJson(io, rows)
    if (rows.length === 0) return io.out(state === undefined ? 'no alerts' : `no alert is ${state}`)
    const shown = rows.map((row) => ({
      cells: [
        row.code ?? '-',
        row.state,
        row.severity,
        row.rule,
        subjectOf(row),
        formatValue(row.value, row.unit),
        timeOf(row.since),
        notesOf(row),
      ],
      tone: toneOf(row),
    }))
    printTable(io, ['CODE', 'STATE', 'SEVERITY', 'RULE', 'HOST', 'VALUE', 'SINCE', 'NOTES'], shown)
  })
}

function toneOf({ state, severity, ack, muted }: AlertRow): Tone | undefined {
  if (state === 'resolved' || ack !== undefined || muted !== undefined) return 'dim'
  if (state === 'pending') return undefined
  return severity === 'critical' ? 'red' : 'yellow'
}

/** The host, and what tells the alert from others of the same rule there. */
export function subjectOf({ host, labels }: Pick<AlertRow, 'host' | 'labels'>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return parts.length === 0 ? host : `${host} (${parts.join(', ')})`
}

/** What suppresses its notifications, whether it still has data, and why it was closed without recovery. */
function notesOf({ ack, muted, noDataSince, ended, summary }: AlertRow): string {
  const notes = [
    ...(ended === undefined ? [] : [`closed: ${summary}`]),
    ...(ack === undefined
      ? []
      : [`acknowledged by ${ack.author} until ${timeOf(ack.until)}${ack.note === '' ? '' : `: ${ack.note}`}`]),
    ...(muted === undefined ? [] : [`suppressed: ${muted.summary}`]),
    ...(noDataSince === undefined ? [] : [`no data since ${timeOf(noDataSince)}`]),
  ]
  return notes.join('; ')
}

export interface AckArgs extends RemoteArgs {
  readonly episode: string
  readonly for?: string
  readonly note?: string
  readonly author?: string
  readonly json: boolean
}

const pathOf = (episode: string): string => `/api/v1/alerts/${encodeURIComponent(episode.toWellFormed())}`

/** `stashwatch alerts ack CODE`: acknowledges an episode. */
export function acknowledge(args: AckArgs, io: PaintIo): Promise<number> {
  return remotely(
    args,
    io,
    async (ask) => {
      const body = { duration: args.for ?? '4h', note: args.note, ...authorOf(args, io) }
      const row = (await ask('POST', `${pathOf(args.episode)}/acknowledge`, body)) as AlertRow
      if (args.json) return printJson(io, row)
      io.out(printable(`acknowledged until ${timeOf(row.ack?.until)}: ${row.rule} on ${subjectOf(row)}`))
      io.out(printable(`undo with: stashwatch alerts unack ${row.code ?? args.episode}`))
    },
    { duration: '--for', note: '--note', author: '--author' },
  )
}

/** `stashwatch alerts unack CODE`: withdraws an acknowledgement. */
export function unacknowledge(
  args: RemoteArgs & { readonly episode: string; readonly json: boolean },
  io: PaintIo,
): Promise<number> {
  return remotely(args, io, async (ask) => {
    const { ack } = (await ask('GET', pathOf(args.episode))) as AlertRow
    const row = (await ask('DELETE', `${pathOf(args.episode)}/acknowledge`)) as AlertRow
    if (args.json) return printJson(io, row)
    const says = ack === undefined ? 'not acknowledged' : 'acknowledgement withdrawn'
    io.out(printable(`${says}: ${row.rule} on ${subjectOf(row)}`))
  })
}
