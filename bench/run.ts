import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { alertingPart, measureAlerting } from './alerting.ts'
import { bodiesPart, measureBodies } from './bodies.ts'
import { type CoreResult, measureCore } from './core.ts'
import { type GeneratorResult, measureGenerator } from './generator.ts'
import { type HttpResult, measureHttp, measurePaced, type PacedResult } from './http.ts'
import { idsPart, measureIds } from './ids.ts'
import { type InventedResult, measureInvented } from './invented.ts'
import { type JournalFigures, measureJournal } from './journal.ts'
import { measurePace, pacePart } from './pace.ts'
import { measurePercentiles, percentilesPart } from './percentiles.ts'
import { measureScale, type ScaleResult, SITES } from './scale.ts'

const say = (text: string): void => void process.stderr.write(`${text}\n`)
const fixed = (value: number, digits = 2): string => value.toFixed(digits)

function corePart(results: readonly CoreResult[]): string {
  const rows = results.map(
    (one) =>
      `| ${one.traffic} | ${fixed(one.bytesPerEvent, 0)} | ${fixed(one.samplesPerEvent, 1)} | ${fixed(one.frameBytesPerEvent, 0)} | ` +
      `${fixed(one.parse)} | ${fixed(one.whole)} | **${fixed(one.ratio)}** |`,
  )
  return `## Parse, validate, extract, frame

CPU in microseconds per event, against bare \`JSON.parse\` of the same bodies of 125 events. Goal: a ratio of at most 2.0.

| traffic | bytes per event | samples per event | frame bytes per event | JSON.parse | whole | ratio |
|---|---|---|---|---|---|---|
${rows.join('\n')}
`
}

function httpPart({ bare, service, ratio }: HttpResult): string {
  return `## The whole HTTP path

CPU of whole processes in microseconds per event, closed loop over 8 connections: the service with schemas, journal
commit and folds, against a bare \`node:http\` server that only does \`JSON.parse\` of the same bodies. Goal: a ratio of
at most 2.2.

| bare | service | ratio |
|---|---|---|
| ${fixed(bare, 1)} | ${fixed(service, 1)} | **${fixed(ratio)}** |
`
}

function pacedPart({ eventsPerSecond, series, p50, p99, max }: PacedResult): string {
  return `## Response times

Time from the first byte sent to the complete response, in milliseconds, measured by the client: ${eventsPerSecond} events per second
in batches of 125 over 8 connections, ${series} series in memory. The client runs on the same machine.

| p50 | p99 | longest |
|---|---|---|
| ${fixed(p50, 1)} | ${fixed(p99, 1)} | ${fixed(max, 1)} |
`
}

function generatorPart(one: GeneratorResult): string {
  const { hosts, wanted, reached, seconds, cores, p50, p99, max, rss, peak, series } = one
  return `## A large cluster

${hosts} hosts that each send 1.5 events per second (CPU, memory, file systems, interfaces and log lines in turn, 1.1 kB
each), ${wanted} events per second in total, in batches of 125 over 8 connections, not compressed, with five rules, four of
them evaluated every 10 s: measured for ${fixed(seconds, 0)} s after a warm-up. The share of a core is the CPU time of the whole service process
divided by the elapsed time; the client runs on the same machine. Response times in milliseconds, measured by the client;
memory in megabytes.

| events a second reached | share of a core | p50 | p99 | longest | series | resident | highest |
|---|---|---|---|---|---|---|---|
| ${fixed(reached, 0)} | **${fixed(100 * cores, 0)}%** | ${fixed(p50, 1)} | ${fixed(p99, 1)} | ${fixed(max, 1)} | ${series} | ${fixed(rss, 0)} | ${fixed(peak, 0)} |
`
}

function journalPart({ alone, grouped, duringSnapshot, reading }: JournalFigures): string {
  return `## The journal

SQLite in WAL mode with \`synchronous=FULL\`; frames of 13 kB (125 events of ten metrics). Times in milliseconds.

| what | frames a second | p50 | p99 | longest |
|---|---|---|---|---|
| one frame a commit | ${fixed(alone.framesPerSecond, 0)} | ${fixed(alone.p50)} | ${fixed(alone.p99)} | ${fixed(alone.max, 1)} |
| eight frames a commit | ${fixed(grouped.framesPerSecond, 0)} | ${fixed(grouped.p50)} | ${fixed(grouped.p99)} | ${fixed(grouped.max, 1)} |
| between the parts of a 20 MB snapshot | ${fixed(duringSnapshot.framesPerSecond, 0)} | ${fixed(duringSnapshot.p50)} | ${fixed(duringSnapshot.p99)} | ${fixed(duringSnapshot.max, 1)} |

After a kill, a journal of ${fixed(reading.megabytes, 0)} MB (${reading.entries * 125} events) opens in ${fixed(reading.open, 0)} ms and is read in ${fixed(reading.read, 0)} ms.
`
}

function scalePart(results: readonly ScaleResult[]): string {
  const rows = results.map(
    (one) =>
      `| ${one.rules} | ${one.series} | **${fixed(one.bytesPerSeries, 0)}** | ${fixed(one.evaluation, 0)} | ${fixed(one.longestSlice, 1)} | ` +
      `${fixed(one.snapshotBytes / 1e6, 0)} | ${fixed(one.longestPart, 0)} | ${fixed(one.restore, 0)} |`,
  )
  return `## A large site

10,000 hosts with 20 metrics each, windows of 5 minutes in buckets of 10 seconds: rules that use the mean, and rules
that use every column (five rules per metric). Then 500 such hosts under rules with long windows. Memory is everything that the
engine keeps; judging is the CPU time to evaluate every series with every rule; restoring is from the bytes of a snapshot to
the state. Goals for the first: 600 bytes, judging in 150 ms, restoring in 3 s; for the second: 2,200 bytes. Times in
milliseconds.

| rules | series | bytes per series | judging all | longest slice | snapshot, MB | longest pause for it | restoring |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`
}

function inventedPart(results: readonly InventedResult[]): string {
  const rows = results.map(
    ({ rules, admitted, refused, windows, alerts, notified, held, resident, longestBatch, longestSlice }) =>
      `| ${rules} | ${admitted} | ${refused} | **${windows}** | **${alerts}** | ${notified} | ${held.map((one) => fixed(one, 0)).join(' → ')} | ` +
      `${resident.map((one) => fixed(one, 0)).join(' → ')} | ${fixed(longestBatch, 0)} | ${fixed(longestSlice, 0)} |`,
  )
  return `## Invented hosts

1,000 real hosts that send events every 10 s, ten of them with a firing alert, and a sender that invents 1,000,000 names in 20
minutes, one event each, under the default limit of 20,000 hosts. Windows: real hosts with all samples of the last two
minutes at the end; alerts: those of the ten that still fire; mails: mails about a reached limit. Memory in
megabytes, before the first invented name and at the end: of the engine, and of the process. CPU time of the
longest batch of 125 events and of the longest slice of a second, in milliseconds.

| rules | admitted | refused | windows | alerts | mails | engine | process | batch | slice |
|---|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`
}

async function run(): Promise<void> {
  say('core ...')
  const core = measureCore()
  say('whole HTTP path ...')
  const http = await measureHttp()
  say('answers under load ...')
  const paced = await measurePaced()
  say('a large site ...')
  const scale = (Object.keys(SITES) as (keyof typeof SITES)[]).map(measureScale)
  say('invented hosts ...')
  const invented = measureInvented()
  say('percentiles ...')
  const percentiles = measurePercentiles()
  say('ids of events ...')
  const ids = measureIds()
  say('smoothness ...')
  const pace = measurePace()
  say('a large cluster ...')
  const generator = await measureGenerator()
  say('very large bodies ...')
  const bodies = await measureBodies()
  say('journal ...')
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-bench-'))
  const journal = await measureJournal(folder).finally(() => rmSync(folder, { recursive: true, force: true }))
  say('alerts and mails ...')
  const alerting = await measureAlerting()
  const intro = `# Benchmarks

Written by \`npm run bench\`; edit \`bench/\`, not this page. Ratios are medians of rounds that alternate within one run, so
that a busy machine affects both sides; absolute figures are those of one machine (${cpus().length} cores, Node ${process.versions.node}).
`
  const page = [
    intro,
    corePart(core),
    httpPart(http),
    pacedPart(paced),
    generatorPart(generator),
    scalePart(scale),
    inventedPart(invented),
    percentilesPart(percentiles),
    idsPart(ids),
    pacePart(pace),
    bodiesPart(bodies),
    journalPart(journal),
    alertingPart(alerting),
  ].join('\n')
  writeFileSync(new URL('../docs/benchmarks.md', import.meta.url), page)
  process.stdout.write(page)
}

await run()
