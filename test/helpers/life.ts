import type { Test } from 'tap'
import type { Millis } from '../../src/model.ts'
import { createVirtualClock, type VirtualClock } from './clock.ts'
import { type RunOptions, type Running, runService, until } from './service.ts'

/** A notification, as the API answers it. */
export interface Send {
  readonly id: string
  readonly state: 'pending' | 'sent' | 'failed' | 'merged' | 'withdrawn'
  readonly attempts: number
  readonly response?: string
  readonly to: { readonly address: string }
  readonly reason: string
  readonly alerts: readonly { readonly host: string; readonly state: string }[]
}

/** The real service, in a time that passes as its test says. */
export interface Life extends Running {
  readonly clock: VirtualClock
  /** What each host reports of its CPU every ten seconds; one that is deleted says nothing. */
  readonly cpu: Map<string, number>
  /** Lets time pass: every ten seconds the hosts report over HTTP and what is due is judged. */
  pass(span: Millis): Promise<void>
  /** Lets time pass until so many mails (1) were decided, and everything was sent or given up. */
  drain(least?: number): Promise<readonly Send[]>
  /** The newest first. */
  sends(): Promise<readonly Send[]>
}

const TEN = 10_000

/** Judges a metric `cpu`, which the configuration must have, from a field of that name. */
export async function begin(t: Pick<Test, 'teardown'>, options: RunOptions, start?: Millis): Promise<Life> {
  const clock = createVirtualClock(start)
  const service = await runService(t, { ...options, clock })
  const cpu = new Map<string, number>()
  const sends = async (): Promise<readonly Send[]> =>
    JSON.parse((await service.get('/api/v1/notifications?limit=1000')).text) as readonly Send[]
  const pass = async (span: Millis): Promise<void> => {
    for (const end = clock.now() + span; clock.now() < end;) {
      await clock.advance(TEN)
      const ts = new Date(clock.now()).toISOString()
      const events = [...cpu].map(([host, value]) => ({ '@timestamp': ts, host, cpu: value }))
      const { status } = await service.post(events)
      if (status !== 200) throw new Error(`the events were answered ${status}`)
    }
  }
  const drain = (least = 1): Promise<readonly Send[]> =>
    until('nothing waits to be sent', async () => {
      await clock.advance(1000)
      const all = await sends()
      return all.length >= least && all.every(({ state }) => state !== 'pending') && all
    })
  return { ...service, clock, cpu, pass, drain, sends }
}
