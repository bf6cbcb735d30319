import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { makeFolder } from '../files.ts'
import { BUILTIN_RULE_NAMES, type EngineConfig } from '../model.ts'
import { type Preview, type PreviewChoice, previewMails } from '../preview/index.ts'
import { canFire } from '../preview/samples.ts'
import { previewPage } from '../preview/page.ts'
import { suggest } from '../text/suggest.ts'
import { type CheckIo, describeSilent, load } from './check.ts'
import { silentLog } from './send-test.ts'
import { configOption, describeCommand, setAction } from './terminal/command.ts'

interface PreviewArgs {
  readonly config?: string
  readonly rule?: string
  readonly receiver?: string
  readonly out?: string
}

export function addPreview(program: Command, io: CheckIo): void {
  const command = describeCommand(
    program.command('preview'),
    'Render the mails of a configuration with sample data into a folder, to view in a browser',
    'stashwatch preview --config stashwatch.yaml --rule cpu-high --out preview',
  )
    .addOption(configOption())
    .option('--rule <name>', 'only the mails about this rule')
    .option('--receiver <name>', 'render them for this receiver, with its time zone and templates')
    .option('--out <folder>', 'output folder; files of the same names are replaced (default: "preview")')
  setAction(command, () => preview(command.optsWithGlobals(), io))
}

/**
 * `stashwatch preview`: renders the mails that the rules would send about sample alerts into a folder: HTML, text,
 * charts, and a page that shows all of them. Nothing is sent.
 *
 * @returns the exit code: 0 written, 1 invalid configuration or unknown name, 2 the folder cannot be written.
 */
async function preview(args: PreviewArgs, io: CheckIo): Promise<number> {
  const loaded = load(args, io)
  if (typeof loaded === 'number') return loaded
  const { config } = loaded
  const choice = choose(args, config.engine)
  if (typeof choice === 'string') {
    io.err(choice)
    return 1
  }
  const { previews, silent } = await previewMails(config, choice, silentLog(io))
  const folder = resolve(io.cwd, args.out ?? 'preview')
  try {
    writeAll(folder, previews)
  } catch (error) {
    io.err(`cannot write the mails to ${folder} (${(error as Error).message}). Fix: correct --out`)
    return 2
  }
  for (const { name, subject, png } of previews)
    io.out(`${name}.html, .txt${png === undefined ? '' : ', .png'}: ${subject}`)
  for (const name of silent) io.err(`warning: ${describeSilent(name)}`)
  io.out(`overview: ${join(folder, 'index.html')}`)
  return 0
}

/** Returns what to show, or an error about the selection. */
function choose({ rule, receiver }: PreviewArgs, config: EngineConfig): PreviewChoice | string {
  const { rules, receivers } = config
  const isChosen = (name: string): boolean => rule === undefined || name === rule
  const chosen = rules.filter(({ name }) => isChosen(name))
  const named = BUILTIN_RULE_NAMES.filter(isChosen)
  const builtins = named.filter((name) => canFire(name, config))
  const reader = receivers.find(({ name }) => name === receiver)
  if (rules.length === 0)
    return 'the configuration has no rules, so there are no mails to render. Fix: add a rule under rules'
  if (chosen.length + named.length === 0)
    return unknown('rule', rule, [...rules, ...BUILTIN_RULE_NAMES.map((name) => ({ name }))])
  if (chosen.length + builtins.length === 0) return `${rule} cannot fire with this configuration. ${NEEDS}`
  if (receiver !== undefined && reader === undefined) return unknown('receiver', receiver, receivers)
  return {
    rules: chosen,
    builtins,
    scheduled: rule === undefined,
    ...(reader === undefined ? {} : { receiver: reader }),
  }
}

const NEEDS = 'Fix: mass-absence needs an absence rule, and like source-degraded limits.hosts of at least 40'

function unknown(what: string, name = '', known: readonly { readonly name: string }[]): string {
  return `no ${what} '${name}' in the configuration${suggest(
    name,
    known.map((one) => one.name),
  )}`
}

function writeAll(folder: string, previews: readonly Preview[]): void {
  makeFolder(folder)
  for (const { name, html, text, png } of previews) {
    writeFileSync(join(folder, `${name}.html`), html)
    writeFileSync(join(folder, `${name}.txt`), text)
    if (png !== undefined) writeFileSync(join(folder, `${name}.png`), png)
  }
  writeFileSync(join(folder, 'index.html'), previewPage(previews))
}
