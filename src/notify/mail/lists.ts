import type { AlertSnapshot, Notification } from '../../model.ts'
import { acknowledgeOf } from './actions.ts'
import type { LetterOptions, Row, RowList } from './content.ts'
import { rowOf } from './rows.ts'
import { timesOf } from './times.ts'

/** Alerts of one mail that can be acknowledged from it: more links would be more than anybody presses. */
export const LINKED = 10

interface Listed {
  readonly title?: string
  readonly alerts: readonly AlertSnapshot[]
}

/** Lists of alerts; the first ones that fire, and nobody looks after, have a link to acknowledge them. */
export function listsOf(
  notification: Notification,
  lists: readonly Listed[],
  options: LetterOptions,
): readonly RowList[] {
  const time = timesOf(notification)
  let left = LINKED
  return lists.map(({ alerts, ...list }) => {
    const rows = alerts.map((facts) => {
      const action = left > 0 ? acknowledgeOf(notification, facts, options) : undefined
      if (action === undefined) return rowOf(facts, time)
      left -= 1
      return { ...rowOf(facts, time), action }
    })
    return { ...list, ...onceOf(rows) }
  })
}

/** What is the same for all rows is said once. */
function onceOf(rows: readonly Row[]): Pick<RowList, 'rows' | 'when'> {
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
export function pressOf(lists: readonly RowList[]): 'links' | 'nothing' {
  return lists.some(({ rows }) => rows.some(({ action }) => action !== undefined)) ? 'links' : 'nothing'
}
