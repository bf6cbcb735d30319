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
      else diagnostics.error(at, describeTemplateError(error), { text: error.found })
    }
  }
  if (hasControl(raw.subject ?? '')) {
    diagnostics.error(
      `${pointer}/subject`,
      describe('the subject contains control characters', { expected: 'one line of text' }),
    )
  }
}

/**
 * Returns templates in which each label of a series has its name. A template may also name it by the dotted path of the
 * field that holds its value.
 *
 * @param labels the labels by path.
 */
export function nameLabels<T extends { readonly subject?: string; readonly body?: string }>(
  templates: T,
  labels: ReadonlyMap<string, string>,
): T {
  const name = (text: string): string =>
    text.replaceAll(LABEL_PATH, (_, before: string, path: string) => `${before}${labels.get(path) ?? path}`)
  return {
    ...templates,
    ...(templates.subject === undefined ? {} : { subject: name(templates.subject) }),
    ...(templates.body === undefined ? {} : { body: name(templates.body) }),
  }
}

const LABEL_PATH = /(\{\{\s*label\.)([^\s|}]+)/g

/** Fields of events are known only where a rule counts them. */
function describeTemplateError({ found, message }: TemplateError): string {
  const [, field] = /^\{\{\s*(event\.[^|}\s]+)/.exec(found) ?? []
  return field !== undefined && message.startsWith('unknown placeholder')
    ? `the placeholder '${field}' needs a rule with 'count': its alerts show the events that it counted`
    : message
}
