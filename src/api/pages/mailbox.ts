import type { FastifyInstance, FastifyReply } from 'fastify'
import { foreign, MAIL_POLICY, page, PAGE_POLICY } from './html.ts'
import { escapeHtml } from '../../text/sanitise.ts'

/** A row of the mailbox. The date is that of the mail. */
export interface MailboxEntry {
  readonly n: number
  readonly subject: string
  readonly to: string
  readonly date: string
}

export interface MailboxMail {
  readonly subject: string
  readonly from: string
  readonly to: string
  readonly date: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly text: string
  readonly html: string
  readonly files: readonly MailboxFile[]
  readonly raw: string
}

interface MailboxFile {
  readonly name: string
  /** Its media type. */
  readonly type: string
  /** The content ID that the HTML uses after `cid:`; empty for attachments. */
  readonly cid: string
  readonly bytes: Uint8Array
}

/** Mails that are written to files instead of sent, newest first. */
export interface MailboxPort {
  list(): Promise<readonly MailboxEntry[]>
  read(n: number): Promise<MailboxMail | undefined>
}

/** Adds the pages of the mailbox: the list, and one mail. */
export function addMailboxPages(app: FastifyInstance, mailbox: MailboxPort): void {
  app.get('/mailbox', async (_, reply) => sendPage(reply, PAGE_POLICY, listPage(await mailbox.list())))
  app.get('/mailbox/:n', async (request, reply) => {
    const { n } = request.params as { readonly n: string }
    const mail = /^[1-9]\d{0,8}$/.test(n) ? await mailbox.read(Number(n)) : undefined
    if (mail === undefined) return sendPage(reply.code(404), PAGE_POLICY, missingPage())
    return sendPage(reply, MAIL_POLICY, mailPage(mail))
  })
}

/** Answers with a page under a content security policy of its own. */
export const sendPage = (reply: FastifyReply, policy: string, html: string): FastifyReply =>
  reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(html)

function listPage(entries: readonly MailboxEntry[]): string {
  const items = entries.map(
    ({ n, subject, to, date }) =>
      `<li><a href="/mailbox/${n}">${foreign(subject || 'no subject')}</a>` +
      `<span class="soft">${foreign(formatMailTime(date))}</span><span class="soft">to ${foreign(to)}</span></li>`,
  )
  const mails =
    items.length === 0
      ? '<p>No mails yet. The first alert that fires writes one.</p>'
      : `<ul class="card mails">${items.join('\n')}</ul>`
  return page(
    'Mailbox: stashwatch',
    `<p><a href="/">stashwatch</a></p>
<h1>Mailbox</h1>
<p class="soft">Mails are written to files because no mail server is configured.</p>
${mails}`,
  )
}

function mailPage({ subject, from, to, date, headers, text, html, files, raw }: MailboxMail): string {
  return page(
    subject,
    `<p><a href="/mailbox">Mailbox</a></p>
<h1>${foreign(subject || 'no subject')}</h1>
<p class="soft">${foreign(formatMailTime(date))}<br>from ${foreign(from)} to ${foreign(to)}</p>
<div class="parts">
<details><summary>Plain text</summary><pre>${escapeHtml(text)}</pre></details>
<details><summary>Headers</summary><dl class="card wide">${headers.map(headerLine).join('')}</dl></details>
<details><summary>Source</summary><pre>${escapeHtml(raw)}</pre></details>
${files.length === 0 ? '' : `<details><summary>Files</summary><ul class="card">${files.map(fileLine).join('')}</ul></details>`}
</div>
<div class="mail"><template shadowrootmode="open">${listAttachments(inlineImages(html, files))}</template></div>`,
  )
}

/** Times of mails are in UTC. */
const formatMailTime = (date: string): string => date.replace(/ \+0000$/, ' UTC')

/**
 * Returns a mail's document as a shadow tree with its own styles. Markup that would close the tree early is escaped,
 * and the tree is the last element of the page, so unclosed markup affects nothing else. The content security policy
 * prevents that anything in it runs or loads.
 */
const listAttachments = (html: string): string => html.replaceAll(/<(?=\/?template)/gi, '&lt;')

/** Replaces content IDs by the mail's own images. */
function inlineImages(html: string, files: readonly MailboxFile[]): string {
  return files
    .filter(({ cid }) => cid !== '')
    .reduce((all, file) => all.replaceAll(`src="cid:${escapeHtml(file.cid)}"`, () => `src="${dataUrl(file)}"`), html)
}

const fileLine = (file: MailboxFile): string =>
  `<li><a download="${escapeHtml(file.name)}" href="${dataUrl(file)}">${foreign(file.name)}</a>` +
  `<span class="soft">${escapeHtml(file.type)}, ${file.bytes.length} bytes</span></li>`

const dataUrl = ({ type, bytes }: MailboxFile): string =>
  `data:${escapeHtml(type)};base64,${Buffer.from(bytes).toString('base64')}`

const headerLine = ({ name, value }: MailboxMail['headers'][number]): string =>
  `<div><dt>${escapeHtml(name)}</dt><dd>${foreign(value)}</dd></div>`

const missingPage = (): string =>
  page('No such mail: stashwatch', '<p><a href="/mailbox">Mailbox</a></p>\n<h1>No mail with this number</h1>')
