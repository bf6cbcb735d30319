import { resolve } from 'node:path'
import type * as Raw from '../../generated/config.ts'
import { FileError, readRegularFile } from '../../files.ts'
import { foldHostName, stripDomain } from '../../labels/host-name.ts'
import { isGlob } from '../../labels/pattern.ts'
import { type Inventory, type Millis, UNKNOWN_HOST, type Rule } from '../../model.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { PartContext } from './service.ts'
import { readSpan } from './durations.ts'
import { errorReason } from '../file/secrets.ts'
import { hasControl, writeDuration } from './units.ts'

interface InventoryContext extends PartContext {
  readonly rules: readonly Rule[]
  readonly limits: { readonly hosts: number }
  /** Removed from the names of hosts, so from those of expected hosts too. */
  readonly domains: readonly string[]
}

type RawHosts = Required<NonNullable<Raw.Configuration['hosts']>>

const EXPECTED = '/hosts/expected'
const RETIRE = '/hosts/retire_after'
const HOUR = 3_600_000
const DAY = 24 * HOUR
const MAX_LIST_BYTES = 16 * 1024 * 1024
const MAX_NAME_LENGTH = 255
/** Most invalid lines of a file of names that are reported at once. */
const MAX_ERRORS = 5

/** Reads the expected hosts, and when other hosts are retired. */
export function readInventory(raw: RawHosts, context: InventoryContext): Inventory {
  const { diagnostics, limits, domains } = context
  const written = Array.isArray(raw.expected) ? readList(raw.expected, context) : readNames(raw.expected.file, context)
  // Two spellings of a name are one host.
  const names = new Map(written.map((name) => stripDomain(name, domains)).map((name) => [foldHostName(name), name]))
  const expected = [...names.values()]
  if (expected.length > limits.hosts) {
    const what = `${expected.length} expected hosts exceed limits.hosts (${limits.hosts})`
    diagnostics.error(EXPECTED, describe(what, { fix: 'raise limits.hosts, or shorten the list' }))
  }
  return { expected, retireAfter: readRetireAfter(raw.retire_after, context) }
}

/** A rule whose absence is longer than hosts are kept would never fire. */
function readRetireAfter(text: string, { diagnostics, rules }: InventoryContext): Millis {
  const absences = rules.filter((rule) => rule.kind === 'absence')
  const [longest] = absences.toSorted((a, b) => b.after - a.after)
  const after = longest?.after ?? 0
  if (diagnostics.describeValue(RETIRE) === 'nothing') return Math.max(DAY, 2 * after)
  const span = readSpan(text, RETIRE, { min: 10 * 60_000, max: 365 * DAY }, diagnostics)
  if (longest !== undefined && span <= after) {
    const what = `retire_after (${text}) is not longer than absence.after (${writeDuration(after)}) of ${longest.name}, which could never fire`
    diagnostics.error(RETIRE, describe(what, { fix: `set retire_after to more than ${writeDuration(after)}` }))
  }
  return span
}

function readList(names: readonly string[], { diagnostics }: PartContext): readonly string[] {
  for (const [index, name] of names.entries()) {
    const fault = checkName(name)
    const at = below(EXPECTED, index)
    if (fault !== undefined) {
      const { reason, expected } = fault
      diagnostics.error(at, describe(reason, { found: diagnostics.describeValue(at), expected }))
    }
  }
  return names
}

/** Reads a file with one name per line. An error names its lines after the place in the configuration. */
function readNames(file: string, { diagnostics, dir }: PartContext): readonly string[] {
  const path = resolve(dir, file)
  const pointer = `${EXPECTED}/file`
  const shown = diagnostics.isExpanded(pointer) ? 'that it names' : path
  const text = readText(path)
  if ('fault' in text) {
    diagnostics.error(pointer, describe(`the host file ${shown} ${text.fault}`, { fix: 'check the file and its path' }))
    return []
  }
  const faults: string[] = []
  const names = new Set<string>()
  for (const [index, line] of text.text.split(/\r?\n/).entries()) {
    const name = line.replace(/(^|\s)#.*$/, '').trim()
    if (name === '') continue
    const fault = /\s/.test(name)
      ? { reason: 'several names in one line', expected: 'one name per line' }
      : checkName(name)
    if (fault !== undefined) {
      const found = `'${name.slice(0, MAX_NAME_LENGTH)}'`
      faults.push(`${shown}:${index + 1}: ${describe(fault.reason, { found, expected: fault.expected })}`)
    }
    names.add(name)
  }
  const rest = faults.length > MAX_ERRORS ? `; and ${faults.length - MAX_ERRORS} more` : ''
  if (faults.length > 0) diagnostics.error(pointer, `${faults.slice(0, MAX_ERRORS).join('; ')}${rest}`)
  else if (names.size === 0)
    diagnostics.error(pointer, describe(`the host file ${shown} is empty`, { expected: 'one name per line' }))
  return [...names]
}

function readText(path: string): { readonly text: string } | { readonly fault: string } {
  try {
    const { bytes } = readRegularFile(path, MAX_LIST_BYTES)
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    if (error instanceof FileError && error.code === 'too_large') return { fault: 'is larger than 16 MiB' }
    return { fault: error instanceof TypeError ? 'is not UTF-8 text' : errorReason(error) }
  }
}

interface InvalidName {
  readonly reason: string
  readonly expected: string
}

function checkName(name: string): InvalidName | undefined {
  if (name.trim() !== name || name === '' || name === UNKNOWN_HOST || hasControl(name)) {
    return { reason: 'the host name is not valid', expected: 'a host name' }
  }
  if (name.length > MAX_NAME_LENGTH) {
    return { reason: 'the host name is too long', expected: `at most ${MAX_NAME_LENGTH} characters` }
  }
  return isGlob(name) ? { reason: 'a pattern cannot be expected', expected: 'a full host name' } : undefined
}
