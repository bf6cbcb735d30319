import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import PostalMime from 'postal-mime'
import { test, type Test } from 'tap'
import type { AlertView } from '../src/model.ts'
import {
  type Child,
  clockFrom,
  type Door,
  freePort,
  openDoor,
  ROOT,
  runCli,
  runService,
  startChild,
  temporary,
  until,
} from './helpers/service.ts'
import { open, post } from './ingest/http-helper.ts'
import { startMailServer } from './notify/email/smtp-server.ts'

const SECOND = 1000
const TOKEN = 'a token for the logstash'

const event = (host: string, ts: number, fields: object): object => ({
  '@timestamp': new Date(ts).toISOString(),
  '@version': '1',
  host: { name: host },
  ...fields,
})
const cpu = (host: string, ts: number, pct: number): object =>
  event(host, ts, { event: { dataset: 'system.cpu' }, system: { cpu: { total: { norm: { pct } } } } })

/** Three minutes of CPU up to an instant, every ten seconds. */
const minutesOf = (host: string, until: number, pct: number): object[] =>
  Array.from({ length: 18 }, (_, i) => cpu(host, until - (17 - i) * 10 * SECOND, pct))

/** Writes a configuration into a folder of its own. */
function writeConfig(t: Test, yaml: string): string {
  const file = join(temporary(t), 'stashwatch.yaml')
  writeFileSync(file, yaml)
  return file
}

const alertsOf = async (door: Door): Promise<AlertView[]> =>
  JSON.parse((await door.get('/api/v1/alerts')).text) as AlertView[]

test('the founding configuration works as it stands, takes a reload, and stops in order', async (t) => {
  const folder = temporary(t)
  const file = join(folder, 'stashwatch.yaml')
  const yaml = readFileSync(join(ROOT, 'examples/stashwatch.yaml'), 'utf8')
    .replace('127.0.0.1:8080', '127.0.0.1:0')
    .replace('/run/secrets/smtp', 'smtp.secret')
  writeFileSync(file, yaml)
  writeFileSync(join(folder, 'smtp.secret'), 'the password of the mail server\n')
  const service = await startChild(t, file, { env: { STASHWATCH_TOKEN: TOKEN }, token: TOKEN })
  const { door } = service
  for (const path of ['/-/healthy', '/-/ready', '/healthz', '/readyz'])
    t.equal((await door.get(path)).status, 200, path)
  t.equal((await openDoor(door.port).post([])).status, 401)
  const now = Date.now()
  const usage = { cpu: { usage: 0.97 } }
  const events = [
    event('web-1', now, { host: { name: 'web-1', ...usage } }),
    cpu('web-2', now, 0.5),
    event('web-1', now, {
      machine: { id: 'a3bb189e-8bf9-3891-9912-ace4e6543002', cpu_usage: '71.5', memory_usage: 40, time_stamp: 'x' },
    }),
    event('web-1', now, {
      event: { dataset: 'system.filesystem' },
      system: { filesystem: { mount_point: '/home', used: { pct: 0.4 } } },
    }),
  ]
  t.match(await door.post(events), { status: 200, accepted: 4, rejected: 0 })
  t.match(await door.aggregate('web-1', 'cpu'), { count: 1, sum: 0.97 })
  t.match(await door.aggregate('web-2', 'cpu'), { count: 1, sum: 0.5 })
  t.match(await door.aggregate('a3bb189e-8bf9-3891-9912-ace4e6543002', 'machine.cpu'), { count: 1, sum: 71.5 })
  t.match(await door.aggregate('web-1', 'disk{mount_point="/home"}'), { count: 1, sum: 0.4 })
  t.match((await door.get('/api/v1/hosts')).text, '"source":"logstash-a"')

  const reload = async (text: string): Promise<{ status: number; text: string }> => {
    writeFileSync(file, text)
    return door.ask('POST', '/-/reload')
  }
  const inForce = async (): Promise<number | undefined> =>
    (await door.metrics()).get('stashwatch_config_last_reload_successful')
  t.equal(await inForce(), 1)
  const broken = await reload(yaml.replace('every: 1m', 'evry: 1m'))
  t.equal(broken.status, 422)
  t.match(broken.text, /stashwatch\.yaml:\d+:\d+: unknown key 'evry': did you mean 'every'\?/)
  t.equal(await inForce(), 0, 'the metric tells that the file is broken')
  const moved = await reload(yaml.replace('127.0.0.1:0', '127.0.0.1:1'))
  t.equal(moved.status, 422)
  t.match(moved.text, /listen has changed: restart the service/)
  t.match((await door.get('/api/v1/rules')).text, /"name":"cpu-high"/)
  t.equal((await reload(yaml.replaceAll('cpu-high', 'cpu-hot'))).status, 200)
  t.equal(await inForce(), 1)
  t.match((await door.get('/api/v1/rules')).text, /"name":"cpu-hot"/)
  t.match(await door.aggregate('web-2', 'cpu'), { count: 1, sum: 0.5 }, 'what is known survives')

  writeFileSync(file, yaml.replace('every: 1m', 'evry: 1m'))
  service.process.kill('SIGHUP')
  t.match(await service.line(/"level":50.*evry/), /unknown key 'evry'/, 'a signal loads it too, and says what is wrong')

  const same = writeConfig(t, `listen: 127.0.0.1:0\ndata: ${join(folder, 'data')}\nlog: { level: error }`)
  const second = await runCli(['start', '--config', same])
  t.match(
    second,
    { code: 2, err: [/stashwatch\.db.*in use by another process.*stop the other one/] },
    'one service for one folder',
  )
  t.equal(second.err.length, 1)
  t.equal((await door.post(events.slice(0, 2))).status, 200, 'and the first goes on')

  service.process.kill('SIGTERM')
  t.equal(await service.exit, 0)
  const said = [...service.out, ...service.err].join('\n')
  t.notMatch(said, /the password of the mail server|a token for/, 'no secret was told')
})

test('while the service starts or stops, senders get 503 with Retry-After', async (t) => {
  const port = await freePort()
  const door = openDoor(port)
  t.teardown(() => door.shut())
  const starting = runService(t, { yaml: `rules: []`, folder: temporary(t), port })
  const early = await until('it listens', () => door.get('/-/ready').catch(() => undefined))
  t.match(early, { status: 503, text: /starting/, headers: { 'retry-after': '1' } })
  t.match(await door.ask('POST', '/events', '{"host":"x"}'), {
    status: 503,
    headers: { 'retry-after': '2', connection: 'keep-alive' },
  })
  t.equal((await door.get('/-/healthy')).status, 200)
  const service = await starting
  t.match(await door.get('/-/ready'), { status: 200, text: 'ready\n' })
  t.strictSame(await service.hosts(), [], 'what was refused is not there')

  const [idle, busy] = [await open(t, port), await open(t, port)]
  const bytes = post('[{"host":"slow"}]')
  busy.send(bytes.subarray(0, -5))
  await until('the request has begun', async () => (await door.get('/-/healthy')).status === 200)
  const stopping = service.stop()
  idle.send('GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n')
  t.match(await idle.answer(), { status: 503, body: /draining/, headers: { connection: 'close' } })
  await t.rejects(openDoor(port).get('/-/ready'), { code: 'ECONNREFUSED' }, 'nobody new is let in')
  busy.send(bytes.subarray(-5))
  t.match(
    await busy.answer(),
    { status: 200, body: /"accepted":1/, headers: { connection: 'close' } },
    'what was begun is finished',
  )
  await stopping
})

interface SmallDisk {
  readonly folder: string
  /** A command that runs the service under the limit, where the limit is one of the process. */
  readonly under: readonly string[]
  /** Makes room while the service runs. */
  free(child: Child): void
}

/** A disk that has little room: a file system in memory where this user may mount one, else a limit on files' sizes. */
function smallDisk(t: Test): SmallDisk | undefined {
  const folder = join(temporary(t), 'disk')
  mkdirSync(folder)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder]).status === 0) {
    t.teardown(() => spawnSync('umount', ['--lazy', folder]))
    const ballast = join(folder, 'ballast')
    writeFileSync(ballast, Buffer.alloc(22 * 2 ** 20))
    return { folder, under: [], free: () => rmSync(ballast) }
  }
  if (spawnSync('prlimit', ['--version']).status !== 0) return undefined
  const free = (child: Child): void =>
    void spawnSync('prlimit', ['--pid', String(child.process.pid), '--fsize=unlimited'])
  return { folder, under: ['prlimit', '--fsize=2000000:unlimited'], free }
}

test('a full disk is answered 503, and with room again all goes on without a restart', async (t) => {
  const disk = smallDisk(t)
  if (disk === undefined) {
    t.pass('neither mount nor prlimit may be used here: a full disk was NOT tried', { skip: true })
    return
  }
  const yaml = `data: ${join(disk.folder, 'data')}\nmetrics: { load: { field: load } }\nrules: []`
  const file = writeConfig(t, `listen: 127.0.0.1:0\nlog: { level: debug }\n${yaml}`)
  const service = await startChild(t, file, { under: disk.under })
  const { door } = service
  const hosts = Array.from({ length: 400 }, (_, i) => `${'a-host-with-a-long-name-'.repeat(5)}${i}`)
  const bodyOf = (round: number): object[] => hosts.map((host) => event(host, Date.now(), { load: round, round }))

  // A first failure may be mended by moving the WAL into the database; full is what stays refused.
  let [rounds, refusals] = [0, 0]
  let body = bodyOf(1)
  while (refusals < 3 && rounds < 200) {
    const { status } = await door.post(body)
    if (status === 200) {
      rounds++
      body = bodyOf(rounds + 1)
    } else t.equal(status, 503)
    refusals = status === 200 ? 0 : refusals + 1
  }
  t.ok(rounds > 3 && refusals === 3, `full after ${rounds} batches`)
  const said = service.out.length
  const lost = (): number => service.out.slice(said).filter((line) => line.includes('a tick failed')).length
  for (let i = 0; i < 16; i++) {
    const began = performance.now()
    const answer = await door.ask('POST', '/events', JSON.stringify(body))
    t.match(answer, { status: 503, headers: { 'retry-after': /^\d+$/, connection: 'keep-alive' } })
    t.ok(performance.now() - began < 5000, 'the answer comes in time')
    t.match(await door.get('/-/ready'), { status: 503, text: /journal cannot be written/ })
    t.equal((await door.get('/-/healthy')).status, 200, 'a restart would not help')
    if (i % 8 === 7) await until('a tick was refused as well', () => lost() >= (i + 1) / 8)
  }
  t.strictSame(
    service.out.slice(said).filter((line) => /"level":50|accepts entries/.test(line)),
    [],
    'it was said once',
  )
  t.match(
    service.out.findLast((line) => line.includes('"level":50')),
    /(full|disk).*journal cannot be written: batches are answered 503/,
  )
  service.process.kill('SIGHUP')
  await service.line(/"level":50.*"msg":"(the )?journal .*could not/)
  const expected = [rounds, (rounds * (rounds + 1)) / 2]
  const counted = async (host: string, from: Door): Promise<unknown> => {
    const view = await from.aggregate(host, 'load')
    return view && [view.count, view.sum]
  }
  t.strictSame(await counted(hosts[7]!, door), expected, 'nothing of what was refused counts')

  disk.free(service)
  await until('it is ready again', async () => (await door.get('/-/ready')).status === 200)
  t.equal((await door.post(body)).status, 200, 'what was refused is taken')
  t.equal((await door.post(body)).duplicate, true, 'once')
  const after = [rounds + 1, expected[1]! + rounds + 1]
  t.strictSame(await counted(hosts[7]!, door), after)
  await service.line(/accepts entries again/)
  t.equal((await door.metrics()).get('stashwatch_ingest_requests_total{status="503"}')! >= 16, true)

  service.process.kill('SIGKILL')
  await service.exit
  const reborn = await runService(t, { yaml })
  for (const host of [hosts[0]!, hosts[7]!, hosts[399]!])
    t.strictSame(await counted(host, reborn), after, 'the journal has the same')
})

test('when the engine has ended the service says so, refuses at once, and exits 2', async (t) => {
  const killer = join(temporary(t), 'killer.mjs')
  writeFileSync(killer, `process.on('worker', (worker) => process.on('SIGUSR2', () => worker.terminate()))`)
  const service = await startChild(t, writeConfig(t, 'listen: 127.0.0.1:0\nrules: []'), { node: ['--import', killer] })
  t.equal((await service.door.post([{ host: 'x' }])).status, 200)
  service.door.shut()
  const began = performance.now()
  service.process.kill('SIGUSR2')
  t.equal(await service.exit, 2)
  t.ok(performance.now() - began < 10_000, 'soon enough for the supervisor to start it anew')
  t.match(await service.line(/"level":50/), /engine has ended/)
})

test('SIGTERM under load cuts no request, and everything that was answered 200 is there', async (t) => {
  const yaml = `data: ${temporary(t)}\nmetrics: { load: { field: load } }\nrules: []`
  const service = await startChild(t, writeConfig(t, `listen: 127.0.0.1:0\n${yaml}`))
  const { door } = service
  const counts = { sent: 0, later: 0, cut: [] as string[] }
  const state = { stopping: false }
  const work = async (worker: number): Promise<void> => {
    const own = openDoor(door.port)
    for (let round = 0; ; round++) {
      const body = Array.from({ length: 20 }, (_, i) =>
        event('web', Date.now(), { load: 1, id: `${worker}-${round}-${i}` }),
      )
      try {
        const { status } = await own.post(body)
        if (status === 200) counts.sent += body.length
        else if (status === 503) counts.later++
        else counts.cut.push(String(status))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // Nobody listens any more: Logstash waits and tries again.
        if (state.stopping && code === 'ECONNREFUSED') return
        counts.cut.push(String(code ?? error))
        return
      }
    }
  }
  const workers = Array.from({ length: 8 }, (_, i) => work(i))
  await until('there is load', () => counts.sent > 1000)
  state.stopping = true
  service.process.kill('SIGTERM')
  t.equal(await service.exit, 0)
  await Promise.all(workers)
  t.strictSame(counts.cut, [], 'every request had its answer, or found nobody listening')
  const reborn = await runService(t, { yaml })
  t.match(await reborn.aggregate('web', 'load'), { count: counts.sent, sum: counts.sent })
  t.comment(`${counts.sent} events were answered 200, ${counts.later} requests 503`)
})

const EVIL_HOST = 'web\r\nBcc: evil@example.net <script>alert(1)</script>'

test('hot CPU posted over HTTP becomes a mail over SMTP, and its end another one in the same thread', async (t) => {
  const mails = await startMailServer(t)
  const yaml = `
smtp: { host: 127.0.0.1, port: ${mails.port}, from: "Stashwatch <alerts@example.org>" }
metrics: { cpu: { field: system.cpu.total.norm.pct, unit: ratio } }
receivers: { ops: { email: { to: ["Ada Lovelace <ada@example.org>"] } } }
rules:
  - name: cpu-high
    when: { metric: cpu, over: 2m, threshold: { of: mean, above: 0.9, clear: 0.85 } }
    every: 1m
    severity: warning
    notify: [ops]
    subject: CPU on {{server}} is high
`
  const clock = clockFrom(Date.parse('2026-11-22T12:00:00Z'), 60)
  const service = await runService(t, { yaml, clock })
  const hosts = ['web-1', EVIL_HOST]
  const report = (until: number, pct: number): Promise<unknown> =>
    service.post(hosts.flatMap((host) => minutesOf(host, until, pct)))
  const began = clock.now()
  await report(began, 0.97)
  await until('both alerts are mailed', () => mails.arrived.length >= 2)
  const parsed = await Promise.all(mails.arrived.map(({ raw }) => PostalMime.parse(raw)))
  const alert = parsed.find(({ subject }) => subject === 'CPU on web-1 is high')
  t.ok(alert, parsed.map(({ subject }) => subject).join('; '))
  const header = (mail: (typeof parsed)[number] | undefined, name: string): string | undefined =>
    mail?.headers.find(({ key }) => key === name)?.value
  t.strictSame(
    ['rule', 'host', 'state', 'severity'].map((name) => header(alert, `x-stashwatch-${name}`)),
    ['cpu-high', 'web-1', 'firing', 'warning'],
  )
  t.strictSame(alert?.to, [{ name: 'Ada Lovelace', address: 'ada@example.org' }])
  t.match(alert?.text, /97/)
  const evil = parsed.find((one) => one !== alert)
  for (const { to } of mails.arrived) t.strictSame(to, ['ada@example.org'], 'no text of an event becomes a recipient')
  t.equal(header(evil, 'bcc'), undefined)
  t.notMatch(evil?.html, /<script/)
  t.match(await alertsOf(service), [{ state: 'firing' }, { state: 'firing' }])

  const end = clock.now() + 180 * SECOND
  await until('three minutes pass', () => clock.now() > end)
  await report(end, 0.2)
  await until('both recoveries are mailed', () => mails.arrived.length >= 4)
  const later = await Promise.all(mails.arrived.slice(2).map(({ raw }) => PostalMime.parse(raw)))
  const recovery = later.find((mail) => header(mail, 'x-stashwatch-host') === 'web-1')
  t.equal(header(recovery, 'x-stashwatch-state'), 'resolved')
  t.equal(recovery?.inReplyTo, alert?.messageId)
  t.match(recovery?.references, alert?.messageId ?? 'no message')
  t.not(recovery?.messageId, alert?.messageId)
  t.match(recovery?.text, /97/, 'the peak is told')
  t.match(
    await service.metrics(),
    new Map([['stashwatch_notification_attempts_total{integration="email",outcome="sent"}', 4]]),
  )
  const { text } = await service.get('/api/v1/notifications')
  t.equal((JSON.parse(text) as { state: string }[]).filter(({ state }) => state === 'sent').length, 4)

  for (const line of service.lines) t.notMatch(line.message, /[\r\n]/, 'a line of the log is one line')
  const promtool = spawnSync('promtool', ['check', 'metrics'], {
    input: (await service.get('/metrics')).text,
    encoding: 'utf8',
  })
  if (promtool.error) t.pass('promtool is not installed: the metrics were NOT checked', { skip: true })
  else
    t.strictSame(
      [promtool.status, promtool.stdout, promtool.stderr],
      [0, '', ''],
      'promtool has nothing to say about the metrics',
    )
})

test('a changed rule judges with what was known before, and two reloads do not meet', async (t) => {
  const yaml = `
smtp: { host: 127.0.0.1, port: 1, from: alerts@example.org }
metrics: { cpu: { field: system.cpu.total.norm.pct, unit: ratio } }
receivers: { ops: { email: { to: [ada@example.org] } } }
rules:
  - { name: busy, when: { metric: cpu, over: 2m, threshold: { of: mean, above: 0.9 } }, min_samples: 11, notify: [ops] }
`
  const next = { yaml }
  const clock = clockFrom(Date.parse('2026-11-22T12:00:00Z'), 60)
  const service = await runService(t, { yaml, clock, next: () => next.yaml })
  const began = clock.now()
  const samples = (from: number, to: number): object[] =>
    Array.from({ length: to - from }, (_, i) => cpu('web-1', began - 100 * SECOND + (from + i) * 10 * SECOND, 0.75))
  await service.post(samples(0, 10))
  await until('a minute passes', () => clock.now() > began + 60 * SECOND)
  t.strictSame(await alertsOf(service), [])

  next.yaml = yaml.replace('0.9', '0.6').replace('port: 1', 'port: 2')
  t.strictSame(await Promise.all([service.service.reload(), service.service.reload()]), [[], []])
  t.match(await service.aggregate('web-1', 'cpu'), { count: 10, sum: 7.5 })
  next.yaml = yaml.replace(/smtp: .*/, '')
  t.strictSame(await service.service.reload(), [
    'smtp has changed: restart the service for that; nothing was changed now',
  ])
  t.match(
    service.lines.slice(-2).map(({ message }) => message),
    ['reload failed; the previous configuration stays in effect', /^smtp has changed/],
  )
  t.strictSame(await alertsOf(service), [])
  await service.post(samples(10, 13))
  const [alert] = await until(
    'the alert fires',
    async () => (await alertsOf(service)).some((one) => one.state === 'firing') && alertsOf(service),
  )
  t.match(alert, { rule: 'busy', host: 'web-1', value: 0.75, threshold: { op: 'above', value: 0.6 } })
  await service.stop()
  t.match(await service.service.reload(), [/^the service is draining/])
})
