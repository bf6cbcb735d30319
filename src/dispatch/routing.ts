import type { Escalation, Grouping, Millis, NamedBy, Receiver, Repeat, Rule } from '../model.ts'
import type { Labels } from '../labels/labels.ts'
import type { DispatchPlan } from './plan.ts'
import type { Case, Line } from './state.ts'

/** Where the user groups over hosts, alerts wait for others like them. */
const OVER_HOSTS = { wait: 30_000, interval: 5 * 60_000 }
/** Alertmanager forgets what it is not told again; it groups by itself. */
const FOR_ALERTMANAGER = { grouping: { by: [], wait: 0, interval: 0 }, repeat: { first: 5 * 60_000, most: 5 * 60_000 } }

/** How the alerts of a rule are told. */
interface Manner {
  readonly notify: readonly string[]
  readonly grouping: Grouping
  readonly repeat: Repeat
  readonly escalate: readonly Escalation[]
  readonly namedBy?: NamedBy
}

/** Each address once, under the first receiver that names it. */
export function audienceOf(plan: DispatchPlan, one: Pick<Case, 'facts' | 'notify'>, labels: Labels): readonly Line[] {
  return unique(mannersOf(plan, one, labels).flatMap((manner) => linesOf(plan, manner, manner.notify, manner.namedBy)))
}

/** Who is told as well, by how long nobody looked after the alert. */
export function escalationOf(
  plan: DispatchPlan,
  one: Pick<Case, 'facts' | 'notify'>,
  labels: Labels,
): readonly { readonly after: Millis; readonly lines: readonly Line[] }[] {
  const steps = mannersOf(plan, one, labels).flatMap((manner) =>
    manner.escalate.map(({ after, notify }) => ({ after, lines: unique(linesOf(plan, manner, notify, 'escalation')) })),
  )
  return steps.toSorted((a, b) => a.after - b.after)
}

function mannersOf(
  plan: DispatchPlan,
  { facts, notify }: Pick<Case, 'facts' | 'notify'>,
  labels: Labels,
): readonly Manner[] {
  const rule = plan.rules.get(facts.identity.rule)
  if (notify.length > 0) return [{ notify, ...mannerOf(plan, rule, {}) }]
  const manners: Manner[] = []
  for (const { of: route, fits } of plan.routes) {
    if (!fits(labels)) continue
    manners.push({ notify: route.notify, namedBy: 'route', ...mannerOf(plan, rule, route) })
    if (!route.continue) break
  }
  return manners
}

/** What the rule says counts first, then its route, then what holds for all. */
function mannerOf(
  plan: DispatchPlan,
  rule: Rule | undefined,
  route: Partial<Omit<Manner, 'notify' | 'namedBy'>>,
): Omit<Manner, 'notify' | 'namedBy'> {
  const { grouping, repeat } = plan.config.alerting
  return {
    grouping:
      rule?.groupBy === undefined ? (route.grouping ?? grouping) : groupingBy(rule.groupBy, route.grouping ?? grouping),
    repeat: rule?.repeat ?? route.repeat ?? repeat,
    escalate: rule?.escalate ?? route.escalate ?? [],
  }
}

function groupingBy(by: readonly string[], general: Grouping): Grouping {
  if (by.includes('host')) return { by, wait: 0, interval: 0 }
  return general.by.includes('host') ? { by, ...OVER_HOSTS } : { ...general, by }
}

function linesOf(plan: DispatchPlan, manner: Manner, notify: readonly string[], namedBy?: NamedBy): readonly Line[] {
  const lines = notify.flatMap((name) => {
    const receiver = plan.receivers.get(name)
    return receiver === undefined ? [] : waysOf(receiver, manner)
  })
  return namedBy === undefined ? lines : lines.map((line) => ({ ...line, namedBy }))
}

function waysOf(receiver: Receiver, { grouping, repeat }: Manner): readonly Line[] {
  const { name } = receiver
  const lines: Line[] = receiver.email.map((to) => ({ receiver: name, via: 'email', to, grouping, repeat }))
  if (receiver.webhook === true)
    lines.push({ receiver: name, via: 'webhook', to: { address: `webhook:${name}` }, grouping, repeat })
  if (receiver.alertmanager === true) {
    lines.push({ receiver: name, via: 'alertmanager', to: { address: `alertmanager:${name}` }, ...FOR_ALERTMANAGER })
  }
  return lines
}

/** Where receivers hear of what is no alert; Alertmanager takes alerts only. */
export function linesTo(plan: DispatchPlan, notify: readonly string[]): readonly Line[] {
  const manner = { notify, ...mannerOf(plan, undefined, {}) }
  return unique(linesOf(plan, manner, notify)).filter(({ via }) => via !== 'alertmanager')
}

/** All addresses that a configuration knows. */
export function addressesOf(plan: DispatchPlan): ReadonlySet<string> {
  const manner = { notify: [], ...mannerOf(plan, undefined, {}) }
  return new Set(
    [...plan.receivers.values()].flatMap((receiver) => waysOf(receiver, manner).map(({ to }) => to.address)),
  )
}

function unique(lines: readonly Line[]): readonly Line[] {
  const found = new Map<string, Line>()
  for (const line of lines) if (!found.has(line.to.address)) found.set(line.to.address, line)
  return [...found.values()]
}
