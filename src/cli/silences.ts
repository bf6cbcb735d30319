import { type Command, Option } from 'commander'
import { printMatcher } from '../labels/matcher.ts'
import type { Matcher } from '../model.ts'
import {
  resolveAuthor,
  authorOption,
  printable,
  type RemoteArgs,
  RemoteError,
  runRemote,
  withRemote,
} from './terminal/remote.ts'
import { describeCommand, setAction } from './terminal/command.ts'
import { type PaintIo, printJson, printTable, formatIsoInstant } from './terminal/paint.ts'

/** A silence as the API returns it. */
interface SilenceRow {
  readonly id: string
  readonly matchers: readonly Matcher[]
  readonly startsAt: string
  readonly endsAt: string
  readonly createdBy: string
  readonly comment: string
  readonly state: 'pending' | 'active' | 'expired'
  readonly matchedAlerts?: number
  readonly hints?: readonly string[]
}

interface AddArgs extends RemoteArgs {
  readonly matcher: readonly string[]
  readonly duration?: string
  readonly until?: string
  readonly comment?: string
  readonly author?: string
}

interface ListArgs extends RemoteArgs {
  readonly all?: true
}

const PATH = '/api/v1/silences'
/** Maximum number of ids in a message. */
const MAX_SHOWN = 5
const FIELDS = {
  matchers: '--matcher',
  duration: '--duration',
  endsAt: '--until',
  comment: '--comment',
  createdBy: '--author',
}

export function addSilences(program: Command, io: PaintIo): void {
  const silences = describeCommand(
    program.command('silences'),
    'Mute alerts for a while; rules are still evaluated',
    'stashwatch silences list',
  )
  const add = describeCommand(
    silences.command('add'),
    'Mute all matching alerts until the silence ends',
    "stashwatch silences add --matcher 'host=~web-.*' --duration 2h --comment 'moving the racks'",
  )
    .addOption(matcherOption())
    .option('--duration <duration>', 'how long it lasts, such as 90s, 30m, 2h or 1d12h')
    .option('--until <time>', 'when it ends, such as 2026-11-22T14:00:00Z')
    .option('--comment <text>', 'reason for the silence')
    .addOption(authorOption())
  setAction(withRemote(add), () => addSilence(add.optsWithGlobals(), io))
  const list = describeCommand(
    silences.command('list'),
    'List active and pending silences, and how many alerts each mutes',
    'stashwatch silences list --all',
  ).option('--all', 'also list expired silences')
  setAction(withRemote(list), () => listSilences(list.optsWithGlobals(), io))
  const expire = describeCommand(
    silences.command('expire').argument('<id>', 'id of the silence, as shown in the list, or its beginning'),
    'End a silence now',
    'stashwatch silences expire 8f14e45f --url http://127.0.0.1:8080',
  )
  setAction(withRemote(expire), (id) => expireSilence(id, expire.optsWithGlobals(), io))
}

const matcherOption = (): Option =>
  new Option('--matcher <matcher>', "such as 'host = web-1'; with = != =~ or !~; if repeated, all must match")
    .argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])
    .makeOptionMandatory()

/**
 * `stashwatch silences add`: mutes matching alerts until the silence ends. @returns the exit code, as `remotely` does.
 */
function addSilence({ matcher, ...args }: AddArgs, io: PaintIo): Promise<number> {
  return runRemote(
    args,
    io,
    async (ask) => {
      const { duration, until, comment } = args
      const { author } = resolveAuthor(args, io)
      const made = (await ask('POST', PATH, {
        matchers: matcher,
        duration,
        endsAt: until,
        comment,
        createdBy: author,
      })) as SilenceRow
      if (args.json === true) return printJson(io, made)
      const { id, matchers, startsAt, endsAt, state, matchedAlerts = 0, hints = [] } = made
      const start = state === 'pending' ? `from ${formatIsoInstant(startsAt)} ` : ''
      io.out(printable(`silenced ${start}until ${formatIsoInstant(endsAt)}: ${matchers.map(printMatcher).join(', ')}`))
      if (state === 'active') io.out(`mutes ${matchedAlerts} firing alert${matchedAlerts === 1 ? '' : 's'} now`)
      for (const hint of hints) io.out(printable(hint))
      io.out(printable(`Undo with: stashwatch silences expire ${id}`))
    },
    FIELDS,
  )
}

/** `stashwatch silences list`: lists active and pending silences; with `all` also expired ones. */
function listSilences(args: ListArgs, io: PaintIo): Promise<number> {
  return runRemote(args, io, async (ask) => {
    const kept = (await ask('GET', PATH)) as readonly SilenceRow[]
    const rows = kept.filter(({ state }) => args.all === true || state !== 'expired')
    if (args.json === true) return printJson(io, rows)
    if (rows.length === 0)
      return io.out(kept.length === 0 ? 'no silences' : 'no active or pending silences; --all lists expired ones')
    const shown = rows.map(({ id, state, matchers, startsAt, endsAt, createdBy, comment, matchedAlerts = 0 }) => ({
      cells: [
        id,
        state,
        matchedAlerts,
        formatIsoInstant(startsAt),
        formatIsoInstant(endsAt),
        createdBy,
        matchers.map(printMatcher).join(', '),
        comment,
      ],
      tone: state === 'active' ? undefined : ('dim' as const),
    }))
    printTable(io, ['ID', 'STATE', 'ALERTS', 'STARTS AT', 'ENDS AT', 'CREATED BY', 'MATCHERS', 'COMMENT'], shown)
  })
}

/**
 * Returns the id that begins with a text. Silences that are not over come first; a text that is no beginning is left to the
 * service. @throws {RemoteError} for one that several ids begin with.
 */
function findId(start: string, rows: readonly SilenceRow[]): string {
  if (rows.some(({ id }) => id === start)) return start
  const fitting = rows.filter(({ id }) => id.startsWith(start))
  const current = fitting.filter(({ state }) => state !== 'expired')
  const [first, ...others] = current.length > 0 ? current : fitting
  if (first === undefined) return start
  if (others.length === 0) return first.id
  const ids = [first, ...others].map(({ id }) => id)
  const shown = ids.length > MAX_SHOWN ? `${ids.slice(0, MAX_SHOWN).join(', ')} and others` : ids.join(', ')
  throw new RemoteError(`several silences begin with '${start}': ${shown}. Fix: give more of the id`, 1)
}

/** `stashwatch silences expire ID`: ends a silence now; an expired one stays as it is. */
function expireSilence(id: string, args: RemoteArgs, io: PaintIo): Promise<number> {
  return runRemote(args, io, async (ask) => {
    const whole = findId(id, (await ask('GET', PATH)) as readonly SilenceRow[])
    const expired = (await ask('DELETE', `${PATH}/${encodeURIComponent(whole.toWellFormed())}`)) as SilenceRow
    if (args.json === true) return printJson(io, expired)
    io.out(
      printable(`expired at ${formatIsoInstant(expired.endsAt)}: ${expired.matchers.map(printMatcher).join(', ')}`),
    )
  })
}
