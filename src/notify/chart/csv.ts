import type { AlertSnapshot, ChartData } from '../../model.ts'
import { isNumber } from './scale.ts'
import { shorten } from '../../text/sanitise.ts'

/**
 * The buckets of a picture as CSV (RFC 4180): instants and numbers alone, so that no cell can be taken for a formula.
 * What is not known is empty.
 */
export function bucketsCsv({ buckets, from, width }: ChartData): string {
  const rows = buckets.map(({ n, mean, min, max, last }, i) => {
    const start = new Date(from + i * width).toISOString()
    return [start, n, ...[mean, min, max, last].map((value) => (isNumber(value) ? value : ''))].join(',')
  })
  return `${['bucket_start,count,mean,min,max,last', ...rows].join('\r\n')}\r\n`
}

/** What the files of an alert are called: `cpu-high_web-1_20261122T120300Z`. */
export function fileName({ identity: { rule, host }, evaluatedAt }: AlertSnapshot): string {
  const time = new Date(evaluatedAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
  return `${plain(rule)}_${plain(host)}_${time}Z`
}

/** Letters and digits, and between them what no file system or shell minds. */
function plain(name: string): string {
  const letters = shorten(name, 120).normalize('NFKD').replaceAll(/\p{M}/gu, '')
  const words = letters.replaceAll(/[^\w.-]+/g, '-').replaceAll(/\.{2,}/g, '.')
  return words.slice(0, 60).replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') || 'unnamed'
}
