import { ConfigErrors, formatDiagnostic } from '../config/index.ts'
import type { Config } from '../model.ts'
import { createNotifiers } from '../notify/index.ts'
import { openExtractor, openSchemas } from './judge.ts'
import { listConfiguredAddresses, recordRemoved, type ServiceState, startSender } from './running.ts'

/**
 * Reloads the configuration, one reload at a time. Never rejects: if a new configuration cannot be applied, the old one
 * stays in force.
 */
export function reload(service: ServiceState): Promise<readonly string[]> {
  const { options, metrics } = service
  const pending = service.reloading.then(async () => {
    const errors = await applyConfig(service).catch(logErrors)
    metrics.reloaded(errors.length === 0)
    if (errors.length > 0) {
      options.log.error({ mistakes: errors.length }, 'reload failed; the previous configuration stays in effect')
    }
    for (const line of errors) options.log.error({}, line)
    if (errors.length === 0) options.log.info({}, 'configuration reloaded')
    return errors
  })
  service.reloading = pending
  return pending
}

function logErrors(error: unknown): readonly string[] {
  if (error instanceof ConfigErrors) return error.diagnostics.map(formatDiagnostic)
  return [error instanceof Error ? error.message : String(error)]
}

/**
 * Applies a new configuration. Metrics, rules, receivers, limits, custom schemas, the mail server and other notifiers
 * can change while the service runs. Steps that may fail come first.
 */
async function applyConfig(service: ServiceState): Promise<readonly string[]> {
  const { config, options, engine, state } = service
  if (state !== 'ready' || engine === undefined) return [`the service is ${state}: the configuration is not read now`]
  if (options.readConfig === undefined) return ['there is no configuration that could be read anew']
  const next = options.readConfig()
  const changed = restartOnlyChanges(config, next)
  if (changed.length > 0) {
    return changed.map((key) => `${key} has changed: restart the service for that; nothing was changed now`)
  }
  const isBuiltIn = config.schemas === undefined && next.schemas === undefined
  const schemas = isBuiltIn ? service.schemas : openSchemas(next)
  const extract = openExtractor(next)
  const notifiers =
    notifierOptions(config) === notifierOptions(next)
      ? undefined
      : await createNotifiers(next, { ...options, linkKey: service.linkKey })
  const { knownAddresses } = service
  // The engine may notify new addresses before `running.config` changes.
  service.knownAddresses = new Set([...knownAddresses, ...listConfiguredAddresses(next)])
  try {
    await engine.configure(next.engine)
  } catch (error) {
    service.knownAddresses = knownAddresses
    await Promise.all(Object.values(notifiers?.notifiers ?? {}).map((notifier) => notifier.close()))
    throw error
  }
  recordRemoved(service, next, options.clock.now())
  service.config = next
  service.schemas = schemas
  service.extract = extract
  if (notifiers === undefined) return []
  await service.sender?.stop(5000)
  service.sender = startSender(service, engine, notifiers)
  return []
}

/** Returns the changed keys, as the file names them, that take effect only at a start of the service. */
function restartOnlyChanges(config: Config, next: Config): readonly string[] {
  const fixed = ['listen', 'data', 'ingest', 'api', 'logLevel'] as const
  const changed = fixed.filter((key) => JSON.stringify(config[key]) !== JSON.stringify(next[key]))
  const names = changed.map((key) => (key === 'logLevel' ? 'log' : key))
  // The pages of the mailbox exist from the start or not at all.
  return config.smtp !== undefined && next.smtp === undefined ? [...names, 'smtp'] : names
}

/** Returns the settings that the notifiers depend on, as text to compare. */
function notifierOptions({ smtp, url, apiUrl, targets, kibana, engine }: Config): string {
  return JSON.stringify([smtp, url, apiUrl, [...targets], kibana, engine.mailsPerMinute])
}
