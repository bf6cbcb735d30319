import { checkMatcher, compileMatchers, printMatcher } from '../labels/matcher.ts'
import type { HostView, Matcher, Severity, Silence } from '../model.ts'
import { suggest, nearest } from '../text/suggest.ts'
import type { AskEngine } from './ask.ts'

const SEVERITIES: readonly Severity[] = ['warning', 'critical']
/** What alerts are about that is no host and no source. */
const ITSELF = 'stashwatch'

/** What of a silence is perhaps not what was meant; it is made all the same, since what it is for may yet come. */
export async function findHints({ matchers }: Silence, query: AskEngine): Promise<readonly string[]> {
  const labels = await query({ kind: 'labels' })
  const asks = (label: string): readonly Matcher[] =>
    matchers.filter((one) => one.label === label && (one.op === '=' || one.op === '=~'))
  const hosts = asks('host')
  const known = hosts.length === 0 ? [] : await query({ kind: 'hosts' })
  const hints = [
    ...labelHints(matchers, labels),
    ...asks('severity').flatMap(severityHint),
    ...hosts.flatMap((one) => hostHint(one, known)),
  ]
  return [...new Set(hints)]
}

/** A label that no alert has is perhaps misspelt; it may also come with the next configuration. */
function labelHints(matchers: readonly Matcher[], known: readonly string[]): readonly string[] {
  const strange = matchers.map(({ label }) => label).filter((label) => !known.includes(label))
  return strange.map((label) => `no rule or metric gives alerts a label '${label}'${suggest(label, known)}`)
}

function severityHint(one: Matcher): readonly string[] {
  if (matchesAny(one, SEVERITIES)) return []
  const anchored = anchorHint(one, SEVERITIES)
  return [`${printMatcher(one)} fits no severity${anchored === '' ? suggest(one.value, SEVERITIES) : anchored}`]
}

/** A host that is not known yet may come; one that is nearly called like another is perhaps misspelt. Sources have alerts too. */
function hostHint(one: Matcher, hosts: readonly HostView[]): readonly string[] {
  const known = [...new Set(hosts.flatMap(({ host, source }) => (source === null ? [host] : [host, source])))]
  if (known.length === 0 || matchesAny(one, [...known, ITSELF])) return []
  const near = one.op === '=' ? nearest(one.value, known) : undefined
  if (near !== undefined) return [`no host is called '${one.value}': did you mean '${near}'?`]
  const count = hosts.length === 1 ? 'the one known host' : `any of the ${hosts.length} known hosts`
  return [`${printMatcher(one)} does not fit ${count}${anchorHint(one, known)}`]
}

function matchesAny({ op, value }: Matcher, texts: readonly string[]): boolean {
  const fits = compileMatchers([{ label: 'text', op, value }])
  return texts.some((text) => fits({ text }))
}

/** What an expression would have to be to fit a part of a known text, which is perhaps what was meant. */
function anchorHint({ op, value }: Matcher, known: readonly string[]): string {
  if (op !== '=~') return ''
  const core = value.includes('|') ? `(${value})` : value
  const wider = [`${core}.*`, `.*${core}`, `.*${core}.*`]
    .map((text): Matcher => ({ label: 'text', op, value: text }))
    .find((one) => checkMatcher(one) === undefined && matchesAny(one, known))
  return wider === undefined ? '' : `; expressions are anchored: did you mean '${wider.value}'?`
}
