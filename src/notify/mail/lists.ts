import type { AlertSnapshot, Notification } from '../../model.ts'
import { acknowledgeAction } from './actions.ts'
import type { ContentOptions, Row, RowList } from './content.ts'
import { buildRow } from './rows.ts'
import { timeWriter } from './times.ts'

/** Alerts of one mail that can be acknowledged from it: more links would be more than anybody presses. */
export const LINKED = 10

interface Listed {
  readonly title?: string
  readonly alerts: readonly AlertSnapshot[]
}

/** Lists of alerts; the first ones that are firing and not acknowledged have a link to acknowledge them. */
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
      if (action === undefined) return buildRow(snapshot, time)
      left -= 1
      return { ...buildRow(snapshot, time), action }
    })
    return { ...list, ...hoistCommon(rows) }
  })
}

/** What is the same for all rows is said once. */
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

/** What of a mail with such lists can be pressed. */
export function listPressable(lists: readonly RowList[]): 'links' | 'nothing' {
  return lists.some(({ rows }) => rows.some(({ action }) => action !== undefined)) ? 'links' : 'nothing'
}
