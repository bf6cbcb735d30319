import type { Acknowledgement, AlertView, Millis, SilenceView } from '../../model.ts'
import type { AlertAction, LinkAction } from '../../links/signature.ts'
import { formatDuration, formatTime, formatValue, formatLimit } from '../../text/format.ts'
import { describeReason } from '../../text/reason.ts'
import { describeSuppression } from '../../text/decision.ts'
import { foreign, page } from './html.ts'
import { escapeHtml } from '../../text/sanitise.ts'

/** The present state of what a link is about. */
export interface LinkSubject {
  readonly action: AlertAction
  readonly now: Millis
  /** Missing if the episode is no longer kept. */
  readonly alert: AlertView | undefined
  /** The silence that was created with this link. */
  readonly silence: SilenceView | undefined
}

type Choice = readonly [value: string, says: string]

const HOURS: readonly Choice[] = [
  ['1h', '1 hour'],
  ['4h', '4 hours'],
  ['24h', '24 hours'],
]

/** The durations of the form: value and label. The second one is preselected. */
export const CHOICES: Readonly<Record<LinkAction['do'], readonly Choice[]>> = {
  // An acknowledgement ends with its episode, so the longest one lasts until then.
  ack: [...HOURS, ['365d', 'until it resolves']],
  ack_all: [...HOURS, ['365d', 'until they resolve']],
  silence: [...HOURS, ['7d', '7 days']],
}

/** Returns true if the link can still do something: an alert that resolved or is gone cannot be acknowledged. */
export const canAct = ({ action, alert }: Pick<LinkSubject, 'action' | 'alert'>): boolean =>
  action.do === 'silence' || (alert?.episode !== undefined && alert.state !== 'resolved')

/** Renders the page of a valid link: the present alert, what was done, and a form for possible actions. */
export function linkPage(snapshot: LinkSubject): string {
  const { action } = snapshot
  const verb = action.do === 'ack' ? 'Acknowledge' : 'Silence'
  const title = `${verb} ${action.rule} on ${action.host}`
  return page(
    title,
    `<h1>${verb} ${foreign(action.rule)} on ${foreign(action.host)}</h1>
${describeActive(snapshot)}
${alertNow(snapshot.alert, snapshot.now)}
${canAct(snapshot) ? form(snapshot) : '<p>There is nothing to acknowledge: the alert has resolved.</p>'}`,
  )
}

/** Describes earlier actions that are still in force. */
function findActive({ action, alert, silence, now }: LinkSubject): ActiveAction | undefined {
  const { ack } = alert ?? {}
  const done = action.do === 'ack' ? ack && acknowledged(ack) : silence && activeSilence(silence)
  return done !== undefined && done.until > now ? done : undefined
}

/** An action that is in force. */
interface ActiveAction {
  readonly author: string
  readonly until: Millis
  readonly text: string
}

const acknowledged = ({ author, until, note }: Acknowledgement): ActiveAction => ({ author, until, text: note })

const activeSilence = ({ createdBy, endsAt, comment }: SilenceView): ActiveAction => ({
  author: createdBy,
  until: endsAt,
  text: comment,
})

function describeActive(snapshot: LinkSubject): string {
  const done = findActive(snapshot)
  const what = snapshot.action.do === 'ack' ? 'Acknowledged' : 'Silenced'
  return done === undefined ? '' : describeDone({ ...done, what, undo: 'yes' }, snapshot.now)
}

/** What was done with a link, and a button that undoes it. @param done `undo` is what its form sends. */
export function describeDone(
  { what, author, until, text, undo }: ActiveAction & { readonly what: string; readonly undo: string },
  now: Millis,
): string {
  return `<div class="said">
<p><strong>${what}</strong> by ${foreign(author)}, ${untilText(until, now)}.${text === '' ? '' : ` “${foreign(text)}”`}</p>
<form method="post"><button class="quiet" name="undo" value="${undo}">Undo</button></form>
</div>`
}

const untilText = (until: Millis, now: Millis): string =>
  until - now > 300 * 86_400_000
    ? 'until the alert resolves'
    : `for another ${formatDuration(until - now)}, until ${formatTime(until)}`

/** Shows the present alert: its state and the last evaluation. */
export function alertNow(alert: AlertView | undefined, now: Millis): string {
  if (alert === undefined) return '<h2>Now</h2>\n<p>This episode is over, and its record was deleted.</p>'
  const { identity, state, severity, startsAt, evaluatedAt, value, evidence, resolvedAt, muted } = alert
  const { unit } = identity.measure
  const limit = evidence.limit === undefined ? '' : ` (threshold: ${formatLimit(evidence.limit, unit)})`
  const isOver = resolvedAt !== undefined
  const [tone, span] = isOver
    ? ['good', `${formatDuration(now - resolvedAt)} ago`]
    : ['bad', `for ${formatDuration(now - startsAt)}`]
  const rows = [
    ['Value', `${formatValue(value, unit)}${limit}`],
    ['Evaluated', `${formatTime(evaluatedAt)}, ${formatDuration(now - evaluatedAt)} ago`],
    ['Reason', describeReason(alert)],
    ...(muted === undefined ? [] : [['Suppressed', describeSuppression(muted)]]),
    ...Object.entries(identity.labels),
  ]
  return `<h2>Now</h2>
<p class="state ${tone}">${state}, ${severity}, ${span}</p>
<dl class="card">${rows.map(([name = '', text = '']) => `<div><dt>${foreign(name)}</dt><dd>${foreign(text)}</dd></div>`).join('')}</dl>`
}

const EFFECT: Readonly<Record<LinkAction['do'], string>> = {
  ack: 'Stops reminders and escalations until the time is up, the severity is raised or the alert resolves. You are still notified when it resolves.',
  ack_all:
    'Stops reminders and escalations of all alerts of this mail that are firing and not acknowledged, until the time is up. An alert whose severity is raised is notified again, and you are still notified when they resolve.',
  silence:
    'Stops notifications of this rule on this host until the time is up. The rule is still evaluated; if it is firing at that time, its receivers are notified.',
}

function form(snapshot: LinkSubject): string {
  const { action } = snapshot
  const isDone = findActive(snapshot) !== undefined
  return durationForm(action, isDone ? 'Change' : action.do === 'ack' ? 'Acknowledge' : 'Silence')
}

/** The form of a link: for how long, who, and why. @param label what its button says. */
export function durationForm(action: LinkAction, label: string): string {
  const choices = CHOICES[action.do].map(
    ([value, summary], i) =>
      `<label class="choice"><input type="radio" name="duration" value="${value}"${i === 1 ? ' checked' : ''}>${summary}</label>`,
  )
  return `<h2>${label}</h2>
<p>${EFFECT[action.do]}</p>
<form method="post">
<fieldset><legend>For how long, from now</legend>${choices.join('\n')}</fieldset>
<label class="field"><span>Your name</span><input type="text" name="author" maxlength="100" autocomplete="name" value="${escapeHtml(action.to)}"></label>
<label class="field"><span>Note (optional)</span><input type="text" name="note" maxlength="500" autocomplete="off"></label>
<button>${label}</button>
</form>`
}

/** Renders a page that explains why a link does not work, and what to do instead. */
export const refusedPage = (title: string, detail: string): string =>
  page(title, `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(detail)}</p>`)
