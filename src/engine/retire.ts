import type { Command } from '../model.ts'
import { removeHost } from './hosts.ts'
import { closeAlert } from './raise.ts'
import type { Fold, Host, Obeyed } from './state.ts'

/** Somebody says that a host is gone for good. */
export function forget(fold: Fold, { host: name }: Extract<Command, { kind: 'forget' }>): Obeyed {
  const host = fold.state.hosts.get(name)
  if (host === undefined) return { effects: [], answer: { kind: 'refused', code: 'unknown-host', value: [] } }
  const alerts = letGo(fold, host, 'it was forgotten by command')
  return { effects: [], answer: { kind: 'done', value: { host: name, alerts } } }
}

/** Lets a host go with all that is kept of it; returns how many alerts that closed. */
function letGo(fold: Fold, host: Host, why: string): number {
  const ids = [...host.alerts.keys()]
  const closed = ids.filter((id) => closeAlert(fold, host.alerts, id, 'retired', why))
  removeHost(fold, host)
  return closed.length
}
