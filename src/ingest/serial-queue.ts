/** Runs works one after the other, so that their memory is needed once. */
export interface SerialQueue {
  /** So many are waiting that a further one should be turned away. */
  readonly full: () => boolean
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createSerialQueue(most: number): SerialQueue {
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  return {
    full: () => waiting >= most,
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
