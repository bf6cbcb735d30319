import type { Action, Advice, Fact, Letter, Row, RowList } from './letter.ts'

/** Lays a letter out as text that is complete by itself. */
export function plainText(letter: Letter): string {
  const blocks = [
    `[${letter.status}] ${letter.headline}`,
    letter.greeting,
    ...letter.paragraphs,
    (letter.actions ?? []).map(actionLine).join('\n'),
    (letter.items ?? []).map((item) => `  - ${item}`).join('\n'),
    (letter.chart?.lines ?? []).map((line) => `  ${line}`).join('\n'),
    factLines(letter.facts),
    ...letter.lists.map(listLines),
    ...letter.notes,
    letter.advice.length === 0 ? '' : ['What to do next', ...letter.advice.map(adviceLine)].join('\n'),
    ['-- ', ...letter.footer].join('\n'),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

function factLines(facts: readonly Fact[]): string {
  const width = Math.max(0, ...facts.map(({ label }) => label.length))
  return facts.map(({ label, value }) => `  ${label.padEnd(width)}  ${value}`).join('\n')
}

function listLines({ title, rows }: RowList): string {
  return [...(title === undefined ? [] : [title]), ...rows.map(rowLine)].join('\n')
}

function actionLine({ text, url }: Action): string {
  return `  ${text}:\n    ${url}`
}

function rowLine(row: Row): string {
  return `  ${row.status.padEnd(8)}  ${row.where}  ${row.rule}: ${row.value}, ${row.when}  [${row.code}]`
}

function adviceLine({ text, url }: Advice): string {
  return url === undefined ? `  - ${text}` : `  - ${text}\n    ${url}`
}
