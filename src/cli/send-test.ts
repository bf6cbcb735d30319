import type { Command } from 'commander'
import { createClock } from '../clock.ts'
import type {
  AlertSnapshot,
  Clock,
  Config,
  EngineConfig,
  Log,
  Millis,
  Notification,
  Receiver,
  Recipient,
  Channel,
} from '../model.ts'
import { anyAlert } from '../preview/samples.ts'
import { createNotifiers } from '../service.ts'
import { describeResult } from '../text/delivery.ts'
import { suggest } from '../text/suggest.ts'
import { type CheckIo, load } from './check.ts'
import { whyNot } from './start.ts'
import { configOption, describeCommand, setAction } from './terminal/command.ts'

interface SendTestArgs {
  readonly config?: string
  readonly receiver?: string
}

export function addSendTest(program: Command, io: CheckIo): void {
  const command = describeCommand(
    program.command('send-test'),
    'Send one real test notification to every recipient',
    'stashwatch send-test --config stashwatch.yaml --receiver ops',
  )
    .addOption(configOption())
    .option('--receiver <name>', 'notify only the recipients of this receiver')
  setAction(command, () => sendTest(command.optsWithGlobals(), io))
}

/**
 * `stashwatch send-test`: sends one real notification to every recipient of a receiver, or of all receivers, without
 * evaluating rules: by mail, to webhooks and to Alertmanagers.
 *
 * @returns the exit code: 0 all were accepted, 1 invalid configuration or unknown receiver, 2 one was rejected or a
 * server could not be reached.
 */
async function sendTest(args: SendTestArgs, io: CheckIo): Promise<number> {
  const loaded = load(args, io)
  if (typeof loaded === 'number') return loaded
  const { config } = loaded
  const { receivers } = config.engine
  const chosen = receivers.filter((one) => args.receiver === undefined || one.name === args.receiver)
  if (chosen.length === 0) {
    io.err(
      `no receiver '${args.receiver ?? ''}' in the configuration${suggest(
        args.receiver ?? '',
        receivers.map((one) => one.name),
      )}`,
    )
    return 1
  }
  const clock = createClock()
  const snapshot = testSnapshot(config.engine, clock.now())
  const notifications = chosen.flatMap((receiver) => samplesFor(receiver, snapshot))
  try {
    return (await sendAll(config, notifications, clock, io)) ? 0 : 2
  } catch (error) {
    io.err(whyNot(error, `${config.listen.host}:${config.listen.port}`))
    return 2
  }
}

async function sendAll(
  config: Config,
  notifications: readonly Notification[],
  clock: Clock,
  io: CheckIo,
): Promise<boolean> {
  const { notifiers, mailbox } = await createNotifiers(config, { clock, log: silentLog(io) })
  if (mailbox !== undefined)
    io.err(`no smtp in the configuration: mails are written to files in ${config.data}/mailbox instead of sent`)
  let isWell = true
  for (const notification of notifications) {
    const way = notifiers[notification.channel]
    const bytes = await way.render(notification)
    const delivery = await way.send(bytes, notification, AbortSignal.timeout(way.timeout))
    const isAccepted = delivery.state === 'sent'
    io.out(`${notification.to.address}: ${isAccepted ? 'accepted' : 'not accepted'} (${describeResult(delivery)})`)
    isWell &&= isAccepted
  }
  await Promise.all(Object.values(notifiers).map((way) => way.close()))
  return isWell
}

/** Creates a log that prints warnings and errors to standard error. */
export function silentLog(io: CheckIo): Log {
  const ignore = (): void => undefined
  return { debug: ignore, info: ignore, warn: (_, message) => io.err(message), error: (_, message) => io.err(message) }
}

function samplesFor(
  { name, email, webhook, alertmanager }: Receiver,
  snapshot: AlertSnapshot,
): readonly Notification[] {
  const others: readonly Channel[] = [
    ...(webhook === true ? ['webhook' as const] : []),
    ...(alertmanager === true ? ['alertmanager' as const] : []),
  ]
  return [
    ...email.map((to) => sample(name, 'email', to, snapshot)),
    ...others.map((channel) => sample(name, channel, { address: `${channel}:${name}` }, snapshot)),
  ]
}

function sample(receiver: string, channel: Channel, to: Recipient, snapshot: AlertSnapshot): Notification {
  const { episode, evaluatedAt } = snapshot
  return {
    id: `${episode}.${to.address}`,
    receiver,
    channel,
    to,
    decidedAt: evaluatedAt,
    reason: 'fired',
    kind: 'alert',
    thread: episode,
    seq: 0,
    alerts: [snapshot],
  }
}

function testSnapshot(config: EngineConfig, now: Millis): AlertSnapshot {
  const snapshot = anyAlert(config, now)
  return {
    ...snapshot,
    identity: { ...snapshot.identity, rule: 'send-test' },
    episode: `test-${Math.round(now)}`,
    code: 'TEST',
    evidence: { ...snapshot.evidence, why: { code: 'test', params: {} } },
    source: 'stashwatch send-test',
    templates: { subject: 'Test mail from stashwatch' },
  }
}
