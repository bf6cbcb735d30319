import type { IncomingMessage } from 'node:http'

/**
 * What the headers of a request say about its body. The bytes take precedence: the headers matter only if the body is
 * not JSON.
 */
export interface ContentLabel {
  readonly isForm: boolean
  /** True if the body may be lines of text. */
  readonly isText: boolean
  readonly syslog?: SyslogLabel
}

/** Headers in which syslog-ng describes the single line that it sends. */
export interface SyslogLabel {
  readonly host?: string
  readonly program?: string
  readonly facility?: string
  readonly level?: string
}

/** Label of a body without headers about it. */
export const UNLABELLED: ContentLabel = { isForm: false, isText: false }

/** Reads all Content-Type headers: Logstash sends two if its configuration names one in lower case. */
export function readLabel({ headersDistinct }: Pick<IncomingMessage, 'headersDistinct'>): ContentLabel {
  const types = (headersDistinct['content-type'] ?? []).map((type) => type.trim().toLowerCase())
  const isForm = types.some((type) => type.startsWith('application/x-www-form-urlencoded'))
  const isText = isForm || types.some((type) => type.startsWith('text/'))
  const [host, program] = [sole(headersDistinct['x-syslog-host']), sole(headersDistinct['x-syslog-program'])]
  const [facility, level] = [sole(headersDistinct['x-syslog-facility']), sole(headersDistinct['x-syslog-level'])]
  const syslog: SyslogLabel = {
    ...(host === undefined ? {} : { host }),
    ...(program === undefined ? {} : { program }),
    ...(facility === undefined ? {} : { facility }),
    ...(level === undefined ? {} : { level }),
  }
  return Object.keys(syslog).length === 0 ? { isForm, isText } : { isForm, isText: true, syslog }
}

/**
 * Returns the value of a header that occurs once and is not blank. Node decodes headers as Latin-1, but senders use
 * UTF-8.
 */
function sole(values: readonly string[] | undefined): string | undefined {
  const [value = '', ...others] = values ?? []
  return value.trim() === '' || others.length > 0 ? undefined : Buffer.from(value, 'latin1').toString('utf8')
}
