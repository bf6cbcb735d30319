import type { FastifyInstance, FastifyReply } from 'fastify'

/** Dependencies of the probes. */
export interface ProbeDeps {
  readonly state: () => 'starting' | 'ready' | 'draining'
  /** True if the last batch was written to the journal. */
  readonly journalOk: () => boolean
  readonly metrics: { readonly render: Render }
}

type Render = (accept: string | undefined) => Promise<{ readonly contentType: string; readonly body: string }>

/** Returns why the service does not accept events; undefined if it does. */
export function whyNotReady({ state, journalOk }: Omit<ProbeDeps, 'metrics'>): string | undefined {
  const now = state()
  if (now === 'starting') return 'starting: the journal is being read'
  if (now === 'draining') return 'draining: the service is about to stop'
  return journalOk() ? undefined : 'the journal cannot be written: look at the disk that holds the data folder'
}

/** Adds the probes and the metrics endpoint, which are public. */
export function addProbes(app: FastifyInstance, deps: ProbeDeps): void {
  for (const path of ['/-/healthy', '/healthz']) {
    // Healthy means that the event loop runs. A restart does not fix a full disk or an unavailable mail server.
    app.get(path, async (_, reply) => sendProbe(reply, 200, 'healthy'))
  }
  for (const path of ['/-/ready', '/readyz']) {
    app.get(path, async (_, reply) => {
      const reason = whyNotReady(deps)
      if (reason === undefined) return sendProbe(reply, 200, 'ready')
      return sendProbe(reply.header('retry-after', '1'), 503, `not ready: ${reason}`)
    })
  }
  const render = shareRender(deps.metrics.render)
  app.get('/metrics', async (request, reply) => {
    const { contentType, body } = await render(request.headers.accept)
    return reply.header('vary', 'accept').type(contentType).send(body)
  })
}

/** Renders the metrics once for all scrapes in one turn of the event loop, so that many scrapes do not block it. */
function shareRender(render: Render): Render {
  const made = new Map<string | undefined, ReturnType<Render>>()
  return (accept) => {
    const found = made.get(accept)
    if (found !== undefined) return found
    if (made.size === 0) setImmediate(() => made.clear())
    const text = render(accept)
    made.set(accept, text)
    return text
  }
}

const sendProbe = (reply: FastifyReply, status: number, text: string): FastifyReply =>
  reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`)
