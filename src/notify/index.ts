import { join } from 'node:path'
import type { Clock, Config, Log, Notification } from '../model.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'
import { renderMessage } from './message.ts'
import { createServers } from './servers.ts'
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
  readonly ratePerMinute?: number
  /** Set when mails are kept in files, for the pages that show them. */
  readonly mailbox?: Mailbox
}

type RouteConfig = Pick<Config, 'smtp' | 'data' | 'url'> & { readonly engine: Pick<Config['engine'], 'mailsPerMinute'> }

interface RouteContext {
  readonly clock: Clock
  readonly log: Log
}

/**
 * Opens the way for mails: SMTP when the configuration has a server, else files in the data folder, which is said.
 *
 * @throws the file system's error when the mailbox cannot be opened.
 */
export async function openMailRoute(config: RouteConfig, context: RouteContext): Promise<MailRoute> {
  const { smtp, url } = config
  const from = smtp?.from ?? { name: 'Stashwatch', address: 'stashwatch@localhost' }
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const { mailsPerMinute } = config.engine
  const options = { from, domain, mailsPerMinute, ...(url === undefined ? {} : { url: url.replace(/\/+$/, '') }) }
  const render = (notification: Notification): MailMessage => renderMessage(notification, options)
  if (smtp !== undefined) {
    const rate = smtp.ratePerMinute === undefined ? {} : { ratePerMinute: smtp.ratePerMinute }
    return { transport: createServers(smtp, context), render, from: from.address, ...rate }
  }
  const folder = join(config.data, 'mailbox')
  const mailbox = await openMailbox(folder)
  context.log.warn({ folder }, 'no smtp in the configuration: mails are not sent but kept in files, shown at /mailbox')
  return { transport: mailbox, mailbox, render, from: from.address }
}
