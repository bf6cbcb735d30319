import { createClock } from '../clock.ts'
import type { Config, Log, Notification, Recipient } from '../model.ts'
import { openMailRoute } from '../service.ts'
import { type CheckIo, load } from './check.ts'
import { whyNot } from './start.ts'

/**
 * `stashwatch send-test`: one real notification to every recipient of a receiver, or of all of them, past the rules.
 *
 * @returns the exit code: 0 all were accepted, 1 the configuration or the receiver's name is at fault, 2 the mail
 *   server refused one or could not be reached.
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
  const now = createClock().now()
  const notifications = chosen.flatMap(({ name, email }) => email.map((to) => sample(name, to, now)))
  try {
    return (await sendAll(config, notifications, io)) ? 0 : 2
  } catch (error) {
    io.err(whyNot(error, `${config.listen.host}:${config.listen.port}`))
    return 2
  }
}

async function sendAll(config: Config, notifications: readonly Notification[], io: CheckIo): Promise<boolean> {
  const route = await openMailRoute(config, { clock: createClock(), log: quiet(io) })
  let isWell = true
  for (const notification of notifications) {
    const bytes = await route.transport.build(route.render(notification))
    const envelope = { from: route.from, to: notification.to.address }
    const { state, answer } = await route.transport.send(bytes, envelope, AbortSignal.timeout(120_000))
    io.out(`${notification.to.address}: ${state === 'sent' ? 'accepted' : 'not accepted'} (${answer})`)
    isWell &&= state === 'sent'
  }
  await route.transport.close()
  return isWell
}

function quiet(io: CheckIo): Log {
  const ignore = (): void => undefined
  return { debug: ignore, info: ignore, warn: (_, message) => io.err(message), error: (_, message) => io.err(message) }
}

function sample(receiver: string, to: Recipient, now: number): Notification {
  const episode = `test-${Math.round(now)}`
  return {
    id: `${episode}.${to.address}`,
    receiver,
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
