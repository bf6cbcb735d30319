import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type * as Raw from '../generated/config.ts'
import { isGlob } from '../labels/glob.ts'
import { type Inventory, type Millis, NO_HOST, type Rule } from '../model.ts'
import { below } from './mistakes.ts'
import type { PartContext } from './parts.ts'
import { readSpan } from './spans.ts'
import { reasonOf } from './secrets.ts'
import { hasControl, writeDuration } from './units.ts'

interface InventoryContext extends PartContext {
  readonly rules: readonly Rule[]
  readonly limits: { readonly hosts: number }
}

type RawHosts = Required<NonNullable<Raw.Configuration['hosts']>>

const EXPECTED = '/hosts/expected'
const FORGET = '/hosts/forget_after'
const HOUR = 3_600_000
const DAY = 24 * HOUR
const MOST_BYTES = 16 * 1024 * 1024
const LONGEST_NAME = 255
/** So many lines at fault in a file of names are told; whoever mends them sees the rest. */
const MOST_FAULTS = 5

/** The expected hosts, and when others are forgotten. */
export function readInventory(raw: RawHosts, context: InventoryContext): Inventory {
  const { report, limits } = context
  const expected = Array.isArray(raw.expected) ? readList(raw.expected, context) : readNames(raw.expected.file, context)
  if (expected.length > limits.hosts) {
    const what = `${expected.length} hosts are expected, but limits.hosts is ${limits.hosts}: raise it, or shorten the list`
    report.mistake(EXPECTED, what)
  }
  return { expected, forgetAfter: readForgetAfter(raw.forget_after, context) }
}

/** A rule that waits longer than hosts are kept would never fire. */
function readForgetAfter(text: string, { report, rules }: InventoryContext): Millis {
  const absences = rules.filter((rule) => rule.kind === 'absence')
  const [longest] = absences.toSorted((a, b) => b.after - a.after)
  const after = longest?.after ?? 0
  if (report.written(FORGET) === 'nothing') return Math.max(DAY, 2 * after)
  const span = readSpan(text, FORGET, { least: 10 * 60_000, most: 365 * DAY }, report)
  if (longest !== undefined && span <= after) {
    const what = `'forget_after' (${text}) is not longer than the ${writeDuration(after)} that the rule ${longest.name} waits for a host`
    report.mistake(FORGET, `${what}: its alert would never come; lengthen it`)
  }
  return span
}

function readList(names: readonly string[], { report }: PartContext): readonly string[] {
  for (const [index, name] of names.entries()) {
    const fault = faultOf(name)
    const at = below(EXPECTED, index)
    if (fault !== undefined) report.mistake(at, `${fault}, found ${report.written(at)}`)
  }
  return names
}

/** One name a line. A mistake names the line, behind the place in the configuration. */
function readNames(file: string, { report, dir }: PartContext): readonly string[] {
  const path = resolve(dir, file)
  const pointer = `${EXPECTED}/file`
  const shown = report.expanded(pointer) ? 'that it names' : path
  const text = readText(path)
  if ('fault' in text) {
    report.mistake(pointer, `the file of hosts ${shown} ${text.fault}`)
    return []
  }
  const faults: string[] = []
  const names = new Set<string>()
  for (const [index, line] of text.text.split(/\r?\n/).entries()) {
    const name = line.replace(/(^|\s)#.*$/, '').trim()
    if (name === '') continue
    const fault = /\s/.test(name) ? 'expected one name a line' : faultOf(name)
    if (fault !== undefined) faults.push(`${shown}:${index + 1}: ${fault}, found '${name.slice(0, LONGEST_NAME)}'`)
    names.add(name)
  }
  const rest = faults.length > MOST_FAULTS ? `; and ${faults.length - MOST_FAULTS} more` : ''
  if (faults.length > 0) report.mistake(pointer, `${faults.slice(0, MOST_FAULTS).join('; ')}${rest}`)
  else if (names.size === 0) report.mistake(pointer, `the file of hosts ${shown} names none: expected one name a line`)
  return [...names]
}

function readText(path: string): { readonly text: string } | { readonly fault: string } {
  try {
    const bytes = readFileSync(path)
    if (bytes.length > MOST_BYTES) return { fault: 'is larger than 16 MiB' }
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    return { fault: error instanceof TypeError ? 'is not UTF-8 text' : reasonOf(error) }
  }
}

function faultOf(name: string): string | undefined {
  if (name.trim() !== name || name === '' || name === NO_HOST || hasControl(name)) return 'expected the name of a host'
  if (name.length > LONGEST_NAME) return `expected a name of at most ${LONGEST_NAME} characters`
  return isGlob(name) ? "expected a host's whole name, since a pattern cannot be missed" : undefined
}
