import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createOutbox, type Engine, type EngineConfig, type Tick } from '../../model.ts'
import type { Ask, EngineEvent, Reply, ThreadData } from './protocol.ts'

/** The main thread's client of the engine thread. */
export interface EngineClient extends Engine {
  tick(tick: Tick): Promise<void>
  configure(config: EngineConfig): Promise<void>
  /** Returns the number of requests without a response. */
  inFlight(): number
  /** Writes a snapshot, closes the journal and ends the thread. */
  stop(): Promise<void>
}

/** The engine thread could not serve a request: the journal failed, or the thread has ended. */
class EngineError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'EngineError'
    this.code = code
  }
}

/** Asks the thread, which answers each request with a value of the type that its method declares. */
type AskThread = <T>(request: Ask, transfer?: readonly ArrayBuffer[]) => Promise<T>

interface PendingCall {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: EngineError) => void
}

/**
 * Starts the engine thread. Resolves once the journal is read and the state is restored.
 *
 * @throws EngineError with the journal's code if it cannot start.
 */
export function startEngine(
  data: ThreadData,
  onReport: (report: EngineEvent) => void,
  onEnd: (error: EngineError) => void,
): Promise<EngineClient> {
  const url = new URL(`./thread${extname(import.meta.filename)}`, import.meta.url)
  const worker = new Worker(url, { workerData: data, execArgv: [], name: 'engine' })
  const waiting = new Map<number, PendingCall>()
  let lastId = 0
  let isStopping = false
  let gone: EngineError | undefined
  // The thread may have ended by the time its last response is read.
  const exited = new Promise<void>((done) => worker.once('exit', () => done()))
  const ask = <T>(request: Ask, transfer: readonly ArrayBuffer[] = []): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (gone !== undefined) {
        reject(gone)
        return
      }
      const id = ++lastId
      waiting.set(id, { resolve: (value) => resolve(value as T), reject })
      worker.postMessage({ ...request, id }, transfer)
    })
  const end = (error: EngineError): void => {
    if (gone !== undefined) return
    gone = error
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
    if (!isStopping) onEnd(error)
  }
  const client = createClient(
    ask,
    () => waiting.size,
    async () => {
      isStopping = true
      if (gone === undefined) await ask({ kind: 'stop' })
      await exited
    },
  )
  return new Promise((resolve, reject) => {
    worker.on('message', (reply: Reply) => {
      if (reply.kind === 'result' || reply.kind === 'error') return resolveRequest(waiting, reply)
      if (reply.kind === 'ready') resolve(client)
      if (reply.kind === 'failed') {
        isStopping = true
        reject(new EngineError(reply.code, reply.message))
      }
      onReport(reply)
    })
    const ended = (message: string): void => {
      const error = new EngineError('engine_ended', message)
      reject(error)
      end(error)
    }
    worker.on('error', (error) =>
      ended(`the engine's thread failed: ${error instanceof Error ? error.message : String(error)}`),
    )
    worker.on('exit', (code) => ended(`the engine's thread ended (${code})`))
  })
}

function resolveRequest(waiting: Map<number, PendingCall>, reply: Reply & { kind: 'result' | 'error' }): void {
  const asked = waiting.get(reply.id)
  waiting.delete(reply.id)
  if (reply.kind === 'result') asked?.resolve(reply.value)
  else asked?.reject(new EngineError(reply.code, reply.message))
}

function createClient(ask: AskThread, inFlight: () => number, stop: () => Promise<void>): EngineClient {
  return {
    append: (frame) => ask({ kind: 'append', frame }, [frame.buffer as ArrayBuffer]),
    query: (query) => ask({ kind: 'query', query }),
    command: (command) => ask({ kind: 'command', command }),
    tick: (tick) => ask({ kind: 'tick', tick }),
    configure: (config) => ask({ kind: 'config', config }),
    inFlight,
    stop,
    outbox: createOutbox((method, args) => ask({ kind: 'outbox', method, args })),
  }
}
