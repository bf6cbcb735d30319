import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Counts only what is a count: an observer never throws into the part that reports. */
export const countable = (value: number): number => (Number.isFinite(value) && value > 0 ? value : 0)

/** Declares families in a registry, in this product's name. Every value of a label is known, and starts at 0. */
export function createFamilies(registry: Registry) {
  const registers = [registry]
  const full = (name: string): string => `stashwatch_${name}`
  return {
    counter: (name: string, help: string): Counter => new Counter({ name: full(name), help, registers }),
    counterBy: (name: string, help: string, label: string, values: readonly string[]): CounterBy => {
      const family = new Counter<string>({ name: full(name), help, labelNames: [label], registers })
      for (const value of values) family.inc({ [label]: value }, 0)
      return family
    },
    gauge: (name: string, help: string, collect?: (gauge: Gauge) => void): Gauge => {
      const family: Gauge = new Gauge({
        name: full(name),
        help,
        registers,
        ...(collect && { collect: () => collect(family) }),
      })
      return family
    },
    gaugeBy: (name: string, help: string, label: string, values: readonly string[]): Gauge<string> => {
      const family = new Gauge<string>({ name: full(name), help, labelNames: [label], registers })
      for (const value of values) family.set({ [label]: value }, 0)
      return family
    },
    histogram: (name: string, help: string, buckets: readonly number[]): ((value: number) => void) => {
      const family = new Histogram({ name: full(name), help, buckets: [...buckets], registers })
      return (value) => {
        if (Number.isFinite(value)) family.observe(Math.max(0, value))
      }
    },
  }
}

export type CounterBy = Counter<string>
export type Families = ReturnType<typeof createFamilies>
