/** Responses to input that is no valid request. Each closes its connection. */
export const BAD_REQUEST = rawResponse('400 Bad Request', 'this is not a request that has one reading')
export const HEADERS_TOO_LARGE = rawResponse('431 Request Header Fields Too Large', 'the headers are larger than 16 kB')
export const NO_TUNNEL = rawResponse('405 Method Not Allowed', 'this is not a proxy')

function rawResponse(status: string, reason: string): string {
  const body = JSON.stringify({ error: reason })
  return (
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}
