import type { Config, EngineConfig } from '../../model.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { isLoopback } from '../sections/units.ts'

/** Lists warnings about a configuration as a whole. */
export function listWarnings({
  listen,
  url,
  apiUrl,
  smtp,
  api,
  ingest,
  engine,
}: Omit<Config, 'file'>): readonly string[] {
  const warnings: string[] = []
  const isMailed = engine.receivers.some(({ email }) => email.length > 0)
  if (smtp === undefined && isMailed) warnings.push("no 'smtp': mails are written to the mailbox and not sent")
  if (engine.rules.length === 0) warnings.push('no rule is enabled: only built-in alerts can fire')
  if (url !== undefined && apiUrl === undefined) {
    warnings.push(
      `'url' without api.tokens: the API refuses requests that come through ${url}, so mails have no links to hosts and alerts. Fix: add api.tokens`,
    )
  }
  if (isLoopback(listen.host)) return warnings
  if (ingest.tokens.length === 0) {
    warnings.push(`no ingest.tokens: any client that reaches ${listen.host}:${listen.port} may post events`)
  }
  if (api.tokens.length === 0) warnings.push('no api.tokens: the API refuses clients beyond loopback')
  return warnings
}

/** Warns of receivers that nothing notifies. A receiver may have a report or a heartbeat only. */
export function checkUnusedReceivers(
  { receivers, rules, selfMonitoring, alerting }: EngineConfig,
  diagnostics: Diagnostics,
): void {
  const notified = new Set(
    [
      selfMonitoring,
      ...[...rules, ...alerting.routes].flatMap(({ notify, escalation = [] }) => [
        notify,
        ...escalation.map((step) => step.notify),
      ]),
    ].flat(),
  )
  for (const { name, report: hasReport, heartbeat } of receivers) {
    if (notified.has(name) || hasReport || heartbeat) continue
    const what = `the receiver ${name} is unused: no rule, route or escalation notifies it`
    diagnostics.warn(below('/receivers', name), describe(what, { fix: 'name it under a notify, or remove it' }))
  }
}
