import type { HostState } from '../model.ts'
import { describeHostState } from '../text/host-state.ts'
import { printable, type RemoteArgs, type RemoteIo, remotely } from './remote.ts'
import { tableOf } from './table.ts'

/** One row of `GET /api/v1/hosts`, as far as the table shows it. */
interface HostRow {
  readonly host: string
  readonly lastSeen: string | null
  readonly state: HostState
  readonly series: number
}

/** `stashwatch hosts`: lists the hosts that a running service knows. @returns the exit code, as `remotely` says. */
export function hosts(args: RemoteArgs & { readonly json: boolean }, io: RemoteIo): Promise<number> {
  return remotely(args, io, async (ask) => {
    const rows = (await ask('GET', '/api/v1/hosts')) as readonly HostRow[]
    if (args.json) return io.out(JSON.stringify(rows, null, 2))
    if (rows.length === 0) return io.out('no hosts: no events received yet, and no hosts are expected')
    const sorted = rows.toSorted((a, b) => a.host.localeCompare(b.host, 'en', { numeric: true }))
    const cells = sorted.map(({ host, lastSeen, state, series }) => [
      host,
      timeOf(lastSeen),
      describeHostState(state),
      series,
    ])
    for (const line of tableOf(['HOST', 'LAST SEEN', 'STATE', 'SERIES'], cells)) io.out(line)
  })
}

/** `stashwatch hosts forget NAME`: lets go of a host that is gone for good. @returns the exit code. */
export function forgetHost(
  args: RemoteArgs & { readonly host: string; readonly force: boolean; readonly json: boolean },
  io: RemoteIo,
): Promise<number> {
  return remotely(args, io, async (ask) => {
    const path = `/api/v1/hosts/${encodeURIComponent(args.host.toWellFormed())}${args.force ? '?force=true' : ''}`
    const forgotten = (await ask('DELETE', path)) as {
      readonly lastSeen: string | null
      readonly closed: readonly { readonly rule: string; readonly code: string }[]
    }
    if (args.json) return io.out(JSON.stringify(forgotten, null, 2))
    const alerts = forgotten.closed.map(({ rule, code }) => `${rule} (${code})`)
    const closed = alerts.length === 0 ? 'it had no open alert' : `closed: ${alerts.join(', ')}`
    io.out(printable(`forgotten: ${args.host}, last seen ${timeOf(forgotten.lastSeen)}; ${closed}`))
  })
}

function timeOf(iso: string | null): string {
  return iso === null ? 'never' : `${iso.slice(0, 19).replace('T', ' ')} UTC`
}
