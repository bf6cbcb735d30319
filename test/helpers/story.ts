import type { Command, EngineConfig, Matcher, Millis, Notification } from '../../src/model.ts'
import { encodeEntry } from '../../src/engine/step.ts'
import { at as timeAt, createPlay, event, heartbeat, NOON, type Play, SECOND, DAY } from './play.ts'

/** What can happen at an instant of a story. */
export interface Moment {
  /** From now on the host reports this share of its CPU every ten seconds. */
  cpu(host: string, value: number): Moment
  /** From now on the host reports these samples every ten seconds; the series of `by` fields as `disk\u001f/var`. */
  reports(host: string, samples: Readonly<Record<string, number>>): Moment
  /** The host sends nothing any more. */
  dies(host: string): Moment
  /** `rule=cpu-high`, `host=~web-.*`: matching alerts are silenced for this long. */
  silence(id: string, matchers: readonly string[], span: Millis): Moment
  expire(id: string): Moment
  /** Somebody looks after the newest firing episode of a rule on a host. */
  acknowledge(rule: string, host: string, span: Millis): Moment
  configure(config: EngineConfig): Moment
  does(act: (play: Play) => void): Moment
}

/** A play that is written down before it is performed. */
export interface Story {
  readonly play: Play
  /** `12:03` or `12:03:10`; from the second day on `1d 02:00`. */
  at(time: string): Moment
  /** Performs up to the time; one line a mail: `12:03:12 ada fired: cpu-high web-1`, more alerts after commas. */
  until(time: string): readonly string[]
}

/** Instants of the story's days. */
export function instant(time: string): Millis {
  const [, days = '0', clock = ''] = /^(?:(\d+)d )?(\d\d:\d\d(?::\d\d)?)$/.exec(time) ?? []
  return Number(days) * DAY + timeAt(clock.length === 5 ? `${clock}:00` : clock)
}

export function matcher(text: string): Matcher {
  const [, label = '', op = '=', value = ''] = /^(\w[\w.]*)(=~|!~|!=|=)(.*)$/.exec(text) ?? []
  return { label, op: op as Matcher['op'], value }
}

/** @param stride time between two ticks: ten seconds let a day pass quickly. */
export function tell(config: EngineConfig, stride: Millis = SECOND): Story {
  const play = createPlay(config)
  const acts: { readonly at: Millis; readonly act: () => void }[] = []
  const hosts = new Map<string, Readonly<Record<string, number>>>()
  const command = (one: Command): void => void play.enter({ kind: 'command', data: encodeEntry(one) })
  const moment = (at: Millis): Moment => {
    const plan = (act: () => void): Moment => {
      acts.push({ at, act })
      return moment(at)
    }
    return {
      cpu: (host, value) => plan(() => hosts.set(host, { ...hosts.get(host), cpu: value })),
      reports: (host, samples) => plan(() => hosts.set(host, samples)),
      dies: (host) => plan(() => hosts.delete(host)),
      silence: (id, matchers, span) =>
        plan(() => {
          const silence = {
            id,
            matchers: matchers.map(matcher),
            startsAt: at,
            endsAt: at + span,
            createdBy: 'Grace',
            comment: 'known',
            createdAt: at,
          }
          command({ kind: 'silence', silence, now: at })
        }),
      expire: (id) => plan(() => command({ kind: 'expire', id, now: at })),
      acknowledge: (rule, host, span) =>
        plan(() => {
          const { episode = '' } =
            play.mails
              .flatMap((mail) => mail.alerts)
              .findLast((one) => one.identity.rule === rule && one.identity.host === host) ?? {}
          command({
            kind: 'acknowledge',
            episode,
            ack: { at, until: at + span, author: 'Grace', note: 'on it' },
            now: at,
          })
        }),
      configure: (next) => plan(() => play.configure(next)),
      does: (act) => plan(() => act(play)),
    }
  }
  return {
    play,
    at: (time) => moment(instant(time)),
    until(time) {
      perform(play, acts, hosts, { end: instant(time), stride })
      return play.mails.map(line)
    },
  }
}

function perform(
  play: Play,
  acts: readonly { readonly at: Millis; readonly act: () => void }[],
  hosts: ReadonlyMap<string, Readonly<Record<string, number>>>,
  { end, stride }: { readonly end: Millis; readonly stride: Millis },
): void {
  const due = acts
    .filter(({ at }) => at > play.now() || (play.now() === NOON && at === NOON))
    .toSorted((a, b) => a.at - b.at)
  let next = 0
  const each = (now: Millis): void => {
    for (let one = due[next]; one !== undefined && one.at <= now; one = due[++next]) one.act()
    if (now % (10 * SECOND) !== 0) return
    play.post([heartbeat(now), ...[...hosts].map(([host, samples]) => event(host, now, samples))])
  }
  play.until(end, each, stride)
}

function line(mail: Notification): string {
  const days = Math.floor((mail.decidedAt - instant('00:00')) / DAY)
  const time = `${days === 0 ? '' : `${days}d `}${new Date(mail.decidedAt).toISOString().slice(11, 19)}`
  const alerts = mail.alerts
    .slice(0, mail.newCount)
    .map((one) => [one.identity.rule, one.identity.host, ...Object.values(one.identity.labels)].join(' '))
  return `${time} ${mail.to.address.split('@')[0]} ${mail.reason}: ${alerts.join(', ')}`
}
