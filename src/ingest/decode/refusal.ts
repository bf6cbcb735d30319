/** Rejects a body as a whole. The route answers with its status and reason. */
export class BodyRefusal extends Error {
  readonly status: 400 | 413 | 415
  /** Short code for metrics: `json`, `utf8`, `gzip`, `encoding`, `too_large`, `too_many`. */
  readonly code: string

  constructor(status: 400 | 413 | 415, code: string, reason: string) {
    super(reason)
    this.name = 'BodyRefusal'
    this.status = status
    this.code = code
  }
}

/** Formats a size: `64 MiB`. */
export function mebibytes(bytes: number): string {
  const value = bytes / 1024 / 1024
  return `${value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} MiB`
}
