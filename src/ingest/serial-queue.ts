/** Runs tasks one after the other, so that only one of them needs memory at a time. */
export interface SerialQueue {
  /** Returns true if so many are waiting that another one should be turned away. */
  readonly full: () => boolean
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createSerialQueue(max: number): SerialQueue {
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  return {
    full: () => waiting >= max,
    async run(work) {
      const before = last
      const { promise, resolve } = Promise.withResolvers<undefined>()
      last = promise
      waiting += 1
      try {
        await before
        return await work()
      } finally {
        waiting -= 1
        resolve(undefined)
      }
    },
  }
}
