import { isIP } from 'node:net'
import { isPrivate } from '../address.ts'
import type * as Raw from '../generated/config.ts'
import type { AlertmanagerTarget, Receiver, Recipient, Schedule, Targets, WebhookTarget } from '../model.ts'
import { minutesOf, readZone, weekdayOf } from './calendar.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { checkToken, readLogin, readRecipient } from './parts.ts'
import type { PartContext } from './parts.ts'
import { readSecret } from './secrets.ts'
import { readSpan } from './spans.ts'
import { checkTemplates } from './templates.ts'

export interface ReceiverContext extends PartContext {
  /** For mails whose receiver has none of its own. */
  readonly templates: Raw.Templates
  /** All labels that templates may name. */
  readonly labels: readonly string[]
}

/** The receivers that are in order. */
export function readReceivers(
  raw: Readonly<Record<string, Raw.Receiver>>,
  context: ReceiverContext,
): readonly Receiver[] {
  const { report } = context
  const entries = Object.entries(raw).filter(([name]) => report.clean(below('/receivers', name)))
  return entries.map(([name, receiver]) => readReceiver(name, receiver, context))
}

function readReceiver(name: string, raw: Raw.Receiver, context: ReceiverContext): Receiver {
  const { report, templates } = context
  const pointer = below('/receivers', name)
  const { email, webhook, alertmanager, zone } = raw
  if (!email && !webhook && !alertmanager) {
    report.mistake(pointer, "nobody is told: expected at least one of 'email', 'webhook' and 'alertmanager'")
  }
  for (const key of ['report', 'heartbeat'] as const) {
    if (raw[key] && !email) report.mistake(below(pointer, key), `'${key}' is a mail: expected 'email' beside it`, 'key')
  }
  const kind = raw.report ? 'report' : raw.heartbeat ? 'heartbeat' : undefined
  if (kind !== undefined && zone === undefined) {
    const time = raw[kind]?.at ?? EARLY
    report.warn(
      below(pointer, kind),
      `without a 'zone' beside it, it comes at ${time} UTC: add one such as Europe/Berlin, or UTC if that is meant`,
    )
  }
  if (email) checkTemplates(email, context.labels, `${pointer}/email`, report)
  const subject = email && (email.subject ?? templates.subject)
  const body = email && (email.body ?? templates.body)
  return {
    name,
    email: email ? readRecipients(email.to, `${pointer}/email/to`, report) : [],
    ...(zone === undefined ? {} : { zone: readZone(zone, `${pointer}/zone`, report) }),
    ...(subject === undefined ? {} : { subject }),
    ...(body === undefined ? {} : { body }),
    ...(email?.subject_mode === 'status' ? { subjectMode: 'status' } : {}),
    ...(webhook ? { webhook: true } : {}),
    ...(alertmanager ? { alertmanager: true } : {}),
    ...(raw.report ? { report: readSchedule(raw.report, `${pointer}/report`, report) } : {}),
    ...(raw.heartbeat ? { heartbeat: { at: minutesOf(raw.heartbeat.at ?? EARLY) ?? 0 } } : {}),
  }
}

function readRecipients(raw: string | readonly string[], pointer: string, report: Report): readonly Recipient[] {
  const seen = new Set<string>()
  return [raw].flat().map((text, index) => {
    const at = Array.isArray(raw) ? below(pointer, index) : pointer
    const recipient = readRecipient(text, at, report)
    const address = recipient.address.toLowerCase()
    if (seen.has(address)) report.mistake(at, `${report.written(at)} is in this list already; remove one`)
    seen.add(address)
    return recipient
  })
}

const EARLY = '08:00'

function readSchedule(raw: NonNullable<Raw.Receiver['report']>, pointer: string, report: Report): Schedule {
  const at = minutesOf(raw.at ?? EARLY) ?? 0
  if (raw.every === 'week') return { at, weekday: weekdayOf(raw.weekday ?? 'mon') }
  if (raw.weekday !== undefined) {
    report.mistake(`${pointer}/weekday`, "'weekday' goes with every: week; add that, or remove 'weekday'", 'key')
  }
  return { at }
}

/** Where receivers are told by other ways than mail, with what is secret about them. */
export function readTargets(
  raw: Readonly<Record<string, Raw.Receiver>>,
  context: PartContext,
): ReadonlyMap<string, Targets> {
  const entries = Object.entries(raw).filter(([name]) => context.report.clean(below('/receivers', name)))
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

const TIMEOUT = { least: 1000, most: 300_000 }

function readWebhook(raw: Raw.Webhook, pointer: string, context: PartContext): WebhookTarget {
  const { report } = context
  const at = `${pointer}/secret`
  const secret = raw.secret === undefined ? undefined : readSecret(raw.secret, at, context)
  if (secret !== undefined && report.clean(at)) checkToken(secret, at, report, 'secret')
  checkAddress(raw.url, `${pointer}/url`, report, "a 'headers' entry such as Authorization")
  if (raw.allow_private !== true && isWithin(raw.url)) {
    const what = 'this address is of a private network or of this machine, and nothing will be posted to it'
    report.warn(`${pointer}/url`, `${what}: set 'allow_private: true' beside it, or take a public one`)
  }
  return {
    url: raw.url,
    ...(secret === undefined ? {} : { secret }),
    headers: { ...raw.headers },
    allowPrivate: raw.allow_private ?? false,
    timeout: readSpan(raw.timeout ?? '10s', `${pointer}/timeout`, TIMEOUT, report),
  }
}

function readAlertmanager(raw: Raw.Alertmanager, pointer: string, context: PartContext): AlertmanagerTarget {
  const { report } = context
  const at = `${pointer}/token`
  const token = raw.token === undefined ? undefined : readSecret(raw.token, at, context)
  if (token !== undefined && report.clean(at)) checkToken(token, at, report)
  if (raw.token !== undefined && (raw.user ?? raw.password) !== undefined) {
    report.mistake(at, "'token' beside 'user' and 'password': one login is enough; remove the other", 'key')
  }
  const urls = [raw.url].flat().map((url, index) => {
    const here = Array.isArray(raw.url) ? below(`${pointer}/url`, index) : `${pointer}/url`
    checkAddress(url, here, report, "'user' and 'password'")
    if (/[?#]/.test(url)) report.mistake(here, `expected an address without '?' and '#', found ${report.written(here)}`)
    return url.replace(/\/+$/, '')
  })
  return {
    urls,
    ...readLogin(raw, pointer, context),
    ...(token === undefined ? {} : { token }),
    timeout: readSpan(raw.timeout ?? '10s', `${pointer}/timeout`, TIMEOUT, report),
  }
}

/** Whether the address itself says that it is private. Names are not looked up: what they mean may change. */
function isWithin(text: string): boolean {
  const name = URL.canParse(text) ? new URL(text).hostname.replace(/^\[(.*)\]$/, '$1') : ''
  return /(?:^|\.)localhost$/.test(name) || (isIP(name) !== 0 && isPrivate(name))
}

/** @param login where a login belongs, if not into the address. */
function checkAddress(text: string, pointer: string, report: Report, login: string): void {
  const url = /^https?:\/\/\S+$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) {
    const what = 'expected a web address that begins with http:// or https://'
    report.mistake(pointer, `${what}, found ${report.written(pointer)}`)
  } else if (url.username !== '' || url.password !== '') {
    report.mistake(pointer, `a login in the address may end up in logs: it belongs to ${login}`)
  }
}
