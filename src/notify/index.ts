import { join } from 'node:path'
import type { Clock, Config, Log } from '../model.ts'
import { createAlertmanagerWay } from './webhook/alertmanager.ts'
import { openDraw } from './chart/png.ts'
import type { LetterOptions } from './mail/content.ts'
import { type Mailbox, openMailbox } from './email/mailbox.ts'
import { renderMessage } from './mail/message.ts'
import { createEmailWay } from './email/failover.ts'
import { createWebhookWay } from './webhook/webhook.ts'
import type { Compose, Ways } from './notifier.ts'

export { notificationSubject } from './send/history.ts'
export { createSender, type Sender, type SenderParts } from './send/sender.ts'
export type { Mailbox, MailSummary, StoredMail } from './email/mailbox.ts'
export type { Delivery, Way, Ways } from './notifier.ts'

/** How notifications leave under a configuration. */
export interface Exits {
  /** Every way out, one line each. All of them pass test/notify/conformance.ts. */
  readonly ways: Ways
  /** Most attempts to mail in any minute; the other ways have no such bound. */
  readonly mailRate?: number
  /** Set when mails are kept in files, for the pages that show them. */
  readonly mailbox?: Mailbox
}

type WaysConfig = Pick<Config, 'smtp' | 'data' | 'url' | 'targets' | 'kibana'> & {
  readonly engine: Pick<Config['engine'], 'mailsPerMinute'>
}

interface WaysContext {
  readonly clock: Clock
  readonly log: Log
  /** Signs the links that act; mails have none of these without it. */
  readonly linkKey?: Uint8Array
}

/**
 * Opens the ways out. Mails leave over SMTP when the configuration has a server; else they are kept in files in the
 * data folder.
 *
 * @throws the file system's error when the mailbox cannot be opened.
 */
export async function openWays(config: WaysConfig, { clock, log, linkKey }: WaysContext): Promise<Exits> {
  const { smtp, targets } = config
  const links = linksOf(config)
  const compose = await openComposer(config, log, linkKey)
  const others = {
    webhook: createWebhookWay({ targets, ...links }),
    alertmanager: createAlertmanagerWay({ targets, clock, ...links }),
  }
  if (smtp !== undefined) {
    const ways = { email: createEmailWay(smtp, { compose, clock, log }), ...others }
    return { ways, ...(smtp.ratePerMinute === undefined ? {} : { mailRate: smtp.ratePerMinute }) }
  }
  const folder = join(config.data, 'mailbox')
  const mailbox = await openMailbox(folder, compose)
  return { ways: { email: mailbox, ...others }, mailbox }
}

function linksOf(config: Pick<Config, 'url'>): { readonly url?: string } {
  const url = config.url?.replace(/\/+$/, '')
  return url === undefined ? {} : { url }
}

/**
 * What turns notifications into mails under a configuration: those that leave, and those that are only shown.
 *
 * @param linkKey signs the links by which readers act; without it there are none.
 */
export async function openComposer(
  config: Pick<WaysConfig, 'smtp' | 'url' | 'engine' | 'kibana'>,
  log: Log,
  linkKey?: LetterOptions['linkKey'],
): Promise<Compose> {
  const { smtp, engine, kibana } = config
  const from = smtp?.from ?? { name: 'Stashwatch', address: 'stashwatch@localhost' }
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const draw = await openDraw(log)
  const options = {
    from,
    domain,
    mailsPerMinute: engine.mailsPerMinute,
    ...linksOf(config),
    ...(linkKey === undefined ? {} : { linkKey }),
    ...(kibana === undefined ? {} : { kibana }),
    ...(draw === undefined ? {} : { draw }),
  }
  return (notification) => renderMessage(notification, options)
}
