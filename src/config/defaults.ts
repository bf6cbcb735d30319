import { DEFAULT_HOST_PATHS } from '../model.ts'

/** Width of the slices of event time, and how long samples may be late, in milliseconds. */
export const BUCKET = 10_000
export const LATENESS = 10_000

/** Most mails per minute to one recipient. */
export const MAILS_PER_RECIPIENT = 5

/**
 * The defaults of omitted keys, and the whole configuration if there is no file. It is read like any other
 * configuration. Defaults of `alerting` (grouping, repeats) are in `model/notification-policy.ts`.
 */
export const DEFAULT_YAML = `
listen: 127.0.0.1:8080
data: ./data
log: { level: info }
ingest:
  paths: [/, /events, /ingest]
  tokens: []
  sub_sources: 16
  remote_kinds: [slurm.node]
  max_body: 64MiB
  max_decompressed: 128MiB
  body_timeout: 10s
  max_events: 10000
  requests_per_minute: 300000
  all_rejected_status: 422
  host: ${JSON.stringify(DEFAULT_HOST_PATHS)}
api:
  tokens: []
metrics:
  cpu: { field: [host.cpu.usage, system.cpu.total.norm.pct], unit: ratio }
  memory: { field: system.memory.actual.used.pct, unit: ratio }
  swap: { field: system.memory.swap.used.pct, unit: ratio }
  load: { field: system.load.norm.1 }
  disk: { field: system.filesystem.used.pct, unit: ratio, by: [system.filesystem.mount_point] }
  net_in: { field: system.network.in.bytes, unit: bytes, kind: counter, by: { interface: system.network.name } }
  net_out: { field: system.network.out.bytes, unit: bytes, kind: counter, by: { interface: system.network.name } }
  gpu: { field: gpu.utilization.pct, unit: ratio, by: { gpu: gpu.index } }
  gpu_memory: { field: gpu.memory.used.pct, unit: ratio, by: { gpu: gpu.index } }
  gpu_temperature: { field: gpu.temperature.celsius, unit: celsius, by: { gpu: gpu.index } }
  machine.cpu: { field: machine.cpu_usage, unit: percent }
  machine.memory: { field: machine.memory_usage, unit: percent }
receivers:
  admin:
    email: { to: [admin@localhost] }
self_monitoring: { notify: [admin] }
rules:
  - name: cpu-high
    when: { metric: cpu, over: 2m, threshold: { of: mean, above: 0.9, clear: 0.85 } }
    every: 1m
    subject: CPU on {{server}} is high
  - name: memory-high
    when:
      metric: memory
      over: 5m
      threshold: { of: mean, warning: { above: 0.9, clear: 0.8 }, critical: { above: 0.98, clear: 0.9 } }
    every: 1m
    subject: Memory of {{server}} is nearly used up
  - name: host-silent
    when: { absence: { after: 3m } }
    severity: critical
    subject: "{{server}} has fallen silent"
hosts: { expected: [], retire_after: 24h }
limits: { hosts: 20000, series: 400000, series_per_host: 1000, sources: 100 }
`
