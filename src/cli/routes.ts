import type { Command } from 'commander'
import { BUILTIN_RULE_NAMES, type EngineConfig } from '../model.ts'
import { listRecipients, type RecipientRow } from '../preview/recipients.ts'
import { formatDuration } from '../text/format.ts'
import { suggest } from '../text/suggest.ts'
import { type CheckIo, load } from './check.ts'
import { configOption, describeCommand, setAction } from './terminal/command.ts'
import { formatTable } from './terminal/paint.ts'

interface TestArgs {
  readonly config?: string
  readonly json?: true
}

export function addRoutes(program: Command, io: CheckIo): void {
  const routes = describeCommand(
    program.command('routes'),
    'Show who is notified of an alert',
    'stashwatch routes test severity=critical host=db-1',
  )
  const test = describeCommand(
    routes.command('test').argument('<labels...>', 'labels of the alert, such as rule=cpu-high host=web-1'),
    'Show which receivers a configuration notifies of an alert with these labels',
    'stashwatch routes test --config stashwatch.yaml rule=cpu-high host=web-1',
  )
    .addOption(configOption())
    .option('--json', 'print JSON')
  setAction(test, (...words) => testRoutes(words, test.optsWithGlobals(), io))
}

/**
 * `stashwatch routes test LABEL=VALUE...`: prints the recipients of an alert. Silences, maintenance windows and
 * inhibition do not apply.
 *
 * @returns the exit code: 0 somebody is notified, 1 nobody is, or the input is invalid, 2 the file cannot be read.
 */
async function testRoutes(words: readonly string[], args: TestArgs, io: CheckIo): Promise<number> {
  const loaded = load(args, io)
  if (typeof loaded === 'number') return loaded
  const { engine } = loaded.config
  const asked = readLabels(words, engine)
  if (typeof asked === 'string') {
    io.err(asked)
    return 1
  }
  const { labels, recipients } = listRecipients(engine, asked)
  if (args.json === true) io.out(JSON.stringify({ labels, recipients }, null, 2))
  else printRecipients(labels, recipients, io)
  return recipients.length === 0 ? 1 : 0
}

/** Reads `name=value`. Returns an error about the first word that is something else, or an unknown rule. */
function readLabels(words: readonly string[], config: EngineConfig): Readonly<Record<string, string>> | string {
  const labels: Record<string, string> = Object.create(null) as Record<string, string>
  for (const word of words) {
    const at = word.indexOf('=')
    if (at < 1) return `found '${word}', expected LABEL=VALUE, such as severity=critical`
    labels[word.slice(0, at)] = word.slice(at + 1)
  }
  const { rule } = labels
  const known = [...config.rules.map(({ name }) => name), ...BUILTIN_RULE_NAMES]
  if (rule === undefined || known.includes(rule)) return labels
  return `no rule is called '${rule}'${suggest(rule, known)}`
}

function printRecipients(
  labels: Readonly<Record<string, string>>,
  recipients: readonly RecipientRow[],
  io: CheckIo,
): void {
  const all = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  if (recipients.length === 0) {
    io.out(`nobody is notified of an alert with ${all.join(', ')}: no route matches`)
    return
  }
  io.out(`an alert with ${all.join(', ')} notifies:`)
  const rows = recipients.map((row) => [
    row.receiver,
    row.address,
    row.namedBy,
    row.after === 0 ? 'at once' : `after ${formatDuration(row.after)}`,
    row.groupBy.join(', ') || '-',
    row.repeatInterval === 0 ? 'never' : formatDuration(row.repeatInterval),
    row.sendResolved ? 'yes' : 'no',
  ])
  const titles = ['RECEIVER', 'ADDRESS', 'NAMED BY', 'WHEN', 'GROUP BY', 'REPEATS', 'RESOLVED']
  for (const line of formatTable(titles, rows)) io.out(line)
}
