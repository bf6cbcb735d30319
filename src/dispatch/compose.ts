import { createHash } from 'node:crypto'
import type {
  AlertFacts,
  Because,
  BesideAlert,
  Context,
  Effect,
  Millis,
  Notice,
  Notification,
  Report,
} from '../model.ts'
import { withoutPicture } from './picture.ts'
import type { DispatchPlan } from './plan.ts'
import type { Due } from './schedule.ts'
import type { Case, DispatchState, Item, Line, Mail, Posted } from './state.ts'

/** A mail as the outbox keeps it; its id follows from what it says and to whom, so that a replay finds the same. */
export function compose(state: DispatchState, plan: DispatchPlan, mail: Omit<Mail, 'known'>, now: Millis): Effect {
  const { because, thread, seq, alerts, news, lead, nextAt } = mail
  const context = news === 1 && mail.line.via === 'email' ? contextOf(state, alerts[0] as AlertFacts) : undefined
  return effect({
    id: `${thread}.${seq}.${hashOf(mail.line.to.address)}`,
    ...toWhom(plan, mail.line),
    at: now,
    because,
    kind: 'alert',
    thread,
    seq,
    alerts,
    ...(news === alerts.length ? {} : { news }),
    ...(lead === undefined ? {} : { lead }),
    ...(context === undefined ? {} : { context }),
    ...(nextAt === undefined ? {} : { nextAt }),
  })
}

/** Other alerts of a host that one mail names. */
const MOST_ON_HOST = 5

function contextOf(state: DispatchState, { episode, host }: AlertFacts): Context {
  const firing = [...state.cases.values()].filter(({ facts }) => facts.state === 'firing' && facts.episode !== episode)
  const onHost = firing.filter(({ facts }) => facts.host === host).toSorted((a, b) => b.facts.since - a.facts.since)
  return {
    onHost: onHost.slice(0, MOST_ON_HOST).map(besideOf),
    firing: firing.length,
    muted: firing.filter(({ muted }) => muted !== undefined).length,
    hosts: new Set(firing.map(({ facts }) => facts.host)).size,
  }
}

function besideOf({ facts: { rule, severity, since, code }, muted }: Case): BesideAlert {
  return { rule, severity, since, code, ...(muted === undefined ? {} : { muted: true }) }
}

/** What was held, as one list; a single alert is told as if it had not been held. */
export function composeList(
  state: DispatchState,
  plan: DispatchPlan,
  items: readonly Item[],
  because: Because,
  now: Millis,
): Effect {
  const [first, ...more] = items as readonly [Item, ...Item[]]
  if (more.length === 0 && because === 'mail budget') {
    const { line, thread, seq, facts, lead } = first
    const alerts = [{ ...facts, because: first.because }]
    return compose(
      state,
      plan,
      { line, because: first.because, thread, seq, alerts, news: 1, lead, nextAt: undefined },
      now,
    )
  }
  const word = because === 'mail budget' ? 'list' : 'backlog'
  const episodes = items.map((item) => `${item.facts.episode}.${item.seq}`)
  const id = `${word}.${Math.round(now)}.${hashOf([first.line.to.address, ...episodes].join('\n'))}`
  const alerts = items.map(({ facts, because: own }) => ({ ...withoutPicture(facts), because: own }))
  return effect({ id, ...toWhom(plan, first.line), at: now, because, kind: 'digest', thread: id, seq: 0, alerts })
}

/** Something that is no alert. */
export function composeNotice(plan: DispatchPlan, { line, notice, at }: Posted, now: Millis): Effect {
  const { because, title, lines } = notice
  const id = `notice.${Math.round(at)}.${hashOf([line.to.address, because, title, ...lines].join('\n'))}`
  return effect({
    id,
    ...toWhom(plan, line),
    at: now,
    because,
    kind: 'notice',
    thread: id,
    seq: 0,
    alerts: [],
    notice: { title, lines },
  })
}

/** All reports of a receiver are one conversation, so that a mail program shows the one before beside each. */
export function composeReport(plan: DispatchPlan, line: Line, due: Due, report: Report, now: Millis): Effect {
  const { receiver, schedule, began, seq } = due
  const kind = schedule.weekday === undefined ? 'daily' : 'weekly'
  const thread = `${kind}.${Math.round(began)}.${hashOf(receiver.name)}`
  const id = `${thread}.${seq}.${hashOf(line.to.address)}`
  return effect({
    id,
    ...toWhom(plan, line),
    at: now,
    because: 'scheduled',
    kind: 'report',
    thread,
    seq,
    alerts: [],
    report,
  })
}

/** A heart-beat stands by itself: the newest one is what counts. */
export function composeHeartbeat(
  plan: DispatchPlan,
  line: Line,
  { receiver }: Due,
  notice: Notice,
  now: Millis,
): Effect {
  const { because, title, lines } = notice
  const id = `heartbeat.${Math.round(now)}.${hashOf(`${receiver.name}\n${line.to.address}`)}`
  return effect({
    id,
    ...toWhom(plan, line),
    at: now,
    because,
    kind: 'notice',
    thread: id,
    seq: 0,
    alerts: [],
    notice: { title, lines },
  })
}

/** Who gets a mail, and how the receiver wants its mails. */
export function toWhom(
  plan: DispatchPlan,
  { receiver, via, to, namedBy }: Pick<Line, 'receiver' | 'via' | 'to' | 'namedBy'>,
): Pick<Notification, 'receiver' | 'via' | 'to' | 'namedBy' | 'zone' | 'templates' | 'subjectMode'> {
  const known = plan.receivers.get(receiver)
  const { zone, subject, body, subjectMode } = known ?? {}
  const templates = { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) }
  return {
    receiver,
    to,
    ...(via === 'email' ? {} : { via }),
    ...(namedBy === undefined ? {} : { namedBy }),
    ...(zone === undefined ? {} : { zone }),
    ...(Object.keys(templates).length === 0 ? {} : { templates }),
    ...(subjectMode === undefined ? {} : { subjectMode }),
  }
}

function effect(notification: Notification): Effect {
  return { id: notification.id, data: JSON.stringify(notification) }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
