import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { startChild, temporary, until } from '../helpers/service.ts'
import { post } from '../ingest/http-helper.ts'

const READ = 64 * 1024
const MB = 1024 * 1024
const TOKEN = 'a-token-that-nobody-guesses'
const YAML = `listen: 127.0.0.1:0\ndata: ./data\ningest: { tokens: [{ name: site, token: ${TOKEN} }] }\n`

/** What anybody who reaches the port may send. */
const FLOODS: readonly (readonly [number, string])[] = [
  [12, get('/metrics')],
  [60, get('/')],
  [60, get('/healthz')],
  [60, get('/readyz')],
  [60, get('/nonexistent')],
  [60, get('/api/v1/alerts')],
  [60, 'HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n'],
  [60, 'GET / HTTP/1.1\r\n\r\n'],
  [60, 'GET / HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\n\r\n'],
  [60, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
  [60, post('[]').toString()],
  [60, post('[]', ['Expect: 100-continue']).toString()],
  [60, post('[]', ['Connection: Upgrade', 'Upgrade: h2c']).toString()],
  [60, post('\r\n\r\n'.repeat(5000)).toString()],
]

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
}

function residentBytes(pid: number | undefined): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

test('floods of requests whose answers nobody reads neither end the process nor keep a sender out', async (t) => {
  const folder = temporary(t)
  const file = join(folder, 'stashwatch.yaml')
  writeFileSync(file, YAML)
  const { door, process, exit } = await startChild(t, file, {
    cwd: folder,
    token: TOKEN,
    node: ['--max-old-space-size=256'],
  })
  for (const [count, request] of FLOODS) {
    const bytes = request.repeat(Math.floor(READ / request.length))
    const sockets = Array.from({ length: count }, () => connect(door.port, '127.0.0.1'))
    let sent = 0
    for (const socket of sockets) {
      socket.pause().on('error', () => undefined)
      socket.write(bytes, () => void (sent += 1))
    }
    await until('all is sent', () => sent === count)
    const host = `node-${request.length}`
    const answer = await door.post([{ '@timestamp': new Date().toISOString(), host: { name: host }, message: request }])
    t.match(answer, { status: 200, accepted: 1 }, request.slice(0, 60))
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const resident = Math.round(residentBytes(process.pid) / MB)
  t.ok(resident < 400, `${resident} MiB resident at most`)
  door.shut()
  process.kill('SIGTERM')
  t.equal(await exit, 0)
})
