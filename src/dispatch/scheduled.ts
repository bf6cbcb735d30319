import { formatTime } from '../format.ts'
import type { Effect, Millis, Muted, Notice, Pulse } from '../model.ts'
import { linesTo } from './audience.ts'
import { pay } from './budget.ts'
import { composeHeartbeat, composeReport } from './compose.ts'
import type { Alerts } from './groups.ts'
import { isAcknowledged } from './held.ts'
import { mutedText } from './mute.ts'
import type { DispatchPlan } from './plan.ts'
import { type Due, takeTurns } from './schedule.ts'
import type { Case, DispatchState, Line } from './state.ts'

/** What one heart-beat names at most. */
const MOST_FIRING = 20
/** Where nothing was heard for this long, nothing can be called quiet. */
const UNHEARD = 3_600_000

/** The reports and heart-beats that are due: each address gets one of a kind, whatever its budget says; they count. */
export function tellScheduled(state: DispatchState, plan: DispatchPlan, alerts: Alerts, now: Millis): Effect[] {
  const told = new Set<string>()
  return takeTurns(state, plan, now).flatMap((due) => {
    const lines = linesTo(plan, [due.receiver.name]).filter(({ via, to }) => {
      const key = `${due.kind}\n${due.schedule.weekday === undefined}\n${to.address}`
      const isFirst = via === 'email' && !told.has(key)
      told.add(key)
      return isFirst
    })
    if (lines.length === 0) return []
    for (const line of lines) pay(state, line, now)
    return due.kind === 'report'
      ? reports(plan, alerts, due, lines, now)
      : heartbeats(state, plan, alerts, due, lines, now)
  })
}

function reports(plan: DispatchPlan, alerts: Alerts, due: Due, lines: readonly Line[], now: Millis): Effect[] {
  const zone = due.receiver.zone ?? 'UTC'
  const report = alerts.report({ every: due.schedule.weekday === undefined ? 'day' : 'week', from: due.since, zone })
  return lines.map((line) => composeReport(plan, line, due, report, now))
}

function heartbeats(
  state: DispatchState,
  plan: DispatchPlan,
  alerts: Alerts,
  due: Due,
  lines: readonly Line[],
  now: Millis,
): Effect[] {
  const firing = [...state.cases.values()].filter(({ facts }) => facts.state === 'firing')
  const notice = heartbeatOf(due, { firing, pulse: alerts.pulse() }, now)
  return lines.map((line) => composeHeartbeat(plan, line, due, notice, now))
}

/** What a heart-beat says of the alerts that fire, and of what is heard. */
export function heartbeatOf(
  due: Pick<Due, 'since' | 'mails'>,
  { firing, pulse }: { readonly firing: readonly Case[]; readonly pulse: Pulse },
  now: Millis,
): Notice {
  return {
    because: 'scheduled',
    title: titleOf(firing, pulse, now),
    lines: [...pulseLines(pulse), mailLine(due), ...firingLines(firing, now)],
  }
}

function titleOf(firing: readonly Case[], { lastEvent = -Infinity, gap }: Pulse, now: Millis): string {
  if (firing.length === 1)
    return `1 alert is firing${keptBack(firing, now)
      .map(({ what }) => `, ${what}`)
      .join('')}`
  if (firing.length > 1) {
    const kept = keptBack(firing, now).map(({ what, count }, i) => `${count}${i === 0 ? ' of them' : ''} ${what}`)
    return [`${firing.length} alerts are firing`, ...kept].join(', ')
  }
  const listened = now - Math.max(lastEvent, gap?.to ?? -Infinity)
  return listened > UNHEARD ? 'Nothing is heard' : 'All is quiet'
}

/** How many of the alerts nobody is told of, by what keeps them back. */
function keptBack(firing: readonly Case[], now: Millis): readonly { readonly what: string; readonly count: number }[] {
  const whats = firing.map((one) =>
    one.muted === undefined ? (isAcknowledged(one, now) ? 'looked after' : '') : KEPT[one.muted.by],
  )
  const kinds = [...Object.values(KEPT), 'looked after']
  return kinds
    .map((what) => ({ what, count: whats.filter((one) => one === what).length }))
    .filter(({ count }) => count > 0)
}

const KEPT: Readonly<Record<Muted['by'], string>> = {
  silence: 'silenced',
  maintenance: 'under maintenance',
  inhibition: 'held back by another alert',
}

function pulseLines({ hosts, heard, sources, lastEvent, gap }: Pulse): readonly string[] {
  const named = sources.first.map(({ source, heard: at }) => `${source} at ${formatTime(at)}`)
  const more = sources.total > named.length ? [`${sources.total - named.length} more`] : []
  return [
    `Hosts: ${heard} of ${hosts} heard within the last 15 minutes`,
    `Sources heard: ${named.length === 0 ? 'none' : [...named, ...more].join(', ')}`,
    `Last event: ${lastEvent === undefined ? 'none yet' : formatTime(lastEvent)}`,
    ...(gap === undefined
      ? []
      : [`Stashwatch was down from ${formatTime(gap.from)} to ${formatTime(gap.to)}; nothing was watched then`]),
  ]
}

function mailLine({ since, mails }: Pick<Due, 'since' | 'mails'>): string {
  return `Mails since ${formatTime(since)}: ${mails}`
}

function firingLines(firing: readonly Case[], now: Millis): readonly string[] {
  const lines = firing.slice(0, MOST_FIRING).map((one) => {
    const { facts, muted, ack } = one
    const place = [facts.host, ...Object.values(facts.labels)].join(' ')
    const why = muted === undefined ? '' : `; ${mutedNow(muted)}`
    const who =
      ack !== undefined && isAcknowledged(one, now)
        ? `; looked after by ${ack.author} until ${formatTime(ack.until)}`
        : ''
    return `Firing: ${facts.rule} on ${place}, ${facts.severity}, since ${formatTime(facts.since)} [${facts.code}]${why}${who}`
  })
  const rest = firing.length - lines.length
  return rest === 0 ? lines : [...lines, `and ${rest} more`]
}

/** What keeps an alert back, whether or not people had been told of it before. */
function mutedNow(muted: Muted): string {
  if (muted.by === 'silence') return mutedText(muted)
  return muted.by === 'maintenance'
    ? `under ${mutedText(muted)}`
    : `held back while ${muted.rule} fires on ${muted.host}`
}
