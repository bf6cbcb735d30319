import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { open, startServer } from './http-helper.ts'

const CAPTURES = fileURLToPath(new URL('../../../shared/wire/captures/', import.meta.url))
/** The password of the captured Basic header. */
const TOKENS = [{ name: 'logstash', token: 's3cr:et ?' }]
const EXPECTED: Readonly<Record<string, readonly { accepted: number; hosts: readonly string[] }[]>> = {
  json: [
    { accepted: 1, hosts: ['node01'] },
    { accepted: 1, hosts: ['node02'] },
    { accepted: 1, hosts: ['legacy-host'] },
  ],
  json_gzip: [
    { accepted: 1, hosts: ['node01'] },
    { accepted: 1, hosts: ['node02'] },
    { accepted: 1, hosts: ['legacy-host'] },
  ],
  json_batch: [{ accepted: 3, hosts: ['node01', 'node02', 'legacy-host'] }],
  json_batch_gzip: [{ accepted: 3, hosts: ['node01', 'node02', 'legacy-host'] }],
  auth: [{ accepted: 3, hosts: ['node01', 'node02', 'legacy-host'] }],
}
const skip = existsSync(CAPTURES) ? false : `no captures at ${CAPTURES}: Logstash's own bytes were NOT replayed`

test("every request that Logstash's own plugin wrote is taken, byte for byte", { skip }, async (t) => {
  for (const [folder, expected] of Object.entries(EXPECTED)) {
    const tokens = folder === 'auth' ? TOKENS : []
    const server = await startServer(t, { config: { tokens } })
    const client = await open(t, server.port)
    const files = readdirSync(`${CAPTURES}${folder}`).sort()
    t.equal(files.length, expected.length, folder)
    for (const [i, file] of files.entries()) {
      const bytes = readFileSync(`${CAPTURES}${folder}/${file}`)
      client.send(bytes.subarray(0, 100), bytes.subarray(100))
      const answer = await client.answer()
      t.equal(answer?.status, 200, file)
      t.strictSame(answer?.json(), { accepted: expected[i]?.accepted, rejected: 0, errors: [] })
      t.equal(answer?.headers.connection, 'keep-alive')
      t.match(answer?.headers['keep-alive'], /timeout=7[2-9]/)
      t.strictSame(
        server.frames[i]?.events.map(({ host }) => host),
        expected[i]?.hosts,
      )
      t.equal(server.frames[i]?.isBatch, (expected[i]?.accepted ?? 0) > 1)
    }
    if (folder === 'auth') t.equal(server.frames[0]?.source, 'logstash')
  }
})

test('the odd but honest events of Logstash are all taken, and known when they come again', { skip }, async (t) => {
  const server = await startServer(t)
  const client = await open(t, server.port)
  const bytes = readFileSync(`${CAPTURES}edge/req-000.raw`)
  client.send(bytes)
  const first = await client.answer()
  t.strictSame([first?.status, first?.json().rejected], [200, 0])
  t.equal(first?.json().accepted, server.frames[0]?.events.length)
  client.send(bytes)
  t.strictSame((await client.answer())?.json(), { ...first!.json(), duplicate: true })
})

test('a wrong token gets 401 with the bytes of Logstash, and the connection is kept', { skip }, async (t) => {
  const server = await startServer(t, { config: { tokens: [{ name: 'x', token: 'another token' }] } })
  const client = await open(t, server.port)
  const bytes = readFileSync(`${CAPTURES}auth/req-000.raw`)
  for (let i = 0; i < 3; i += 1) {
    client.send(bytes)
    t.match(await client.answer(), { status: 401, headers: { connection: 'keep-alive' } })
  }
  t.strictSame(server.frames, [])
})
