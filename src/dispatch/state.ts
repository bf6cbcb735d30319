import type {
  Acknowledgement,
  AlertFacts,
  Because,
  Decision,
  Grouping,
  HeldBy,
  Millis,
  Muted,
  NamedBy,
  Notice,
  NotificationGroup,
  Recipient,
  Repeat,
  Silence,
  UndeliveredItem,
  Via,
} from '../model.ts'

/** What the second fold remembers: plain data, so that a snapshot is a copy. */
export interface DispatchState {
  /** All alerts that people may hear of, by episode; those that are over stay for a while. */
  readonly cases: Map<string, Case>
  /** Episodes that are over and told, the oldest first. */
  readonly closed: string[]
  /** Hosts that are silent together with others, and are told of together; they hold back other alerts of theirs. */
  readonly quiet: Map<string, Inhibitor>
  readonly groups: Map<string, Group>
  readonly purses: Map<string, Purse>
  /** When single mails went out lately, to whomever. */
  sent: Millis[]
  readonly silences: Map<string, Silence>
  readonly backlog: Backlog
  /** Notices that wait for their recipients' budgets. */
  notices: Posted[]
  /** What was not delivered, and is not notified yet; absent where there is nothing. */
  undelivered?: { since: Millis; readonly list: UndeliveredItem[] }
  /** Whose turn for a report or a heart-beat was when. */
  turns: Map<string, Turn>
  /** Mails that were decided: how many in all, and how many by rule since the first fold took note of them. */
  readonly mailed: { all: number; readonly byRule: Map<string, number> }
  /** Which silences and maintenance windows are in force, as one text; when it changes, mutes are looked at anew. */
  inForce: string
  /** Something was announced or changed since the last look. */
  dirty: boolean
}

/** One alert under the eyes of the dispatcher. */
export interface Case {
  /** As they were announced last. */
  facts: AlertFacts
  /** What was announced last. */
  because: Because
  /** Where the first fold keeps the alert. */
  readonly ref: AlertRef
  /** The receivers of its rule; where there are none, routes choose. */
  notify: readonly string[]
  /** When it fired, on the service's clock. */
  firedAt: Millis
  /** Until when something kept people from looking after it, or when it got more severe; absent where nothing did. */
  heldUntil?: Millis
  /** Over, and told to everybody. */
  closed: boolean
  /** The groups that it was told in. */
  readonly groups: Set<string>
  muted: Muted | undefined
  ack: Acknowledgement | undefined
  /** Set once the end of the acknowledgement was noted. */
  ackOver?: true
  /** How many steps of its escalation were taken. */
  escalated: number
  sent: number
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
export interface Line {
  readonly receiver: string
  readonly via: Via
  readonly to: Recipient
  readonly grouping: Grouping
  readonly repeat: Repeat
  readonly namedBy?: NamedBy
}

/** Alerts that one address hears of together: one conversation. */
export interface Group {
  readonly key: string
  readonly identity: NotificationGroup
  line: Line
  /** The episode that began the conversation, and the number of the next mail in it. */
  readonly thread: string
  seq: number
  lead: { readonly facts: AlertFacts; readonly more: number } | undefined
  readonly members: Map<string, Member>
  /** When the first of them came, and when the last mail was decided. */
  since: Millis
  lastSent: Millis | undefined
  /** Mails in a row that said nothing new. */
  repeats: number
  /** Until then nothing is to be told, unless something changes. */
  rests: Millis
  /** When its address left the configuration: it hears the ends of what it was told of, and nothing else. */
  left?: Millis
}

/** What an address knows of an alert, and what it is to hear. */
export interface Member {
  told: boolean
  news: Because | undefined
  /** What kept the news from being told. */
  wasMuted: HeldBy | undefined
  /** Set while its news are held back: which, and what does it, so that it is noted once. */
  kept?: string
  /** Mails that told the address of it, and changes that were held back from it and never told. */
  sent: number
  suppressed: number
}

/** What one address is told at once; the first `news` of the alerts are what is new. */
export interface Mail {
  readonly line: Line
  readonly because: Because
  readonly thread: string
  readonly seq: number
  readonly alerts: readonly AlertFacts[]
  readonly news: number
  readonly group: NotificationGroup | undefined
  readonly lead: Group['lead']
  readonly nextAt: Millis | undefined
  /** Episodes of which the address was told before. */
  readonly known: ReadonlySet<string>
}

/** One alert of a mail that had to wait for a list. */
export interface Item {
  readonly line: Line
  readonly because: Because
  readonly thread: string
  readonly seq: number
  readonly facts: AlertFacts
  readonly lead: Group['lead']
  /** Whether the address was told of it before. */
  readonly told: boolean
}

/** A notice on its way to one address. */
export interface Posted {
  readonly line: Line
  readonly notice: Notice
  readonly at: Millis
}

/** How much mail one address got in the last minute, what had to wait, and the storm that it waits for. */
export interface Purse {
  sent: Millis[]
  /** By episode. */
  held: Map<string, Item>
  heldSince: Millis
  /** When the last list was sent, and how long the next one waits at least. */
  listed: Millis
  gap: Millis
  /** Rules of what was listed lately, with the time. */
  readonly storm: Map<string, Millis>
}

/** The turns of one receiver: the times at which it is written to, alert or not. */
export interface Turn {
  /** The schedule and its zone, as one text. */
  of: string
  /** When they were set up, which names the conversation, and the number of the next mail in it. */
  readonly began: Millis
  seq: number
  /** The newest turn that was taken or had passed, as the UTC midnight of its date by the zone's calendar. */
  date: Millis
  /** When it was taken: what the next one covers begins there. And how many mails had been decided then. */
  since: Millis
  mails: number
}

/** Episodes that were found in delayed events. */
export interface Backlog {
  readonly episodes: Set<string>
  first: Millis
  newest: Millis
}

export function emptyDispatch(): DispatchState {
  return {
    cases: new Map(),
    closed: [],
    quiet: new Map(),
    groups: new Map(),
    purses: new Map(),
    sent: [],
    silences: new Map(),
    notices: [],
    turns: new Map(),
    mailed: { all: 0, byRule: new Map() },
    backlog: { episodes: new Set(), first: 0, newest: 0 },
    inForce: '',
    dirty: false,
  }
}

/** Counts a mail, by the rules that it tells of. */
export function countMail(state: DispatchState, via: Via, rules: Iterable<string>): void {
  if (via !== 'email') return
  state.mailed.all++
  for (const rule of new Set(rules)) state.mailed.byRule.set(rule, (state.mailed.byRule.get(rule) ?? 0) + 1)
}

const MOST_DECISIONS = 100

/** Notes a decision; in the middle of a long story some are left out. */
export function note(one: Case, decision: Decision): void {
  one.decisions.push(decision)
  if (one.decisions.length > MOST_DECISIONS) one.decisions.splice(MOST_DECISIONS / 2, 1)
}
