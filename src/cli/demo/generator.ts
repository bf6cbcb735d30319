import { gzipSync } from 'node:zlib'
import type { Clock, Millis } from '../../model.ts'

/** Generates events of a small cluster, as Metricbeat sends them through Logstash. */
export interface Generator {
  /** Sets whether a host is busy from now on. */
  heat(host: string, isHot: boolean): void
  stop(): void
}

interface GeneratorOptions {
  readonly url: string
  readonly hosts: readonly string[]
  readonly clock: Clock
  readonly token?: string
  /** Called with each response that is not 200. */
  readonly onRefused: (status: number, body: string) => void
}

const PERIOD = 10_000

/**
 * Posts one `json_batch` with the events of all hosts every ten seconds of the clock, gzipped, with Logstash's
 * heartbeat.
 */
export function startGenerator(options: GeneratorOptions): Generator {
  const { clock, hosts } = options
  const hot = new Set<string>()
  let round = 0
  const post = (): void => {
    const now = clock.now()
    const events = hosts.flatMap((host, i) => generateEvents(host, i, now + i, round, hot.has(host)))
    round++
    void send(options, [...events, heartbeat(now, round)])
  }
  post()
  const cancel = clock.every(PERIOD, post)
  return {
    heat: (host, isHot) => void (isHot ? hot.add(host) : hot.delete(host)),
    stop: cancel,
  }
}

async function send({ url, token, onRefused }: GeneratorOptions, events: readonly object[]): Promise<void> {
  try {
    const response = await fetch(`${url}/events`, {
      method: 'POST',
      body: gzipSync(JSON.stringify(events)),
      headers: {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'x-source': 'demo-logstash',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    })
    const body = await response.text()
    if (response.status !== 200) onRefused(response.status, body)
  } catch (error) {
    onRefused(0, error instanceof Error ? error.message : String(error))
  }
}

/** Returns the events of one host at one instant. Values vary slightly, in the same way in every run. */
function generateEvents(host: string, index: number, now: Millis, round: number, isHot: boolean): readonly object[] {
  const wave = Math.sin((round + index * 3) / 7)
  const cpu = isHot ? 0.97 + 0.02 * wave : 0.35 + 0.15 * wave
  const bytes = 1_000_000 * (index + 1) + round * 250_000
  return [
    event(host, now, 'cpu', { cpu: { cores: 16, total: { pct: round4(cpu * 16), norm: { pct: round4(cpu) } } } }),
    event(host, now, 'memory', { memory: { actual: { used: { pct: round4(0.55 + 0.05 * wave) } } } }),
    event(host, now, 'filesystem', { filesystem: { mount_point: '/', used: { pct: 0.41 } } }),
    event(host, now, 'network', { network: { name: 'eth0', in: { bytes }, out: { bytes: bytes / 2 } } }),
  ]
}

function event(host: string, now: Millis, metricset: string, system: object): object {
  return {
    '@timestamp': new Date(now).toISOString(),
    '@version': '1',
    agent: { type: 'metricbeat', version: '8.19.0', name: host },
    ecs: { version: '8.0.0' },
    event: { dataset: `system.${metricset}`, module: 'system', duration: 115_000 },
    host: { name: host },
    metricset: { name: metricset, period: PERIOD },
    service: { type: 'system' },
    system,
    tags: ['beats_input_raw_event'],
  }
}

function heartbeat(now: Millis, clock: number): object {
  return {
    '@timestamp': new Date(now).toISOString(),
    '@version': '1',
    event: { dataset: 'stashwatch.heartbeat' },
    message: 'ok',
    clock,
    host: { name: 'demo-logstash' },
  }
}

function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
