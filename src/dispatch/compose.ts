import { createHash } from 'node:crypto'
import type { AlertFacts, Because, Context, Effect, Millis, Notification } from '../model.ts'
import { withoutPicture } from './groups.ts'
import type { DispatchPlan } from './plan.ts'
import type { DispatchState, Item, Line, Mail, Posted } from './state.ts'

/** A mail as the outbox keeps it; its id follows from what it says and to whom, so that a replay finds the same. */
export function compose(state: DispatchState, plan: DispatchPlan, mail: Mail, now: Millis): Effect {
  const { because, thread, seq, alerts, news, lead, nextAt } = mail
  const context = alerts.length === 1 && mail.line.via === 'email' ? contextOf(state, alerts[0] as AlertFacts) : undefined
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
  const firing = [...state.cases.values()].map(({ facts }) => facts).filter((facts) => facts.state === 'firing' && facts.episode !== episode)
  const onHost = firing.filter((facts) => facts.host === host).toSorted((a, b) => b.since - a.since)
  return {
    onHost: onHost.slice(0, MOST_ON_HOST).map(({ rule, severity, since, code }) => ({ rule, severity, since, code })),
    firing: firing.length,
    hosts: new Set(firing.map((facts) => facts.host)).size,
  }
}

/** What was held, as one list; a single alert is told as if it had not been held. */
export function composeList(state: DispatchState, plan: DispatchPlan, items: readonly Item[], because: Because, now: Millis): Effect {
  const [first, ...more] = items as readonly [Item, ...Item[]]
  if (more.length === 0 && because === 'mail budget') {
    const { line, thread, seq, facts } = first
    return compose(state, plan, { line, because: first.because, thread, seq, alerts: [facts], news: 1, lead: undefined, nextAt: undefined }, now)
  }
  const word = because === 'mail budget' ? 'list' : 'backlog'
  const episodes = items.map((item) => `${item.facts.episode}.${item.seq}`)
  const id = `${word}.${Math.round(now)}.${hashOf([first.line.to.address, ...episodes].join('\n'))}`
  const alerts = items.map((item) => withoutPicture(item.facts))
  return effect({ id, ...toWhom(plan, first.line), at: now, because, kind: 'digest', thread: id, seq: 0, alerts })
}

/** Something that is no alert. */
export function composeNotice(plan: DispatchPlan, { line, notice, at }: Posted, now: Millis): Effect {
  const { because, title, lines } = notice
  const id = `notice.${Math.round(at)}.${hashOf([line.to.address, because, title, ...lines].join('\n'))}`
  return effect({ id, ...toWhom(plan, line), at: now, because, kind: 'notice', thread: id, seq: 0, alerts: [], notice: { title, lines } })
}

/** Who gets a mail, and how the receiver wants its mails. */
export function toWhom(plan: DispatchPlan, { receiver, via, to }: Pick<Line, 'receiver' | 'via' | 'to'>): Pick<Notification, 'receiver' | 'via' | 'to' | 'zone' | 'templates'> {
  const known = plan.receivers.get(receiver)
  const { zone, subject, body } = known ?? {}
  const templates = { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) }
  return {
    receiver,
    to,
    ...(via === 'email' ? {} : { via }),
    ...(zone === undefined ? {} : { zone }),
    ...(Object.keys(templates).length === 0 ? {} : { templates }),
  }
}

function effect(notification: Notification): Effect {
  return { id: notification.id, data: JSON.stringify(notification) }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
