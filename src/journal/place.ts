/** Where an effect waits: in the line of its way and address, and there in its thread. Empty when it tells none. */
export interface Place {
  readonly line: string
  readonly thread: string
}

/** Reads the place of an effect from its data, a `Notification` as JSON; data of another kind has none. */
export function placeOf(data: string): Place {
  const { via = 'email', to, thread } = read(data)
  const address = to?.address
  if (typeof address !== 'string' || typeof thread !== 'string') return { line: '', thread: '' }
  return { line: `${String(via)} ${address}`, thread }
}

interface Told {
  readonly via?: unknown
  readonly to?: { readonly address?: unknown } | null
  readonly thread?: unknown
}

function read(data: string): Told {
  try {
    return (JSON.parse(data) as Told | null) ?? {}
  } catch {
    return {}
  }
}

/** The answer in the record of an effect that another one tells. */
export function toldWith(id: string): string {
  return `told together with ${id}`
}
