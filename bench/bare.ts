import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The least that a receiver of JSON can do: collect the body, `JSON.parse` it, answer. */
const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const events = JSON.parse(Buffer.concat(parts).toString()) as unknown[]
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ accepted: events.length }))
  })
})

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
