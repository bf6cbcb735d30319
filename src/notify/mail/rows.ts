import { type AlertSnapshot, type Notification, worstFirst } from '../../model.ts'
import { describeSuppression } from '../../text/decision.ts'
import type { Action, Row, ContentOptions, RowList } from './content.ts'
import {
  formatInUnit,
  isState,
  formatLasted,
  formatName,
  formatTarget,
  formatThresholdNote,
  formatReason,
  selectTone,
  formatAlertValue,
  type WriteInstant,
  timeWriter,
} from './phrase.ts'
import { formatEvent } from '../../text/format.ts'
import { clean } from '../../text/sanitise.ts'
import { acknowledgeAction } from './actions.ts'

/** Maximum length of a name in a list. */
const MAX_NAME_LENGTH = 255
/** Maximum length of an event in a list. */
const MAX_EVENT_LENGTH = 160
/** Hosts that a headline names; the rest are counted. */
const MAX_NAMED = 3
const SHORT = 40

/** Builds the row of one alert. */
function buildRow(snapshot: AlertSnapshot, time: WriteInstant): Row {
  const over = snapshot.state === 'resolved'
  return {
    tone: selectTone(snapshot),
    status: snapshot.closeReason !== undefined ? 'closed' : over ? 'resolved' : snapshot.severity,
    where: formatTarget(snapshot, MAX_NAME_LENGTH),
    rule: formatName(snapshot.identity.rule, MAX_NAME_LENGTH),
    value: formatFigures(snapshot, time),
    when: over
      ? `from ${time(snapshot.startsAt)} to ${time(snapshot.resolvedAt ?? snapshot.evaluatedAt)} (${formatLasted(snapshot)})`
      : `since ${time(snapshot.startsAt)}${noData(snapshot, time)}${flapping(snapshot)}${suppressed(snapshot, time)}`,
    code: clean(snapshot.code),
    ...newestEvent(snapshot),
  }
}

function newestEvent({ state, events = [] }: AlertSnapshot): Pick<Row, 'event'> {
  const event = events.at(-1)
  return state === 'resolved' || event === undefined ? {} : { event: formatName(formatEvent(event), MAX_EVENT_LENGTH) }
}

function formatFigures(snapshot: AlertSnapshot, time: WriteInstant): string {
  const { state, value, peak, closeReason, identity } = snapshot
  const isOver = state === 'resolved'
  if (value === null || closeReason !== undefined || (isOver && isState(snapshot)))
    return formatReason(snapshot, time, MAX_NAME_LENGTH)
  const { unit } = identity.measure
  if (isOver && peak !== null) {
    return `${formatInUnit(value, unit)}, peak ${formatInUnit(peak, unit)}${formatThresholds(snapshot)}`
  }
  return `${formatAlertValue(snapshot)}${formatThresholdNote(snapshot)}`
}

function formatThresholds({ evidence: { limit }, critical, identity: { measure } }: AlertSnapshot): string {
  if (limit === undefined) return ''
  const worst = critical?.limit
  const more =
    worst === undefined || worst.value === limit.value ? '' : `, critical ${formatInUnit(worst.value, measure.unit)}`
  return ` (threshold ${formatInUnit(limit.value, measure.unit)}${more})`
}

function noData({ noDataSince }: AlertSnapshot, time: WriteInstant): string {
  return noDataSince === undefined ? '' : `, no data since ${time(noDataSince)}`
}

function flapping({ flapping: share }: AlertSnapshot): string {
  return share === undefined ? '' : ', flapping'
}

function suppressed({ heldBy }: AlertSnapshot, time: WriteInstant): string {
  if (heldBy === undefined) return ''
  return `, suppressed until now: ${formatName(describeSuppression(heldBy, time), MAX_NAME_LENGTH)}`
}

/** Lists the first few hosts: `web-1, web-2, web-3 and 9 more`. */
export function summarizeHosts(alerts: readonly AlertSnapshot[]): { readonly count: number; readonly named: string } {
  const hosts = [...new Set(worstFirst(alerts).map((snapshot) => snapshot.identity.host))]
  const named = hosts.slice(0, MAX_NAMED).map((host) => formatName(host, SHORT))
  const more = hosts.length > MAX_NAMED ? ` and ${hosts.length - MAX_NAMED} more` : ''
  return { count: hosts.length, named: `${named.join(', ')}${more}` }
}

/** Maximum number of links to acknowledge alerts in one mail. */
export const LINKED = 10

interface Listed {
  readonly title?: string
  readonly alerts: readonly AlertSnapshot[]
}

/** Builds lists of alerts. The first ones that are firing and not acknowledged have a link to acknowledge them. */
export function buildLists(
  notification: Notification,
  lists: readonly Listed[],
  options: ContentOptions,
): readonly RowList[] {
  const time = timeWriter(notification)
  let left = LINKED
  return lists.map(({ alerts, ...list }) => {
    const rows = alerts.map((snapshot) => {
      const action = left > 0 ? acknowledgeAction(notification, snapshot, options) : undefined
      const row = { ...buildRow(snapshot, time), ...episodePage(snapshot, options) }
      if (action === undefined) return row
      left -= 1
      return { ...row, action }
    })
    return { ...list, ...hoistCommon(rows) }
  })
}

function episodePage({ episode }: AlertSnapshot, { apiUrl }: ContentOptions): Pick<Row, 'url'> {
  return apiUrl === undefined ? {} : { url: `${apiUrl}/api/v1/alerts/${encodeURIComponent(episode)}` }
}

/** Moves what is equal in all rows to the list's title. */
function hoistCommon(rows: readonly Row[]): Pick<RowList, 'rows' | 'when'> {
  const [first, second] = rows
  const when = first?.when
  if (when === undefined || second === undefined || rows.some((row) => row.when !== when)) return { rows }
  const short = rows.map((row) => {
    const { when: _, ...rest } = row
    return rest
  })
  return { rows: short, when }
}

/** Returns the actions that the lists of a mail offer. */
export function listPressable(lists: readonly RowList[], actions: readonly Action[]): 'all' | 'links' | 'nothing' {
  if (actions.length > 0) return 'all'
  return lists.some(({ rows }) => rows.some(({ action }) => action !== undefined)) ? 'links' : 'nothing'
}
