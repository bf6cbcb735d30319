import type * as Raw from '../../generated/config.ts'
import { compileTemplate, TemplateError } from '../../text/template.ts'
import { describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'

const AT = '/links/kibana'

/** Reads the URL of the page that shows events, with its placeholders. */
export function readKibana(raw: Raw.Configuration['links'], diagnostics: Diagnostics): string | undefined {
  const text = raw?.kibana
  if (text === undefined) return undefined
  const bare = text.replaceAll(/\{\{[^}]*\}\}/g, 'x')
  const url = /^https?:\/\/[^\s\p{Cc}]+$/iu.test(bare) && URL.canParse(bare) ? new URL(bare) : undefined
  if (url === undefined) {
    const expected = 'a URL that begins with http:// or https://'
    diagnostics.error(AT, describe('the URL is not valid', { found: diagnostics.describeValue(AT), expected }))
  } else if (url.username !== '' || url.password !== '') {
    diagnostics.error(
      AT,
      describe('the URL contains a login, which every recipient of a mail could read', { fix: 'remove it' }),
    )
  }
  try {
    compileTemplate(text, ['host', 'from', 'to'])
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    if (diagnostics.isExpanded(AT))
      diagnostics.error(AT, `${diagnostics.describeValue(AT)} has invalid placeholders once its variables are replaced`)
    else diagnostics.error(AT, error.message, { text: error.found })
  }
  return text
}
