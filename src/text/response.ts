import type { SendRecord } from '../model.ts'

/** Describes what came of a notification, beside its state. Undefined before the first response. */
export function describeResponse({
  response,
  mergedInto,
  damaged,
}: Pick<SendRecord, 'response' | 'mergedInto' | 'damaged'>): string | undefined {
  if (mergedInto !== undefined) return `replaced by notification ${mergedInto}`
  if (response === undefined && damaged) return 'not sent: its record in the journal does not match its checksum'
  return response
}
