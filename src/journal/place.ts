/**
 * Where an effect waits: in the line of its way and address, there behind what is about the same, and in its thread.
 * What is about the same holds whole threads: the episodes of one rule on one host follow each other. All are empty when
 * the effect tells none.
 */
export interface Place {
  readonly line: string
  readonly about: string
  readonly thread: string
}

/** Reads the place of an effect from its data, a `Notification` as JSON; data of another kind has none. */
export function placeOf(data: string): Place {
  const told = read(data)
  const { via = 'email', to, thread } = told
  const address = to?.address
  if (typeof address !== 'string' || typeof thread !== 'string') return NOWHERE
  return { line: `${String(via)} ${address}`, about: aboutOf(told, thread), thread }
}

const NOWHERE: Place = { line: '', about: '', thread: '' }

/** The first alert of a thread's first mail stays what the thread is about; a list or a notice is about itself alone. */
function aboutOf({ kind, lead, alerts }: Told, thread: string): string {
  if (kind !== 'alert' || thread === '') return thread
  const { rule, host } = lead?.facts ?? (Array.isArray(alerts) ? (alerts as readonly Partial<Facts>[])[0] : null) ?? {}
  return typeof rule === 'string' && typeof host === 'string' ? JSON.stringify([rule, host]) : thread
}

interface Facts {
  readonly rule: unknown
  readonly host: unknown
}

interface Told {
  readonly via?: unknown
  readonly to?: { readonly address?: unknown } | null
  readonly thread?: unknown
  readonly kind?: unknown
  readonly lead?: { readonly facts?: Partial<Facts> | null } | null
  readonly alerts?: unknown
}

function read(data: string): Told {
  try {
    return (JSON.parse(data) as Told | null) ?? {}
  } catch {
    return {}
  }
}

/** So many of those that an address never got are told to it. */
export const MOST_FAILED = 20

/** The answer in the record of an effect that another one tells. */
export function toldWith(id: string): string {
  return `told together with ${id}`
}
