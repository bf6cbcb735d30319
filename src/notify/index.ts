import { join } from 'node:path'
import type { Config, Log, Notification } from '../model.ts'
import { openDraw } from './chart-png.ts'
import { createEmailTransport } from './email.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'
import { renderMessage } from './message.ts'
import type { MailMessage, Transport } from './transport.ts'

export { createSender, type Sender, type SenderParts } from './outbox.ts'
export type { Mailbox, MailSummary, StoredMail } from './mailbox.ts'
export { renderMessage } from './message.ts'
export type { Delivery, Envelope, MailMessage, Transport } from './transport.ts'

/** How mails leave under a configuration, and how they look. */
export interface MailRoute {
  readonly transport: Transport
  readonly render: (notification: Notification) => MailMessage
  /** The envelope's sender. */
  readonly from: string
  /** Set when mails are kept in files, for the pages that show them. */
  readonly mailbox?: Mailbox
}

type MailConfig = Pick<Config, 'smtp' | 'data' | 'url'> & { readonly engine: Pick<Config['engine'], 'mailsPerMinute'> }

/**
 * Opens the way for mails: SMTP when the configuration has a server, else files in the data folder, which is said.
 *
 * @throws the file system's error when the mailbox cannot be opened.
 */
export async function openMailRoute(config: MailConfig, log: Log): Promise<MailRoute> {
  const { smtp, url } = config
  const from = smtp?.from ?? { name: 'Stashwatch', address: 'stashwatch@localhost' }
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const { mailsPerMinute } = config.engine
  const draw = await openDraw(log)
  const options = {
    from,
    domain,
    mailsPerMinute,
    ...(url === undefined ? {} : { url: url.replace(/\/+$/, '') }),
    ...(draw === undefined ? {} : { draw }),
  }
  const render = (notification: Notification): MailMessage => renderMessage(notification, options)
  if (smtp !== undefined) return { transport: createEmailTransport(smtp), render, from: from.address }
  const folder = join(config.data, 'mailbox')
  const mailbox = await openMailbox(folder)
  log.warn({ folder }, 'no smtp in the configuration: mails are not sent but kept in files, shown at /mailbox')
  return { transport: mailbox, mailbox, render, from: from.address }
}
