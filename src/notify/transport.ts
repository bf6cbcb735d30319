import type { Millis, Recipient } from '../model.ts'

/** A mail before it becomes bytes. All texts are clean; addresses come from the configuration alone. */
export interface MailMessage {
  /** With its angle brackets. */
  readonly messageId: string
  /** Message-IDs of the mails before this one in its thread: the root first, the previous one last. */
  readonly references: readonly string[]
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

/** Whom the server is told; nothing in the message's own text can change it. */
export interface Envelope {
  readonly from: string
  readonly to: string
}

/**
 * How one attempt ended. `failed`: the server refused this mail for good. `retry`: it may be accepted later. The
 * answer is one clean line, without secrets.
 */
export interface Delivery {
  readonly state: 'sent' | 'failed' | 'retry'
  readonly answer: string
}

/** A way for mails to leave. */
export interface Transport {
  readonly type: 'email' | 'mailbox'
  /** The message as bytes; equal messages give equal bytes. */
  build(message: MailMessage): Promise<Uint8Array>
  /** One attempt. Never rejects; an aborted signal ends it soon, as `retry`. */
  send(bytes: Uint8Array, envelope: Envelope, signal: AbortSignal): Promise<Delivery>
  /** Lets go of connections; sends after it end as `retry`. */
  close(): Promise<void>
}
