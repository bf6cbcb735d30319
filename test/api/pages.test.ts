import { createHash } from 'node:crypto'
import { test } from 'tap'
import type { MailboxEntry, MailboxMail } from '../../src/api/index.ts'
import type { HostDetail, HostView, Query, SendRecord } from '../../src/model.ts'
import { alertView, because, identityOf, serve } from './service.ts'

const EVIL = `"><script>alert(1)</script>'&\u202E`
const HTML = `<body onload="alert(1)"><p style="color:red">CPU "high" & hot</p></template></TEMPLATE><template><script>1</script></body>`

const ENTRY: MailboxEntry = { n: 2, subject: EVIL, to: EVIL, date: 'Sun, 22 Nov 2026 12:03:00 +0000' }
const MAIL: MailboxMail = {
  ...ENTRY,
  from: EVIL,
  headers: [{ name: EVIL, value: EVIL }],
  text: `CPU on ${EVIL}`,
  html: HTML,
  files: [],
  raw: `Subject: ${EVIL}`,
}

const mailboxOf = (entries: readonly MailboxEntry[]) => ({
  list: async () => entries,
  read: async (n: number) => (n === 2 ? MAIL : undefined),
})

const mailIn = (page: string): string | undefined =>
  /<template shadowrootmode="open">([^]*)<\/template><\/div>/.exec(page)?.[1]

test('the landing page links to everything, and every link leads somewhere', async (t) => {
  const { get } = await serve(t, { mailbox: mailboxOf([]), answers: () => [] })
  const { headers, body } = await get('/')
  t.equal(headers['content-type'], 'text/html; charset=utf-8')
  const links = [...body.matchAll(/href="(\/[^"]*)"/g)].map(([, href = '']) => href)
  t.same(links.sort(), [
    '/-/healthy',
    '/-/ready',
    '/api/v1/alerts',
    '/api/v1/hosts',
    '/api/v1/notifications',
    '/api/v1/rejects',
    '/api/v1/rules',
    '/api/v1/silences',
    '/mailbox',
    '/metrics',
  ])
  for (const link of links) t.equal((await get(link)).status, 200, link)
  t.notMatch((await get('/', { host: 'x' })).body, /token/)
  const bare = await serve(t, { listensBeyondLoopback: true })
  t.match((await bare.get('/')).body, /Requires a token/)
  t.notMatch((await bare.get('/')).body, /mailbox/)
  t.equal((await bare.get('/mailbox')).status, 404, 'without a mailbox there is none')
})

test('a page has one stylesheet, which its policy names, and nothing that runs or loads', async (t) => {
  const { get } = await serve(t, { mailbox: mailboxOf([ENTRY]) })
  for (const path of ['/', '/mailbox', '/mailbox/7']) {
    const { headers, body } = await get(path)
    const style = /<style>([^]*)<\/style>/.exec(body)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    t.ok(headers['content-security-policy']?.toString().endsWith(`style-src 'sha256-${hash}'`), path)
    t.notMatch(body, /<script|src=|url\(|@import|style="|\son\w+="|https?:/, path)
  }
})

test('the mailbox lists mails as plain words, whatever is in them', async (t) => {
  const { get } = await serve(t, { mailbox: mailboxOf([ENTRY, { ...ENTRY, n: 1, subject: '' }]) })
  const { status, body } = await get('/mailbox')
  t.equal(status, 200)
  t.ok(body.includes('<a href="/mailbox/2"><bdi>&quot;&gt;&lt;script&gt;'))
  t.ok(body.includes('<a href="/mailbox/1"><bdi>no subject</bdi>'))
  t.notMatch(body, /<script/)
  const empty = await serve(t, { mailbox: mailboxOf([]) })
  t.match((await empty.get('/mailbox')).body, /No mails yet/)
})

test('a mail is shown as high as it is and apart from the page, may do nothing, and has its text and headers beside it', async (t) => {
  const { get } = await serve(t, { mailbox: mailboxOf([ENTRY]) })
  const { status, headers, body } = await get('/mailbox/2')
  t.equal(status, 200)
  t.equal(mailIn(body), HTML.replaceAll(/<(?=\/?template)/gi, '&lt;'), 'whole, and it ends where the page says')
  t.equal(body.match(/<\/?template/gi)?.length, 2)
  t.match(body, /<\/template><\/div>\n<\/body>\n<\/html>\n$/, 'nothing follows it that its markup could take along')
  t.notMatch(body, /<iframe/)
  const policy = String(headers['content-security-policy'])
  t.match(policy, /^default-src 'none';.*; sandbox allow-downloads$/, 'no script runs, whatever the mail holds')
  t.notMatch(policy, /script-src|http|\*/)
  t.ok(body.includes('<pre>CPU on &quot;&gt;'))
  t.ok(body.includes('<pre>Subject: &quot;&gt;'))
  for (const n of ['0', '3', '-1', '1.5', '02', 'x', '9999999999', '..%2F..%2Fetc%2Fpasswd', '__proto__']) {
    t.equal((await get(`/mailbox/${n}`)).status, 404, n)
  }
})

test('a mail shows the pictures that it carries, and offers its files', async (t) => {
  const png = { name: 'a_1.png', type: 'image/png', cid: 'chart.1@example.org', bytes: Buffer.from([1, 2, 3]) }
  const odd = { name: EVIL, type: EVIL, cid: '', bytes: Buffer.from('=1+1') }
  const html = '<img src="cid:chart.1@example.org" alt="x"><img src="cid:other@example.org">'
  const mailbox = { list: async () => [], read: async () => ({ ...MAIL, html, files: [png, odd] }) }
  const { headers, body } = await (await serve(t, { mailbox })).get('/mailbox/2')
  t.equal(mailIn(body), '<img src="data:image/png;base64,AQID" alt="x"><img src="cid:other@example.org">')
  t.match(String(headers['content-security-policy']), 'img-src data:')
  t.match(body, '<a download="a_1.png" href="data:image/png;base64,AQID"><bdi>a_1.png</bdi></a>')
  t.match(body, /image\/png, 3 bytes/)
  t.notMatch(body, /<script/)
  t.notMatch(
    (await (await serve(t, { mailbox: mailboxOf([]) })).get('/mailbox/2')).body,
    'Files',
    'most mails have none',
  )
})

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const THEN = Date.parse('2026-11-22T12:00:00Z')
const DETAIL: HostDetail = {
  host: EVIL,
  lastSeenAt: THEN,
  source: EVIL,
  state: 'live',
  series: [
    {
      metric: 'cpu',
      labels: { core: EVIL },
      unit: 'ratio',
      buckets: 12,
      newest: THEN,
      window: { count: 24, sum: 22, mean: 0.93, min: null, max: 0.97, last: 0.95 },
    },
  ],
}
const OPEN = alertView({
  identity: identityOf({ host: EVIL, labels: { core: EVIL } }),
  severity: 'critical',
  episode: 'e/1',
  code: 'K7QM',
  startsAt: THEN,
  firedAt: THEN,
  evaluatedAt: THEN,
  evidence: because(EVIL),
  peak: 0.99,
  ack: { at: THEN, until: THEN + 3_600_000, author: EVIL, note: EVIL },
  decisions: [
    { at: THEN, kind: 'notified', event: 'fired', to: 'ada@example.org' },
    { at: THEN, kind: 'suppressed', event: 'resolved', to: 'bob@example.org', why: { by: 'maintenance', name: EVIL } },
    { at: THEN, kind: 'unacknowledged', author: EVIL, reason: 'withdrawn' },
  ],
  transitions: [{ to: 'firing', at: THEN, value: 0.95, evidence: because(EVIL) }],
})
const knows = (query: Query): unknown => {
  if (query.kind === 'host') return query.host === 'absent' ? null : DETAIL
  if (query.kind === 'alerts') return [OPEN, { ...OPEN, identity: identityOf({ host: 'another', rule: 'not-mine' }) }]
  return query.kind === 'alert' && query.episode === 'e/1' ? OPEN : null
}
const sends: readonly SendRecord[] = [
  {
    id: 'n1',
    data: JSON.stringify({
      to: { address: EVIL },
      because: 'fired',
      alerts: [{ episode: 'e/1', identity: identityOf() }],
    }),
    state: 'sent',
    attempts: 1,
    createdAt: THEN,
    finishedAt: THEN + 250,
    response: EVIL,
  },
]

test('who follows a link from a mail reads a page; everybody else gets JSON', async (t) => {
  const { get } = await serve(t, { answers: knows, sends })
  const host = await get('/api/v1/hosts/web-1', BROWSER)
  t.equal(host.headers['content-type'], 'text/html; charset=utf-8')
  t.equal(host.headers.vary, 'accept')
  t.match(host.body, '<p class="state good">live</p>')
  t.match(host.body, 'last 95%, mean 93%, max 97%')
  t.match(host.body, 'href="../alerts/e%2F1"')
  t.notMatch(host.body, 'not-mine')
  const story = await get('/api/v1/alerts/e%2F1', BROWSER)
  t.equal(story.status, 200)
  for (const words of [
    'firing, critical',
    '95% (threshold: above 90%)',
    'Acknowledged',
    'notified ada@example.org',
    'not notified bob@example.org',
    'acknowledgement withdrawn',
    'sent',
  ])
    t.match(story.body, words)
  for (const { headers, body } of [host, story]) {
    t.notMatch(body, /<script|src=|url\(|@import|style="|\son\w+="|https?:/)
    t.match(body, '<bdi>&quot;&gt;&lt;script&gt;')
    t.match(headers['content-security-policy'], /^default-src 'none'.*style-src 'sha256-[^']+'$/)
  }
  for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5', '', 'text/plain']) {
    const { headers } = await get('/api/v1/alerts/e%2F1', { accept })
    t.match(headers['content-type'], /^application\/json/, accept)
    t.equal(headers.vary, 'accept')
  }
})

test('a link from a mail that leads nowhere any more, or needs a token, says so on a page', async (t) => {
  const { get } = await serve(t, { answers: knows })
  const gone = await get('/api/v1/alerts/e%2F2', BROWSER)
  t.equal(gone.status, 404)
  t.match(gone.body, '<h1>Unknown episode</h1>')
  t.equal((await get('/api/v1/hosts/absent', BROWSER)).status, 404)
  t.match((await get('/api/v1/alerts/e%2F2')).headers['content-type'], /^application\/problem\+json/)
  const locked = await serve(t, { answers: knows, tokens: [{ name: 'ops', token: 'a-long-enough-token' }] })
  const refused = await locked.get('/api/v1/alerts/e%2F1', BROWSER)
  t.equal(refused.status, 401)
  t.match(refused.headers['www-authenticate'], /Basic/, 'so that the browser asks')
  t.match(refused.body, '<h1>Token required</h1>')
  t.notMatch(refused.body, 'cpu-high')
})

test('the links of reports and digests lead to pages for people: lists of alerts and of hosts', async (t) => {
  const hosts: readonly HostView[] = [
    {
      host: 'web-1',
      lastSeenAt: THEN,
      source: 'logstash-a',
      clockSkewSeconds: null,
      state: 'live',
      expected: false,
      series: 1,
    },
    {
      host: EVIL,
      lastSeenAt: null,
      source: null,
      clockSkewSeconds: null,
      state: 'never_seen',
      expected: true,
      series: 0,
    },
  ]
  const over = { ...OPEN, episode: 'e2', state: 'resolved' as const, resolvedAt: THEN }
  const answers = ({ kind }: Query): unknown => (kind === 'hosts' ? hosts : [OPEN, over])
  const { get } = await serve(t, { answers, now: () => THEN + 60_000 })
  const alerts = await get('/api/v1/alerts', BROWSER)
  t.match(alerts.body, /Open<\/h2>[^]*href="alerts\/e%2F1"[^]*Recently resolved<\/h2>[^]*href="alerts\/e2"/)
  const list = await get('/api/v1/hosts', BROWSER)
  t.match(
    list.body,
    /never[^]*<a href="hosts\/web-1"><bdi>web-1<\/bdi><\/a>: live<span class="soft"><bdi>last event 1 min ago/,
  )
  for (const { body, headers } of [alerts, list]) {
    t.notMatch(body, '<script')
    t.equal(headers['vary'], 'accept')
  }
  t.equal((await get('/api/v1/alerts')).json.length, 2, 'scripts get JSON')
  t.equal((await get('/api/v1/hosts')).json.length, 2)
  const many = Array.from({ length: 1200 }, (_, i) => ({ ...hosts[0], host: `h${i}` }))
  const big = await serve(t, { answers: () => many })
  t.match((await big.get('/api/v1/hosts', BROWSER)).body, 'And 200 more. The API lists all of them as JSON.')
})
