/** One media range of an Accept header: its type, parameters and weight. */
interface MediaRange {
  readonly type: string
  readonly version: string | undefined
  readonly weight: number
}

function mediaRanges(accept: string): readonly MediaRange[] {
  return accept.split(',').map((range) => {
    const [type = '', ...rest] = range.split(';').map((part) => part.trim().toLowerCase())
    const parameters = new Map(rest.map((part) => [part.split('=')[0], part.split('=')[1]?.replaceAll('"', '')]))
    const weight = Number(parameters.get('q') ?? '1')
    return { type, version: parameters.get('version'), weight: Number.isNaN(weight) ? 0 : weight }
  })
}

/** OpenMetrics must be asked for by name, in the version that is spoken here, and at least as warmly as plain text. */
export function prefersOpenMetrics(accept: string): boolean {
  const ranges = mediaRanges(accept)
  const weightOf = (fits: (range: MediaRange) => boolean): number =>
    Math.max(0, ...ranges.filter(fits).map((range) => range.weight))
  const open = weightOf(
    ({ type, version }) => type === 'application/openmetrics-text' && (version ?? '1.0.0') === '1.0.0',
  )
  const text = weightOf(({ type, version }) => type === 'text/plain' && (version ?? '0.0.4') === '0.0.4')
  return open > 0 && open >= text
}

/**
 * Turns text format 0.0.4 into OpenMetrics 1.0.0: a counter's family goes without the suffix of its samples, no empty
 * lines, an end mark. (The client's own OpenMetrics output renames the counters for good, so that the next plain
 * scrape would show other names.)
 */
export function toOpenMetrics(text: string): string {
  const counters = new Set([...text.matchAll(/^# TYPE (\S+)_total counter$/gm)].map(([, name]) => name))
  const lines = text.split('\n').filter((line) => line !== '')
  const renamed = lines.map((line) =>
    line.replace(/^(# (?:HELP|TYPE) )(\S+)_total /, (head: string, start: string, name: string) =>
      counters.has(name) ? `${start}${name} ` : head,
    ),
  )
  return `${renamed.join('\n')}\n# EOF\n`
}
