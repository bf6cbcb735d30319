import type { FastifyReply } from 'fastify'
import type { Rejection } from '../model.ts'
import { CHALLENGE } from '../net/auth.ts'

/** What became of a body's events, as its sender reads it. */
export interface Summary {
  readonly accepted: number
  readonly rejected: number
  /** The first few; without an index where a number of events is meant. */
  readonly errors: readonly (Omit<Rejection, 'index' | 'code'> & { readonly index?: number })[]
  readonly duplicate?: true
}

const TYPE = 'application/json; charset=utf-8'
const NOTHING: Summary = { accepted: 0, rejected: 0, errors: [] }

export function answerSummary(reply: FastifyReply, status: number, summary: Summary): FastifyReply {
  return reply.code(status).type(TYPE).send(JSON.stringify(summary))
}

/** There was no event in the body. */
export function answerNothing(reply: FastifyReply): FastifyReply {
  return answerSummary(reply, 200, NOTHING)
}

/** A body, or a request, that is refused for good. */
export function answerError(reply: FastifyReply, status: number, reason: string): FastifyReply {
  return reply
    .code(status)
    .type(TYPE)
    .send(JSON.stringify({ error: reason }))
}

/** Turns a request away for a while. @param after seconds after which the sender may try again. */
export function answerLater(reply: FastifyReply, status: 429 | 503, after: number, reason: string): FastifyReply {
  return answerError(reply.header('retry-after', String(after)), status, reason)
}

export function answerUnknown(reply: FastifyReply): FastifyReply {
  const reason = 'send a token of ingest.tokens as "Authorization: Bearer TOKEN", or as the password of Basic'
  return answerError(reply.header('www-authenticate', CHALLENGE), 401, reason)
}
