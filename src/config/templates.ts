import { compileTemplate, TEMPLATE_NAMES, TemplateError } from '../template.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { hasControl } from './units.ts'

/** Subject and text of a mail can be read, and name nothing that such a mail does not have. */
export function checkTemplates(
  raw: { readonly subject?: string; readonly body?: string },
  labels: readonly string[],
  pointer: string,
  report: Report,
): void {
  const names = [...TEMPLATE_NAMES, ...labels.map((label) => `label.${label}`)]
  for (const key of ['subject', 'body'] as const) {
    const at = below(pointer, key)
    try {
      compileTemplate(raw[key] ?? '', names)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      if (report.expanded(at))
        report.mistake(at, `${report.written(at)} is no template that can be read once its variables are filled in`)
      else report.mistake(at, error.message, { text: error.found })
    }
  }
  if (hasControl(raw.subject ?? '')) {
    report.mistake(`${pointer}/subject`, 'a subject is one line without control characters')
  }
}
