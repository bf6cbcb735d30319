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

/** What the second fold remembers: plain data, so that a snapshot is a copy. */
export interface DispatchState {
  /** All alerts that people may hear of, by episode; those that are over stay for a while. */
  readonly alerts: Map<string, TrackedAlert>
  /** Episodes that are over and told, the oldest first. */
  readonly closedEpisodes: string[]
  /** Hosts that are silent together with others, and are told of together; they hold back other alerts of theirs. */
  readonly absentHosts: Map<string, Inhibitor>
  readonly groups: Map<string, Group>
  readonly rateLimits: Map<string, RateLimit>
  /** When single mails went out lately, to whomever. */
  recentMails: Millis[]
  readonly silences: Map<string, Silence>
  readonly backlog: Backlog
  /** Notices that wait for their recipients' budgets. */
  notices: PendingNotice[]
  /** What was not delivered, and is not notified yet; absent where there is nothing. */
  undelivered?: { since: Millis; readonly list: UndeliveredItem[] }
  /** Whose turn for a report or a heart-beat was when. */
  schedules: Map<string, ScheduleState>
  /** Mails that were decided: how many in all, and how many by rule since the first fold took note of them. */
  readonly mailCounts: { all: number; readonly byRule: Map<string, number> }
  /** Which silences and maintenance windows are in force, as one text; when it changes, mutes are looked at anew. */
  inForce: string
  /** Something was announced or changed since the last look. */
  isDirty: boolean
}

/** One alert under the eyes of the dispatcher. */
export interface TrackedAlert {
  /** As they were announced last. */
  snapshot: AlertSnapshot
  /** What was announced last. */
  lastEvent: NotificationReason
  /** Where the first fold keeps the alert. */
  readonly ref: AlertRef
  /** The receivers of its rule; where there are none, routes choose. */
  notify: readonly string[]
  /** When it fired, on the service's clock. */
  firedAt: Millis
  /** Until when something kept people from looking after it, or when it got more severe; absent where nothing did. */
  suppressedUntil?: Millis
  /** Over, and told to everybody. */
  isClosed: boolean
  /** The groups that it was told in. */
  readonly groups: Set<string>
  muted: Mute | undefined
  ack: Acknowledgement | undefined
  /** Set once the end of the acknowledgement was noted. */
  isAckExpiryNoted?: true
  /** How many steps of its escalation were taken. */
  escalationStep: number
  notifications: number
  suppressed: number
  readonly decisions: Decision[]
}

/** The alert that holds others back. */
export interface Inhibitor {
  readonly episode: string
  readonly rule: string
  readonly host: string
}

/** The id under which the first fold keeps an alert: of a host, or of the service as a whole. */
export interface AlertRef {
  readonly host: string | null
  readonly id: string
}

/** One address that is to hear of an alert, and how. */
export interface Target {
  readonly receiver: string
  readonly channel: Channel
  readonly to: Recipient
  readonly grouping: Grouping
  readonly repeat: Repeat
  readonly namedBy?: NamedBy
}

/** Alerts that one address hears of together: one conversation. */
export interface Group {
  readonly key: string
  readonly identity: NotificationGroup
  target: Target
  /** The episode that began the conversation, and the number of the next mail in it. */
  readonly thread: string
  seq: number
  lead: { readonly facts: AlertSnapshot; readonly more: number } | undefined
  readonly members: Map<string, Member>
  /** When the first of them came, and when the last mail was decided. */
  startedAt: Millis
  lastNotifiedAt: Millis | undefined
  /** Mails in a row that said nothing new. */
  repeatCount: number
  /** Until then nothing is to be told, unless something changes. */
  nextFlushAt: Millis
  /** When its address left the configuration: it hears the ends of what it was told of, and nothing else. */
  removedAt?: Millis
}

/** What an address knows of an alert, and what it is to hear. */
export interface Member {
  isNotified: boolean
  pending: NotificationReason | undefined
  /** What kept the news from being told. */
  heldBy: HeldBy | undefined
  /** Set while its news are held back: which, and what does it, so that it is noted once. */
  suppressionKey?: string
  /** Mails that told the address of it, and changes that were held back from it and never told. */
  notifications: number
  suppressed: number
}

/** What one address is told at once; the first `news` of the alerts are what is new. */
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
  /** Episodes of which the address was told before. */
  readonly notifiedBefore: ReadonlySet<string>
}

/** One alert of a mail that had to wait for a list. */
export interface DeferredAlert {
  readonly target: Target
  readonly reason: NotificationReason
  readonly thread: string
  readonly seq: number
  readonly snapshot: AlertSnapshot
  readonly lead: Group['lead']
  /** Whether the address was told of it before. */
  readonly isNotified: boolean
}

/** A notice on its way to one address. */
export interface PendingNotice {
  readonly target: Target
  readonly notice: Notice
  readonly at: Millis
}

/** How much mail one address got in the last minute, what had to wait, and the storm that it waits for. */
export interface RateLimit {
  sent: Millis[]
  /** By episode. */
  deferred: Map<string, DeferredAlert>
  deferredSince: Millis
  /** When the last list was sent, and how long the next one waits at least. */
  lastListAt: Millis
  backoff: Millis
  /** Rules of what was listed lately, with the time. */
  readonly stormRules: Map<string, Millis>
}

/** The turns of one receiver: the times at which it is written to, alert or not. */
export interface ScheduleState {
  /** The schedule and its zone, as one text. */
  definition: string
  /** When they were set up, which names the conversation, and the number of the next mail in it. */
  readonly startedAt: Millis
  seq: number
  /** The newest turn that was taken or had passed, as the UTC midnight of its date by the zone's calendar. */
  lastRunDate: Millis
  /** When it was taken: what the next one covers begins there. And how many mails had been decided then. */
  lastRunAt: Millis
  mailsAtLastRun: number
}

/** Episodes that were found in delayed events. */
export interface Backlog {
  readonly episodes: Set<string>
  startedAt: Millis
  lastFoundAt: Millis
}

export function emptyDispatch(): DispatchState {
  return {
    alerts: new Map(),
    closedEpisodes: [],
    absentHosts: new Map(),
    groups: new Map(),
    rateLimits: new Map(),
    recentMails: [],
    silences: new Map(),
    notices: [],
    schedules: new Map(),
    mailCounts: { all: 0, byRule: new Map() },
    backlog: { episodes: new Set(), startedAt: 0, lastFoundAt: 0 },
    inForce: '',
    isDirty: false,
  }
}

/** Counts a mail, by the rules that it tells of. */
export function countMail(state: DispatchState, channel: Channel, rules: Iterable<string>): void {
  if (channel !== 'email') return
  state.mailCounts.all++
  for (const rule of new Set(rules)) state.mailCounts.byRule.set(rule, (state.mailCounts.byRule.get(rule) ?? 0) + 1)
}

const MOST_DECISIONS = 100

/** Notes a decision; in the middle of a long story some are left out. */
export function recordDecision(alert: TrackedAlert, decision: Decision): void {
  alert.decisions.push(decision)
  if (alert.decisions.length > MOST_DECISIONS) alert.decisions.splice(MOST_DECISIONS / 2, 1)
}
