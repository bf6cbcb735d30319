import type { Millis, Notification } from '../../model.ts'
import { timeFormat } from '../../text/format.ts'

/** Writes an instant for the reader of one mail. */
export type WriteInstant = (at: Millis) => string

const DATE = /^\S+ /

/**
 * Instants in UTC; for a receiver with a zone in that zone and in UTC, `14:03:10 CEST (12:03:10 UTC)`: with the date where
 * it is not the day of the mail there, and a second one where the two differ.
 */
export function timeWriter({
  decidedAt,
  timeZone = 'UTC',
}: Pick<Notification, 'decidedAt' | 'timeZone'>): WriteInstant {
  const inUtc = timeFormat('UTC')
  if (timeZone === 'UTC') return inUtc
  const inZone = timeFormat(timeZone)
  const today = datePart(inZone(decidedAt))
  return (at) => {
    const [here, there] = [inZone(at), inUtc(at)]
    if (here === there) return here
    const local = datePart(here) === today ? here.replace(DATE, '') : here
    return `${local} (${datePart(here) === datePart(there) ? there.replace(DATE, '') : there})`
  }
}

function datePart(text: string): string {
  return DATE.exec(text)?.[0] ?? ''
}
