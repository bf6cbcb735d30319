import type {
  Action,
  Advice,
  Bar,
  Chart,
  EventLine,
  Fact,
  MailContent,
  Meter,
  Row,
  RowList,
  Section,
} from './content.ts'
import { splitAddresses } from '../../text/template.ts'
import type { Tone } from './phrase.ts'
import { DARK, LIGHT } from './style.ts'
import { escapeHtml } from '../../text/sanitise.ts'

/** Maximum number of rows in tables; Gmail hides everything after 102 kB. The rest is named, by rule. */
const TABLED = 150
/** The same for items of a notice, which are shorter. */
const ITEMS = 400

/** Rows of a report's table, and of each end of a list without its middle. The text part has all rows. */
const SHOWN_ROWS = 5
const ENDS = 3
/** Maximum length of a URL that is shown completely. */
const MAX_URL_LENGTH = 90

const FULL_WIDTH = 'width="100%" cellpadding="0" cellspacing="0" border="0"'

const INSTANT = /(?:\d{4}-\d\d-\d\d )?\d\d:\d\d(?::\d\d)? (?:UTC|GMT[+-][\d:]{1,5}|[A-Z]{2,5}|[A-Z][\w/+-]*)(?!\w)/
const FIGURE = /-?\d[\d.]{0,15} (?:[KMGTPE]?i?B|ms|s|min|h|d)(?!\w)(?: \d{1,2} (?:h|min|s)(?!\w))?/
const UNBROKEN = new RegExp(`${INSTANT.source}|${FIGURE.source}`, 'g')

/** Escapes a text, and keeps instants, and values with their units, on one line. */
function words(text: string): string {
  return escapeHtml(text).replace(UNBROKEN, '<span class="one">$&</span>')
}

/** Formats a mail as HTML that is readable on a phone, in dark mode and without images, and loads nothing. */
export function htmlPage(content: MailContent): string {
  const blocks = [
    band(content),
    content.meter === undefined ? '' : meterBar(content.meter, content.tone),
    ...content.paragraphs.map((text) => paragraph(text, content.links)),
    buttons(content.actions ?? []),
    itemList(content.items ?? []),
    content.chart === undefined ? '' : chartImage(content.chart),
    ...(content.sections ?? []).map(sectionTable),
    eventList(content.events ?? []),
    content.facts.length === 0 ? '' : factTable(content.facts),
    ...lists(content.lists),
    ...content.notes.map((note) => `<p class="note">${words(note)}</p>`),
    content.advice.length === 0 ? '' : adviceList(content.advice),
    `<p class="foot">${content.footer.map(words).join('<br>')}</p>`,
  ]
  return page(escapeHtml(content.headline), content.tone, blocks.filter((block) => block !== '').join('\n'))
}

function page(title: string, tone: Tone, content: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no">
<title>${title}</title>
<style>${LIGHT}</style>
<style>${DARK}</style>
</head>
<body class="page" style="margin:0;padding:0">
<table role="presentation" class="page" ${FULL_WIDTH}><tr><td align="center" class="around">
<table role="presentation" class="card" ${FULL_WIDTH} style="max-width:600px;text-align:left">
<tr><td class="top ${tone}" height="5" style="font-size:0;line-height:5px">&nbsp;</td></tr>
<tr><td class="inside">
${content}
</td></tr>
</table>
</td></tr></table>
</body>
</html>
`
}

function band({ tone, status, headline }: MailContent): string {
  return `<p class="status ${tone}">${escapeHtml(status)}</p>\n<h1>${words(headline)}</h1>`
}

/** Draws the part up to the threshold, the part beyond it, and the rest. */
function meterBar({ value, limit }: Meter, tone: Tone): string {
  const low = Math.min(value, limit)
  const high = Math.max(value, limit)
  const beyond = value > limit ? tone : 'short'
  const cells = [cell('till', low), cell(beyond, high - low), cell('left', 1 - high)].join('')
  return `<table role="presentation" class="meter" ${FULL_WIDTH}><tr>${cells}</tr></table>`
}

function cell(kind: string, share: number): string {
  const width = Math.round(share * 1000) / 10
  if (width === 0) return ''
  return `<td class="${kind}" width="${width}%" height="8" style="font-size:0;line-height:8px">&nbsp;</td>`
}

function paragraph(text: string, links: readonly string[] = []): string {
  const pieces = splitAddresses(text, links).map((piece) => {
    const shown = escapeHtml(piece.text)
    return piece.isLink ? `<a href="${shown}">${shown}</a>` : words(piece.text).replaceAll('\n', '<br>')
  })
  return `<p>${pieces.join('')}</p>`
}

function itemList(items: readonly string[]): string {
  if (items.length === 0) return ''
  const shown = items.slice(0, ITEMS).map((item) => `<li>${words(item)}</li>`)
  const rest = items.length - shown.length
  const more = rest === 0 ? '' : `\n<p>And ${rest} more; the text part of this mail has them all.</p>`
  return `<ul>\n${shown.join('\n')}\n</ul>${more}`
}

/** As wide as the card. Where images are blocked, the alternative text is shown. */
function chartImage({ cid, alt }: Chart): string {
  if (cid === undefined) return ''
  const size = 'width="544" style="display:block;width:100%;max-width:544px;height:auto;border:0"'
  return `<p class="chart"><img src="cid:${escapeHtml(cid)}" alt="${escapeHtml(alt)}" ${size}></p>`
}

function sectionTable({ title, rows, more, between, isWhole, note }: Section): string {
  const shown = isWhole === true ? rows : rows.slice(0, SHOWN_ROWS)
  const rest = more + rows.length - shown.length
  const lines =
    between === undefined ? [...shown.map(barRow), restRow(rest, `and ${rest} more`)] : endRows(rows, between)
  const table = `<table role="presentation" class="bars" ${FULL_WIDTH}>\n${lines.filter((line) => line !== '').join('\n')}\n</table>`
  return `<h2>${words(title)}</h2>\n${table}${note === undefined ? '' : `\n<p class="dim">${words(note)}</p>`}`
}

function barRow({ name, value, detail, share, tone }: Bar): string {
  const more = detail === undefined ? '' : `<br><span class="dim">${words(detail)}</span>`
  const kind = tone === undefined ? '' : `<span class="kind ${tone}">${tone}</span> `
  const label = `${kind}${escapeHtml(name)}${more}`
  if (share === undefined)
    return `<tr><td class="name" colspan="2">${label}</td><td class="figure">${words(value)}</td></tr>`
  const bar = `<table role="presentation" class="bar" ${FULL_WIDTH}><tr>${cell('full', share)}${cell('left', 1 - share)}</tr></table>`
  return `<tr><td class="name">${label}</td><td class="scale">${bar}</td><td class="figure">${words(value)}</td></tr>`
}

/** Shows both ends of a list and the number of rows between them. */
function endRows(rows: readonly Bar[], { after, more }: NonNullable<Section['between']>): readonly string[] {
  const [head, tail] = [rows.slice(0, after).slice(0, ENDS), rows.slice(after).slice(-ENDS)]
  const rest = more + rows.length - head.length - tail.length
  return [...head.map(barRow), restRow(rest, `${rest} in between`), ...tail.map(barRow)]
}

function restRow(count: number, text: string): string {
  return count > 0 ? `<tr><td class="dim" colspan="3">${text}</td></tr>` : ''
}

/** Shows log lines verbatim: no formatting, no links. */
function eventList(events: readonly EventLine[]): string {
  if (events.length === 0) return ''
  const items = events.map(
    ({ when, text }) => `<li><span class="dim">${words(when)}</span><br><code>${escapeHtml(text)}</code></li>`,
  )
  return `<h2>Matching events</h2>\n<ul>\n${items.join('\n')}\n</ul>`
}

function factTable(snapshot: readonly Fact[]): string {
  const rows = snapshot.map(({ label, value }) => {
    const name = escapeHtml(label).replaceAll('.', '.<wbr>')
    return `<tr><td class="label">${name}</td><td class="value">${words(value)}</td></tr>`
  })
  return `<table role="presentation" class="facts" ${FULL_WIDTH}>\n${rows.join('\n')}\n</table>`
}

/** Shows the lists until there are too many rows for tables. */
function lists(all: readonly RowList[]): readonly string[] {
  let left = TABLED
  return all.flatMap(({ title, when, rows }) => {
    const shown = rows.slice(0, left)
    left -= shown.length
    const head = title === undefined ? [] : [`<h2>${escapeHtml(title)}</h2>`]
    const once = when === undefined ? [] : [`<p class="dim">All ${words(when)}:</p>`]
    return [...head, ...once, ...(shown.length === 0 ? [] : [rowTable(shown)]), rest(rows.slice(shown.length))]
  })
}

/** Buttons as table cells, so that they keep colour and size without CSS. The first one is the primary action. */
function buttons(actions: readonly Action[]): string {
  const cells = actions.map(({ label, url }, i) => {
    const kind = i === 0 ? 'main' : 'other'
    return `<td class="button ${kind}" ${BUTTONS[kind]}><a class="${kind}" href="${escapeHtml(url)}" ${LINKS[kind]}>${escapeHtml(label)}</a></td>`
  })
  if (cells.length === 0) return ''
  const between = '<td width="12" style="font-size:0;line-height:0">&nbsp;</td>'
  return `<table role="presentation" class="buttons" cellpadding="0" cellspacing="0" border="0"><tr>${cells.join(between)}</tr></table>`
}

const BUTTONS = {
  main: 'bgcolor="#1d5fa8" style="border-radius:5px;background-color:#1d5fa8"',
  other: 'style="border-radius:5px;border:1px solid #8b97a6"',
} as const

const INLINE =
  'display:inline-block;padding:10px 16px;font-weight:700;font-size:15px;line-height:20px;text-decoration:none'
const LINKS = {
  main: `style="${INLINE};color:#ffffff"`,
  other: `style="${INLINE}"`,
} as const

function rowTable(rows: readonly Row[]): string {
  return `<table class="rows" ${FULL_WIDTH}>\n${rows.map(rowCells).join('\n')}\n</table>`
}

function rowCells(row: Row): string {
  const where = `<b>${escapeHtml(row.where)}</b><br>${escapeHtml(row.rule)}: ${words(row.value)}`
  const when = `<span class="dim">${row.when === undefined ? '' : `${words(row.when)} · `}${codeLink(row)}</span>`
  const kind = `<span class="kind ${row.tone}">${row.status}</span>`
  const act = row.action === undefined ? '' : rowLink(row.action)
  const event = row.event === undefined ? '' : `<br><code>${escapeHtml(row.event)}</code>`
  return `<tr><td class="mark ${row.tone}" width="4"></td><td>${kind} ${where}<br>${when}${event}${act}</td></tr>`
}

function codeLink({ code, url }: Row): string {
  return url === undefined ? escapeHtml(code) : `<a href="${escapeHtml(url)}">${escapeHtml(code)}</a>`
}

/** Large enough for touch. */
function rowLink({ label, url }: Action): string {
  const style = 'display:inline-block;padding:8px 0 4px;font-weight:700;text-decoration:none'
  return `<br><a href="${escapeHtml(url)}" style="${style}">${escapeHtml(label)}</a>`
}

/** Lists names only, so that all of them fit. */
function rest(rows: readonly Row[]): string {
  if (rows.length === 0) return ''
  const groups = Map.groupBy(rows, (row) => `${row.rule}, ${row.status}`)
  const lists = [...groups].map(
    ([title, members]) =>
      `<p><b>${escapeHtml(title)}:</b> ${members.map((row) => escapeHtml(row.where)).join(', ')}</p>`,
  )
  return `<p>And ${rows.length} more; the text part of this mail shows more of them in full, /api/v1/alerts all of them.</p>\n${lists.join('\n')}`
}

function adviceList(advice: readonly Advice[]): string {
  const items = advice.map(({ text, url }) => {
    if (url === undefined) return `<li>${words(text)}</li>`
    const shown = url.length > MAX_URL_LENGTH ? `${new URL(url).origin}/…` : url
    return `<li>${words(text)}<br><a href="${escapeHtml(url)}">${escapeHtml(shown)}</a></li>`
  })
  return `<h2>What to do next</h2>\n<ul>\n${items.join('\n')}\n</ul>`
}
