import type * as Raw from '../generated/config.ts'
import type { Config, IngestConfig, Metric, Recipient, Token } from '../model.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { readSecret } from './secrets.ts'
import { hasControl, parseListen, parseRecipient, parseSize } from './units.ts'

/** What reading a part needs besides the part. */
export interface PartContext {
  readonly report: Report
  /** Folder that paths are relative to. */
  readonly dir: string
}

export function readListen(raw: string, { report }: PartContext): Config['listen'] {
  const listen = parseListen(raw)
  if (listen.port > 65535)
    report.mistake('/listen', `expected a port from 0 to 65535, found ${report.written('/listen')}`)
  return listen
}

const LARGEST_BODY = 256 * 1024 * 1024
const OWN_PATHS = /^\/(?:metrics|healthz|readyz|mailbox|api|-)(?:\/|$)/

export function readIngest(
  raw: Required<Omit<Raw.Ingest, 'id_field'>> & Raw.Ingest,
  context: PartContext,
): IngestConfig {
  const { report } = context
  for (const [index, path] of raw.paths.entries()) {
    const at = below('/ingest/paths', index)
    if (OWN_PATHS.test(path))
      report.mistake(at, `${report.written(at)} is one of the service's own paths; take another`)
  }
  const maxBody = readBodySize(raw.max_body, '/ingest/max_body', report)
  const maxInflated = readBodySize(raw.max_inflated, '/ingest/max_inflated', report)
  if (maxBody > maxInflated) {
    const at = report.written('/ingest/max_body') === 'nothing' ? '/ingest/max_inflated' : '/ingest/max_body'
    report.mistake(
      at,
      `max_body (${raw.max_body}) is larger than max_inflated (${raw.max_inflated}): change one of them`,
    )
  }
  return {
    paths: raw.paths,
    tokens: readTokens(raw.tokens, '/ingest/tokens', context),
    maxBody,
    maxInflated,
    maxEvents: raw.max_events,
    requestsPerMinute: raw.requests_per_minute,
    invalidStatus: raw.invalid_status,
    ...(raw.id_field === undefined ? {} : { idField: raw.id_field }),
    host: Object.fromEntries(Object.entries(raw.host).map(([kind, fields]) => [kind, [fields].flat()])),
  }
}

function readBodySize(raw: string | number, pointer: string, report: Report): number {
  const bytes = parseSize(raw)
  if (bytes < 1024) report.mistake(pointer, `expected at least 1KiB, found ${report.written(pointer)}`)
  if (bytes > LARGEST_BODY) report.mistake(pointer, `expected at most 256MiB, found ${report.written(pointer)}`)
  return bytes
}

/** Tokens with their secrets. What is wrong with one is said without showing it. */
export function readTokens(raw: Raw.Tokens, pointer: string, context: PartContext): readonly Token[] {
  const { report } = context
  const names = new Set<string>()
  const secrets = new Set<string>()
  return [...raw.entries()].flatMap(([index, { name, token: written }]) => {
    const at = below(pointer, index)
    if (!report.clean(at)) return []
    const token = readSecret(written, `${at}/token`, context)
    if (report.clean(`${at}/token`)) checkToken(token, `${at}/token`, report)
    if (names.has(name)) report.mistake(`${at}/name`, 'another token has this name already; each needs its own')
    if (secrets.has(token))
      report.mistake(`${at}/token`, 'this is the same token as another one; each name needs its own')
    names.add(name)
    if (token !== '') secrets.add(token)
    return [{ name, token }]
  })
}

export function checkToken(token: string, pointer: string, report: Report, noun = 'token'): void {
  const expected = `expected a ${noun} of printable ASCII, at least 8 characters, without spaces at its ends`
  if (token.length < 8) report.mistake(pointer, `${expected}, found ${token.length} characters`)
  else if (token.length > 1000) report.mistake(pointer, `expected a ${noun} of at most 1000 characters, found more`)
  else if (token.trim() !== token) report.mistake(pointer, `${expected}, found white space at an end`)
  else if (!/^[\u0020-\u007e]+$/.test(token)) report.mistake(pointer, `${expected}, found another character`)
}

/** The metrics that are in order. */
export function readMetrics(raw: Readonly<Record<string, Raw.Metric>>, { report }: PartContext): readonly Metric[] {
  const entries = Object.entries(raw).filter(([name]) => report.clean(below('/metrics', name)))
  return entries.map(([name, { field, unit = 'none', kind = 'gauge', by = [] }]) => ({
    name,
    fields: [field].flat(),
    unit,
    kind,
    by,
  }))
}

export function readRecipient(text: string, pointer: string, report: Report): Recipient {
  const recipient = parseRecipient(text)
  if (!('fault' in recipient)) return recipient
  report.mistake(pointer, `${recipient.fault}, found ${report.written(pointer)}`)
  return { address: text }
}

/** Name and password are given together, and neither would break out of its line. */
export function readLogin(
  raw: { readonly user?: string; readonly password?: Raw.Secret },
  pointer: string,
  context: PartContext,
): { readonly user?: string; readonly password?: string } {
  const { report } = context
  if ((raw.user === undefined) !== (raw.password === undefined)) {
    const [there, missing] = raw.user === undefined ? ['password', 'user'] : ['user', 'password']
    report.mistake(below(pointer, missing), `'${there}' without '${missing}': a login needs both`)
  }
  const at = below(pointer, 'password')
  const password = raw.password === undefined ? undefined : readSecret(raw.password, at, context)
  if (password === '' && report.clean(at)) report.mistake(at, 'the password is empty')
  if (password !== undefined && hasControl(password)) {
    report.mistake(at, 'the password has a control character (a line end?) in it')
  }
  if (raw.user !== undefined && hasControl(raw.user)) {
    report.mistake(below(pointer, 'user'), 'the user has a control character in it')
  }
  return {
    ...(raw.user === undefined ? {} : { user: raw.user }),
    ...(password === undefined ? {} : { password }),
  }
}
