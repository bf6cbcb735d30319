import type { Config, EngineConfig, Metric } from '../model.ts'
import { compileEach, isRouted, mustFit, outlookOf } from './fits.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { isLoopback } from './units.ts'

/** Sentences about a configuration as a whole that is allowed but was perhaps not meant. */
export function warningsOf({ listen, smtp, api, ingest, engine }: Omit<Config, 'file'>): readonly string[] {
  const warnings: string[] = []
  const isMailed = engine.receivers.some(({ email }) => email.length > 0)
  if (smtp === undefined && isMailed) warnings.push("no 'smtp': mails go to the mailbox, nobody is told")
  if (engine.rules.length === 0) warnings.push('no rule is enabled: only the service itself can raise alerts')
  if (isLoopback(listen.host)) return warnings
  if (ingest.tokens.length === 0) {
    warnings.push(`no ingest.tokens: whoever reaches ${listen.host}:${listen.port} may post events`)
  }
  if (api.tokens.length === 0) warnings.push('no api.tokens: beyond loopback the API refuses everybody')
  return warnings
}

/** Warns of alerts that nobody hears of, receivers that hear of nothing, and inhibitions that do nothing. */
export function warnOfAlerting(engine: EngineConfig, report: Report): void {
  const { alerting, rules } = engine
  const metrics: ReadonlyMap<string, Metric> = new Map(engine.metrics.map((metric) => [metric.name, metric]))
  const routes = alerting.routes.map(({ matchers }) => compileEach(matchers))
  const outlooks = rules.map((rule) => ({ rule, outlook: outlookOf(rule, metrics) }))
  const unrouted = outlooks.filter(({ rule, outlook }) => rule.notify.length === 0 && !isRouted(routes, outlook))
  if (unrouted.length > 0) {
    const names = listed(unrouted.map(({ rule }) => rule.name))
    report.warn(
      '/routes',
      `alerts of ${names} that fit no route are told to nobody: a last route without 'match' takes the rest`,
    )
  }
  for (const [index, { source, target }] of alerting.inhibit.entries()) {
    const sides = [compileEach(source), compileEach(target)]
    const both = outlooks.filter(({ outlook }) => sides.every((side) => mustFit(side, outlook)))
    if (both.length === 0) continue
    const names = listed(both.map(({ rule }) => rule.name))
    report.warn(
      below('/inhibit', index),
      `every alert of ${names} fits both source and target, and such an alert holds nobody back`,
    )
  }
  warnOfReceivers(engine, report)
}

/** A receiver may also be there for its report alone. */
function warnOfReceivers({ receivers, rules, system, alerting }: EngineConfig, report: Report): void {
  const told = new Set(
    [
      system,
      ...[...rules, ...alerting.routes].flatMap(({ notify, escalate = [] }) => [
        notify,
        ...escalate.map((step) => step.notify),
      ]),
    ].flat(),
  )
  for (const { name, report: hasReport, heartbeat } of receivers) {
    if (told.has(name) || hasReport || heartbeat) continue
    report.warn(below('/receivers', name), `nobody notifies ${name}: no rule, route or escalation names it`)
  }
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
}
