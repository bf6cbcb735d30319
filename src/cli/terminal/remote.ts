import { type Command, Option } from 'commander'

export interface RemoteArgs {
  readonly url?: string
  readonly token?: string
  readonly json?: true
}

/** Adds the options of all commands that query a running service. */
export const withRemote = (command: Command): Command =>
  command
    .option('--url <url>', `address of the service (default: $STASHWATCH_URL, or ${DEFAULT_URL})`)
    .option('--token <token>', 'one of the api.tokens (default: $STASHWATCH_API_TOKEN)')
    .option('--json', 'print the response of the service as JSON')

/** What such a command needs of the process. */
export interface RemoteIo {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Print one line to standard output and to standard error. */
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

/** Sends one request to the API and resolves to its JSON. `body` is sent as JSON. @throws {RemoteError} */
type SendRequest = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => Promise<unknown>

/** The request failed. The message says why, and what to do. */
export class RemoteError extends Error {
  readonly code = 'REMOTE'
  /** 1 for invalid input, 2 for an environment error: the service cannot be reached or cannot respond. */
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2) {
    super(message)
    this.name = 'RemoteError'
    this.exitCode = exitCode
  }
}

const DEFAULT_URL = 'http://127.0.0.1:8080'
const REQUEST_TIMEOUT = 15_000

/**
 * Runs a command against the service that the arguments name, and prints an error as one line.
 *
 * @param fields maps fields of the body to the options that set them.
 * @returns the exit code: 0 success, 1 invalid input, 2 the service cannot be reached or cannot respond.
 */
export async function runRemote(
  args: RemoteArgs,
  io: RemoteIo,
  work: (ask: SendRequest) => Promise<void>,
  fields: Readonly<Record<string, string>> = {},
): Promise<number> {
  try {
    await work(openRemote(args, io))
    return 0
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    io.err(printable(error.message.replace(/^The field "(\w+)[^"]*"/, (said, name: string) => fields[name] ?? said)))
    return error.exitCode
  }
}

/** Escapes control characters: names come with events. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
}

function openRemote({ url, token }: RemoteArgs, { env }: RemoteIo): SendRequest {
  const base = baseUrl(url ?? (env['STASHWATCH_URL'] || DEFAULT_URL))
  const secret = token ?? env['STASHWATCH_API_TOKEN'] ?? ''
  if (/[^\x20-\xff]/.test(secret))
    throw new RemoteError('the token contains a character that an HTTP header cannot carry', 1)
  const headers = secret === '' ? {} : { authorization: `Bearer ${secret}` }
  return async (method, path, body) => {
    const content = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const init = { method, headers: { accept: 'application/json', ...headers, ...content }, ...sent }
    return read(base, ...(await send(base, path, init)))
  }
}

function baseUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== '' || parsed.search !== '') {
    throw new RemoteError(`--url: found '${url}', expected a URL such as ${DEFAULT_URL}`, 1)
  }
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`
}

async function send(base: string, path: string, init: RequestInit): Promise<readonly [status: number, text: string]> {
  try {
    const response = await fetch(`${base}${path}`, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT),
    })
    return [response.status, await response.text()]
  } catch (error) {
    const { cause, name } = error as Error & { cause?: { readonly code?: string; readonly message?: string } }
    const why =
      name === 'TimeoutError'
        ? `no response within ${REQUEST_TIMEOUT / 1000} s`
        : (cause?.code ?? cause?.message ?? 'no connection')
    throw new RemoteError(`cannot reach stashwatch at ${base} (${why}). Fix: check that it is running, or set --url`, 2)
  }
}

interface Problem {
  readonly detail?: string
  readonly found?: string | null
  readonly expected?: string
}

function read(base: string, status: number, text: string): unknown {
  const value = parse(text)
  if (value === undefined)
    throw new RemoteError(`the server at ${base} is not stashwatch (status ${status}). Fix: set --url`, 2)
  if (status < 400) return value
  const { detail = `status ${status}` } = (value ?? {}) as Problem
  const token = status === 401 ? ' Fix: set --token or STASHWATCH_API_TOKEN.' : ''
  throw new RemoteError(`${detail}${formatFound(value ?? {})}${token}`, status < 500 ? 1 : 2)
}

/** Formats what was found, and what was expected unless the detail says so already. */
function formatFound({ detail = '', found, expected }: Problem): string {
  if (typeof found !== 'string' || expected === undefined) return ''
  const shown = found === '' ? 'nothing' : `'${found}'`
  return detail.includes(expected) ? ` Found ${shown}.` : ` Found ${shown}, expected ${expected}.`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

export const authorOption = (): Option =>
  new Option(
    '--author <name>',
    'name to record (default: the logged-in user, the name of the token, or the owner of this process)',
  )

/**
 * Returns the author: the option, the logged-in user, or the owner of the process. With a token the service knows the
 * author.
 *
 * @throws {RemoteError} if there is no name.
 */
export function resolveAuthor(
  args: RemoteArgs & { readonly author?: string },
  io: Pick<RemoteIo, 'env'> & { readonly user?: string | undefined },
): { readonly author?: string } {
  const { env } = io
  const name = args.author ?? (env['USER'] || env['LOGNAME'])
  if (name !== undefined && name !== '') return { author: name }
  if ((args.token ?? env['STASHWATCH_API_TOKEN'] ?? '') !== '') return {}
  if (io.user !== undefined && io.user !== '') return { author: io.user }
  throw new RemoteError('no author: nobody is logged in and no token is set. Fix: set --author NAME', 1)
}
