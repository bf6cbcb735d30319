import { Option } from 'commander'
import type { PaintIo } from './paint.ts'
import { type RemoteArgs, RemoteError } from './remote.ts'

export const authorOption = (): Option =>
  new Option(
    '--author <name>',
    'name to record (default: the logged-in user, the name of the token, or the owner of this process)',
  )

/**
 * Who acts: as written, or who is logged in, or the owner of the token, whom the service knows, or of the process.
 *
 * @throws {RemoteError} when none of them has a name.
 */
export function resolveAuthor(
  args: RemoteArgs & { readonly author?: string },
  io: PaintIo,
): { readonly author?: string } {
  const { env } = io
  const name = args.author ?? (env['USER'] || env['LOGNAME'])
  if (name !== undefined && name !== '') return { author: name }
  if ((args.token ?? env['STASHWATCH_API_TOKEN'] ?? '') !== '') return {}
  if (io.user !== undefined && io.user !== '') return { author: io.user }
  throw new RemoteError('no author: nobody is logged in and no token is set. Fix: set --author NAME', 1)
}
