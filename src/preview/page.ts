import { escapeHtml } from '../text/sanitise.ts'
import type { Preview } from './index.ts'

/** Width of a phone, in CSS pixels. */
const PHONE = 390

const STYLE = `:root { color-scheme: light dark }
body { margin: 0; padding: 1.5rem; font: 1rem/1.4 system-ui, sans-serif; overflow-wrap: anywhere }
main { display: flex; flex-wrap: wrap; gap: 1.5rem }
article { width: ${PHONE}px }
h1, h2 { margin: 0 0 .25rem; font-size: 1.1rem }
p { margin: 0 0 .5rem; font-size: .85rem }
iframe { width: 100%; height: 760px; border: 1px solid #8888; border-radius: .5rem }`

/** Renders a page with all previews side by side, as wide as on a phone. Frames cannot run scripts. */
export function previewPage(previews: readonly Preview[]): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mails of stashwatch</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Mails of stashwatch, about sample alerts</h1>
<p>As wide as on a telephone. Written by stashwatch preview; change the templates, run it again, and reload. The buttons are as in real
mails (they are there when <code>url</code> is set), but lead nowhere: the alerts are no real ones.</p>
<main>
${previews.map(frame).join('\n')}
</main>
</body>
</html>
`
}

function frame({ name, subject, png }: Preview): string {
  const title = escapeHtml(subject)
  const [file, link] = [escapeHtml(name), encodeURIComponent(name)]
  const chart = png === undefined ? '' : `, <a href="${link}.png">the chart</a>`
  return `<article>
<h2>${title}</h2>
<p>${file}: <a href="${link}.html">alone</a>, <a href="${link}.txt">as text</a>${chart}</p>
<iframe src="${link}.html" title="${title}" sandbox loading="lazy"></iframe>
</article>`
}
