import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export interface Posted {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly raw: Buffer
}

export interface WebServer {
  readonly url: string
  readonly port: number
  readonly posted: readonly Posted[]
  close(): Promise<void>
}

export type Answer = (request: IncomingMessage, response: ServerResponse, n: number) => void

/** A real HTTP server on loopback that records what is posted to it, and answers 200 by default. */
export async function startWebServer(t: Pick<Test, 'teardown'>, answer?: Answer, port = 0): Promise<WebServer> {
  const posted: Posted[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      posted.push({ method, path, headers, raw: Buffer.concat(chunks) })
      if (answer === undefined) response.end('thank you')
      else answer(request, response, posted.length)
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  t.teardown(close)
  const { port: got } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${got}`, port: got, posted, close }
}
