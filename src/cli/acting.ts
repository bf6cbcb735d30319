import { acknowledge, listAlerts, STATES, unacknowledge } from './alerts.ts'
import { REMOTE } from './remote.ts'
import { addSilence, expireSilence, listSilences } from './silence.ts'
import { AS_JSON, type Options, remoteOf, textOf, type Values, type Verb, wordOf } from './verb.ts'
import { why } from './why.ts'

const ASKING: Options = { ...REMOTE, json: AS_JSON }
const AUTHOR = {
  type: 'string',
  value: 'NAME',
  says: 'who asks for it (who is logged in, else the name of the token, else the owner of this process)',
} as const

const usual = (values: Values) => ({ ...remoteOf(values), json: values['json'] === true })

/** The verbs by which people look at alerts and act on them, through a running service. */
export const ACTING: Readonly<Record<string, Verb>> = {
  alerts: {
    does: 'lists the alerts of a running service',
    example: 'stashwatch alerts --state firing',
    options: {
      state: { type: 'string', value: 'STATE', words: STATES, says: 'pending, firing, recovering or resolved' },
      ...ASKING,
    },
    run: (values, io) => listAlerts({ ...usual(values), ...textOf(values, 'state') }, io),
  },
  'alerts ack': {
    does: 'says that somebody looks after an episode: it is not repeated until then, unless it gets worse',
    example: 'stashwatch alerts ack K7RX2 --for 4h --note "a runaway job"',
    takes: [{ value: 'CODE', says: "the episode's code, as mails and the list name it" }],
    options: {
      for: { type: 'string', value: 'DURATION', says: 'for how long (4h)' },
      note: {
        type: 'string',
        mayBeEmpty: true,
        value: 'TEXT',
        says: "what others should know; without it an earlier note stays, '' takes it away",
      },
      author: AUTHOR,
      ...ASKING,
    },
    run: (values, io) =>
      acknowledge(
        {
          ...usual(values),
          episode: wordOf(values, 'CODE'),
          ...textOf(values, 'for'),
          ...textOf(values, 'note'),
          ...textOf(values, 'author'),
        },
        io,
      ),
  },
  'alerts unack': {
    does: 'says that nobody looks after an episode any more',
    example: 'stashwatch alerts unack K7RX2 --url http://127.0.0.1:8080',
    takes: [{ value: 'CODE', says: "the episode's code" }],
    options: ASKING,
    run: (values, io) => unacknowledge({ ...usual(values), episode: wordOf(values, 'CODE') }, io),
  },
  'silence add': {
    does: 'keeps alerts that fit from being told for a while; they are watched all the same',
    example: "stashwatch silence add --matcher 'host=~web-.*' --duration 2h --comment 'the racks are moved'",
    options: {
      matcher: {
        type: 'string',
        multiple: true,
        value: 'MATCHER',
        says: 'LABEL OP VALUE with = != =~ or !~; given several times, all must hold',
      },
      duration: { type: 'string', value: 'DURATION', says: 'for how long: 90s, 30m, 2h, 1d12h' },
      until: { type: 'string', value: 'TIME', says: 'or until when: 2026-11-22T14:00:00Z' },
      comment: { type: 'string', value: 'TEXT', says: 'why' },
      author: AUTHOR,
      ...ASKING,
    },
    run: (values, io) => {
      const { matcher = [] } = values
      const matchers = Array.isArray(matcher) ? (matcher as readonly string[]) : []
      const texts = {
        ...textOf(values, 'duration'),
        ...textOf(values, 'until'),
        ...textOf(values, 'comment'),
        ...textOf(values, 'author'),
      }
      return addSilence({ ...usual(values), ...texts, matcher: matchers }, io)
    },
  },
  'silence list': {
    does: 'lists silences that hold or will hold, and how many alerts each keeps from being told',
    example: 'stashwatch silence list --all',
    options: { all: { type: 'boolean', says: 'lists those that are over as well' }, ...ASKING },
    run: (values, io) => listSilences({ ...usual(values), all: values['all'] === true }, io),
  },
  'silence expire': {
    does: 'ends a silence now',
    example: 'stashwatch silence expire 8f14e45f-ceea-467f-a0e6-9d2f1b0c7c11 --url http://127.0.0.1:8080',
    takes: [{ value: 'ID', says: 'its id, as the list shows it' }],
    options: ASKING,
    run: (values, io) => expireSilence({ ...usual(values), id: wordOf(values, 'ID') }, io),
  },
  why: {
    does: 'shows what a rule sees of a host and why people were told, or were not: verdicts, and the story of each episode',
    example: 'stashwatch why cpu-high web-1 --url http://127.0.0.1:8080',
    takes: [
      { value: 'RULE', says: "the rule's name" },
      { value: 'HOST', says: "the host's name" },
    ],
    options: ASKING,
    run: (values, io) => why({ ...usual(values), rule: wordOf(values, 'RULE'), host: wordOf(values, 'HOST') }, io),
  },
}
