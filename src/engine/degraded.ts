import { acceptFlow } from '../aggregate/flow.ts'
import type { Source } from '../aggregate/sources.ts'
import { OWN_RULES } from '../model.ts'
import { AT_ONCE, found, ownId, ownSubject } from './own.ts'
import { endAlert, raise } from './raise.ts'
import type { Fold } from './state.ts'

/** A source is degraded when its flow has been too low for this long. */
const DEGRADED = 2 * 60_000
/** After this long, what is left is what is to be expected. */
const ACCEPTED = 30 * 60_000

/**
 * Looks after the flow of a source that delivers, but less than half of its usual hosts. Their silence is not judged
 * meanwhile: it may be the way to the source that broke. After half an hour the flow is taken for the usual one, and
 * the hosts that are missing are judged like any others.
 */
export function watchFlow(fold: Fold, source: Source): void {
  const { state, plan } = fold
  const flow = source.flow
  const id = ownId(OWN_RULES.degraded, source.name)
  if (flow.weak >= ACCEPTED) {
    const reason = `${flow.heard} hosts are taken for the usual number behind ${source.name} now, after 30 minutes`
    acceptFlow(flow)
    // The figure is as low as before: nothing is "back to" anything.
    const alert = state.alerts.get(id)
    if (alert !== undefined) alert.value = null
    endAlert(fold, state.alerts, id, 'accepted', reason)
    return
  }
  const isKnown = state.alerts.has(id)
  const isDegraded = flow.stuck >= DEGRADED || (isKnown && flow.weak > 0)
  if (!isDegraded && !isKnown) return
  const { heard, typical } = flow
  const reason = isDegraded
    ? `${heard} hosts are heard through ${source.name}, where ${typical} are usual; their silence is not judged meanwhile`
    : `${heard} hosts are heard through ${source.name} again`
  const subject = ownSubject(OWN_RULES.degraded, source.name, 'hosts heard', source.name, plan.config.system)
  raise(
    fold,
    state.alerts,
    id,
    subject,
    found(fold, isDegraded, 'critical', heard, `below ${typical / 2}`, reason, true),
    AT_ONCE,
  )
}
