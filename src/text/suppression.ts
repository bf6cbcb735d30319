import type { Acknowledgement, HeldBy, Millis, Suppression } from '../model.ts'
import { formatTime, type WriteTime } from './format.ts'

/** Says why a receiver is not notified of something. The text may hold names and comments that people wrote. */
export function describeSuppression(why: Suppression, time: WriteTime = (at) => formatTime(at)): string {
  switch (why.by) {
    case 'silence':
      return `silenced by ${why.author} until ${time(why.until)}${why.comment === '' ? '' : `: ${why.comment}`}`
    case 'maintenance':
      return `maintenance window '${why.name}'`
    case 'inhibition':
      return `inhibited by ${why.rule} on ${why.host}`
    case 'acknowledgement':
      return `acknowledged by ${why.author} until ${time(why.until)}`
    case 'receiver_removed':
      return `its receiver was removed from the configuration at ${time(why.at)}`
    default:
      return SUPPRESSIONS[why.by]
  }
}

const SUPPRESSIONS = {
  no_receiver: 'neither its rule nor a route names a receiver',
  not_routed: 'the configuration no longer names it for this alert',
  undone: 'it was over before it could be sent',
  resolved_in_group_wait: 'it resolved before its group was sent',
  never_notified: 'nobody was notified that it fired',
} as const

const HELD: Readonly<Record<HeldBy['by'], string>> = {
  silence: 'silenced',
  maintenance: 'under maintenance',
  inhibition: 'inhibited by another alert',
  acknowledgement: 'acknowledged',
}

/** The same in a word or two, where alerts are counted: `silenced`. */
export function describeHeldBriefly(by: HeldBy['by']): string {
  return HELD[by]
}

/** Whether an acknowledgement still holds. */
export function isInForce(ack: Acknowledgement | undefined, now: Millis): ack is Acknowledgement {
  return ack !== undefined && now < ack.until
}
