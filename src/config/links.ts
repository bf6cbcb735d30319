import type * as Raw from '../generated/config.ts'
import { compileTemplate, TemplateError } from '../template.ts'
import type { Report } from './mistakes.ts'

const AT = '/links/kibana'

/** The address of the page where the user looks at events, with its placeholders. */
export function readKibana(raw: Raw.Configuration['links'], report: Report): string | undefined {
  const text = raw?.kibana
  if (text === undefined) return undefined
  const bare = text.replaceAll(/\{\{[^}]*\}\}/g, 'x')
  const url = /^https?:\/\/[^\s\p{Cc}]+$/iu.test(bare) && URL.canParse(bare) ? new URL(bare) : undefined
  if (url === undefined) {
    report.mistake(AT, `expected a web address that begins with http:// or https://, found ${report.written(AT)}`)
  } else if (url.username !== '' || url.password !== '') {
    report.mistake(AT, 'everybody who gets a mail would read the login in this address; remove it')
  }
  try {
    compileTemplate(text, ['host', 'from', 'to'])
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    if (report.expanded(AT))
      report.mistake(AT, `${report.written(AT)} is no address with placeholders that can be read`)
    else report.mistake(AT, error.message, { text: error.found })
  }
  return text
}
