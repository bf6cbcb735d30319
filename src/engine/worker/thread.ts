import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { openSqliteJournal } from '../../journal/index.ts'
import type { Journal, Log } from '../../model.ts'
import type { Reply, Request, ThreadData } from './protocol.ts'
import { type EngineRunner, startRunner } from './runner.ts'
import { serve } from './serve.ts'

/** Runs the thread that owns the journal and the folds: the second composition root. */
async function run(): Promise<void> {
  const port = parentPort
  if (port === null) throw new Error('engine/worker/thread.ts runs as a worker thread only')
  const { file, config, now } = workerData as ThreadData
  const say = (reply: Reply): void => port.postMessage(reply)
  let journal: Journal
  let runner: EngineRunner
  try {
    journal = openSqliteJournal({ file, log: forwardLog(say) })
    runner = await startRunner(journal, config, now, say)
  } catch (error) {
    const { code = 'engine_failed', message } = error as Error & { code?: string }
    say({ kind: 'failed', code, message })
    return
  }
  const waiting: Request[] = []
  const drain = (): Request[] => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      waiting.push(next.message as Request)
    }
    return waiting.splice(0)
  }
  let isBusy = false
  const loop = async (): Promise<void> => {
    if (isBusy) return
    isBusy = true
    for (let requests = drain(); requests.length > 0 || runner.hasWork(); requests = drain()) {
      const isStopping = await serve(runner, journal, requests, say)
      if (isStopping) return port.close()
      if (runner.hasWork()) await runner.work()
    }
    isBusy = false
  }
  port.on('message', (request: Request) => {
    waiting.push(request)
    void loop()
  })
  void loop()
}

/** Creates a log that posts its records to the main thread. */
function forwardLog(say: (reply: Reply) => void): Log {
  const at =
    (level: keyof Log) =>
    (fields: object, message: string): void =>
      say({ kind: 'notice', level, fields, message })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

void run()
