import type {
  Acknowledgement,
  AlertSnapshot,
  NotificationReason,
  Decision,
  Grouping,
  HeldBy,
  Millis,
  Mute,
  NamedBy,
  Notice,
  NotificationGroup,
  Recipient,
  Repeat,
  Silence,
  UndeliveredItem,
  Channel,
} from '../model.ts'

/** The state of the dispatch fold: plain data, so that a snapshot is a copy. */
export interface DispatchState {
  /** Alerts by episode: open ones, and recently closed ones. */
  readonly alerts: Map<string, TrackedAlert>
  /** Closed episodes that are still kept, oldest first. */
  readonly closedEpisodes: string[]
  /** The hosts of each mass-absence alert, by its id. Each inhibits other alerts, for those who are notified of that one. */
  readonly coveredHosts: Map<string, CoveredHosts>
  readonly groups: Map<string, Group>
  readonly rateLimits: Map<string, RateLimit>
  /** When single mails were sent recently, to any address. */
  recentMails: Millis[]
  readonly silences: Map<string, Silence>
  readonly backlog: Backlog
  /** Notices that wait for their recipients' rate limits. */
  notices: PendingNotice[]
  /** Failed deliveries that are not notified yet; absent if there are none. */
  undelivered?: { since: Millis; readonly list: UndeliveredItem[] }
  /** The runs of reports and heartbeat mails. */
  schedules: Map<string, ScheduleState>
  /** Mails decided: the total, and the numbers by rule since the engine last collected them. */
  readonly mailCounts: { all: number; readonly byRule: Map<string, number> }
  /** The silences and maintenance windows in force, as one text. Mutes are recalculated when it changes. */
  mutesInForce: string
  /** Whether anything changed since the last flush. */
  isDirty: boolean
}

/** An alert as dispatch keeps it. */
export interface TrackedAlert {
  /** The latest snapshot from the engine. */
  snapshot: AlertSnapshot
  /** The latest event. */
  lastEvent: NotificationReason
  /** Where the engine keeps the alert. */
  readonly ref: AlertRef
  /** The receivers of its rule. If empty, routes choose. */
  notify: readonly string[]
  /** When it fired, on the service's clock. */
  firedAt: Millis
  /**
   * Escalation counts from here: the end of a mute or acknowledgement, or the last rise of the severity. Absent if
   * none.
   */
  suppressedUntil?: Millis
  /** Resolved, and all its notifications are sent. */
  isClosed: boolean
  /** Keys of the groups it belongs to. */
  readonly groups: Set<string>
  /** What mutes it for all of its addresses. */
  muted: Mute | undefined
  /** The addresses for which another alert inhibits it. */
  readonly inhibited: Map<string, Inhibitor>
  ack: Acknowledgement | undefined
  /** Set once the end of the acknowledgement was recorded. */
  isAckExpiryNoted?: true
  /** Number of escalation steps taken. */
  escalationStep: number
  notifications: number
  suppressed: number
  readonly decisions: Decision[]
}

/** The alert that mutes others by inhibition. */
export interface Inhibitor {
  readonly episode: string
  readonly rule: string
  readonly host: string
}

/** The absent hosts that a mass-absence alert covers, and what their rule does not say of each. */
interface CoveredHosts {
  readonly rule: string
  readonly hosts: Map<string, { readonly episode: string; readonly source: string; readonly metric: string }>
}

/** The engine's id of an alert: of a host, or of the service if `host` is null. */
export interface AlertRef {
  readonly host: string | null
  readonly id: string
}

/** One address to notify, and how. */
export interface Target {
  readonly receiver: string
  readonly channel: Channel
  readonly to: Recipient
  readonly grouping: Grouping
  readonly repeat: Repeat
  readonly namedBy?: NamedBy
}

/** The alerts that one address is notified of together, in one thread. */
export interface Group {
  readonly key: string
  readonly identity: NotificationGroup
  target: Target
  /** Set while an escalation waits that names its address under another receiver. */
  escalationTarget?: Target
  /** The episode that started the thread, and the number of the next mail in it. */
  readonly thread: string
  seq: number
  lead: { readonly alert: AlertSnapshot; readonly more: number } | undefined
  readonly members: Map<string, Member>
  /** When the first alert was added, and when the last mail was decided. */
  startedAt: Millis
  lastNotifiedAt: Millis | undefined
  /** Repeated mails in a row, without any change. */
  repeatCount: number
  /** Before this time there is nothing to send, unless something changes. */
  nextFlushAt: Millis
  /** When its address left the configuration. From then on only the ends of notified alerts are sent. */
  removedAt?: Millis
}

/** One alert in a group: what the address was notified of, and what is pending. */
export interface Member {
  isNotified: boolean
  pending: NotificationReason | undefined
  /** What holds, or held, the pending event. */
  heldBy: HeldBy | undefined
  /** Set while the pending event is held: the event and its cause, so that it is recorded once. */
  suppressionKey?: string
  /** Mails to the address about the alert, and held changes that were never sent. */
  notifications: number
  suppressed: number
}

/** One mail to one address. The first `newCount` alerts are the news. */
export interface Mail {
  readonly target: Target
  readonly reason: NotificationReason
  readonly thread: string
  readonly seq: number
  readonly alerts: readonly AlertSnapshot[]
  readonly newCount: number
  readonly group: NotificationGroup | undefined
  readonly lead: Group['lead']
  readonly nextRepeatAt: Millis | undefined
  /** Episodes that the address was notified of before. */
  readonly notifiedBefore: ReadonlySet<string>
}

/** One alert of a mail that was deferred to a list. */
export interface DeferredAlert {
  readonly target: Target
  readonly reason: NotificationReason
  readonly thread: string
  readonly seq: number
  readonly snapshot: AlertSnapshot
  readonly lead: Group['lead']
  /** Whether the address was notified of it before. */
  readonly isNotified: boolean
}

/** A notice queued for one address. */
export interface PendingNotice {
  readonly target: Target
  readonly notice: Notice
  readonly at: Millis
}

/** The rate limit of one address: mails of the last minute, deferred alerts, and the storm in progress. */
export interface RateLimit {
  sent: Millis[]
  /** By episode. */
  deferred: Map<string, DeferredAlert>
  deferredSince: Millis
  /** When the last list was sent, and how long the next one waits at least. */
  lastListAt: Millis
  backoff: Millis
  /** Rules in a storm, with the time of their last list. */
  readonly stormRules: Map<string, Millis>
}

/** The runs of one scheduled mail of a receiver. */
export interface ScheduleState {
  /** The schedule and its time zone, as one text. */
  definition: string
  /** When the schedule was set up, which names the thread, and the number of the next mail in it. */
  readonly startedAt: Millis
  seq: number
  /** The newest run that was taken or skipped: the UTC midnight of its date in the zone. */
  lastRunDate: Millis
  /** When that run was taken, where the next period begins, and the mails decided until then. */
  lastRunAt: Millis
  mailsAtLastRun: number
}

/** Episodes found in delayed events. */
export interface Backlog {
  readonly episodes: Set<string>
  startedAt: Millis
  lastFoundAt: Millis
}

export function emptyDispatch(): DispatchState {
  return {
    alerts: new Map(),
    closedEpisodes: [],
    coveredHosts: new Map(),
    groups: new Map(),
    rateLimits: new Map(),
    recentMails: [],
    silences: new Map(),
    notices: [],
    schedules: new Map(),
    mailCounts: { all: 0, byRule: new Map() },
    backlog: { episodes: new Set(), startedAt: 0, lastFoundAt: 0 },
    mutesInForce: '',
    isDirty: false,
  }
}

/** Counts an email, in total and for each of its rules. Ignores other channels. */
export function countMail(state: DispatchState, channel: Channel, rules: Iterable<string>): void {
  if (channel !== 'email') return
  state.mailCounts.all++
  for (const rule of new Set(rules)) state.mailCounts.byRule.set(rule, (state.mailCounts.byRule.get(rule) ?? 0) + 1)
}

const MAX_DECISIONS = 100

/**
 * Records a decision. Beyond `MOST_DECISIONS` it drops one from the middle, so that the first and the latest ones stay.
 */
export function recordDecision(alert: TrackedAlert, decision: Decision): void {
  alert.decisions.push(decision)
  if (alert.decisions.length > MAX_DECISIONS) alert.decisions.splice(MAX_DECISIONS / 2, 1)
}
