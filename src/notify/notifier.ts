import type { DeliveryResult, Millis, Notification, Outcome, Recipient, Channel } from '../model.ts'

/** A mail before it becomes bytes. All texts are clean; addresses come from the configuration alone. */
export interface MailMessage {
  /** With its angle brackets. */
  readonly messageId: string
  /** Message-IDs of earlier mails in the thread: the root first, the newest delivered one last. */
  readonly references: readonly string[]
  /** Set if an earlier mail of the thread was sent. */
  readonly inReplyTo?: string
  readonly from: Recipient
  readonly to: Recipient
  readonly date: Millis
  readonly subject: string
  readonly text: string
  readonly html: string
  /** Further headers, each on one line. */
  readonly headers: Readonly<Record<string, string>>
  readonly attachments: readonly Attachment[]
}

/** A file attached to a mail. */
export interface Attachment {
  /** Letters, digits and `.-_` only. */
  readonly name: string
  /** Its media type. */
  readonly type: string
  readonly content: string | Uint8Array
  /** Set if the HTML shows it: its content ID, without `cid:`. */
  readonly cid?: string
}

/** Renders the mail for a notification. */
export type Compose = (notification: Notification) => MailMessage

/**
 * How one attempt ended. `failed`: the notification was rejected permanently. `retry`: it may be accepted later.
 * `withdrawn`: it was not tried, because its address left the configuration; only the sender returns that.
 */
export interface Delivery extends DeliveryResult {
  readonly state: Outcome['state']
  /** On `retry`: the server itself failed, so other notifications would fail there too. */
  readonly fault?: 'server'
  /** On `failed`: another server may accept it. */
  readonly mayTryElsewhere?: true
  /** Set if the server asked for a delay before the next attempt. */
  readonly retryAfter?: Millis
}

/** Default timeout of an attempt. */
export const ATTEMPT_TIMEOUT: Millis = 120_000

/** Delivers notifications through one channel. */
export interface Notifier {
  readonly type: Channel | 'mailbox'
  /** Renders the bytes to send, without secrets. Equal notifications give equal bytes. */
  render(notification: Notification): Promise<Uint8Array>
  /** The maximum duration of an attempt. */
  readonly timeout: Millis
  /**
   * Makes one attempt. Never rejects. An aborted signal ends it soon, with `retry`.
   *
   * @param onGiven called once everything was sent and only the response is missing.
   */
  send(bytes: Uint8Array, notification: Notification, signal: AbortSignal, onGiven?: () => void): Promise<Delivery>
  /** Closes the connections. Later sends end with `retry`. */
  close(): Promise<void>
}

/** The notifier of each channel; that of `email` may be a mailbox. */
export type Notifiers = Readonly<Record<Channel, Notifier>>
