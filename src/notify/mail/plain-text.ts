import type { Action, Advice, Bar, EventLine, Fact, MailContent, Row, RowList, Section } from './content.ts'

/** Formats a mail as complete plain text: facts first, links last. */
export function plainText(content: MailContent): string {
  const blocks = [
    `[${content.status}] ${content.headline}`,
    ...content.paragraphs,
    (content.items ?? []).map((item) => `  - ${item}`).join('\n'),
    (content.chart?.lines ?? []).map((line) => `  ${line}`).join('\n'),
    ...(content.sections ?? []).map(sectionLines),
    eventLines(content.events ?? []),
    factLines(content.facts),
    ...content.lists.map(listLines),
    ...content.notes,
    (content.actions ?? []).map(actionLine).join('\n'),
    ...linkLines(content.lists.flatMap(({ rows }) => rows)),
    content.advice.length === 0 ? '' : ['What to do next', ...content.advice.map(adviceLine)].join('\n'),
    ['-- ', ...content.footer].join('\n'),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

/** Width of a bar that stands for 100%, in characters. */
const BAR = 12

function sectionLines({ title, rows, more, between, note }: Section): string {
  const width = (of: (row: Bar) => string): number => Math.max(0, ...rows.map((row) => of(row).length))
  const widths = { name: width(({ name }) => name), value: width(({ value }) => value) }
  const lines = rows.map((row) => barLine(row, widths))
  if (between !== undefined && between.more > 0) lines.splice(between.after, 0, `  ... ${between.more} in between`)
  const rest = more > 0 ? [`  and ${more} more`] : []
  return [title, ...lines, ...rest, ...(note === undefined ? [] : [note])].join('\n')
}

function barLine(
  { name, value, detail, share, tone }: Bar,
  widths: { readonly name: number; readonly value: number },
): string {
  const bar = share === undefined ? '' : `${'█'.repeat(Math.round(share * BAR)).padEnd(BAR, '·')}  `
  const more = [tone, detail].filter((text) => text !== undefined).join(', ')
  return `  ${name.padEnd(widths.name)}  ${bar}${value.padEnd(widths.value)}  ${more}`.trimEnd()
}

function eventLines(events: readonly EventLine[]): string {
  if (events.length === 0) return ''
  return ['Matching events', ...events.map(({ when, text }) => `  ${when}  ${text}`)].join('\n')
}

function factLines(snapshot: readonly Fact[]): string {
  const width = Math.max(0, ...snapshot.map(({ label }) => label.length))
  return snapshot.map(({ label, value }) => `  ${label.padEnd(width)}  ${value}`).join('\n')
}

/** Alerts of a list that are shown in full. Others are only named, so that mails stay small in an alert storm. */
const IN_FULL = 1000

function listLines({ title, when, rows }: RowList): string {
  const full = rows.slice(0, IN_FULL).map(rowLine)
  const head = [...(title === undefined ? [] : [title]), ...(when === undefined ? [] : [`All ${when}:`])]
  return [...head, ...full, ...joinNames(rows.slice(IN_FULL))].join('\n')
}

/** Links of listed alerts follow after the lists, so that these stay readable. */
function linkLines(rows: readonly Row[]): readonly string[] {
  const links = Map.groupBy(
    rows.filter(({ action }) => action !== undefined),
    ({ action }) => action?.label,
  )
  return [...links].map(([text, linked]) =>
    [`${text}:`, ...linked.map(({ code, where, action }) => `  [${code}] ${where}\n    ${action?.url}`)].join('\n'),
  )
}

function joinNames(rows: readonly Row[]): readonly string[] {
  const groups = Map.groupBy(rows, ({ rule, status }) => `${rule}, ${status}`)
  return [...groups].map(
    ([title, same]) => `  ${title}, ${same.length} more: ${same.map(({ where }) => where).join(', ')}`,
  )
}

function actionLine({ label, url }: Action): string {
  return `  ${label}:\n    ${url}`
}

function rowLine(row: Row): string {
  return `  ${row.status.padEnd(8)}  ${row.where}  ${row.rule}: ${row.value}${row.when === undefined ? '' : `, ${row.when}`}  [${row.code}]${row.event === undefined ? '' : `\n            ${row.event}`}`
}

function adviceLine({ text, url }: Advice): string {
  return url === undefined ? `  - ${text}` : `  - ${text}\n    ${url}`
}
