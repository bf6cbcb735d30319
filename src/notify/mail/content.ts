import type { Tone } from './phrase.ts'

/** What a mail says, before it is laid out as text or HTML. All strings are clean; none is escaped. */
export interface MailContent {
  readonly tone: Tone
  /** A word or two: `Warning`, `Resolved`. */
  readonly status: string
  /** One sentence that says all. */
  readonly headline: string
  readonly paragraphs: readonly string[]
  /** Web addresses that are links where they stand in a paragraph: the operator's, never those of events. */
  readonly links?: readonly string[]
  /** The tables of a report. */
  readonly sections?: readonly Section[]
  /** What the reader can do with one press. */
  readonly actions?: readonly Action[]
  /** What a notice is about, one by one. */
  readonly items?: readonly string[]
  readonly meter?: Meter
  readonly chart?: Chart
  /** Some of the events that were counted. */
  readonly events?: readonly EventLine[]
  readonly facts: readonly Fact[]
  /** What the reader should know about the facts: that stashwatch was down, that the events came late. */
  readonly notes: readonly string[]
  /** Several alerts, list after list. */
  readonly lists: readonly RowList[]
  readonly advice: readonly Advice[]
  readonly footer: readonly string[]
}

export interface Action {
  readonly label: string
  readonly url: string
}

export interface Fact {
  readonly label: string
  readonly value: string
}

/** A value and its limit on a scale from 0 to 1. */
export interface Meter {
  readonly value: number
  readonly limit: number
}

/** What was measured around the moment of the step. */
export interface Chart {
  /** What the HTML's picture is found by; absent where nothing can be drawn. */
  readonly cid?: string
  /** The picture in words. */
  readonly alt: string
  /** The same in letters, for the text. */
  readonly lines: readonly string[]
}

export interface EventLine {
  readonly when: string
  readonly text: string
}

export interface RowList {
  readonly title?: string
  /** What is the same for all rows, which do not say it again: `since 2026-11-22 12:04:00 UTC`. */
  readonly when?: string
  readonly rows: readonly Row[]
}

export interface Row {
  readonly tone: Tone
  /** `critical`, `warning` or `resolved`. */
  readonly status: string
  readonly where: string
  readonly rule: string
  readonly value: string
  /** Absent where the list says it for all. */
  readonly when?: string
  readonly code: string
  /** The page of its episode. */
  readonly url?: string
  /** The newest event that was counted. */
  readonly event?: string
  /** What the reader can do about this one. */
  readonly action?: Action
}

/** A table of names and figures, with a bar for each that is a share of something. */
export interface Section {
  readonly title: string
  readonly rows: readonly Bar[]
  /** How many there are beyond the rows. */
  readonly more: number
  /** The rows after these are the other end of a list that leaves so many out in between. */
  readonly between?: { readonly after: number; readonly more: number }
  /** All rows belong together, also where there is little room. */
  readonly isWhole?: boolean
  readonly note?: string
}

export interface Bar {
  readonly name: string
  readonly value: string
  readonly detail?: string
  /** From 0 to 1. */
  readonly share?: number
  readonly tone?: Tone
}

export interface Advice {
  readonly text: string
  readonly url?: string
}

export interface ContentOptions {
  /** How stashwatch calls itself in links that act; without it there are none. */
  readonly url?: string
  /** The same in links to pages of the API; absent where those would be refused. */
  readonly apiUrl?: string
  /** Signs links that act; without it there are none. */
  readonly linkKey?: Uint8Array
  /** Where the user looks at events: an address with `{{host}}`, `{{from}}` and `{{to}}` in it. */
  readonly kibana?: string
  /** The budget that a digest explains. */
  readonly mailsPerMinute?: number
}
