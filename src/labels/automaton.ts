/** The number of steps left. Each instruction that is visited at one character of a text takes one. */
export interface StepBudget {
  left: number
}

/** The most steps that matching one event with all rules may take: about 50 ms. */
export const EVENT_STEPS = 5_000_000

/** The instructions of an expression as re2js compiles it, in columns. */
interface Program {
  readonly start: number
  readonly op: Uint8Array
  readonly out: Int32Array
  readonly arg: Int32Array
  /** For each instruction, the characters of ASCII that it reads, as a row of bits. */
  readonly ascii: Int32Array
  /** Tests of other characters. */
  readonly reads: readonly ((rune: number) => boolean)[]
  /** The characters of ASCII that a match can begin with, as bits; undefined where it may be empty. */
  readonly first: Int32Array | undefined
}

/** What an instruction does, and the conditions of one that reads nothing: the numbers of re2js. */
const OP = { alt: 1, altMatch: 2, empty: 4, fail: 5, match: 6, rune: 8, rune1: 9, any: 10, anyNotNewline: 11 }
const AT = { lineStart: 1, lineEnd: 2, textStart: 4, textEnd: 8, word: 16, noWord: 32 }
const ASCII = 128
const WORDS_PER_ROW = ASCII / 32
const MAX_UNIT = 0xffff
const NEWLINE = 10
/** No character, and no position. */
const NONE = -1

/** An expression as re2js compiles it. */
export interface CompiledPattern {
  readonly start: number
  readonly inst: readonly Instruction[]
}

interface Instruction {
  readonly op: number
  readonly out: number
  readonly arg: number
  matchRune(rune: number): boolean
}

/** Returns the instructions of a compiled expression. */
export function readProgram({ start, inst }: CompiledPattern): Program {
  const reads = inst.map(readTest)
  const ascii = new Int32Array(inst.length * WORDS_PER_ROW)
  for (const [pc, test] of reads.entries()) {
    for (let rune = 0; rune < ASCII; rune++) {
      if (test(rune)) setBits(ascii, pc * WORDS_PER_ROW + (rune >> 5), 1 << (rune & 31))
    }
  }
  const columns = {
    start,
    op: Uint8Array.from(inst, ({ op }) => op),
    out: Int32Array.from(inst, ({ out }) => out),
    arg: Int32Array.from(inst, ({ arg }) => arg),
    ascii,
    reads,
  }
  return { ...columns, first: firstCharacters(columns) }
}

function readTest(instruction: Instruction): (rune: number) => boolean {
  const { op } = instruction
  if (op === OP.any) return () => true
  if (op === OP.anyNotNewline) return (rune) => rune !== NEWLINE
  return op === OP.rune || op === OP.rune1 ? (rune) => instruction.matchRune(rune) : () => false
}

function setBits(words: Int32Array, at: number, bits: number): void {
  words[at] = (words[at] as number) | bits
}

function firstCharacters({ start, op, out, arg, ascii }: Omit<Program, 'first'>): Int32Array | undefined {
  const first = new Int32Array(WORDS_PER_ROW)
  const reached = new Set([start])
  for (const pc of reached) {
    const kind = op[pc] as number
    if (kind === OP.match) return undefined
    if (kind >= OP.rune) {
      for (let i = 0; i < WORDS_PER_ROW; i++) setBits(first, i, ascii[pc * WORDS_PER_ROW + i] as number)
    } else if (kind !== OP.fail) reached.add(out[pc] as number)
    if (kind <= OP.altMatch) reached.add(arg[pc] as number)
  }
  return first
}

/** The instructions that wait for the next character, in two lists that take turns, and what has been done so far. */
interface Machine extends Program {
  waiting: Int32Array
  following: Int32Array
  /** How many instructions the list has that is being filled. */
  count: number
  /** The position at which each instruction was visited last. */
  readonly visited: Int32Array
  readonly stack: Int32Array
  steps: number
  isMatch: boolean
}

/**
 * Returns a function that tells if an expression matches anywhere in a text; undefined once the budget is used up. It
 * follows all alternatives at once, character by character, and remembers nothing of other texts: what a text costs is
 * always the same.
 */
export function createSearch(program: Program): (text: string, budget: StepBudget) => boolean | undefined {
  const size = program.op.length
  const machine: Machine = {
    ...program,
    waiting: new Int32Array(size),
    following: new Int32Array(size),
    count: 0,
    visited: new Int32Array(size),
    stack: new Int32Array(size + 1),
    steps: 0,
    isMatch: false,
  }
  return (text, budget) => {
    machine.visited.fill(NONE)
    machine.count = 0
    machine.isMatch = false
    for (let at = 0; ;) {
      if (machine.count === 0) {
        const from = at
        at = findStart(machine, text, from)
        budget.left -= at - from
      }
      machine.steps = 1
      const next = readCharacter(machine, text, at)
      budget.left -= machine.steps
      if (machine.isMatch) return true
      if (next === at) return false
      if (budget.left < 0) return undefined
      at = next
    }
  }
}

/** Returns the next position at which a match may begin, or the end of the text. */
function findStart({ first }: Machine, text: string, from: number): number {
  if (first === undefined) return from
  let at = from
  while (at < text.length) {
    const unit = text.charCodeAt(at)
    if (unit >= ASCII || isSet(first, 0, unit)) break
    at++
  }
  return at
}

/** Moves all that waits, and a match that begins here, past one character. Returns the position behind it. */
function readCharacter(machine: Machine, text: string, at: number): number {
  const { ascii, reads, out, waiting, following } = machine
  const rune = at < text.length ? (text.codePointAt(at) as number) : NONE
  enter(machine, waiting, machine.start, at, conditionsBetween(at === 0 ? NONE : text.charCodeAt(at - 1), rune))
  if (machine.isMatch || rune === NONE) return at
  const next = at + (rune > MAX_UNIT ? 2 : 1)
  const conditions = conditionsBetween(rune, next < text.length ? text.charCodeAt(next) : NONE)
  const waited = machine.count
  machine.count = 0
  for (let i = 0; i < waited; i++) {
    const pc = waiting[i] as number
    const isRead = rune < ASCII ? isSet(ascii, pc, rune) : (reads[pc] as (rune: number) => boolean)(rune)
    if (isRead) enter(machine, following, out[pc] as number, next, conditions)
  }
  machine.waiting = following
  machine.following = waiting
  return next
}

/** Adds the instructions that are reached from one without reading a character. */
function enter(machine: Machine, list: Int32Array, from: number, at: number, conditions: number): void {
  const { op, out, arg, visited, stack } = machine
  let depth = 0
  stack[depth++] = from
  while (depth > 0) {
    let pc = stack[--depth] as number
    while (visited[pc] !== at) {
      visited[pc] = at
      machine.steps++
      const kind = op[pc] as number
      if (kind >= OP.rune) {
        list[machine.count++] = pc
        break
      }
      if (kind === OP.match) machine.isMatch = true
      if (kind === OP.match || kind === OP.fail) break
      if (kind === OP.empty && ((arg[pc] as number) & ~conditions) !== 0) break
      if (kind <= OP.altMatch) stack[depth++] = arg[pc] as number
      pc = out[pc] as number
    }
  }
}

function isSet(bits: Int32Array, row: number, rune: number): boolean {
  return (((bits[row * WORDS_PER_ROW + (rune >> 5)] as number) >>> (rune & 31)) & 1) === 1
}

function isWord(rune: number): boolean {
  return (rune >= 48 && rune <= 57) || (rune >= 65 && rune <= 90) || rune === 95 || (rune >= 97 && rune <= 122)
}

/** Returns the conditions that hold between two characters, of which either may be missing. */
function conditionsBetween(before: number, after: number): number {
  let conditions = isWord(before) === isWord(after) ? AT.noWord : AT.word
  if (before === NONE) conditions |= AT.textStart | AT.lineStart
  else if (before === NEWLINE) conditions |= AT.lineStart
  if (after === NONE) conditions |= AT.textEnd | AT.lineEnd
  else if (after === NEWLINE) conditions |= AT.lineEnd
  return conditions
}
