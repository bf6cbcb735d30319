import { readFileSync, writeFileSync } from 'node:fs'

/** Replaces the section with the same title on the page of results. */
export function put(title: string, part: string): void {
  const file = new URL('../docs/benchmarks.md', import.meta.url)
  const sections = readFileSync(file, 'utf8')
    .split(/^(?=## )/m)
    .filter((section) => !section.startsWith(title))
  writeFileSync(file, [...sections.map((section) => `${section.trimEnd()}\n`), part].join('\n'))
}
