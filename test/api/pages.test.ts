import { createHash } from 'node:crypto'
import { test } from 'tap'
import type { MailboxEntry, MailboxMail } from '../../src/api/index.ts'
import { serve } from './service.ts'

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

const mailIn = (page: string): string | undefined => /<template shadowrootmode="open">([^]*)<\/template><\/div>/.exec(page)?.[1]

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
  t.match((await bare.get('/')).body, /Asks for a token/)
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
  t.match((await empty.get('/mailbox')).body, /No mail yet/)
})

test('a mail is shown as high as it is and apart from the page, may do nothing, and has its text and headers beside it', async (t) => {
  const { get } = await serve(t, { mailbox: mailboxOf([ENTRY]) })
  const { status, headers, body } = await get('/mailbox/2')
  t.equal(status, 200)
  t.equal(mailIn(body), HTML.replaceAll(/<(?=\/?template)/gi, '&lt;'), 'whole, and it ends where the page says')
  t.equal(body.match(/<\/?template/gi)?.length, 2)
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
  t.notMatch((await (await serve(t, { mailbox: mailboxOf([]) })).get('/mailbox/2')).body, 'Files', 'most mails have none')
})
