import { isIP } from 'node:net'
import { isPrivate } from '../../net/private-address.ts'
import type * as Raw from '../../generated/config.ts'
import type { AlertmanagerTarget, Receiver, Recipient, Schedule, Targets, WebhookTarget } from '../../model.ts'
import { parseMinutes, readZone, readWeekday } from './calendar.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { checkToken, readLogin, readRecipient } from './service.ts'
import type { PartContext } from './service.ts'
import { readSecret } from '../file/secrets.ts'
import { readSpan } from './durations.ts'
import { checkTemplates, nameLabels } from './templates.ts'

interface ReceiverContext extends PartContext {
  /** For mails of receivers without their own. */
  readonly templates: Raw.Templates
  /** All labels that templates may use. */
  readonly labels: readonly string[]
  /** Labels by the paths of their fields. */
  readonly labelPaths: ReadonlyMap<string, string>
}

/** Reads the receivers; those with errors are left out. */
export function readReceivers(
  raw: Readonly<Record<string, Raw.Receiver>>,
  context: ReceiverContext,
): readonly Receiver[] {
  const { diagnostics } = context
  const entries = Object.entries(raw).filter(([name]) => diagnostics.isClean(below('/receivers', name)))
  return oneSpelling(entries.map(([name, receiver]) => readReceiver(name, receiver, context)))
}

/** Gives an address that several receivers spell with other capitals its first spelling: it is one mailbox. */
function oneSpelling(receivers: readonly Receiver[]): readonly Receiver[] {
  const spellings = new Map<string, string>()
  return receivers.map((receiver) => ({
    ...receiver,
    email: receiver.email.map((recipient) => {
      const key = recipient.address.toLowerCase()
      const address = spellings.get(key) ?? recipient.address
      spellings.set(key, address)
      return { ...recipient, address }
    }),
  }))
}

function readReceiver(name: string, raw: Raw.Receiver, context: ReceiverContext): Receiver {
  const { diagnostics, templates } = context
  const pointer = below('/receivers', name)
  const { webhook, alertmanager, time_zone: zone } = raw
  const email = raw.email && nameLabels(raw.email, context.labelPaths)
  if (!email && !webhook && !alertmanager) {
    const expected = "at least one of 'email', 'webhook' and 'alertmanager'"
    diagnostics.error(pointer, describe('the receiver has no integration', { expected }))
  }
  for (const key of ['report', 'heartbeat'] as const) {
    if (raw[key] && !email)
      diagnostics.error(
        below(pointer, key),
        describe(`'${key}' needs 'email'`, { fix: "add 'email' to the receiver" }),
        'key',
      )
  }
  const kind = raw.report ? 'report' : raw.heartbeat ? 'heartbeat' : undefined
  if (kind !== undefined && zone === undefined) {
    const time = raw[kind]?.at ?? DEFAULT_REPORT_TIME
    const fix = "add 'time_zone', such as Europe/Berlin, or UTC if that is meant"
    diagnostics.warn(below(pointer, kind), describe(`without 'time_zone' it is sent at ${time} UTC`, { fix }))
  }
  if (email) checkTemplates(email, context.labels, `${pointer}/email`, diagnostics)
  const subject = email && (email.subject ?? templates.subject)
  const body = email && (email.body ?? templates.body)
  return {
    name,
    email: email ? readRecipients(email.to, `${pointer}/email/to`, diagnostics) : [],
    ...(zone === undefined ? {} : { timeZone: readZone(zone, `${pointer}/time_zone`, diagnostics) }),
    ...(subject === undefined ? {} : { subject }),
    ...(body === undefined ? {} : { body }),
    ...(email?.subject_mode === 'status' ? { subjectMode: 'status' } : {}),
    ...(webhook ? { webhook: true } : {}),
    ...(alertmanager ? { alertmanager: true } : {}),
    ...(raw.send_resolved === false ? { sendResolved: false } : {}),
    ...(raw.report ? { report: readSchedule(raw.report, `${pointer}/report`, diagnostics) } : {}),
    ...(raw.heartbeat ? { heartbeat: { at: parseMinutes(raw.heartbeat.at ?? DEFAULT_REPORT_TIME) ?? 0 } } : {}),
  }
}

function readRecipients(
  raw: string | readonly string[],
  pointer: string,
  diagnostics: Diagnostics,
): readonly Recipient[] {
  const seen = new Set<string>()
  return [raw].flat().map((text, index) => {
    const at = Array.isArray(raw) ? below(pointer, index) : pointer
    const recipient = readRecipient(text, at, diagnostics)
    const address = recipient.address.toLowerCase()
    if (seen.has(address))
      diagnostics.error(at, describe(`duplicate address ${diagnostics.describeValue(at)}`, { fix: 'remove one' }))
    seen.add(address)
    return recipient
  })
}

const DEFAULT_REPORT_TIME = '08:00'

function readSchedule(raw: NonNullable<Raw.Receiver['report']>, pointer: string, diagnostics: Diagnostics): Schedule {
  const at = parseMinutes(raw.at ?? DEFAULT_REPORT_TIME) ?? 0
  if (raw.every === 'week') return { at, weekday: readWeekday(raw.weekday ?? 'mon') }
  if (raw.weekday !== undefined) {
    const fix = "add every: week, or remove 'weekday'"
    diagnostics.error(`${pointer}/weekday`, describe("'weekday' applies to weekly reports only", { fix }), 'key')
  }
  return { at }
}

/** Reads the integrations other than mail, with their secrets. */
export function readTargets(
  raw: Readonly<Record<string, Raw.Receiver>>,
  context: PartContext,
): ReadonlyMap<string, Targets> {
  const entries = Object.entries(raw).filter(([name]) => context.diagnostics.isClean(below('/receivers', name)))
  return new Map(
    entries.flatMap(([name, { webhook, alertmanager }]): [string, Targets][] => {
      const pointer = below('/receivers', name)
      const targets = {
        ...(webhook ? { webhook: readWebhook(webhook, `${pointer}/webhook`, context) } : {}),
        ...(alertmanager ? { alertmanager: readAlertmanager(alertmanager, `${pointer}/alertmanager`, context) } : {}),
      }
      return Object.keys(targets).length === 0 ? [] : [[name, targets]]
    }),
  )
}

const TIMEOUT = { min: 1000, max: 300_000 }

function readWebhook(raw: Raw.Webhook, pointer: string, context: PartContext): WebhookTarget {
  const { diagnostics } = context
  const at = `${pointer}/secret`
  const secret = raw.secret === undefined ? undefined : readSecret(raw.secret, at, context)
  if (secret !== undefined && diagnostics.isClean(at)) checkToken(secret, at, diagnostics, 'secret')
  checkAddress(raw.url, `${pointer}/url`, diagnostics, "a header such as Authorization under 'headers'")
  if (raw.allow_private !== true && isWithin(raw.url)) {
    const what = 'this is a loopback or private address, and nothing is posted to it'
    diagnostics.warn(`${pointer}/url`, describe(what, { fix: 'set allow_private: true, or use a public address' }))
  }
  return {
    url: raw.url,
    ...(secret === undefined ? {} : { secret }),
    headers: { ...raw.headers },
    allowPrivate: raw.allow_private ?? false,
    timeout: readSpan(raw.timeout ?? '10s', `${pointer}/timeout`, TIMEOUT, diagnostics),
  }
}

function readAlertmanager(raw: Raw.Alertmanager, pointer: string, context: PartContext): AlertmanagerTarget {
  const { diagnostics } = context
  const at = `${pointer}/token`
  const token = raw.token === undefined ? undefined : readSecret(raw.token, at, context)
  if (token !== undefined && diagnostics.isClean(at)) checkToken(token, at, diagnostics)
  if (raw.token !== undefined && (raw.user ?? raw.password) !== undefined) {
    diagnostics.error(
      at,
      describe("'token' cannot be combined with 'user' and 'password'", { fix: 'keep one login' }),
      'key',
    )
  }
  const urls = [raw.url].flat().map((url, index) => {
    const here = Array.isArray(raw.url) ? below(`${pointer}/url`, index) : `${pointer}/url`
    checkAddress(url, here, diagnostics, "'user' and 'password'")
    if (/[?#]/.test(url)) {
      const found = diagnostics.describeValue(here)
      diagnostics.error(
        here,
        describe('the URL has a query or fragment', { found, expected: "a URL without '?' and '#'" }),
      )
    }
    return url.replace(/\/+$/, '')
  })
  return {
    urls,
    ...readLogin(raw, pointer, context),
    ...(token === undefined ? {} : { token }),
    timeout: readSpan(raw.timeout ?? '10s', `${pointer}/timeout`, TIMEOUT, diagnostics),
  }
}

/** Whether the address itself is private. Names are not resolved, because their addresses may change. */
function isWithin(text: string): boolean {
  const name = URL.canParse(text) ? new URL(text).hostname.replace(/^\[(.*)\]$/, '$1') : ''
  return /(?:^|\.)localhost$/.test(name) || (isIP(name) !== 0 && isPrivate(name))
}

/** @param login where a login belongs instead of the URL. */
function checkAddress(text: string, pointer: string, diagnostics: Diagnostics, login: string): void {
  const url = /^https?:\/\/\S+$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) {
    const expected = 'a URL that begins with http:// or https://'
    diagnostics.error(
      pointer,
      describe('the URL is not valid', { found: diagnostics.describeValue(pointer), expected }),
    )
  } else if (url.username !== '' || url.password !== '') {
    diagnostics.error(pointer, describe('the URL contains a login, which may end up in logs', { fix: `use ${login}` }))
  }
}
