import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import PostalMime from 'postal-mime'
import { type Test, test } from 'tap'
import { createEmailNotifier } from '../../../src/notify/email/failover.ts'
import { createVirtualClock } from '../../helpers/clock.ts'
import { compose } from '../conformance.ts'
import { createSigner, verifyDkim } from './dkim-check.ts'
import { hostileNames } from '../hostile.ts'
import { facts, notification, storm } from '../samples.ts'
import { mailConfig, silent, smtpConfig } from './smtp-server.ts'
import { freePort } from '../../helpers/service.ts'

const POSTFIX = '/usr/sbin/postfix'
const NOBODY = 65534

/** The mail server of many Debian machines; it runs under several users, so that only root can start it. */
const skip = !existsSync(POSTFIX)
  ? 'postfix is not installed (apt-get install postfix): no real mail server judges the mails'
  : process.getuid?.() !== 0 && 'postfix can be started by root only: no real mail server judges the mails'

const SERVICES = `
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`

function configure(home: string, port: number, more: Readonly<Record<string, string>>): string {
  const folder = (name: string): string => join(home, name)
  for (const name of ['conf', 'queue', 'data', 'mail']) mkdirSync(folder(name), { mode: 0o755 })
  chownSync(folder('data'), Number(execFileSync('id', ['-u', 'postfix'], { encoding: 'utf8' })), 0)
  chownSync(folder('mail'), NOBODY, NOBODY)
  const settings = {
    compatibility_level: '3.6',
    queue_directory: folder('queue'),
    data_directory: folder('data'),
    maillog_file: folder('log'),
    maillog_file_prefixes: home,
    inet_protocols: 'ipv4',
    inet_interfaces: '127.0.0.1',
    myhostname: 'mta.example.org',
    mydestination: '',
    mynetworks: '127.0.0.0/8',
    alias_maps: '',
    alias_database: '',
    // As strict as a mail server may be before it knows the content.
    strict_rfc821_envelopes: 'yes',
    strict_8bitmime: 'yes',
    strict_mime_encoding_domain: 'yes',
    smtpd_forbid_bare_newline: 'yes',
    smtpd_helo_required: 'yes',
    virtual_mailbox_domains: 'example.org',
    virtual_mailbox_base: folder('mail'),
    virtual_mailbox_maps: 'inline:{ada@example.org=ada/}',
    virtual_uid_maps: `static:${NOBODY}`,
    virtual_gid_maps: `static:${NOBODY}`,
    virtual_minimum_uid: '1',
    default_transport: 'error:nothing leaves this machine',
    ...more,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`)
  writeFileSync(folder('conf/main.cf'), lines.join(''))
  writeFileSync(folder('conf/master.cf'), `127.0.0.1:${port} inet n - n - - smtpd\n${SERVICES.trimStart()}`)
  return folder('conf')
}

interface Mta {
  readonly port: number
  /** The mails of Ada's that were delivered, as files. */
  delivered(): readonly Buffer[]
  readonly log: () => string
}

async function startPostfix(t: Test, more: Readonly<Record<string, string>> = {}): Promise<Mta> {
  // Its other users must reach the folder, and sockets have short paths.
  const home = mkdtempSync(join(tmpdir(), 'mta-'))
  execFileSync('chmod', ['755', home])
  const port = await freePort()
  const conf = configure(home, port, more)
  const child = spawn(POSTFIX, ['-c', conf, 'start-fg'], { stdio: 'ignore' })
  t.teardown(() => stopPostfix(child, conf, home))
  const folder = join(home, 'mail/ada/new')
  const log = (): string => (existsSync(join(home, 'log')) ? readFileSync(join(home, 'log'), 'utf8') : '')
  await until(() => log().includes('daemon started'), log)
  return {
    port,
    log,
    delivered: () => (existsSync(folder) ? readdirSync(folder).map((name) => readFileSync(join(folder, name))) : []),
  }
}

async function stopPostfix(child: ChildProcess, conf: string, home: string): Promise<void> {
  const ended = child.exitCode === null ? once(child, 'exit') : undefined
  try {
    execFileSync(POSTFIX, ['-c', conf, 'stop'], { stdio: 'ignore' })
  } catch {
    child.kill()
  }
  await ended
  rmSync(home, { recursive: true, force: true })
}

async function until(holds: () => boolean, log: () => string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`what was waited for did not come about:\n${log()}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

test(
  "Debian's mail server takes the mails, delivers them unchanged, and refuses whom it does not know",
  { skip },
  async (t) => {
    const mta = await startPostfix(t)
    const signer = createSigner('example.org', 's2026')
    const config = mailConfig([smtpConfig(mta.port, { timeout: 20_000 })], { dkim: [signer] })
    const way = createEmailNotifier(config, { compose, clock: createVirtualClock(), log: silent })
    t.teardown(() => way.close())
    const mails = [
      notification(),
      storm(200),
      ...hostileNames.map((host, i) => notification({ thread: `hostile${i}`, alerts: [facts({ host })] })),
    ]
    const built = await Promise.all(mails.map((mail) => way.render(mail)))
    const never = new AbortController().signal
    const send = (bytes: Uint8Array, address: string): ReturnType<typeof way.send> =>
      way.send(bytes, notification({ to: { address } }), never)
    for (const bytes of built)
      t.match(await send(bytes, 'ada@example.org'), { state: 'sent', response: /^250 2\.0\.0 Ok: queued as/ })
    t.match(await send(built[0] ?? Buffer.of(), 'nobody@example.org'), { state: 'failed', response: /550 5\.1\.1/ })
    t.match(await send(built[0] ?? Buffer.of(), 'ada@elsewhere.example'), {
      state: 'failed',
      response: /550 5\.\d\.\d/,
    })
    await until(() => mta.delivered().length >= built.length, mta.log)
    const arrived = mta
      .delivered()
      .map((file) => Buffer.from(file.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1'))
    const subjects = await Promise.all(arrived.map(async (raw) => (await PostalMime.parse(raw)).subject))
    t.same(new Set(subjects), new Set(mails.map((mail) => compose(mail).subject)))
    for (const raw of arrived) t.ok(verifyDkim(raw, signer), 'the signature holds after delivery')
    t.notMatch(mta.log(), /warning: .*(?:header|MIME|newline|pipelining)|improper command|non-SMTP/i)
  },
)

test(
  "a refusal of Debian's mail server that is about our name or our sender is not the recipient's, and the next server is asked",
  { skip },
  async (t) => {
    const strict = await startPostfix(t, { smtpd_helo_restrictions: 'reject_non_fqdn_helo_hostname' })
    const wary = await startPostfix(t, {
      smtpd_sender_restrictions: 'check_sender_access inline:{alerts@example.org=REJECT}',
    })
    const well = await startPostfix(t)
    const servers = (...ports: readonly { readonly port: number }[]): ReturnType<typeof smtpConfig>[] =>
      ports.map(({ port }) =>
        smtpConfig(port, { timeout: 20_000, ehloName: port === strict.port ? 'localhost' : 'host.example.org' }),
      )
    const open = (...ports: readonly { readonly port: number }[]): ReturnType<typeof createEmailNotifier> => {
      const way = createEmailNotifier(mailConfig(servers(...ports)), {
        compose,
        clock: createVirtualClock(),
        log: silent,
      })
      t.teardown(() => way.close())
      return way
    }
    const mail = notification({ to: { address: 'ada@example.org' } })
    const never = new AbortController().signal
    const way = open(strict, wary)
    t.match(await way.send(await way.render(mail), mail, never), {
      state: 'retry',
      replies: [
        { response: /Helo command rejected: need fully-qualified hostname/ },
        { response: /Sender address rejected: Access denied/ },
      ],
    })
    const third = open(strict, wary, well)
    t.match(await third.send(await third.render(mail), mail, never), {
      state: 'sent',
      replies: [{ response: /250 2\.0\.0 Ok/ }],
    })
  },
)
