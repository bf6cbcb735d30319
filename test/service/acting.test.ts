import { test } from 'tap'
import { clockFrom, runCli, runService, temporary, until } from '../helpers/service.ts'

const START = Date.parse('2026-11-22T12:00:00Z')
const YAML = `
url: https://watch.example.org
receivers: { ops: { email: { to: [ada@example.org] } } }
self_monitoring: { notify: [ops] }
metrics: { cpu: { field: cpu, unit: ratio } }
rules:
  - { name: cpu-high, when: { metric: cpu, over: 20s, threshold: { of: mean, above: 0.9 } }, notify: [ops] }
`

interface Row {
  readonly episode: string
  readonly code: string
  readonly state: string
  readonly ack?: { readonly author: string }
  readonly muted?: { readonly by: string; readonly id: string }
}

test('people act on an alert from the terminal, by the link in a mail, and see why', { timeout: 60_000 }, async (t) => {
  const folder = temporary(t)
  const clock = clockFrom(START, 60)
  const first = await runService(t, { yaml: YAML, folder, clock })
  const feed = setInterval(() => {
    const at = new Date(clock.now()).toISOString()
    void first.post([{ '@timestamp': at, host: 'web-1', cpu: 0.97 }]).catch(() => undefined)
  }, 100)
  t.teardown(() => clearInterval(feed))
  const cli = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await runCli([...args, '--url', first.service.url], folder, { USER: 'ada' })
    t.strictSame([code, err], [0, []], args.join(' '))
    return out.join('\n')
  }
  const rows = async (): Promise<readonly Row[]> =>
    JSON.parse(await cli('alerts', '--state', 'firing', '--json')) as readonly Row[]
  const row = await until('the alert fires', async () => (await rows())[0])
  t.match(await cli('alerts'), new RegExp(`^${row.code} +firing +warning +cpu-high +web-1 +97%`, 'm'))

  t.match(
    await cli('alerts', 'ack', row.code.toLowerCase(), '--for', '2h', '--note', 'a runaway job'),
    /^acknowledged until .*: cpu-high on web-1/,
  )
  t.match(await rows(), [{ ack: { author: 'ada' } }])
  await cli('alerts', 'unack', row.code)
  t.notOk((await rows())[0]?.ack)

  t.match(
    await cli('silences', 'add', '--matcher', 'host =~ web-.*', '--duration', '12h', '--comment', 'moved'),
    /^silenced until.*\nmutes 1 firing alert now\nUndo with/,
  )
  await until('the silence holds', async () => (await rows())[0]?.muted)
  const listed = await cli('silences', 'list')
  const id = /^(\S{36}) +active +1 /m.exec(listed)?.[1] ?? ''
  t.match(await cli('silences', 'expire', id), /^expired at/)
  t.equal(await cli('silences', 'list'), 'no active or pending silences; --all lists expired ones')

  const mail = await until('the mail is there', async () => first.service.mailbox?.read(1))
  const links = [...mail.text.matchAll(/https:\/\/watch\.example\.org(\/act\/\S+)/g)].map(([, path = '']) => path)
  t.equal(links.length, 2)
  const [ack = '', silence = ''] = links
  t.match(await first.get(ack), { status: 200, text: /firing, warning/ })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  t.equal((await first.ask('POST', ack, 'duration=24h&author=Grace', form)).status, 303)
  t.match(await first.get(ack), { status: 200, text: /Acknowledged<\/strong> by <bdi>Grace \(ada@example\.org\)/ })
  t.equal((await first.ask('POST', ack, 'undo=yes', form)).status, 303)
  t.notMatch((await first.get(ack)).text, /Acknowledged<\/strong>/)
  for (const _ of [1, 2]) t.equal((await first.ask('POST', silence, 'duration=7d', form)).status, 303)
  t.match(await first.get(silence), { status: 200, text: /Silenced<\/strong> by <bdi>ada@example\.org/ })
  t.equal((await cli('silences', 'list')).split('\n').length, 2, 'one, however often it was asked for')

  const story = await cli('why', 'cpu-high', 'web-1')
  t.match(story, /^cpu-high on web-1\n {2}rule {3}metric, warning, notifies ops\n {2}host {3}live/)
  t.match(story, /last evaluations\n.*value 97%, threshold above 90%: cpu averaged 97% over 20 s/)
  t.match(
    story,
    new RegExp(
      `episode ${row.code}: firing.*\\n.*firing: .*notified .*acknowledged by ada until .* UTC: a runaway job.*Grace.*`,
      's',
    ),
  )
  t.match(story, /mail to ada@example\.org \(fired\) sent/)
  await first.stop()

  const second = await runService(t, { yaml: YAML, folder, clock })
  t.match(
    await second.get(silence),
    { status: 200, text: /Silenced<\/strong> by <bdi>ada@example\.org/ },
    'links and silences outlive a restart',
  )
})
