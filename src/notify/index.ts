import { join } from 'node:path'
import type { Clock, Config, Log } from '../model.ts'
import { createAlertmanagerNotifier } from './webhook/alertmanager.ts'
import { openPngRenderer } from './chart/png.ts'
import type { ContentOptions } from './mail/content.ts'
import { type Mailbox, openMailbox } from './email/mailbox.ts'
import { renderMessage } from './mail/message.ts'
import { createEmailNotifier } from './email/failover.ts'
import { createWebhookNotifier } from './webhook/webhook.ts'
import type { Compose, Notifiers } from './notifier.ts'

export { notificationSubject } from './send/history.ts'
export { createSender, type Sender } from './send/sender.ts'
export type { Mailbox } from './email/mailbox.ts'
export type { Notifiers } from './notifier.ts'

/** The notifiers of a configuration. */
export interface OpenNotifiers {
  /** All notifiers, one line each. Each passes test/notify/conformance.ts. */
  readonly notifiers: Notifiers
  /** Maximum attempts per minute to send mails. Other channels have no limit. */
  readonly mailRate?: number
  /** Set if mails are written to files, for the pages that show them. */
  readonly mailbox?: Mailbox
}

type NotifiersConfig = Pick<Config, 'smtp' | 'data' | 'url' | 'apiUrl' | 'targets' | 'kibana'> & {
  readonly engine: Pick<Config['engine'], 'mailsPerMinute'>
}

interface NotifierContext {
  readonly clock: Clock
  readonly log: Log
  /** Signs the action links in mails. Without it mails have none. */
  readonly linkKey?: Uint8Array
}

/**
 * Opens the notifiers. Mails are sent over SMTP if a server is configured, else written to files in the data folder.
 *
 * @throws the file system's error if the mailbox cannot be opened.
 */
export async function createNotifiers(
  config: NotifiersConfig,
  { clock, log, linkKey }: NotifierContext,
): Promise<OpenNotifiers> {
  const { smtp, targets } = config
  const links = linkOptions(config)
  const compose = await openComposer(config, log, linkKey)
  const others = {
    webhook: createWebhookNotifier({ targets, ...links }),
    alertmanager: createAlertmanagerNotifier({ targets, clock, ...links }),
  }
  if (smtp !== undefined) {
    const notifiers = { email: createEmailNotifier(smtp, { compose, clock, log }), ...others }
    return { notifiers, ...(smtp.ratePerMinute === undefined ? {} : { mailRate: smtp.ratePerMinute }) }
  }
  const folder = join(config.data, 'mailbox')
  const mailbox = await openMailbox(folder, compose)
  return { notifiers: { email: mailbox, ...others }, mailbox }
}

function linkOptions({ url, apiUrl }: Pick<Config, 'url' | 'apiUrl'>): Pick<Config, 'url' | 'apiUrl'> {
  return { ...(url === undefined ? {} : { url }), ...(apiUrl === undefined ? {} : { apiUrl }) }
}

/**
 * Creates the renderers of a configuration: for mails that are sent, and for those that are only shown.
 *
 * @param linkKey signs the action links; without it there are none.
 */
export async function openComposer(
  config: Pick<NotifiersConfig, 'smtp' | 'url' | 'apiUrl' | 'engine' | 'kibana'>,
  log: Log,
  linkKey?: ContentOptions['linkKey'],
): Promise<Compose> {
  const { smtp, engine, kibana } = config
  const from = smtp?.from ?? { name: 'Stashwatch', address: 'stashwatch@localhost' }
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const draw = await openPngRenderer(log)
  const options = {
    from,
    domain,
    mailsPerMinute: engine.mailsPerMinute,
    ...linkOptions(config),
    ...(linkKey === undefined ? {} : { linkKey }),
    ...(kibana === undefined ? {} : { kibana }),
    ...(draw === undefined ? {} : { draw }),
  }
  return (notification) => renderMessage(notification, options)
}
