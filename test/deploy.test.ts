import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess, SpawnSyncReturns } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { parseLogstash } from './helpers/logstash.ts'
import { freePort } from './helpers/service.ts'

/*
 * What deploy/ and the Dockerfile promise, held against the real thing: the configuration that Kubernetes mounts is
 * checked and started, and every path, port and metric that a deployment names is asked for.
 */

const repository = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string): string => readFileSync(join(repository, path), 'utf8')

const run = (command: string, ...args: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(command, args, { cwd: repository, encoding: 'utf8', timeout: 30_000 })

/** Why a test that needs a command of the machine cannot run here, or false. */
const without = (command: string): string | false =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))
    ? false
    : `${command} is not installed here`

// ------------------------------------------------------------------------------------------------------ Kubernetes

/** As much of a Kubernetes object as the tests look at. */
interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
  readonly stringData?: Readonly<Record<string, string>>
  readonly spec: unknown
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface Pod {
  readonly terminationGracePeriodSeconds: number
  readonly automountServiceAccountToken: boolean
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly containers: readonly {
    readonly image: string
    readonly args: readonly string[]
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
    readonly startupProbe: Probe
    readonly livenessProbe: Probe
    readonly readinessProbe: Probe
    readonly securityContext: unknown
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  }[]
  readonly volumes: readonly {
    readonly name: string
    readonly configMap?: { readonly name: string }
    readonly secret?: { readonly secretName: string }
    readonly persistentVolumeClaim?: { readonly claimName: string }
  }[]
}

interface Deployment {
  readonly replicas: number
  readonly strategy: { readonly type: string }
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
  readonly template: {
    readonly metadata: Pick<Manifest['metadata'], 'labels'> & { readonly annotations: Readonly<Record<string, string>> }
    readonly spec: Pod
  }
}

interface Service {
  readonly selector: Readonly<Record<string, string>>
  readonly ports: readonly { readonly port: number; readonly targetPort: string }[]
}

const skipKubernetes = without('kubectl')

function render(): ReadonlyMap<string, Manifest> {
  const { stdout, stderr, status } = run('kubectl', 'kustomize', 'deploy/kubernetes')
  if (status !== 0) throw new Error(stderr)
  const manifests = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest)
  return new Map(manifests.map((manifest) => [manifest.kind, manifest]))
}

const specOf = (manifests: ReadonlyMap<string, Manifest>, kind: string): unknown => manifests.get(kind)?.spec
const podOf = (manifests: ReadonlyMap<string, Manifest>): Pod =>
  (specOf(manifests, 'Deployment') as Deployment).template.spec

/** The part of the configuration that other files must agree with. */
interface Mounted {
  readonly listen: string
  readonly data: string
}

const configText = read('deploy/kubernetes/stashwatch.yaml')
const configured = parse(configText) as Mounted
const port = Number(configured.listen.split(':').at(-1))
const secretFiles = [...configText.matchAll(/file: (\S+?)[ },]/g)].map(([, path]) => path ?? '')

test('Kubernetes gets one owner of one volume, in restricted security', { skip: skipKubernetes }, (t) => {
  const manifests = render()
  t.strictSame(
    [...manifests.keys()].sort((a, b) => a.localeCompare(b)),
    ['ConfigMap', 'Deployment', 'Namespace', 'PersistentVolumeClaim', 'Secret', 'Service'],
  )
  for (const { kind, metadata } of manifests.values())
    for (const label of ['name', 'instance', 'version', 'component', 'part-of', 'managed-by'])
      t.ok(metadata.labels[`app.kubernetes.io/${label}`], `${kind} has the label ${label}`)

  const deployment = specOf(manifests, 'Deployment') as Deployment
  t.equal(deployment.replicas, 1)
  t.equal(deployment.strategy.type, 'Recreate')
  t.match(deployment.template.metadata.labels, deployment.selector.matchLabels)
  const pod = podOf(manifests)
  t.equal(pod.terminationGracePeriodSeconds, 30)
  t.equal(pod.automountServiceAccountToken, false)
  t.match(pod.securityContext, { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } })
  t.equal(pod.containers.length, 1)
  t.strictSame(pod.containers[0]?.securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  })
  t.end()
})

test('names, ports and paths of the manifests fit each other and the configuration', { skip: skipKubernetes }, (t) => {
  const manifests = render()
  const { template } = specOf(manifests, 'Deployment') as Deployment
  const [container] = template.spec.containers
  if (container === undefined) throw new Error('the Deployment has no container')
  t.match(container.image, /^[\w./-]+:\d+\.\d+\.\d+$/, 'a version, never "latest"')
  t.ok(container.image.endsWith(`:${(JSON.parse(read('package.json')) as { version: string }).version}`))

  t.equal(configured.listen, `0.0.0.0:${container.ports[0]?.containerPort}`)
  const service = specOf(manifests, 'Service') as Service
  t.match(template.metadata.labels, service.selector)
  t.strictSame(service.ports[0], { ...service.ports[0], port, targetPort: container.ports[0]?.name })
  t.match(template.metadata.annotations, { 'prometheus.io/port': String(port), 'prometheus.io/path': '/metrics' })

  const volume = (name: string): Pod['volumes'][number] | undefined =>
    template.spec.volumes.find((one) => one.name === container.volumeMounts.find((m) => m.name === name)?.name)
  const mountOf = (name: string): string | undefined => container.volumeMounts.find((m) => m.name === name)?.mountPath
  t.equal(volume('config')?.configMap?.name, manifests.get('ConfigMap')?.metadata.name)
  t.equal(volume('secrets')?.secret?.secretName, manifests.get('Secret')?.metadata.name)
  t.equal(volume('data')?.persistentVolumeClaim?.claimName, manifests.get('PersistentVolumeClaim')?.metadata.name)
  t.equal(mountOf('data'), configured.data)
  t.equal(container.args.at(-1), `${mountOf('config')}/stashwatch.yaml`)
  t.equal(manifests.get('ConfigMap')?.data?.['stashwatch.yaml'], configText)
  t.strictSame(
    new Set(Object.keys(manifests.get('Secret')?.stringData ?? {}).map((key) => `${mountOf('secrets')}/${key}`)),
    new Set(secretFiles),
    'every secret that the configuration reads is in the Secret, and no other',
  )
  t.end()
})

// ------------------------------------------------------------------------------------------------------ the real thing

/** Lays the mounted configuration out below a folder, on a port of this machine, with secrets of the given text. */
function layOut(folder: string, secret: (name: string) => string, listen = '127.0.0.1:0'): string {
  mkdirSync(join(folder, 'secrets'))
  for (const path of secretFiles) {
    const name = path.split('/').at(-1) ?? ''
    writeFileSync(join(folder, 'secrets', name), secret(name))
  }
  const file = join(folder, 'stashwatch.yaml')
  const text = configText
    .replaceAll('/etc/stashwatch/secrets', join(folder, 'secrets'))
    .replace(configured.listen, listen)
    .replace(`data: ${configured.data}`, `data: ${join(folder, 'data')}`)
  writeFileSync(file, text)
  return file
}

const main = join(repository, 'src/main.ts')
const tokenOf = (name: string): string => `${name}-0123456789abcdef0123456789abcdef`

test('the configuration for Kubernetes passes check, and its placeholders do not', (t) => {
  const good = run(process.execPath, main, 'check', '--config', layOut(t.testdir(), tokenOf))
  t.equal(good.status, 0, good.stderr)

  const bad = run(
    process.execPath,
    main,
    'check',
    '--config',
    layOut(t.testdir(), () => ''),
  )
  t.equal(bad.status, 1)
  for (const path of secretFiles) t.match(bad.stdout + bad.stderr, path.split('/').at(-1), 'names the empty secret')
  t.end()
})

/** Asks until the service says that it is ready; fails with what it printed when it ends first. */
async function ready(url: string, service: ChildProcess): Promise<void> {
  let printed = ''
  const collect = (part: Buffer): void => void (printed += part.toString())
  service.stdout?.on('data', collect)
  service.stderr?.on('data', collect)
  while (service.exitCode === null && service.signalCode === null) {
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.status === 200) return
    // A real process starts in real time.
    await wait(20)
  }
  throw new Error(`the service ended:\n${printed}`)
}

/** Every path that a deployment asks for, and where it stands. */
function probedPaths(): readonly (readonly [where: string, path: string])[] {
  const deployment = parse(read('deploy/kubernetes/deployment.yaml')) as { readonly spec: Deployment }
  const { template } = deployment.spec
  const [container] = template.spec.containers
  const prometheus = parse(read('deploy/prometheus/prometheus.yml')) as {
    readonly scrape_configs: readonly { readonly metrics_path: string }[]
  }
  return [
    ['startupProbe', container?.startupProbe.httpGet.path ?? ''],
    ['livenessProbe', container?.livenessProbe.httpGet.path ?? ''],
    ['readinessProbe', container?.readinessProbe.httpGet.path ?? ''],
    ['annotation', template.metadata.annotations['prometheus.io/path'] ?? ''],
    ['scrape job', prometheus.scrape_configs[0]?.metrics_path ?? ''],
    ['HEALTHCHECK', /127\.0\.0\.1:8080(\/[^']+)'/.exec(read('Dockerfile'))?.[1] ?? ''],
  ]
}

/** The pipeline's one http output, with what Logstash would put in for its variables. */
function logstashOutput(): { readonly path: string; readonly headers: Readonly<Record<string, string>> } {
  const output = parseLogstash(read('deploy/logstash/stashwatch.conf')).find(({ name }) => name === 'http')
  const fill = (text: string): string =>
    text.replace(/\$\{(\w+)(?::([^}]*))?\}/g, (_, name: string, otherwise = '') =>
      name === 'STASHWATCH_TOKEN' ? tokenOf('logstash-a') : String(otherwise),
    )
  const { url, headers } = (output?.settings ?? {}) as {
    readonly url: string
    readonly headers: Record<string, string>
  }
  return {
    path: new URL(fill(url)).pathname,
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, fill(text)])),
  }
}

test('the deployed configuration runs and answers on every path that a deployment asks for', async (t) => {
  const listen = `127.0.0.1:${await freePort()}`
  const url = `http://${listen}`
  const service = spawn(process.execPath, [main, 'start', '--config', layOut(t.testdir(), tokenOf, listen)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => service.kill('SIGKILL'))
  await ready(url, service)

  for (const [where, path] of probedPaths()) {
    const answer = await fetch(url + path)
    t.equal(answer.status, 200, `${where} ${path}`)
    await answer.arrayBuffer()
  }

  const { path, headers } = logstashOutput()
  const heartbeat = {
    '@timestamp': new Date().toISOString(),
    '@version': '1',
    event: { dataset: 'stashwatch.heartbeat' },
    host: { name: 'logstash-a.example.org' },
    message: 'ok',
  }
  const post = (change: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-encoding': 'gzip', ...change },
      body: gzipSync(JSON.stringify([heartbeat])),
    })
  const accepted = await post({})
  t.equal(accepted.status, 200, path)
  t.match(await accepted.json(), { accepted: 1, rejected: 0 })
  t.equal((await post({ Authorization: 'Bearer wrong' })).status, 401)

  const metrics = await (await fetch(`${url}/metrics`)).text()
  const known = new Set([...metrics.matchAll(/^([a-z_]+)(?:\{.*\})? /gm)].map(([, name]) => name))
  const asked = read('deploy/prometheus/stashwatch.rules.yml').match(/\bstashwatch_\w+/g) ?? []
  t.strictSame(
    asked.filter((name) => !known.has(name)),
    [],
    'every metric in the alert rules exists',
  )
  service.kill('SIGTERM')
  t.strictSame(await once(service, 'exit'), [0, null], 'leaves at once when asked to')
})

// ------------------------------------------------------------------------------------------------------ Logstash

test('the Logstash pipeline loses no event and says who it is', (t) => {
  const plugins = parseLogstash(read('deploy/logstash/stashwatch.conf'))
  const inputs = plugins.filter(({ section }) => section === 'input')
  t.strictSame(
    inputs.map(({ name }) => name),
    ['beats', 'pipeline', 'heartbeat'],
  )
  const outputs = plugins.filter(({ section }) => section === 'output')
  t.equal(outputs.length, 1)
  t.match(outputs[0], {
    name: 'http',
    settings: {
      url: /^\$\{STASHWATCH_URL:http:\/\/127\.0\.0\.1:8080\}\/events$/,
      http_method: 'post',
      format: 'json_batch',
      http_compression: 'true',
      retryable_codes: '301 302 307 308 401 403 404 405 408 429 500 502 503 504'.split(' '),
      // Preset, or else workers that start together can send the coding twice until Logstash restarts.
      headers: { Authorization: 'Bearer ${STASHWATCH_TOKEN}', 'Content-Encoding': 'gzip' },
      socket_timeout: '10',
    },
  })
  t.notOk(outputs[0] && 'retry_non_idempotent' in outputs[0].settings, 'one more duplicate chance for nothing')
  t.match(JSON.stringify(outputs), /^((?!%\{).)*$/, 'json_batch fills in no field references')
  t.end()
})

/** The lines of a file that are Logstash settings, were it not for a `#` before them. */
const commented = (file: string, name: string): string =>
  new RegExp(`^ *# ${name} \\{\\n(?: *#.*\\n)*? *# \\}`, 'm').exec(read(file))?.[0].replace(/^ *# ?/gm, '') ?? ''

test('the fingerprint that the pipeline and the documentation show is the field that is configured', (t) => {
  const [shown = '', settings = ''] = [
    ...read('docs/semantics.md').matchAll(/^```(?:yaml)?\n(filter[^`]*|ingest:[^`]*)```/gm),
  ].map(([, block = '']) => block)
  const expected = {
    name: 'fingerprint',
    settings: { method: 'SHA256', concatenate_all_fields: 'true', target: '[event][hash]' },
  }
  t.match(parseLogstash(shown), [expected])
  const pipeline = commented('deploy/logstash/stashwatch.conf', 'fingerprint')
  t.match(parseLogstash(`filter { ${pipeline} }`), [expected])
  t.strictSame(parse(settings), { ingest: { event_id_field: 'event.hash' } })
  t.match(read('deploy/logstash/stashwatch.conf'), '`ingest: { event_id_field: event.hash }`')
  t.end()
})

test('each version of the plugin is shown the certificate setting that it takes', (t) => {
  const conf = read('deploy/logstash/stashwatch.conf')
  t.match(conf, /# 5\.6\.0 and newer[^\n]*\n *# ssl_certificate_authorities => \["[^"]+"\]\n/)
  t.match(conf, /# Before 5\.6\.0[^\n]*\n *# cacert => "[^"]+"\n/)
  const active = parseLogstash(conf).find(({ name }) => name === 'http')?.settings ?? {}
  t.notOk('cacert' in active || 'ssl_certificate_authorities' in active, 'neither is on: each stops some version')
  t.end()
})

test('the heartbeat and the example line speak the language of the schemas', (t) => {
  const plugins = parseLogstash(read('deploy/logstash/stashwatch.conf'))
  const heartbeat = plugins.find(({ name }) => name === 'heartbeat')?.settings
  t.equal(heartbeat?.['interval'], '10')
  t.strictSame(heartbeat?.['add_field'], { '[event][dataset]': 'stashwatch.heartbeat' })
  t.match(read('schemas/events/heartbeat.schema.json'), '"stashwatch.heartbeat"')

  const grok = JSON.stringify(plugins.find(({ name }) => name === 'grok')?.settings)
  const fields = [...grok.matchAll(/\[machine\]\[(\w+)\]/g)].map(([, field]) => field)
  t.strictSame(fields, ['time_stamp', 'id', 'cpu_usage', 'memory_usage'])
  const schema = read('schemas/events/machine.schema.json')
  for (const field of fields) t.match(schema, `"${field}"`)
  t.end()
})

test('stashwatch and Elasticsearch have pipelines of their own, each with a queue on disk', (t) => {
  const pipelines = parse(read('deploy/logstash/pipelines.yml')) as readonly Readonly<Record<string, string>>[]
  const own = parseLogstash(read('deploy/logstash/stashwatch.conf'))
  const plugins = pipelines.map((pipeline) => parseLogstash(pipeline['config.string'] ?? ''))
  t.strictSame(
    pipelines.map((pipeline) => [pipeline['pipeline.id'], pipeline['queue.type']]),
    [
      ['intake', undefined],
      ['elasticsearch', 'persisted'],
      ['stashwatch', 'persisted'],
    ],
  )
  const inputs = [...plugins.flat(), ...own].filter(({ section, name }) => section === 'input' && name === 'pipeline')
  const addresses = inputs.map(({ settings }) => settings['address'])
  const sent = plugins.flat().flatMap(({ settings }) => settings['send_to'] ?? [])
  t.strictSame(sent, addresses, 'what the intake sends has a pipeline that takes it')
  t.match(pipelines[2]?.['path.config'], /\/stashwatch\.conf$/)
  t.end()
})

test('the reader of Logstash configuration refuses what Logstash would', (t) => {
  const broken = [
    'input { beats { port => 5044 }',
    'input { beats { port 5044 } }',
    'output { http { headers => { "a" "b" } } }',
    'output { http { codes => [401 403] } }',
    'output { http { url => "http://x } }',
    'outputs { }',
  ]
  for (const text of broken) t.throws(() => parseLogstash(text), text)
  t.end()
})

// ------------------------------------------------------------------------------------------------------ Prometheus

test(
  'Prometheus takes the scrape job and the rules, and the rules do what they say',
  { skip: without('promtool') },
  (t) => {
    for (const args of [
      ['check', 'config', 'deploy/prometheus/prometheus.yml'],
      ['check', 'rules', 'deploy/prometheus/stashwatch.rules.yml'],
      ['test', 'rules', 'deploy/prometheus/stashwatch.rules.test.yml'],
    ]) {
      const { status, stdout, stderr } = run('promtool', ...args)
      t.equal(status, 0, `promtool ${args.join(' ')}\n${stdout}${stderr}`)
    }
    t.end()
  },
)

test('Prometheus scrapes the port that stashwatch listens on by default', (t) => {
  const { scrape_configs } = parse(read('deploy/prometheus/prometheus.yml')) as {
    readonly scrape_configs: readonly { readonly static_configs: readonly { readonly targets: readonly string[] }[] }[]
  }
  t.strictSame(scrape_configs[0]?.static_configs[0]?.targets, [`127.0.0.1:${port}`])
  t.end()
})

// ------------------------------------------------------------------------------------------------------ image, systemd

interface Instruction {
  readonly name: string
  readonly rest: string
}

const instructions: readonly Instruction[] = read('Dockerfile')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line))
  .map((line) => ({ name: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))

const restOf = (name: string): readonly string[] =>
  instructions.filter((instruction) => instruction.name === name).map(({ rest }) => rest)

test('the image runs as nobody, on pinned bases, and only what it needs is in it', (t) => {
  const bases = restOf('FROM')
  const stages = bases.map((base) => / AS (\w+)$/.exec(base)?.[1])
  for (const base of bases.filter((one) => !stages.includes(one.split(' ', 1)[0])))
    t.match(base.replace('${NODE_MAJOR}', '24'), /^[\w./-]+:(?!latest\b)[\w.-]+(?: AS \w+)?$/, 'a tag, never "latest"')
  t.equal(restOf('USER').at(-1), '65532:65532')
  t.strictSame(restOf('EXPOSE'), [String(port)])
  t.strictSame(
    restOf('VOLUME').map((text) => JSON.parse(text) as unknown),
    [[configured.data]],
  )
  for (const name of ['ENTRYPOINT', 'CMD']) t.ok(JSON.parse(restOf(name)[0] ?? ''), `${name} in exec form`)
  t.match(restOf('HEALTHCHECK')[0], /CMD \["\/nodejs\/bin\/node", /)
  for (const label of ['title', 'description', 'licenses', 'version', 'revision'])
    t.match(restOf('LABEL')[0], `org.opencontainers.image.${label}=`)

  const { engines, version } = JSON.parse(read('package.json')) as {
    readonly engines: { readonly node: string }
    readonly version: string
  }
  const pinned = (JSON.parse(read('tools/node/package.json')) as { readonly version: string }).version
  t.ok(restOf('ARG').includes(`NODE_MAJOR=${pinned.split('.', 1)[0]}`), 'the major version of Node that tests run on')
  t.match(engines.node, pinned.split('.', 1)[0])
  t.ok(restOf('ARG').includes(`VERSION=${version}`))
  t.end()
})

test('the build gets every file that it copies, and no other', (t) => {
  const context = restOf('COPY').filter((rest) => !rest.startsWith('--from'))
  const sources = context.flatMap((rest) => rest.split(' ').slice(0, -1))
  const allowed = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))
  t.strictSame(new Set(allowed), new Set(sources))
  for (const source of sources) t.ok(existsSync(join(repository, source)), source)

  const from = instructions.findLastIndex(({ name }) => name === 'FROM')
  const last = instructions.slice(from).filter(({ name }) => name === 'COPY')
  t.strictSame(
    last.filter(({ rest }) => rest.includes('tools')),
    [],
    'the Node of developers stays behind',
  )
  const entry = (JSON.parse(restOf('ENTRYPOINT')[0] ?? '[]') as readonly string[]).at(-1)
  t.equal(entry, `/app/${(JSON.parse(read('package.json')) as { bin: { stashwatch: string } }).bin.stashwatch}`)
  t.end()
})

test('what the unit says to install is what a checkout packs, since the npm registry does not have it', (t) => {
  const unit = read('deploy/systemd/stashwatch.service')
  const commands = [...unit.matchAll(/^# {3}(npm .*)$/gm)].map(([, command]) => command)
  const { name, version, bin } = JSON.parse(read('package.json')) as {
    readonly name: string
    readonly version: string
    readonly bin: Readonly<Record<string, string>>
  }
  t.strictSame(commands, [
    'npm ci && npm pack',
    `npm install --global --prefix /opt/stashwatch ./${name}-${version}.tgz`,
  ])
  t.equal(/^ExecStart=(\S+) start /m.exec(unit)?.[1], `/opt/stashwatch/bin/${Object.keys(bin)[0]}`)
  t.end()
})

test('systemd takes the unit', { skip: without('systemd-analyze') }, (t) => {
  // The program's place is the administrator's; here something that exists stands for it.
  const unit = read('deploy/systemd/stashwatch.service').replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`)
  const folder = t.testdir({ 'stashwatch.service': unit })
  const { status, stdout, stderr } = run('systemd-analyze', 'verify', '--man=no', join(folder, 'stashwatch.service'))
  t.equal(status, 0)
  t.notMatch(stdout + stderr, /stashwatch\.service/, 'no word about the unit')
  t.end()
})
