import type { AlertView, Command, Engine, Millis } from '../model.ts'
import type { AlertAction, LinkAction, ListAction, ValidLink } from '../links/signature.ts'
import { ask, createAskEngine, sendCommand } from './ask.ts'
import { parseSpan, readTextField } from './body.ts'
import { canAct, CHOICES, linkPage } from './pages/link.ts'
import type { LinkSubject } from './pages/link.ts'
import { isOpenAcknowledged } from './pages/detail.ts'
import { findUnacknowledged, listLinkPage } from './pages/list-link.ts'
import type { ListSubject } from './pages/list-link.ts'
import { ApiProblem } from './problem.ts'
import { MAX_AUTHOR_LENGTH } from './silences.ts'
import type { ActDeps } from './silences.ts'
import { readNotification } from './views/notification.ts'

/** What the actions of links need. */
export interface LinkActionDeps extends Omit<ActDeps, 'authorOf' | 'engine'> {
  readonly engine: Pick<Engine, 'query' | 'command' | 'outbox'>
}

const MAX_NOTE_LENGTH = 500
/** Commands for the alerts of a list that are given together. */
const AT_ONCE = 100

/** Returns the page of a link: its alerts as they are now, and the form. */
export async function showLink(deps: LinkActionDeps, { action, id }: ValidLink): Promise<string> {
  return action.do === 'ack_all'
    ? listLinkPage(await loadList(deps, action))
    : linkPage(await loadSubject(deps, action, id))
}

/**
 * Performs the action of a link with the fields of its form, or undoes it.
 *
 * @throws {ApiProblem} if a field is wrong; nothing was changed.
 */
export async function submitLink(
  deps: LinkActionDeps,
  { action, id }: ValidLink,
  fields: URLSearchParams,
): Promise<void> {
  if (action.do === 'ack_all') return submitList(deps, action, fields)
  const subject = await loadSubject(deps, action, id)
  const command = fields.has('undo') ? undoCommand(subject, id) : actionCommand(subject, id, fields)
  if (command !== undefined) await sendCommand(deps, command)
}

async function loadSubject(
  { engine, clock, now }: LinkActionDeps,
  action: AlertAction,
  id: string,
): Promise<LinkSubject> {
  const query = createAskEngine(clock, engine)
  const alert = await query({ kind: 'alert', episode: action.episode })
  const silences = action.do === 'silence' ? await query({ kind: 'silences' }) : []
  const silence = silences.find((one) => one.id === id)
  return { action, now: now(), alert: alert ?? undefined, silence }
}

/** Undoing what is not done, or no longer in force, needs nothing. */
function undoCommand({ action, alert, silence, now }: LinkSubject, id: string): Command | undefined {
  if (action.do === 'silence')
    return silence === undefined || silence.endsAt <= now ? undefined : { kind: 'expire', id, now }
  return alert?.ack === undefined ? undefined : { kind: 'unacknowledge', episode: action.episode, now }
}

function actionCommand(subject: LinkSubject, id: string, fields: URLSearchParams): Command | undefined {
  if (!canAct(subject)) return undefined
  const { action, now } = subject
  const { endsAt, createdBy, note } = readForm(action, fields, now)
  if (action.do === 'ack') return acknowledgeCommand(action.episode, { endsAt, createdBy, note }, now)
  const matchers = [
    { label: 'rule', op: '=', value: action.rule },
    { label: 'host', op: '=', value: action.host },
  ] as const
  const comment = note === '' ? 'from the link in a mail' : note
  return { kind: 'silence', silence: { id, matchers, startsAt: now, endsAt, createdBy, comment, createdAt: now }, now }
}

async function loadList({ engine, clock, now }: LinkActionDeps, action: ListAction): Promise<ListSubject> {
  const record = await ask(clock, async () => engine.outbox.find(action.notification))
  if (record === null) return { action, now: now(), alerts: undefined }
  const listed = new Set((readNotification(record).alerts ?? []).map(({ episode }) => episode))
  const all = await createAskEngine(clock, engine)({ kind: 'alerts' })
  const alerts = all.filter(({ episode }) => episode !== undefined && listed.has(episode))
  return { action, now: now(), alerts }
}

/**
 * Acknowledges what is firing and not acknowledged. Its time says later which acknowledgements were made together, and
 * those are undone together.
 */
async function submitList(deps: LinkActionDeps, action: ListAction, fields: URLSearchParams): Promise<void> {
  const subject = await loadList(deps, action)
  const { now } = subject
  const undone = fields.get('undo')
  if (undone !== null) {
    const made = (subject.alerts ?? []).filter(
      (alert) => isOpenAcknowledged(alert, now) && alert.ack?.at === Number(undone),
    )
    return sendEach(deps, made, (episode) => ({ kind: 'unacknowledge', episode, now }))
  }
  const form = readForm(action, fields, now)
  return sendEach(deps, findUnacknowledged(subject), (episode) => acknowledgeCommand(episode, form, now))
}

/** What resolves in the meantime needs no command. */
async function sendEach(
  deps: LinkActionDeps,
  alerts: readonly AlertView[],
  command: (episode: string) => Command,
): Promise<void> {
  const send = async ({ episode = '' }: AlertView): Promise<void> => {
    try {
      await sendCommand(deps, command(episode))
    } catch (error) {
      if (!(error instanceof ApiProblem && error.code === 'unknown-episode')) throw error
    }
  }
  // Few at a time, so that each is answered in time however many there are.
  for (let i = 0; i < alerts.length; i += AT_ONCE) await Promise.all(alerts.slice(i, i + AT_ONCE).map(send))
}

interface Form {
  readonly endsAt: Millis
  readonly createdBy: string
  readonly note: string
}

function acknowledgeCommand(episode: string, { endsAt, createdBy, note }: Form, now: Millis): Command {
  return { kind: 'acknowledge', episode, ack: { at: now, until: endsAt, author: createdBy, note }, now }
}

function readForm(action: LinkAction, fields: URLSearchParams, now: Millis): Form {
  const endsAt = now + readDuration(action.do, fields.get('duration') ?? '')
  const createdBy = readName(fields, action.to)
  const note = readTextField({ note: fields.get('note') ?? '' }, ['note'], {
    maxLength: MAX_NOTE_LENGTH,
    expected: 'a note',
    default: '',
  })
  return { endsAt, createdBy, note }
}

function readDuration(what: LinkAction['do'], duration: string): Millis {
  const span = CHOICES[what].some(([value]) => value === duration) ? parseSpan(duration) : undefined
  if (span !== undefined) return span
  const expected = `one of ${CHOICES[what].map(([value]) => value).join(', ')}`
  const detail = `The form did not say for how long: expected ${expected}. Go back and choose. Nothing was changed.`
  throw new ApiProblem('invalid-parameter', { detail, parameter: 'duration', found: duration, expected })
}

/** Anybody can type any name; whose mail the link came from is certain. */
function readName(fields: URLSearchParams, to: string): string {
  const typed = fields.get('author')?.trim() ?? ''
  if (typed === '' || typed === to) return to
  return `${readTextField({ author: typed }, ['author'], { maxLength: MAX_AUTHOR_LENGTH, expected: 'your name' })} (${to})`
}
