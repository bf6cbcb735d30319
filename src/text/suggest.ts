/** The known word that was probably meant: at most a third of its letters differ. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  return listNearest(word, known, 1)[0]
}

/** Returns known words that were probably meant, the most similar first. */
export function listNearest(word: string, known: readonly string[], max: number): readonly string[] {
  const wanted = word.toLowerCase()
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.max(1, Math.floor(Math.max(candidate.length, word.length) / 3)),
    )
  return ranked
    .sort((a, b) => a.distance - b.distance)
    .slice(0, max)
    .map(({ candidate }) => candidate)
}

/** The end of a sentence that names an unknown word: a guess, or all there is to choose from. */
export function suggest(word: string, known: readonly string[]): string {
  const guess = nearest(word, known)
  if (guess !== undefined) return `: did you mean '${guess}'?`
  return known.length === 0 ? '' : `: expected ${known.length > 1 ? 'one of ' : ''}${known.join(', ')}`
}

/** Returns the number of insertions, deletions, substitutions and transpositions that turn one word into the other. */
function editDistance(a: string, b: string): number {
  if (a.length > 100 || b.length > 100) return Infinity
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let min = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same)
      if (i > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) min = Math.min(min, (before[j - 2] ?? 0) + 1)
      row.push(min)
    }
    ;[before, last] = [last, row]
  }
  return last[b.length] ?? 0
}
