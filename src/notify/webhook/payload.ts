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

/** Labels or annotations in Prometheus' format. */

export type PromLabels = Readonly<Record<string, string>>

/** Maximum length of a label value, and of a text, in characters. */
const NAME_LENGTH = 300
const TEXT_LENGTH = 1_000

/**
 * Returns the labels of an alert: `alertname`, `host`, `severity`, the labels of the rule, and the `by` fields with
 * valid names (`system.filesystem.mount_point` becomes `system_filesystem_mount_point`). If two have the same name, the
 * later one gets the prefix `exported_`.
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

/** Returns a valid label name. Names that start with two underscores are reserved by Prometheus. */
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

/** Returns an id that is equal for all episodes of a rule on a series. */
export function fingerprint({ identity: { rule, host, labels } }: AlertSnapshot): string {
  const series = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([rule, host, series]))
    .digest('hex')
    .slice(0, 16)
}

/** Returns the URL of the alert's timeline; undefined without an address of the API. */
export function formatHistory({ episode }: AlertSnapshot, apiUrl: string | undefined): string | undefined {
  return apiUrl === undefined ? undefined : `${apiUrl}/api/v1/alerts/${encodeURIComponent(episode)}`
}

/** Sanitises and shortens text that came with events. */
export function text(words: string, max = TEXT_LENGTH): string {
  return shorten(clean(words), max)
}
