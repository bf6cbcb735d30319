import type { IncomingMessage } from 'node:http'

/** What the headers of a request say of its body. Bytes decide before it: it is asked only where they are no JSON. */
export interface ContentLabel {
  readonly isForm: boolean
  /** Lines of text are to be expected. */
  readonly isText: boolean
  readonly syslog?: SyslogLabel
}

/** What syslog-ng says in headers of the one line that it sends. */
export interface SyslogLabel {
  readonly host?: string
  readonly program?: string
  readonly facility?: string
  readonly level?: string
}

/** A body of which nothing is known. */
export const UNLABELLED: ContentLabel = { isForm: false, isText: false }

/** Reads every Content-Type there is: Logstash sends two when its configuration names one in small letters. */
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

/** The value of a header that came once and says something. Node reads headers as Latin-1, where UTF-8 was sent. */
function sole(values: readonly string[] | undefined): string | undefined {
  const [value = '', ...others] = values ?? []
  return value.trim() === '' || others.length > 0 ? undefined : Buffer.from(value, 'latin1').toString('utf8')
}
