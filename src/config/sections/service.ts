import type * as Raw from '../../generated/config.ts'
import { type Config, type IngestConfig, type Metric, metricBounds, type Recipient, type Token } from '../../model.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { readBy } from './label-names.ts'
import { readSecret } from '../file/secrets.ts'
import { readSpan } from './durations.ts'
import { hasControl, parseListen, parseRecipient, parseSize } from './units.ts'

/** What reading a part needs besides the part. */
export interface PartContext {
  readonly diagnostics: Diagnostics
  /** Folder that paths are relative to. */
  readonly dir: string
}

export function readListen(raw: string, { diagnostics }: PartContext): Config['listen'] {
  const listen = parseListen(raw)
  if (listen.port > 65535)
    diagnostics.error(
      '/listen',
      describe('the port is out of range', {
        found: diagnostics.describeValue('/listen'),
        expected: 'a port from 0 to 65535',
      }),
    )
  return listen
}

const LARGEST_BODY = 256 * 1024 * 1024
const RESERVED_PATHS = /^\/(?:metrics|healthz|readyz|mailbox|api|-)(?:\/|$)/

export function readIngest(
  raw: Required<Omit<Raw.Ingest, 'event_id_field'>> & Raw.Ingest,
  context: PartContext,
): IngestConfig {
  const { diagnostics } = context
  for (const [index, path] of raw.paths.entries()) {
    const at = below('/ingest/paths', index)
    if (RESERVED_PATHS.test(path))
      diagnostics.error(
        at,
        describe(`${diagnostics.describeValue(at)} is a path of the service itself`, { fix: 'choose another path' }),
      )
  }
  const maxBody = readBodySize(raw.max_body, '/ingest/max_body', diagnostics)
  const maxDecompressed = readBodySize(raw.max_decompressed, '/ingest/max_decompressed', diagnostics)
  if (maxBody > maxDecompressed) {
    const at =
      diagnostics.describeValue('/ingest/max_body') === 'nothing' ? '/ingest/max_decompressed' : '/ingest/max_body'
    const what = `max_body (${raw.max_body}) is larger than max_decompressed (${raw.max_decompressed})`
    diagnostics.error(at, describe(what, { fix: 'lower max_body or raise max_decompressed' }))
  }
  const { strip_domain: _domains, ...fields } = raw.host
  return {
    paths: raw.paths,
    tokens: readIngestTokens(raw.tokens, context),
    subSources: raw.sub_sources,
    maxBody,
    maxDecompressed,
    bodyTimeout: readSpan(raw.body_timeout, '/ingest/body_timeout', { min: 1000, max: 600_000 }, diagnostics),
    maxEvents: raw.max_events,
    requestsPerMinute: raw.requests_per_minute,
    allRejectedStatus: raw.all_rejected_status,
    ...(raw.event_id_field === undefined ? {} : { eventIdField: raw.event_id_field }),
    host: Object.fromEntries(Object.entries(fields).map(([kind, paths = []]) => [kind, [paths].flat()])),
    stripDomain: readDomains(raw),
    remoteKinds: raw.remote_kinds,
  }
}

/** Returns the domains that are removed from the names of hosts. */
export function readDomains({ host }: Raw.Ingest): readonly string[] {
  return [host?.strip_domain ?? []].flat()
}

function readBodySize(raw: string | number, pointer: string, diagnostics: Diagnostics): number {
  const bytes = parseSize(raw)
  const found = diagnostics.describeValue(pointer)
  if (bytes < 1024) diagnostics.error(pointer, describe('the size is too small', { found, expected: 'at least 1KiB' }))
  if (bytes > LARGEST_BODY)
    diagnostics.error(pointer, describe('the size is too large', { found, expected: 'at most 256MiB' }))
  return bytes
}

/** Reads the tokens of senders. Those of one name are one source. */
function readIngestTokens(raw: Raw.IngestTokens, context: PartContext): readonly Token[] {
  const first = new Map<string, boolean>()
  for (const [index, { name, expected = true }] of raw.entries()) {
    const other = first.get(name) ?? expected
    first.set(name, other)
    if (other === expected) continue
    const what = `the tokens of ${name} disagree about 'expected'`
    const at = `${below('/ingest/tokens', index)}/${raw[index]?.expected === undefined ? 'name' : 'expected'}`
    context.diagnostics.error(at, describe(what, { found: String(expected), expected: `${other}, as above` }))
  }
  return readTokens(raw, '/ingest/tokens', context)
}

/** Reads tokens with their secrets, which no diagnostic shows. Several may have one name, so that one can replace another. */
export function readTokens(raw: Raw.Tokens, pointer: string, context: PartContext): readonly Token[] {
  const { diagnostics } = context
  const secrets = new Set<string>()
  return [...raw.entries()].flatMap(([index, { name, token: written }]) => {
    const at = below(pointer, index)
    if (!diagnostics.isClean(at)) return []
    const token = readSecret(written, `${at}/token`, context)
    if (diagnostics.isClean(`${at}/token`)) checkToken(token, `${at}/token`, diagnostics)
    if (secrets.has(token))
      diagnostics.error(
        `${at}/token`,
        describe('this token is the same as another one', { fix: 'make each token different' }),
      )
    if (token !== '') secrets.add(token)
    return [{ name, token }]
  })
}

export function checkToken(token: string, pointer: string, diagnostics: Diagnostics, noun = 'token'): void {
  const found =
    token.length < 8
      ? `${token.length} characters`
      : token.length > 1000
        ? `${token.length} characters`
        : token.trim() !== token
          ? 'leading or trailing white space'
          : /^[\u0020-\u007e]+$/.test(token)
            ? undefined
            : 'another character'
  if (found === undefined) return
  const expected = '8 to 1000 characters of printable ASCII, without leading or trailing spaces'
  diagnostics.error(pointer, describe(`the ${noun} is not valid`, { found, expected }))
}

/** Reads the metrics; those with errors are left out. */
export function readMetrics(
  raw: Readonly<Record<string, Raw.Metric>>,
  { diagnostics }: PartContext,
): readonly Metric[] {
  const entries = Object.entries(raw).filter(([name]) => diagnostics.isClean(below('/metrics', name)))
  return entries.map(([name, { field, unit = 'none', kind = 'gauge', by, min, max }]) => {
    const series = readBy(by, `${below('/metrics', name)}/by`, diagnostics)
    const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }
    const metric: Metric = { name, fields: [field].flat(), unit, kind, ...bounds, ...series }
    checkBounds(metric, below('/metrics', name), diagnostics)
    return metric
  })
}

function checkBounds(metric: Metric, pointer: string, diagnostics: Diagnostics): void {
  const { min, max } = metricBounds(metric)
  if (min < max) return
  const key = metric.max === undefined ? 'min' : 'max'
  const expected =
    key === 'max' ? `more than min (${min})` : `less than the max of the unit ${metric.unit} (${max}); or set max`
  const what = describe(`no reading can be from ${min} to ${max}`, { found: String(metric[key]), expected })
  diagnostics.error(`${pointer}/${key}`, what)
}

export function readRecipient(text: string, pointer: string, diagnostics: Diagnostics): Recipient {
  const recipient = parseRecipient(text)
  if (!('reason' in recipient)) return recipient
  const { reason, expected, fix } = recipient
  diagnostics.error(
    pointer,
    describe(reason, { found: diagnostics.describeValue(pointer), expected, ...(fix === undefined ? {} : { fix }) }),
  )
  return { address: text }
}

export const EMPTY_PASSWORD = describe('the password is empty', { fix: 'set one, or remove user and password' })
export const CONTROL_PASSWORD = describe('the password contains a control character', { fix: 'remove it (a newline?)' })
export const CONTROL_USER = describe('the user contains a control character', { fix: 'remove it' })

/** Reads user and password, which need each other and must be one line each. */
export function readLogin(
  raw: { readonly user?: string; readonly password?: Raw.Secret },
  pointer: string,
  context: PartContext,
): { readonly user?: string; readonly password?: string } {
  const { diagnostics } = context
  if ((raw.user === undefined) !== (raw.password === undefined)) {
    const [there, missing] = raw.user === undefined ? ['password', 'user'] : ['user', 'password']
    diagnostics.error(
      below(pointer, missing),
      describe(`'${there}' without '${missing}'`, { fix: `add '${missing}': a login needs both` }),
    )
  }
  const at = below(pointer, 'password')
  const password = raw.password === undefined ? undefined : readSecret(raw.password, at, context)
  if (password === '' && diagnostics.isClean(at)) diagnostics.error(at, EMPTY_PASSWORD)
  if (password !== undefined && hasControl(password)) {
    diagnostics.error(at, CONTROL_PASSWORD)
  }
  if (raw.user !== undefined && hasControl(raw.user)) {
    diagnostics.error(below(pointer, 'user'), CONTROL_USER)
  }
  return {
    ...(raw.user === undefined ? {} : { user: raw.user }),
    ...(password === undefined ? {} : { password }),
  }
}
