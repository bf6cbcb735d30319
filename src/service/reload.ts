import { ConfigErrors, formatDiagnostic } from '../config/index.ts'
import type { Config } from '../model.ts'
import { createNotifiers } from '../notify/index.ts'
import { openExtractor, openSchemas } from './judge.ts'
import { listAddresses, recordRemoved, type ServiceState, startSender } from './running.ts'

/**
 * Reloads the configuration, one reload at a time. Never rejects: if a new configuration cannot be applied, the old one
 * stays in force.
 */
export function reload(running: ServiceState): Promise<readonly string[]> {
  const { options, metrics } = running
  const turn = running.reloading.then(async () => {
    const mistakes = await takeOver(running).catch(logErrors)
    metrics.reloaded(mistakes.length === 0)
    if (mistakes.length > 0) {
      options.log.error({ mistakes: mistakes.length }, 'the configuration was not taken; the old one stays in force')
    }
    for (const line of mistakes) options.log.error({}, line)
    if (mistakes.length === 0) options.log.info({}, 'the configuration was loaded anew')
    return mistakes
  })
  running.reloading = turn
  return turn
}

function logErrors(error: unknown): readonly string[] {
  if (error instanceof ConfigErrors) return error.diagnostics.map(formatDiagnostic)
  return [error instanceof Error ? error.message : String(error)]
}

/**
 * Applies a new configuration. Metrics, rules, receivers, limits, custom schemas, the mail server and other notifiers
 * can change while the service runs. Steps that may fail come first.
 */
async function takeOver(running: ServiceState): Promise<readonly string[]> {
  const { config, options, engine, state } = running
  if (state !== 'ready' || engine === undefined) return [`the service is ${state}: the configuration is not read now`]
  if (options.readConfig === undefined) return ['there is no configuration that could be read anew']
  const next = options.readConfig()
  const changed = changedForGood(config, next)
  if (changed.length > 0) {
    return changed.map((key) => `${key} has changed: restart the service for that; nothing was changed now`)
  }
  const isBuiltIn = config.schemas === undefined && next.schemas === undefined
  const schemas = isBuiltIn ? running.schemas : openSchemas(next)
  const extract = openExtractor(next)
  const exits =
    notifierOptions(config) === notifierOptions(next)
      ? undefined
      : await createNotifiers(next, { ...options, linkKey: running.linkKey })
  const { known } = running
  // The engine may notify new addresses before `running.config` changes.
  running.known = new Set([...known, ...listAddresses(next)])
  try {
    await engine.configure(next.engine)
  } catch (error) {
    running.known = known
    await Promise.all(Object.values(exits?.ways ?? {}).map((way) => way.close()))
    throw error
  }
  recordRemoved(running, next, options.clock.now())
  running.config = next
  running.schemas = schemas
  running.extract = extract
  if (exits === undefined) return []
  await running.sender?.stop(5000)
  running.sender = startSender(running, engine, exits)
  return []
}

/** Returns the changed keys, as the file names them, that take effect only at a start of the service. */
function changedForGood(config: Config, next: Config): readonly string[] {
  const fixed = ['listen', 'data', 'ingest', 'api', 'logLevel'] as const
  const changed = fixed.filter((key) => JSON.stringify(config[key]) !== JSON.stringify(next[key]))
  const names = changed.map((key) => (key === 'logLevel' ? 'log' : key))
  // The pages of the mailbox exist from the start or not at all.
  return config.smtp !== undefined && next.smtp === undefined ? [...names, 'smtp'] : names
}

/** Returns the settings that the notifiers depend on, as text to compare. */
function notifierOptions({ smtp, url, targets, kibana, engine }: Config): string {
  return JSON.stringify([smtp, url, [...targets], kibana, engine.mailsPerMinute])
}
