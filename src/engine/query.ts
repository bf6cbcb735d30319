import type { AlertView, HostDetail, HostView, Millis, Query } from '../model.ts'
import { aggregateOf, hostDetail } from './query-window.ts'
import { rulesView } from './query-rules.ts'
import { isUnheard } from './silence.ts'
import type { Alert, Fold, Host } from './state.ts'

/** Answers a question about the state. Nothing is changed. */
export function answer(fold: Fold, query: Query): unknown {
  if (query.kind === 'hosts') return [...fold.state.hosts.values()].map((host) => hostView(fold, host))
  if (query.kind === 'host') {
    const host = fold.state.hosts.get(query.host)
    return host === undefined ? null : detailOf(fold, host)
  }
  if (query.kind === 'aggregate') return aggregateOf(fold, query)
  if (query.kind === 'rules') return rulesView(fold)
  const alerts = allAlerts(fold).map(alertView)
  return query.kind === 'alerts' ? alerts : (alerts.find((alert) => isMeant(alert, query.episode)) ?? null)
}

/** An episode is found by its id, or by the code that the mail names. */
function isMeant(alert: AlertView, name: string): boolean {
  return alert.episode === name || alert.code === name.toUpperCase()
}

/** Open alerts first, then the recently resolved, newest first. */
function allAlerts(fold: Fold): readonly Alert[] {
  const { state } = fold
  const open = [...state.hosts.values()].flatMap((host) => [...host.alerts.values()])
  return [...state.alerts.values(), ...open, ...state.resolved.toReversed()]
}

export function openAlerts(fold: Fold): readonly Alert[] {
  return allAlerts(fold).filter((alert) => alert.life.state !== 'resolved')
}

function detailOf(fold: Fold, host: Host): HostDetail {
  const { host: name, lastSeen, source, state } = hostView(fold, host)
  return { host: name, lastSeen, source, state, series: hostDetail(fold, host) }
}

function hostView(fold: Fold, host: Host): HostView {
  const isSilent = [...host.alerts.values()].some((alert) =>
    fold.plan.absences.some((rule) => rule.name === alert.rule),
  )
  const off = host.skew?.off
  const isNew = isUnheard(host)
  const heard = isSilent ? 'silent' : off === undefined ? 'live' : 'clock off'
  return {
    host: host.name,
    lastSeen: isNew ? null : host.lastSeen,
    source: isNew ? null : host.source,
    clockSkewSeconds: off === undefined ? null : -off / 1000,
    state: isNew ? 'never heard' : heard,
    expected: fold.plan.expected.has(host.name),
    series: host.series.size,
  }
}

function alertView(alert: Alert): AlertView {
  const { rule, host, labels, life, severity, at, value, bound, unit, reason, transitions, episode, code } = alert
  const fired = life.state === 'pending' ? {} : { episode, code, firedAt: life.firedAt }
  const noData: Millis | undefined = life.state === 'firing' || life.state === 'recovering' ? life.noDataSince : undefined
  return {
    rule,
    host,
    labels,
    state: life.state,
    severity,
    ...fired,
    since: life.since,
    ...(life.state === 'resolved' ? { resolvedAt: life.resolvedAt } : {}),
    ...(alert.ended === undefined ? {} : { ended: alert.ended }),
    at,
    value,
    bound,
    peak: life.state === 'pending' ? value : life.peak,
    unit,
    reason,
    ...(noData === undefined ? {} : { noDataSince: noData }),
    transitions,
  }
}
