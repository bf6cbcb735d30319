import type { DeliveryResult, Millis, Notification, Outcome, Recipient, Channel } from '../model.ts'

/** A mail before it becomes bytes. All texts are clean; addresses come from the configuration alone. */
export interface MailMessage {
  /** With its angle brackets. */
  readonly messageId: string
  /** Message-IDs that lead to this one in its thread: the root first, the mail that this one goes on from last. */
  readonly references: readonly string[]
  /** Set when such a mail was sent. */
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

/** A file that goes with a mail. */
export interface Attachment {
  /** Letters, digits and `.-_` alone. */
  readonly name: string
  /** Its media type. */
  readonly type: string
  readonly content: string | Uint8Array
  /** Set when the HTML shows it: what follows `cid:` there. */
  readonly cid?: string
}

/** Writes the mail that tells a notification. */
export type Compose = (notification: Notification) => MailMessage

/**
 * How one attempt ended. `failed`: the notification was rejected permanently. `retry`: it may be accepted later.
 * `withdrawn`: it was not tried, because its address left the configuration; only the sender returns that.
 */
export interface Delivery extends DeliveryResult {
  readonly state: Outcome['state']
  /** On `retry`: the trouble is the server's own, so that no other notification would fare better there. */
  readonly fault?: 'server'
  /** On `failed`: another server may take it. */
  readonly mayTryElsewhere?: true
  /** Set where the other end asked not to be tried again sooner. */
  readonly retryAfter?: Millis
}

/** The longest that one attempt takes where its way does not need longer. */
export const ATTEMPT_TIMEOUT: Millis = 120_000

/** A way for notifications to leave. */
export interface Notifier {
  readonly type: Channel | 'mailbox'
  /** The bytes that leave, without secrets. Equal notifications give equal bytes. */
  render(notification: Notification): Promise<Uint8Array>
  /** The longest that one attempt may take. */
  readonly timeout: Millis
  /**
   * One attempt. Never rejects; an aborted signal ends it soon, as `retry`.
   *
   * @param onGiven called once the other end has all, and only its answer is waited for.
   */
  send(bytes: Uint8Array, notification: Notification, signal: AbortSignal, onGiven?: () => void): Promise<Delivery>
  /** Lets go of connections; sends after it end as `retry`. */
  close(): Promise<void>
}

/** The way of each `via`; `email` may be a mailbox. */
export type Notifiers = Readonly<Record<Channel, Notifier>>
