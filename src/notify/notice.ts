import type { Because, Notification } from '../model.ts'
import { whyOf } from './footer.ts'
import type { Letter, LetterOptions } from './letter.ts'
import { greetingOf, placeNote } from './phrase.ts'
import { clean, shorten } from './text.ts'
import { type Times, timesOf } from './times.ts'

/** Longest line: a host's name whole, and what is said of it. */
const LONGEST = 1000

interface Words {
  /** What the lines are, as the sentence before them. */
  readonly lead: string
  readonly advice: readonly string[]
  /** Who tells the receiver; absent: it hears of the service itself. */
  readonly who?: string
}

/** What is said around the lines, by the reason of the notice. */
const WORDS: Partial<Readonly<Record<Because, Words>>> = {
  'hosts retired': {
    lead:
      'the hosts and sources listed here are no longer watched, and nothing is kept of them. Their open alerts are closed; ' +
      'nobody is told that they are resolved, because nothing got better.',
    advice: [
      'Should one of them have stayed? Name it under hosts.expected in the configuration: then it is never forgotten, and counts as silent until it is heard again.',
      'A host that sends again is watched again at once. hosts.forget_after sets how long a silent host is kept.',
    ],
  },
  'not delivered': {
    lead:
      'nobody got what is listed here: it was refused for good, or no server took it for a day. If an alert is among it that still ' +
      'fires, its receiver may not know.',
    advice: [
      'Tell whom it was for, or look after it yourself: "stashwatch alerts" lists what fires.',
      'Mend what the answer names, and try it with "stashwatch send-test".',
    ],
  },
  scheduled: {
    lead: 'this mail comes every day at this time, whatever happens. If it does not come, check stashwatch and its mail server.',
    advice: [],
    who: 'the configuration sets a heart-beat for',
  },
}

/** Tells people of something that is no alert: what happened, one line for each thing it is about, and what to do. */
export function noticeLetter(notification: Notification, { url }: LetterOptions): Letter {
  const words = WORDS[notification.because]
  const time = timesOf(notification)
  const advice = (words?.advice ?? []).map((text) => ({ text }))
  return {
    tone: 'calm',
    status: 'Notice',
    headline: noticeHeadline(notification),
    greeting: greetingOf(notification),
    paragraphs: [...(words === undefined ? [] : [words.lead]), ...placeNote(notification, time)],
    items: (notification.notice?.lines ?? []).map((line) => shorten(clean(inZone(line, time)), LONGEST)),
    facts: [],
    notes: [],
    lists: [],
    advice: url === undefined ? advice : [...advice, { text: 'All known hosts:', url: `${url}/api/v1/hosts` }],
    footer: [whyOf(notification, words?.who ?? 'system.notify names')],
  }
}

const INSTANT = /\b(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC\b/g

/** Lines are the same for all readers and have instants in UTC; here they are those of one reader. */
function inZone(line: string, time: Times): string {
  return line.replace(INSTANT, (found, date: string, clock: string) => {
    const at = Date.parse(`${date}T${clock}Z`)
    return Number.isNaN(at) ? found : time(at)
  })
}

export function noticeHeadline({ notice, because }: Notification): string {
  return clean(notice?.title ?? because)
}
