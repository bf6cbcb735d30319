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
import { withoutPicture } from './chart-data.ts'
import type { DispatchPlan } from './plan.ts'
import type { Due } from './schedule.ts'
import type { Case, DispatchState, Item, Line, Mail, Posted } from './state.ts'

/** A mail as the outbox keeps it; its id follows from what it says and to whom, so that a replay finds the same. */
export function compose(state: DispatchState, plan: DispatchPlan, mail: Omit<Mail, 'known'>, now: Millis): Effect {
  const { because, thread, seq, alerts, news, group, lead, nextAt } = mail
  const context = news === 1 && mail.line.via === 'email' ? contextOf(state, alerts[0] as AlertFacts) : undefined
  const about = lead?.facts ?? alerts[0]
  const notification: Notification = {
    id: `${thread}.${seq}.${hashOf(mail.line.to.address)}`,
    ...toWhom(plan, mail.line),
    at: now,
    because,
    kind: 'alert',
    thread,
    seq,
    alerts,
    ...(news === alerts.length ? {} : { news }),
    ...(group === undefined ? {} : { group }),
    ...(lead === undefined ? {} : { lead }),
    ...(context === undefined ? {} : { context }),
    ...(nextAt === undefined ? {} : { nextAt }),
  }
  return effect(mail.line, notification, about === undefined ? thread : orderingKeyOf(about))
}

/** The episodes of one rule on one host follow each other. */
function orderingKeyOf({ identity: { rule, host } }: AlertFacts): string {
  return JSON.stringify([rule, host])
}

/** Other alerts of a host that one mail names. */
const MOST_ON_HOST = 5

function contextOf(state: DispatchState, { episode, identity: { host } }: AlertFacts): Context {
  const firing = [...state.cases.values()].filter(({ facts }) => facts.state === 'firing' && facts.episode !== episode)
  const onHost = firing
    .filter(({ facts }) => facts.identity.host === host)
    .toSorted((a, b) => b.facts.since - a.facts.since)
  return {
    onHost: onHost.slice(0, MOST_ON_HOST).map(besideOf),
    firing: firing.length,
    muted: firing.filter(({ muted }) => muted !== undefined).length,
    hosts: new Set(firing.map(({ facts }) => facts.identity.host)).size,
  }
}

function besideOf({ facts: { identity, severity, since, code }, muted }: Case): BesideAlert {
  return { rule: identity.rule, severity, since, code, ...(muted === undefined ? {} : { muted: true }) }
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
  if (more.length === 0 && because === 'rate_limited') {
    const { line, thread, seq, facts, lead } = first
    const alerts = [{ ...facts, because: first.because }]
    return compose(
      state,
      plan,
      { line, because: first.because, thread, seq, alerts, news: 1, group: undefined, lead, nextAt: undefined },
      now,
    )
  }
  const word = because === 'rate_limited' ? 'list' : 'backlog'
  const episodes = items.map((item) => `${item.facts.episode}.${item.seq}`)
  const id = `${word}.${Math.round(now)}.${hashOf([first.line.to.address, ...episodes].join('\n'))}`
  const alerts = items.map(({ facts, because: own }) => ({ ...withoutPicture(facts), because: own }))
  const whom = toWhom(plan, first.line)
  return effect(first.line, { id, ...whom, at: now, because, kind: 'digest', thread: id, seq: 0, alerts })
}

/** Something that is no alert. */
export function composeNotice(plan: DispatchPlan, { line, notice, at }: Posted, now: Millis): Effect {
  const id = `notice.${Math.round(at)}.${hashOf(`${line.to.address}\n${JSON.stringify(notice)}`)}`
  return noticeEffect(plan, line, id, notice, now)
}

function noticeEffect(plan: DispatchPlan, line: Line, id: string, notice: Notice, now: Millis): Effect {
  const because = notice.kind === 'hosts_retired' ? 'hosts_retired' : 'scheduled'
  const about = { at: now, because, kind: 'notice', thread: id, seq: 0, alerts: [], notice } as const
  return effect(line, { id, ...toWhom(plan, line), ...about })
}

/** All reports of a receiver are one conversation, so that a mail program shows the one before beside each. */
export function composeReport(plan: DispatchPlan, line: Line, due: Due, report: Report, now: Millis): Effect {
  const { receiver, schedule, began, seq } = due
  const kind = schedule.weekday === undefined ? 'daily' : 'weekly'
  const thread = `${kind}.${Math.round(began)}.${hashOf(receiver.name)}`
  const id = `${thread}.${seq}.${hashOf(line.to.address)}`
  const about = { at: now, because: 'scheduled', kind: 'report', thread, seq, alerts: [], report } as const
  return effect(line, { id, ...toWhom(plan, line), ...about })
}

/** A heart-beat stands by itself: the newest one is what counts. */
export function composeHeartbeat(
  plan: DispatchPlan,
  line: Line,
  { receiver }: Due,
  notice: Notice,
  now: Millis,
): Effect {
  const id = `heartbeat.${Math.round(now)}.${hashOf(`${receiver.name}\n${line.to.address}`)}`
  return noticeEffect(plan, line, id, notice, now)
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

/** @param orderingKey what it is about: by default its thread, which no other one is about. */
function effect({ via, to }: Line, notification: Notification, orderingKey = notification.thread): Effect {
  const { id, thread } = notification
  return { id, queue: via, recipient: to.address, orderingKey, thread, data: JSON.stringify(notification) }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
