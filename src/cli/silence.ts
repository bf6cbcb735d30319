import { printMatcher } from '../matcher.ts'
import type { Matcher } from '../model.ts'
import { type PaintIo, printJson, printTable, timeOf } from './paint.ts'
import { printable, type RemoteArgs, RemoteError, remotely } from './remote.ts'

/** A silence as the API shows it. */
interface SilenceRow {
  readonly id: string
  readonly matchers: readonly Matcher[]
  readonly from: string
  readonly until: string
  readonly author: string
  readonly comment: string
  readonly state: 'pending' | 'active' | 'expired'
  readonly mutes?: number
  readonly hints?: readonly string[]
}

export interface AddArgs extends RemoteArgs {
  readonly matcher: readonly string[]
  readonly duration?: string
  readonly until?: string
  readonly comment?: string
  readonly author?: string
  readonly json: boolean
}

const PATH = '/api/v1/silences'
const FIELDS = {
  matchers: '--matcher',
  duration: '--duration',
  until: '--until',
  comment: '--comment',
  author: '--author',
}

/** `stashwatch silence add`: what fits is not told for a while. @returns the exit code, as `remotely` says. */
export function addSilence({ matcher, json, ...args }: AddArgs, io: PaintIo): Promise<number> {
  return remotely(
    args,
    io,
    async (ask) => {
      const { duration, until, comment } = args
      if (matcher.length === 0)
        throw new RemoteError("silence add needs --matcher MATCHER, such as --matcher 'host = web-1'", 1)
      const made = (await ask('POST', PATH, {
        matchers: matcher,
        duration,
        until,
        comment,
        ...authorOf(args, io),
      })) as SilenceRow
      if (json) return printJson(io, made)
      const { id, matchers, from, state, mutes = 0, hints = [] } = made
      const start = state === 'pending' ? `from ${timeOf(from)} ` : ''
      io.out(printable(`silenced ${start}until ${timeOf(made.until)}: ${matchers.map(printMatcher).join(', ')}`))
      if (state === 'active') io.out(`mutes ${mutes} firing alert${mutes === 1 ? '' : 's'} now`)
      for (const hint of hints) io.out(printable(hint))
      io.out(printable(`end it with: stashwatch silence expire ${id}`))
    },
    FIELDS,
  )
}

/**
 * Who acts: as written, or who is logged in, or the owner of the token, whom the service knows, or of the process.
 *
 * @throws {RemoteError} when none of them has a name.
 */
export function authorOf(args: RemoteArgs & { readonly author?: string }, io: PaintIo): { readonly author?: string } {
  const { env } = io
  const name = args.author ?? (env['USER'] || env['LOGNAME'])
  if (name !== undefined && name !== '') return { author: name }
  if ((args.token ?? env['STASHWATCH_API_TOKEN'] ?? '') !== '') return {}
  if (io.user !== undefined && io.user !== '') return { author: io.user }
  throw new RemoteError('nobody is logged in and no token says who asks for it: give a name with --author NAME', 1)
}

/** `stashwatch silence list`: silences that hold or will hold; with `all` also those that are over. */
export function listSilences(
  args: RemoteArgs & { readonly all: boolean; readonly json: boolean },
  io: PaintIo,
): Promise<number> {
  return remotely(args, io, async (ask) => {
    const kept = (await ask('GET', PATH)) as readonly SilenceRow[]
    const rows = kept.filter(({ state }) => args.all || state !== 'expired')
    if (args.json) return printJson(io, rows)
    if (rows.length === 0)
      return io.out(kept.length === 0 ? 'no silences' : 'no silences; --all lists those that are over')
    const shown = rows.map(({ id, state, matchers, from, until, author, comment, mutes = 0 }) => ({
      cells: [id, state, mutes, timeOf(from), timeOf(until), author, matchers.map(printMatcher).join(', '), comment],
      tone: state === 'active' ? undefined : ('dim' as const),
    }))
    printTable(io, ['ID', 'STATE', 'MUTES', 'FROM', 'UNTIL', 'AUTHOR', 'MATCHERS', 'COMMENT'], shown)
  })
}

/** `stashwatch silence expire ID`: ends a silence now; one that is over stays as it is. */
export function expireSilence(
  args: RemoteArgs & { readonly id: string; readonly json: boolean },
  io: PaintIo,
): Promise<number> {
  return remotely(args, io, async (ask) => {
    const ended = (await ask('DELETE', `${PATH}/${encodeURIComponent(args.id.toWellFormed())}`)) as SilenceRow
    if (args.json) return printJson(io, ended)
    io.out(printable(`over since ${timeOf(ended.until)}: ${ended.matchers.map(printMatcher).join(', ')}`))
  })
}
