import type { Tone } from './phrase.ts'

/** The content of a mail, before it is formatted as text or HTML. All strings are sanitised; none is escaped. */
export interface MailContent {
  readonly tone: Tone
  /** A word or two: `Warning`, `Resolved`. */
  readonly status: string
  /** The fact in one sentence. */
  readonly headline: string
  readonly paragraphs: readonly string[]
  /** URLs that become links in paragraphs: only the operator's, never those of events. */
  readonly links?: readonly string[]
  /** The tables of a report. */
  readonly sections?: readonly Section[]
  /** What the reader can do with one click. */
  readonly actions?: readonly Action[]
  /** The items of a notice. */
  readonly items?: readonly string[]
  readonly meter?: Meter
  readonly chart?: Chart
  /** Some of the matching events. */
  readonly events?: readonly EventLine[]
  readonly facts: readonly Fact[]
  /** Notes about the facts: that stashwatch was down, that events arrived late. */
  readonly notes: readonly string[]
  /** Lists of alerts. */
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

/** A value and its threshold on a scale from 0 to 1. */
export interface Meter {
  readonly value: number
  readonly limit: number
}

/** The chart around the evaluation. */
export interface Chart {
  /** Content ID of the image in the HTML; absent if there is no image. */
  readonly cid?: string
  /** The chart described in words. */
  readonly alt: string
  /** The chart as text. */
  readonly lines: readonly string[]
}

export interface EventLine {
  readonly when: string
  readonly text: string
}

export interface RowList {
  readonly title?: string
  /** What is equal for all rows and is left out there: `since 2026-11-22 12:04:00 UTC`. */
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
  /** Absent if the list says it for all rows. */
  readonly when?: string
  readonly code: string
  /** The page of the episode. */
  readonly url?: string
  /** The newest matching event. */
  readonly event?: string
  /** Actions for this alert. */
  readonly action?: Action
}

/** A table of names and values, with a bar for each share. */
export interface Section {
  readonly title: string
  readonly rows: readonly Bar[]
  /** How many rows were left out. */
  readonly more: number
  /** Index of the first row after the rows that were left out. */
  readonly between?: { readonly after: number; readonly more: number }
  /** True if rows must not be left out to save space. */
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
  /** The base URL of action links; without it there are none. */
  readonly url?: string
  /** The base URL of links to the API; absent if the API would refuse them. */
  readonly apiUrl?: string
  /** Signs action links; without it there are none. */
  readonly linkKey?: Uint8Array
  /** The user's URL for events, with `{{host}}`, `{{from}}` and `{{to}}`. */
  readonly kibana?: string
  /** The rate limit that a digest explains. */
  readonly mailsPerMinute?: number
}
