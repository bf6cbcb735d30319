import { createPrivateKey } from 'node:crypto'
import type * as Raw from '../../generated/config.ts'
import type { DkimKey, MailConfig, OAuth2, SmtpConfig } from '../../model.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { CONTROL_PASSWORD, CONTROL_USER, EMPTY_PASSWORD, type PartContext, readRecipient } from './service.ts'
import { readSpan } from './durations.ts'
import { readSecret } from '../file/secrets.ts'
import { hasControl, isLoopback } from './units.ts'

type RawServer = Exclude<Raw.MailServer, readonly unknown[]>
type RawKey = Exclude<Raw.DKIMKey, readonly unknown[]>

/** A part of the file and its place. */
interface Located<T> {
  readonly raw: T
  readonly pointer: string
}

/** Replaces required keys that are missing, so that the rest of the server is checked too. */
const DEFAULT_SERVER = { host: 'localhost' }
const DEFAULT_SENDER = { address: 'nobody@localhost' }

/** Keys of the first server that apply to all. */
const SHARED_KEYS = ['from', 'rate_per_minute', 'dkim'] as const

/** The mail servers: one mapping, or a list of them. */
export function readMail(raw: Raw.MailServer, context: PartContext): MailConfig {
  const { diagnostics } = context
  const spots = listLocated<RawServer>(raw, '/smtp', diagnostics)
  const [first, ...others] = spots
  for (const { raw: server, pointer } of others) refuseSharedKeys(server, pointer, diagnostics)
  const servers = spots.map(({ raw: server, pointer }) =>
    readServer({ ...DEFAULT_SERVER, ...sortByPriority(server, pointer, diagnostics) }, pointer, context),
  )
  refuseDuplicates(servers, spots, diagnostics)
  const {
    from,
    rate_per_minute: rate,
    dkim,
  } = first === undefined ? {} : sortByPriority(first.raw, first.pointer, diagnostics)
  const at = first?.pointer ?? '/smtp'
  if (first !== undefined && first.raw.from === undefined)
    diagnostics.error(`${at}/from`, "'from' is missing: sender address of mails")
  const sender = from === undefined ? DEFAULT_SENDER : readRecipient(from, `${at}/from`, diagnostics)
  const keys = dkim === undefined ? [] : listLocated<RawKey>(dkim, `${at}/dkim`, diagnostics)
  return {
    from: sender,
    servers,
    ...(rate === undefined ? {} : { ratePerMinute: rate }),
    dkim: keys.map((key) => readDkimKey(key, sender.address, context)),
  }
}

/** Returns the mappings of a list, or the single mapping; entries of another type have an error already. */
function listLocated<T extends object>(
  raw: T | readonly unknown[],
  at: string,
  diagnostics: Diagnostics,
): readonly Located<T>[] {
  const all = Array.isArray(raw)
    ? raw.map((one: T, index) => ({ raw: one, pointer: below(at, index) }))
    : [{ raw: raw as T, pointer: at }]
  return all.filter((located) => diagnostics.isUsable(located.pointer))
}

/** Returns the keys of a mapping without errors. A key with mappings of its own is checked inside. */
function sortByPriority<T extends object>(raw: T, at: string, diagnostics: Diagnostics): Partial<T> {
  const isInOrder = (key: string): boolean =>
    key === 'dkim' ? diagnostics.isUsable(below(at, key)) : diagnostics.isClean(below(at, key))
  return Object.fromEntries(Object.entries(raw).filter(([key]) => isInOrder(key))) as Partial<T>
}

function refuseSharedKeys(server: RawServer, at: string, diagnostics: Diagnostics): void {
  for (const key of SHARED_KEYS.filter((one) => server[one] !== undefined)) {
    diagnostics.error(
      `${at}/${key}`,
      describe(`'${key}' is set on the first server and applies to all`, { fix: 'remove it here' }),
      'key',
    )
  }
}

function refuseDuplicates(
  servers: readonly SmtpConfig[],
  spots: readonly Located<RawServer>[],
  diagnostics: Diagnostics,
): void {
  const seen = new Set<string>()
  for (const [index, { host, port, user, oauth2 }] of servers.entries()) {
    const at = `${spots[index]?.pointer}/host`
    const login = `${host.toLowerCase()}:${port} ${user ?? oauth2?.user ?? ''}`
    if (diagnostics.isClean(at) && seen.has(login))
      diagnostics.error(at, describe(`duplicate mail server ${host}:${port}`, { fix: 'remove one' }))
    seen.add(login)
  }
}

function readServer(raw: RawServer, pointer: string, context: PartContext): SmtpConfig {
  const { diagnostics } = context
  const local = isLoopback(raw.host)
  const port = raw.port ?? (raw.secure === true ? 465 : local ? 25 : 587)
  const secure = raw.secure ?? port === 465
  if (/^[^:]+:\d+$/.test(raw.host)) {
    const found = diagnostics.describeValue(`${pointer}/host`)
    const fix = "move the port to 'port'"
    diagnostics.error(
      `${pointer}/host`,
      describe('the host includes a port', { found, expected: 'a host name or address', fix }),
    )
  }
  const password = raw.password === undefined ? undefined : readSecret(raw.password, `${pointer}/password`, context)
  checkLogin(raw, password, pointer, diagnostics)
  const oauth2 = raw.oauth2 === undefined ? undefined : readOAuth2(raw.oauth2, `${pointer}/oauth2`, context)
  const requireTls = raw.require_tls ?? !local
  warnTls({ port, secure, requireTls, local, login: (password ?? oauth2) !== undefined, pointer }, diagnostics)
  return {
    host: raw.host,
    port,
    secure,
    requireTls,
    ...(raw.user === undefined ? {} : { user: raw.user }),
    ...(password === undefined ? {} : { password }),
    ...(oauth2 === undefined ? {} : { oauth2 }),
    timeout: readSpan(raw.timeout ?? '30s', `${pointer}/timeout`, { min: 1000, max: 300_000 }, diagnostics),
    ...(raw.ehlo_name === undefined ? {} : { ehloName: raw.ehlo_name }),
  }
}

function checkLogin(
  { user, password: written, oauth2 }: RawServer,
  password: string | undefined,
  at: string,
  diagnostics: Diagnostics,
): void {
  if ((user === undefined) !== (written === undefined)) {
    const [there, missing] = user === undefined ? ['password', 'user'] : ['user', 'password']
    if (diagnostics.isClean(`${at}/${missing}`))
      diagnostics.error(
        `${at}/${missing}`,
        describe(`'${there}' without '${missing}'`, { fix: `add '${missing}': a login needs both` }),
      )
  } else if (user !== undefined && oauth2 !== undefined) {
    diagnostics.error(
      `${at}/user`,
      describe("'user' and 'password' cannot be combined with 'oauth2'", { fix: 'keep one login' }),
      'key',
    )
  }
  if (password === '' && diagnostics.isClean(`${at}/password`)) diagnostics.error(`${at}/password`, EMPTY_PASSWORD)
  if (password !== undefined && hasControl(password)) {
    diagnostics.error(`${at}/password`, CONTROL_PASSWORD)
  }
  if (user !== undefined && hasControl(user)) diagnostics.error(`${at}/user`, CONTROL_USER)
}

const RENEWAL_KEYS = ['client_id', 'client_secret', 'refresh_token'] as const

function readOAuth2(raw: Raw.OAuth2Login, at: string, context: PartContext): OAuth2 {
  const { diagnostics } = context
  const secret = (key: 'client_secret' | 'refresh_token' | 'access_token'): string => {
    const text = readSecret(raw[key] ?? '', `${at}/${key}`, context)
    const fault = text === '' ? 'is empty' : hasControl(text) ? 'contains a control character (a newline?)' : undefined
    if (fault !== undefined && diagnostics.isClean(`${at}/${key}`))
      diagnostics.error(`${at}/${key}`, `the secret ${fault}`)
    return text
  }
  if (hasControl(raw.user)) diagnostics.error(`${at}/user`, CONTROL_USER)
  if (raw.access_token !== undefined) {
    const key = [...RENEWAL_KEYS, 'access_url' as const].find((one) => raw[one] !== undefined)
    const what = describe(`'${key}' cannot be combined with a long-lived 'access_token'`, { fix: 'remove one of them' })
    if (key !== undefined) diagnostics.error(`${at}/${key}`, what, 'key')
    return { user: raw.user, accessToken: secret('access_token') }
  }
  for (const key of RENEWAL_KEYS.filter((one) => raw[one] === undefined)) {
    const what = `'${key}' is missing: OAuth 2 needs client_id, client_secret and refresh_token, or a long-lived access_token`
    diagnostics.error(`${at}/${key}`, what)
  }
  const accessUrl = raw.access_url
  if (accessUrl !== undefined) checkAccessUrl(accessUrl, `${at}/access_url`, diagnostics)
  return {
    user: raw.user,
    clientId: raw.client_id ?? '',
    clientSecret: secret('client_secret'),
    refreshToken: secret('refresh_token'),
    ...(accessUrl === undefined ? {} : { accessUrl }),
  }
}

function checkAccessUrl(text: string, at: string, diagnostics: Diagnostics): void {
  const url = URL.parse(text)
  const host = url?.hostname.replaceAll(/^\[|\]$/g, '') ?? ''
  if (url === null)
    diagnostics.error(
      at,
      describe('the URL is not valid', {
        found: diagnostics.describeValue(at),
        expected: "a URL such as 'https://login.example.org/token'",
      }),
    )
  else if (url.protocol === 'http:' && !isLoopback(host)) {
    diagnostics.error(
      at,
      describe('secrets would be sent without encryption', { found: 'http://', expected: 'https://' }),
    )
  }
}

const MIN_KEY_BITS = 1024

/** Reads a key that can sign. Otherwise the fault would only show as mails without a signature. */
function readDkimKey({ raw, pointer }: Located<RawKey>, sender: string, context: PartContext): DkimKey {
  const { diagnostics } = context
  const { domain = '', selector = '', key: written = '' } = sortByPriority(raw, pointer, diagnostics)
  const key = readSecret(written, `${pointer}/key`, context)
  if (raw.key !== undefined && diagnostics.isClean(`${pointer}/key`)) {
    const fault = findKeyFault(key)
    if (fault !== undefined)
      diagnostics.error(
        `${pointer}/key`,
        describe('the DKIM key is not valid', {
          found: fault,
          expected: `a private RSA key in PEM form, without a passphrase, of at least ${MIN_KEY_BITS} bits`,
        }),
      )
  }
  const from = sender.slice(sender.lastIndexOf('@') + 1).toLowerCase()
  const signs = domain.toLowerCase()
  const isAligned = from === signs || from.endsWith(`.${signs}`) || signs.endsWith(`.${from}`)
  if (domain !== '' && sender !== DEFAULT_SENDER.address && !isAligned) {
    diagnostics.warn(
      `${pointer}/domain`,
      `the sender's domain is ${from}: a signature of another domain does not align for DMARC`,
    )
  }
  return { domain, selector, key }
}

/** Describes a key that cannot sign, without showing any of it. */
function findKeyFault(pem: string): string | undefined {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPrivateKey(pem)
    if (type !== 'rsa') return `a key of type ${type}`
    const bits = details?.modulusLength ?? 0
    return bits < MIN_KEY_BITS ? `a key of ${bits} bits` : undefined
  } catch {
    return 'something else'
  }
}

interface Tls {
  readonly port: number
  readonly secure: boolean
  readonly requireTls: boolean
  readonly local: boolean
  readonly login: boolean
  readonly pointer: string
}

function warnTls({ port, secure, requireTls, local, login, pointer }: Tls, diagnostics: Diagnostics): void {
  if (secure && (port === 587 || port === 25)) {
    diagnostics.warn(
      `${pointer}/secure`,
      `port ${port} usually expects STARTTLS: did you mean require_tls instead of secure?`,
    )
  }
  if (!secure && port === 465) {
    diagnostics.warn(`${pointer}/secure`, 'port 465 usually expects implicit TLS: did you mean secure: true?')
  }
  if (!secure && !requireTls && !local && login) {
    diagnostics.warn(`${pointer}/require_tls`, 'without TLS the password may be sent in plain text')
  }
}
