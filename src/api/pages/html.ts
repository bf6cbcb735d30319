import { createHash } from 'node:crypto'
import { escapeHtml } from '../../text/sanitise.ts'

/** Escapes foreign text and isolates its direction, so that it cannot reorder the text beside it. */
export const foreign = (text: string): string => `<bdi>${escapeHtml(text)}</bdi>`

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2327; --soft: #5b6670; --paper: #fafaf8; --card: #fff; --line: #e2e2dc;
  --link: #0b5cad; --good: #1f7a3d; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e4df; --soft: #9aa4ad; --paper: #16191c; --card: #1f2327; --line: #343a40; --link: #7db7f2;
    --good: #6fd08c; --bad: #ff8a80 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 48rem; padding: 2rem 1.25rem 3rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { margin: 0 0 .75rem; font-size: 1.6rem; line-height: 1.25 }
h2 { margin: 2rem 0 .5rem; font-size: .85rem; font-weight: 600; letter-spacing: .04em; text-transform: uppercase;
  color: var(--soft) }
p { margin: .5rem 0 }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: .15em }
code, pre { font: .875rem/1.5 ui-monospace, monospace }
.soft { color: var(--soft) }
.state { display: inline-block; margin: .5rem 0 0; padding: .1rem .75rem; border: 1px solid; border-radius: 1rem;
  font-size: .9rem }
.state + .card { margin-top: .6rem }
.good { color: var(--good) }
.bad { color: var(--bad) }
.card { margin: 0; padding: 0; list-style: none; background: var(--card); border: 1px solid var(--line);
  border-radius: .6rem; overflow: hidden }
.card > * { padding: .65rem 1rem }
.card > * + * { border-top: 1px solid var(--line) }
.card .soft { display: block; font-size: .9rem }
dl.card > div { display: grid; grid-template-columns: 5rem 1fr; gap: .75rem }
dl.wide > div { grid-template-columns: minmax(6rem, 13rem) 1fr }
dt { color: var(--soft) }
dd { margin: 0 }
.mails > li { position: relative; display: grid; grid-template-columns: 1fr auto; gap: 0 1rem }
.mails > li > :last-child { grid-column: 1 / -1 }
.mails a::after { content: ""; position: absolute; inset: 0 }
.mails > li:hover { background: var(--paper) }
.mail { all: initial; color-scheme: light dark; display: block; margin: 1rem 0; border: 1px solid var(--line);
  border-radius: .6rem; overflow: hidden }
pre { margin: 0; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  white-space: pre-wrap }
.said { padding: .65rem 1rem; background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--good);
  border-radius: .6rem }
fieldset { margin: 1rem 0; padding: 0; border: 0; display: flex; flex-wrap: wrap; gap: .5rem }
legend, .field > span { display: block; padding: 0; margin-bottom: .35rem; color: var(--soft); font-size: .9rem }
.choice { flex: 1 1 9rem; display: flex; align-items: center; gap: .5rem; min-height: 2.9rem; padding: .5rem .9rem;
  background: var(--card); border: 1px solid var(--soft); border-radius: .6rem; cursor: pointer }
.choice:has(:checked) { border-color: var(--link); box-shadow: inset 0 0 0 1px var(--link) }
.field { display: block; margin: 1rem 0 }
input[type=radio] { flex: none; width: 1.1rem; height: 1.1rem; margin: 0; accent-color: var(--link) }
input[type=text] { width: 100%; min-height: 2.9rem; padding: .5rem .9rem; background: var(--card); color: var(--ink);
  border: 1px solid var(--soft); border-radius: .6rem; font: inherit }
button { min-height: 2.9rem; padding: .5rem 1.5rem; background: var(--link); color: var(--paper);
  border: 1px solid var(--link); border-radius: .6rem; font: inherit; font-weight: 600; cursor: pointer }
button.quiet { background: none; color: var(--link) }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
@media (max-width: 30rem) { button { width: 100% } .mails > li { grid-template-columns: 1fr } }
details { margin-top: 1.5rem }
summary { cursor: pointer; margin-bottom: .5rem; color: var(--soft) }
.parts { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-top: .75rem }
.parts > details { margin: 0; min-width: 0 }
.parts > [open] { flex: 1 0 100%; max-width: 100% }
.soft + .card { margin-top: 1rem }
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Policy of responses that are not pages: nothing may be loaded, run or framed. */
export const DATA_POLICY = NOTHING

/** Policy of pages: only the stylesheet above. */
export const PAGE_POLICY = `${NOTHING}; style-src 'sha256-${STYLE_HASH}'`

/** Policy of pages with a form that posts to this service. */
export const FORM_POLICY = PAGE_POLICY.replace("form-action 'none'", "form-action 'self'")

/**
 * Policy of the page that shows a mail, which may have its own styles and images. Nothing is loaded from elsewhere, and
 * the sandbox runs no scripts.
 */
export const MAIL_POLICY = `${NOTHING}; style-src 'unsafe-inline'; img-src data:; sandbox allow-downloads`

/** Renders a page. `title` is plain text; `body` is markup with escaped foreign parts. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`
}
