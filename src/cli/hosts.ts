import type { Command } from 'commander'
import type { HostState } from '../model.ts'
import { describeHostState } from '../text/builtin.ts'
import { describeCommand, setAction } from './terminal/command.ts'
import { printable, type RemoteArgs, type RemoteIo, runRemote, withRemote } from './terminal/remote.ts'
import { formatTable } from './terminal/paint.ts'

/** A row of `GET /api/v1/hosts`: the fields that the table shows. */
interface HostRow {
  readonly host: string
  readonly lastSeenAt: string | null
  readonly state: HostState
  readonly seriesCount: number
}

export function addHosts(program: Command, io: RemoteIo): void {
  const list = (command: Command): Command => {
    const listing = describeCommand(
      command,
      'List the hosts of a running service with their last event, state and number of series',
      'stashwatch hosts --url http://127.0.0.1:8080',
    ).summary('List or retire the hosts of a running service')
    setAction(withRemote(listing), () => listHosts(listing.optsWithGlobals(), io))
    return listing
  }
  const hosts = list(program.command('hosts'))
  list(hosts.command('list', { hidden: true }))
  const retire = describeCommand(
    hosts.command('retire').argument('<name>', 'full name of the host'),
    'Retire a host permanently: remove it with its series, and close its alerts',
    'stashwatch hosts retire web-7 --url http://127.0.0.1:8080',
  ).option('--force', 'retire the host even if it was seen within the last 5 minutes')
  setAction(withRemote(retire), (host) => retireHost(host, retire.optsWithGlobals(), io))
}

/** `stashwatch hosts`: lists the hosts of a running service. @returns the exit code, as `remotely` does. */
function listHosts(args: RemoteArgs, io: RemoteIo): Promise<number> {
  return runRemote(args, io, async (ask) => {
    const rows = (await ask('GET', '/api/v1/hosts')) as readonly HostRow[]
    if (args.json === true) return io.out(JSON.stringify(rows, null, 2))
    if (rows.length === 0) return io.out('no hosts: no events received yet and no hosts expected')
    const sorted = rows.toSorted((a, b) => a.host.localeCompare(b.host, 'en', { numeric: true }))
    const cells = sorted.map(({ host, lastSeenAt, state, seriesCount }) => [
      host,
      formatCell(lastSeenAt),
      describeHostState(state),
      seriesCount,
    ])
    for (const line of formatTable(['HOST', 'LAST SEEN', 'STATE', 'SERIES'], cells)) io.out(line)
  })
}

interface RetireArgs extends RemoteArgs {
  readonly force?: true
}

/** `stashwatch hosts retire NAME`: retires a host permanently. @returns the exit code. */
function retireHost(host: string, args: RetireArgs, io: RemoteIo): Promise<number> {
  return runRemote(args, io, async (ask) => {
    const path = `/api/v1/hosts/${encodeURIComponent(host.toWellFormed())}${args.force === true ? '?force=true' : ''}`
    const retired = (await ask('DELETE', path)) as {
      readonly lastSeenAt: string | null
      readonly closedAlerts: readonly { readonly rule: string; readonly code: string }[]
    }
    if (args.json === true) return io.out(JSON.stringify(retired, null, 2))
    const alerts = retired.closedAlerts.map(({ rule, code }) => `${rule} (${code})`)
    const closed = alerts.length === 0 ? 'it had no open alerts' : `closed: ${alerts.join(', ')}`
    io.out(printable(`retired: ${host}, last seen ${formatCell(retired.lastSeenAt)}; ${closed}`))
  })
}

function formatCell(iso: string | null): string {
  return iso === null ? 'never' : `${iso.slice(0, 19).replace('T', ' ')} UTC`
}
