import { formatCount, formatDuration } from '../../text/format.ts'
import type { ReportQuality, ReportRejects, Top } from '../../model.ts'
import type { Section } from './content.ts'
import { clean, shorten } from '../../text/sanitise.ts'

/** Maximum length of a name in a table, and in a list of names. */
export const NAME = 60
export const MAX_NAME_LENGTH = 40
/** Reasons that are named for each source. */
const MAX_REASONS = 3

type Refused = ReportRejects['sources']['first'][number]

/** Lists the rejected events of each source, with the most frequent reasons and the path of the first. */
export function formatRefused({ rejects }: ReportQuality): readonly Section[] {
  if (rejects.events === 0) return []
  const { events, sources } = rejects
  const row = ({ source, events: theirs, reasons }: Refused): Section['rows'][number] => ({
    name: shorten(clean(source), NAME),
    detail: formatReasons(reasons),
    value: formatCount(theirs, 'event'),
    share: theirs / events,
  })
  return [{ title: 'Rejected as invalid', rows: sources.first.map(row), more: rest(sources) }]
}

function formatReasons({ total, first }: Refused['reasons']): string {
  const named = first.slice(0, MAX_REASONS).map(({ code, count, path }) => {
    return `${count} ${clean(code)}${path === '' ? '' : ` (e.g. at ${shorten(clean(path), MAX_NAME_LENGTH)})`}`
  })
  return `${named.join(', ')}${total > named.length ? ` and ${formatCount(total - named.length, 'other reason')}` : ''}`
}

/** Lists what limits the quality of the data, one sentence each. */
export function qualitySection({
  merged,
  dropped,
  future,
  refused,
  rejects,
  skewedClocks,
  sources,
  downtime,
  stops,
  isRecovered,
}: ReportQuality): readonly string[] {
  const silent = sources.first.map(({ source, span, times }) => {
    return `${shorten(clean(source), MAX_NAME_LENGTH)} for ${formatDuration(span)}${times > 1 ? ` in ${times} periods` : ''}`
  })
  const wrong = skewedClocks.first.map((host) => shorten(clean(host), MAX_NAME_LENGTH))
  const notes = [
    stops === 0
      ? ''
      : `Stashwatch was down ${stops === 1 ? 'once' : `${stops} times`}, for ${formatDuration(downtime)}${stops === 1 ? '' : ' in total'}; ${isRecovered === true ? 'events of that time arrived later and were evaluated then' : 'no rules were evaluated'}.`,
    sources.total === 0 ? '' : `Sources without events: ${listed(silent, sources)}.`,
    skewedClocks.total === 0 ? '' : `Wrong clocks: ${listed(wrong, skewedClocks)}.`,
    dropped === 0 ? '' : `${formatCount(dropped, 'sample')} arrived too late to be counted.`,
    merged === 0 ? '' : `${formatCount(merged, 'sample')} arrived late but still counted.`,
    future === 0 ? '' : `${were(future, 'sample')} dated in the future and counted by arrival time.`,
    refused === 0 ? '' : `${were(refused, 'event')} refused because a limit was reached.`,
    rejects.events === 0 ? '' : `${were(rejects.events, 'event')} rejected as invalid.`,
  ].filter((note) => note !== '')
  return notes.length === 0
    ? ['The data is complete: no source was down, nothing was late or rejected, and no clock was wrong.']
    : [notes.join(' ')]
}

function listed(names: readonly string[], all: Top<unknown>): string {
  return `${names.join(', ')}${rest(all) === 0 ? '' : ` and ${rest(all)} more`}`
}

export function rest({ total, first }: Top<unknown>): number {
  return Math.max(0, total - first.length)
}

function were(count: number, what: string): string {
  return `${formatCount(count, what)} ${count === 1 ? 'was' : 'were'}`
}
