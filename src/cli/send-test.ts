import { createClock } from '../clock.ts'
import type { Clock, Config, Log, Notification, Receiver, Recipient, Via } from '../model.ts'
import { openWays } from '../service.ts'
import { type CheckIo, load } from './check.ts'
import { whyNot } from './start.ts'

/**
 * `stashwatch send-test`: one real notification to every recipient of a receiver, or of all of them, past the rules:
 * by mail, to its webhook, to its Alertmanager.
 *
 * @returns the exit code: 0 all were accepted, 1 the configuration or the receiver's name is at fault, 2 the other
 *   end refused one or could not be reached.
 */
export async function sendTest(args: { readonly config?: string; readonly receiver?: string }, io: CheckIo): Promise<number> {
  const loaded = load(args, io)
  if (typeof loaded === 'number') return loaded
  const { config } = loaded
  const { receivers } = config.engine
  const chosen = receivers.filter((one) => args.receiver === undefined || one.name === args.receiver)
  if (chosen.length === 0) {
    io.err(`no receiver '${args.receiver ?? ''}' in the configuration: expected one of ${receivers.map((one) => one.name).join(', ')}`)
    return 1
  }
  const clock = createClock()
  const now = clock.now()
  const notifications = chosen.flatMap((receiver) => samplesFor(receiver, now))
  try {
    return (await sendAll(config, notifications, clock, io)) ? 0 : 2
  } catch (error) {
    io.err(whyNot(error, `${config.listen.host}:${config.listen.port}`))
    return 2
  }
}

async function sendAll(config: Config, notifications: readonly Notification[], clock: Clock, io: CheckIo): Promise<boolean> {
  const { ways } = await openWays(config, { clock, log: quiet(io) })
  let isWell = true
  for (const notification of notifications) {
    const way = ways[notification.via ?? 'email']
    const bytes = await way.render(notification)
    const { state, answer } = await way.send(bytes, notification, AbortSignal.timeout(120_000))
    io.out(`${notification.to.address}: ${state === 'sent' ? 'accepted' : 'not accepted'} (${answer})`)
    isWell &&= state === 'sent'
  }
  await Promise.all(Object.values(ways).map((way) => way.close()))
  return isWell
}

function quiet(io: CheckIo): Log {
  const ignore = (): void => undefined
  return { debug: ignore, info: ignore, warn: (_, message) => io.err(message), error: (_, message) => io.err(message) }
}

function samplesFor({ name, email, webhook, alertmanager }: Receiver, now: number): readonly Notification[] {
  const others: readonly Via[] = [...(webhook === true ? ['webhook' as const] : []), ...(alertmanager === true ? ['alertmanager' as const] : [])]
  return [
    ...email.map((to) => sample(name, 'email', to, now)),
    ...others.map((via) => sample(name, via, { address: `${via}:${name}` }, now)),
  ]
}

function sample(receiver: string, via: Via, to: Recipient, now: number): Notification {
  const episode = `test-${Math.round(now)}`
  return {
    id: `${episode}.${to.address}`,
    receiver,
    via,
    to,
    at: now,
    because: 'fired',
    kind: 'alert',
    thread: episode,
    seq: 0,
    alerts: [
      {
        episode,
        code: 'TEST',
        rule: 'send-test',
        host: 'test-host',
        labels: {},
        what: 'mean of cpu over 2m',
        metric: 'cpu',
        unit: 'ratio',
        state: 'firing',
        severity: 'warning',
        value: 0.95,
        bound: 'above 0.9',
        clear: 'at most 0.85',
        since: now - 60_000,
        at: now,
        peak: 0.97,
        reason: 'this is a test: no host is in trouble, and nothing needs to be done',
        source: 'stashwatch send-test',
        subject: 'Test mail of stashwatch',
        gaps: [],
      },
    ],
  }
}
