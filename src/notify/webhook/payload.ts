import { createHash } from 'node:crypto'
import type { AlertSnapshot } from '../../model.ts'
import { formatTime, formatFigure } from '../../text/format.ts'
import { describeReason } from '../../text/reason.ts'
import {
  cleanMeasure,
  formatAlertLimit,
  formatInUnit,
  formatLasted,
  formatTarget,
  formatThresholdNote,
} from '../mail/phrase.ts'
import { clean, shorten } from '../../text/sanitise.ts'

/** An alert in the words of Prometheus, which Alertmanager and what listens to it understand. */

export type PromLabels = Readonly<Record<string, string>>

/** Longest value of a label, and longest text, in characters. */
const NAME_LENGTH = 300
const TEXT_LENGTH = 1_000

/**
 * The labels that an alert is known by: `alertname`, `host`, `severity`, the rule's own, and the `by` fields, whose
 * names are made fit (`system.filesystem.mount_point` becomes `system_filesystem_mount_point`). Of two that want one
 * name, the later gets `exported_` before it.
 */
export function promLabels({ identity: { rule, host, labels }, severity, ruleLabels }: AlertSnapshot): PromLabels {
  const baseLabels: PromLabels = { alertname: rule, host, severity }
  const found = new Map<string, string>()
  for (const part of [baseLabels, ruleLabels, labels]) {
    for (const name of Object.keys(part).sort()) {
      let fit = labelName(name)
      while (found.has(fit)) fit = `exported_${fit}`
      found.set(fit, shorten(clean(part[name] ?? ''), NAME_LENGTH))
    }
  }
  return Object.fromEntries(found)
}

/** Names that begin with two underscores are Prometheus' own. */
export function labelName(name: string): string {
  const fit = shorten(name, NAME_LENGTH).replace(/[^a-zA-Z0-9_]/g, '_')
  return /^(?:[0-9]|__|$)/.test(fit) ? `field_${fit}` : fit
}

export function promAnnotations(snapshot: AlertSnapshot): PromLabels {
  const { identity, value, closeReason } = snapshot
  return {
    summary: text(`${identity.rule} on ${formatTarget(snapshot)}`),
    description: text(formatDescription(snapshot)),
    value: value === null ? '' : formatInUnit(value, identity.measure.unit),
    threshold: formatAlertLimit(snapshot),
    reason: text(describeReason(snapshot)),
    ...(closeReason === undefined ? {} : { closeReason }),
  }
}

function formatDescription(snapshot: AlertSnapshot): string {
  const { state, value, startsAt, evaluatedAt, resolvedAt = evaluatedAt, closeReason, identity } = snapshot
  const resolved = `at ${formatTime(resolvedAt)}, after ${formatLasted(snapshot)}`
  if (closeReason !== undefined) return `Closed without recovery ${resolved}: ${describeReason(snapshot)}.`
  if (state === 'resolved') return `Resolved ${resolved}.`
  if (value === null) return `${describeReason(snapshot)}, since ${formatTime(startsAt)}.`
  const { measure } = identity
  const figure = formatFigure(cleanMeasure(snapshot), formatInUnit(value, measure.unit), formatTarget(snapshot))
  return `${figure}${formatThresholdNote(snapshot)}, since ${formatTime(startsAt)}.`
}

/** What stays the same through all episodes of a rule on a series. */
export function fingerprint({ identity: { rule, host, labels } }: AlertSnapshot): string {
  const series = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([rule, host, series]))
    .digest('hex')
    .slice(0, 16)
}

/** Where the alert's timeline is shown; undefined without an address whose API answers. */
export function formatHistory({ episode }: AlertSnapshot, apiUrl: string | undefined): string | undefined {
  return apiUrl === undefined ? undefined : `${apiUrl}/api/v1/alerts/${encodeURIComponent(episode)}`
}

/** Text that came with events, fit to be shown. */
export function text(words: string, max = TEXT_LENGTH): string {
  return shorten(clean(words), max)
}
