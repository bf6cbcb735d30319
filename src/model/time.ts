/** An instant or a span in milliseconds; instants count from the Unix epoch and may carry a fraction. */
export type Millis = number

/** Position of an entry in the journal; the first is 1. */
export type Offset = number
