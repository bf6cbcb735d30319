import type { FastifyReply } from 'fastify'
import type { Rejection } from '../model.ts'
import { CHALLENGE } from '../net/auth.ts'

/** Result of a body's events, as its sender receives it. */
export interface BatchSummary {
  readonly accepted: number
  readonly rejected: number
  /** The first few errors; without an index if an error is about a number of events. */
  readonly errors: readonly (Omit<Rejection, 'index' | 'code'> & { readonly index?: number })[]
  readonly duplicate?: true
}

const TYPE = 'application/json; charset=utf-8'
const NOTHING: BatchSummary = { accepted: 0, rejected: 0, errors: [] }

export function replySummary(reply: FastifyReply, status: number, summary: BatchSummary): FastifyReply {
  return reply.code(status).type(TYPE).send(JSON.stringify(summary))
}

/** Answers a body without events. */
export function replyEmpty(reply: FastifyReply): FastifyReply {
  return replySummary(reply, 200, NOTHING)
}

/** Answers a body or a request that is rejected permanently. */
export function replyError(reply: FastifyReply, status: number, reason: string): FastifyReply {
  return reply
    .code(status)
    .type(TYPE)
    .send(JSON.stringify({ error: reason }))
}

/**
 * Turns a request away for a while.
 * @param after seconds until the sender may retry.
 */
export function replyRetryLater(reply: FastifyReply, status: 429 | 503, after: number, reason: string): FastifyReply {
  return replyError(reply.header('retry-after', String(after)), status, reason)
}

/** Answers a web page: without tokens, any page that somebody nearby opens could post events. */
export function replyBrowser(reply: FastifyReply): FastifyReply {
  const reason = 'web pages may not post events (the request has an Origin or Sec-Fetch-Site header): set ingest.tokens'
  return replyError(reply, 403, reason)
}

export function replyUnknown(reply: FastifyReply): FastifyReply {
  const reason = 'send a token of ingest.tokens as "Authorization: Bearer TOKEN", or as the password of Basic'
  return replyError(reply.header('www-authenticate', CHALLENGE), 401, reason)
}
