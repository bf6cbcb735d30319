import { compileTemplate, EVENT_NAMES, TEMPLATE_NAMES, TemplateError } from '../../text/template.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { hasControl } from './units.ts'

/**
 * Checks that subject and text of a mail are valid templates and use placeholders that the mail has.
 * @param countsEvents whether its alerts may be about events that a rule counts.
 */
export function checkTemplates(
  raw: { readonly subject?: string; readonly body?: string },
  labels: readonly string[],
  pointer: string,
  diagnostics: Diagnostics,
  countsEvents = true,
): void {
  const events = countsEvents ? [EVENT_NAMES] : []
  const names = [...TEMPLATE_NAMES, ...events, ...labels.map((label) => `label.${label}`)]
  for (const key of ['subject', 'body'] as const) {
    const at = below(pointer, key)
    try {
      compileTemplate(raw[key] ?? '', names)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      if (diagnostics.isExpanded(at))
        diagnostics.error(
          at,
          `${diagnostics.describeValue(at)} is not a valid template once its variables are replaced`,
        )
      else diagnostics.error(at, describeTemplateError(error, labels), { text: error.found })
    }
  }
  if (hasControl(raw.subject ?? '')) {
    diagnostics.error(
      `${pointer}/subject`,
      describe('the subject contains control characters', { expected: 'one line of text' }),
    )
  }
}

/** A label of a series may be written as the dotted path of its field. */
function describeTemplateError({ found, message }: TemplateError, labels: readonly string[]): string {
  const [, field] = /^\{\{\s*(event\.[^|}\s]+)/.exec(found) ?? []
  if (field !== undefined && message.startsWith('unknown placeholder'))
    return `the placeholder '${field}' needs a rule with 'count': its alerts show the events that it counted`
  const [, name, last = ''] = /^\{\{\s*(label\.[^|}\s]*\.(\w+))\s*[|}]/.exec(found) ?? []
  return name !== undefined && labels.includes(last) && !labels.includes(name.slice('label.'.length))
    ? `unknown placeholder '${name}': did you mean 'label.${last}'?`
    : message
}
