import { createPrivateKey } from 'node:crypto'
import type * as Raw from '../generated/config.ts'
import type { DkimKey, MailConfig, OAuth2, SmtpConfig } from '../model.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { type PartContext, readRecipient } from './parts.ts'
import { readSpan } from './spans.ts'
import { readSecret } from './secrets.ts'
import { hasControl, isLoopback } from './units.ts'

type RawServer = Exclude<Raw.MailServer, readonly unknown[]>
type RawKey = Exclude<Raw.DKIMKey, readonly unknown[]>

/** A part of the file and where it stands there. */
interface Spot<T> {
  readonly raw: T
  readonly at: string
}

/** Stands in for what a mail server must have, so that the rest of a faulty one is looked at as well. */
const NO_SERVER = { host: 'localhost' }
const NO_SENDER = { address: 'nobody@localhost' }

/** What the first server has for all of them. */
const FOR_ALL = ['from', 'rate_per_minute', 'dkim'] as const

/** The mail servers: one mapping, or a list of them. */
export function readMail(raw: Raw.MailServer, context: PartContext): MailConfig {
  const { report } = context
  const spots = spotsOf<RawServer>(raw, '/smtp', report)
  const [first, ...others] = spots
  for (const { raw: server, at } of others) refuseForAll(server, at, report)
  const servers = spots.map(({ raw: server, at }) =>
    readServer({ ...NO_SERVER, ...inOrder(server, at, report) }, at, context),
  )
  refuseTwins(servers, spots, report)
  const { from, rate_per_minute: rate, dkim } = first === undefined ? {} : inOrder(first.raw, first.at, report)
  const at = first?.at ?? '/smtp'
  if (first !== undefined && first.raw.from === undefined)
    report.mistake(`${at}/from`, "'from' is missing: sender of the mails")
  const sender = from === undefined ? NO_SENDER : readRecipient(from, `${at}/from`, report)
  const keys = dkim === undefined ? [] : spotsOf<RawKey>(dkim, `${at}/dkim`, report)
  return {
    from: sender,
    servers,
    ...(rate === undefined ? {} : { ratePerMinute: rate }),
    dkim: keys.map((key) => readDkimKey(key, sender.address, context)),
  }
}

/** The mappings of a list, or the one that stands alone; those that are none have been told already. */
function spotsOf<T extends object>(raw: T | readonly unknown[], at: string, report: Report): readonly Spot<T>[] {
  const all = Array.isArray(raw)
    ? raw.map((one: T, index) => ({ raw: one, at: below(at, index) }))
    : [{ raw: raw as T, at }]
  return all.filter((spot) => report.usable(spot.at))
}

/** What a mapping has that no mistake was found in. A key with mappings of its own is looked at inside. */
function inOrder<T extends object>(raw: T, at: string, report: Report): Partial<T> {
  const isInOrder = (key: string): boolean =>
    key === 'dkim' ? report.usable(below(at, key)) : report.clean(below(at, key))
  return Object.fromEntries(Object.entries(raw).filter(([key]) => isInOrder(key))) as Partial<T>
}

function refuseForAll(server: RawServer, at: string, report: Report): void {
  for (const key of FOR_ALL.filter((one) => server[one] !== undefined)) {
    report.mistake(`${at}/${key}`, `'${key}' is the first server's and holds for all of them: remove it here`, 'key')
  }
}

function refuseTwins(servers: readonly SmtpConfig[], spots: readonly Spot<RawServer>[], report: Report): void {
  const seen = new Set<string>()
  for (const [index, { host, port, user, oauth2 }] of servers.entries()) {
    const at = `${spots[index]?.at}/host`
    const login = `${host.toLowerCase()}:${port} ${user ?? oauth2?.user ?? ''}`
    if (report.clean(at) && seen.has(login)) report.mistake(at, `${host}:${port} is in this list already; remove one`)
    seen.add(login)
  }
}

function readServer(raw: RawServer, at: string, context: PartContext): SmtpConfig {
  const { report } = context
  const local = isLoopback(raw.host)
  const port = raw.port ?? (raw.secure === true ? 465 : local ? 25 : 587)
  const secure = raw.secure ?? port === 465
  if (/^[^:]+:\d+$/.test(raw.host)) {
    const found = report.written(`${at}/host`)
    report.mistake(`${at}/host`, `expected a host without its port, found ${found}; the port goes to 'port'`)
  }
  const password = raw.password === undefined ? undefined : readSecret(raw.password, `${at}/password`, context)
  checkLogin(raw, password, at, report)
  const oauth2 = raw.oauth2 === undefined ? undefined : readOAuth2(raw.oauth2, `${at}/oauth2`, context)
  const requireTls = raw.require_tls ?? !local
  warnOfTls({ port, secure, requireTls, local, login: (password ?? oauth2) !== undefined, at }, report)
  return {
    host: raw.host,
    port,
    secure,
    requireTls,
    ...(raw.user === undefined ? {} : { user: raw.user }),
    ...(password === undefined ? {} : { password }),
    ...(oauth2 === undefined ? {} : { oauth2 }),
    ...(raw.ehlo_name === undefined ? {} : { ehloName: raw.ehlo_name }),
    timeout: readSpan(raw.timeout ?? '30s', `${at}/timeout`, { least: 1000, most: 300_000 }, report),
  }
}

function checkLogin(
  { user, password: written, oauth2 }: RawServer,
  password: string | undefined,
  at: string,
  report: Report,
): void {
  if ((user === undefined) !== (written === undefined)) {
    const [there, missing] = user === undefined ? ['password', 'user'] : ['user', 'password']
    if (report.clean(`${at}/${missing}`))
      report.mistake(`${at}/${missing}`, `'${there}' without '${missing}': a login needs both`)
  } else if (user !== undefined && oauth2 !== undefined) {
    report.mistake(
      `${at}/user`,
      "'user' and 'password' beside 'oauth2': expected one way to log in; remove the other",
      'key',
    )
  }
  if (password === '' && report.clean(`${at}/password`)) report.mistake(`${at}/password`, 'the password is empty')
  if (password !== undefined && hasControl(password)) {
    report.mistake(`${at}/password`, 'the password has a control character (a line end?) in it')
  }
  if (user !== undefined && hasControl(user)) report.mistake(`${at}/user`, 'the user has a control character in it')
}

const FOR_RENEWAL = ['client_id', 'client_secret', 'refresh_token'] as const

function readOAuth2(raw: Raw.OAuth2Login, at: string, context: PartContext): OAuth2 {
  const { report } = context
  const secret = (key: 'client_secret' | 'refresh_token' | 'access_token'): string => {
    const text = readSecret(raw[key] ?? '', `${at}/${key}`, context)
    const fault =
      text === '' ? 'is empty' : hasControl(text) ? 'has a control character (a line end?) in it' : undefined
    if (fault !== undefined && report.clean(`${at}/${key}`)) report.mistake(`${at}/${key}`, `this secret ${fault}`)
    return text
  }
  if (hasControl(raw.user)) report.mistake(`${at}/user`, 'the user has a control character in it')
  if (raw.access_token !== undefined) {
    const key = [...FOR_RENEWAL, 'access_url' as const].find((one) => raw[one] !== undefined)
    const what = `'${key}' beside 'access_token': a token that lasts is not asked for anew; remove one of them`
    if (key !== undefined) report.mistake(`${at}/${key}`, what, 'key')
    return { user: raw.user, accessToken: secret('access_token') }
  }
  for (const key of FOR_RENEWAL.filter((one) => raw[one] === undefined)) {
    const what = `'${key}' is missing: expected client_id, client_secret and refresh_token, or an access_token that lasts`
    report.mistake(`${at}/${key}`, what)
  }
  const accessUrl = raw.access_url
  if (accessUrl !== undefined) checkAccessUrl(accessUrl, `${at}/access_url`, report)
  return {
    user: raw.user,
    clientId: raw.client_id ?? '',
    clientSecret: secret('client_secret'),
    refreshToken: secret('refresh_token'),
    ...(accessUrl === undefined ? {} : { accessUrl }),
  }
}

function checkAccessUrl(text: string, at: string, report: Report): void {
  const url = URL.parse(text)
  const host = url?.hostname.replaceAll(/^\[|\]$/g, '') ?? ''
  if (url === null)
    report.mistake(at, `expected an address such as 'https://login.example.org/token', found ${report.written(at)}`)
  else if (url.protocol === 'http:' && !isLoopback(host)) {
    report.mistake(at, 'expected https://: the secrets that are posted here would travel in the clear')
  }
}

const LEAST_BITS = 1024

/** A key that cannot sign must be found now: a mail server would only see mails without a signature. */
function readDkimKey({ raw, at }: Spot<RawKey>, sender: string, context: PartContext): DkimKey {
  const { report } = context
  const { domain = '', selector = '', key: written = '' } = inOrder(raw, at, report)
  const key = readSecret(written, `${at}/key`, context)
  if (raw.key !== undefined && report.clean(`${at}/key`)) {
    const fault = faultOfKey(key)
    if (fault !== undefined)
      report.mistake(`${at}/key`, `expected a private RSA key in PEM form, without a passphrase, ${fault}`)
  }
  const from = sender.slice(sender.lastIndexOf('@') + 1).toLowerCase()
  const signs = domain.toLowerCase()
  const isAligned = from === signs || from.endsWith(`.${signs}`) || signs.endsWith(`.${from}`)
  if (domain !== '' && sender !== NO_SENDER.address && !isAligned) {
    report.warn(`${at}/domain`, `the mails come from ${from}: a signature of another domain does not count for DMARC`)
  }
  return { domain, selector, key }
}

/** The end of a sentence about what a private key should be. It never repeats any of it. */
function faultOfKey(pem: string): string | undefined {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPrivateKey(pem)
    if (type !== 'rsa') return `found one of the type ${type}`
    const bits = details?.modulusLength ?? 0
    return bits < LEAST_BITS ? `of at least ${LEAST_BITS} bits, found one of ${bits} bits` : undefined
  } catch {
    return 'found something else'
  }
}

interface Tls {
  readonly port: number
  readonly secure: boolean
  readonly requireTls: boolean
  readonly local: boolean
  readonly login: boolean
  readonly at: string
}

function warnOfTls({ port, secure, requireTls, local, login, at }: Tls, report: Report): void {
  if (secure && (port === 587 || port === 25)) {
    report.warn(`${at}/secure`, `port ${port} usually begins without TLS: did you mean require_tls instead of secure?`)
  }
  if (!secure && port === 465) {
    report.warn(`${at}/secure`, 'port 465 usually speaks TLS from the first byte: did you mean secure: true?')
  }
  if (!secure && !requireTls && !local && login) {
    report.warn(`${at}/require_tls`, 'without TLS the password may travel in the clear')
  }
}
