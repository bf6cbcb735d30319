import { type AlertSnapshot, isBuiltinRule, type Notification } from '../../model.ts'
import { formatCount } from '../../text/format.ts'
import { LINKED } from './rows.ts'
import { formatName, type WriteInstant } from './phrase.ts'
import { clean } from '../../text/sanitise.ts'

/** Says why the reader gets this mail. @param subject who notifies the receiver: `rule cpu-high notifies`. */
export function explainRecipient({ receiver, to }: Notification, subject: string): string {
  return `You receive this mail because ${subject} receiver ${clean(receiver)}, which lists ${clean(to.address)}.`
}

/**
 * The actions of a mail: buttons of its only alert; links of the first ones of several (`links`), and a button for all
 * of them (`all`).
 */
type Press = 'buttons' | 'all' | 'links' | 'nothing'

/** Says who gets the mail and why, when the next one is sent, and how to stop it. */
export function renderFooter(
  notification: Notification,
  alerts: readonly AlertSnapshot[],
  time: WriteInstant,
  press: Press,
): readonly string[] {
  const firing = alerts.filter(({ state }) => state === 'firing')
  const why = explainRecipient(notification, formatNamer(notification, alerts))
  if (firing.length === 0)
    return [why, alerts.length === 1 ? 'This is the last mail about it.' : 'This is the last mail about them.']
  const next = notification.sendResolved === false ? formatReminder : formatNextMail
  return [why, next(notification, alerts, firing, time), ...formatStop(firing, press)]
}

function formatNamer({ namedBy }: Notification, alerts: readonly AlertSnapshot[]): string {
  const rules = [...new Set(alerts.map(({ identity }) => identity.rule))]
  const one = rules.length === 1 ? (rules[0] ?? '') : undefined
  const name = one === undefined ? 'the rules named above' : `rule ${formatName(one)}`
  if (namedBy === 'escalation') return `an escalation of ${name} notifies`
  if (namedBy === 'route') return `a route for ${name} notifies`
  if (one !== undefined && isBuiltinRule(one)) return `built-in rule ${formatName(one)} notifies`
  return one === undefined ? `${name} notify` : `${name} notifies`
}

/** Says which notifications a flapping alert sends. */
const FLAPPING = 'when it stops flapping or its severity is raised'

function formatNextMail(
  { decidedAt, nextRepeatAt }: Notification,
  alerts: readonly AlertSnapshot[],
  firing: readonly AlertSnapshot[],
  time: WriteInstant,
): string {
  const isFlapping = alerts.length === 1 && alerts[0]?.flapping !== undefined
  const over = isFlapping ? FLAPPING : alerts.length === 1 ? 'when it resolves' : 'when an alert changes'
  if (nextRepeatAt === undefined) return `Next mail: ${over}.`
  const until = Math.min(...firing.map(({ ack }) => ack?.until ?? decidedAt))
  if (until > decidedAt) {
    const acked = firing.length === 1 ? 'it is' : 'they are'
    return `Next mail: ${over}. No reminders while ${acked} acknowledged (until ${time(until)}).`
  }
  const count =
    firing.length < alerts.length ? ` (${formatCount(firing.length, 'alert is', 'alerts are')} still firing)` : ''
  return `Next mail: ${over}, or a reminder at ${time(nextRepeatAt)}${count}.`
}

/** Says when the next mail is sent where the end of an alert is not notified. */
function formatReminder(
  { decidedAt, nextRepeatAt }: Notification,
  alerts: readonly AlertSnapshot[],
  firing: readonly AlertSnapshot[],
  time: WriteInstant,
): string {
  const end = `when ${alerts.length === 1 ? 'it resolves' : 'they resolve'}: send_resolved is false.`
  const until = Math.min(...firing.map(({ ack }) => ack?.until ?? decidedAt))
  if (nextRepeatAt === undefined || until > decidedAt) return `No mail ${end}`
  return `Next mail: a reminder at ${time(nextRepeatAt)}. None ${end}`
}

function formatStop(firing: readonly AlertSnapshot[], press: Press): readonly string[] {
  const [first] = firing
  if (first === undefined) return []
  if (press === 'buttons') {
    return ['Acknowledge stops the reminders for this alert. Silence mutes this rule on this host for a while.']
  }
  const code = firing.length === 1 && /^\w+$/.test(first.code) ? first.code : 'CODE'
  const few = firing.length > LINKED ? ` (first ${LINKED} alerts)` : ''
  const link = press === 'nothing' ? 'run' : `use the Acknowledge link${few} or`
  const what = firing.length === 1 ? 'reminders' : 'the reminders for one alert'
  const all = press === 'all' ? ['Acknowledge all stops the reminders for all alerts of this mail.'] : []
  return [
    ...all,
    `To stop ${what}, ${link} "stashwatch alerts ack ${code}". To mute more, run "stashwatch silences add".`,
  ]
}
