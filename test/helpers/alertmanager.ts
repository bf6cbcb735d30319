import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort, temporary, until } from './service.ts'

const PROGRAM = ['prometheus-alertmanager', 'alertmanager'].find(
  (name) => spawnSync(name, ['--version']).error === undefined,
)

/** Options of a test that needs a real Alertmanager. */
export const whereItIs = {
  skip: PROGRAM === undefined ? 'NO ALERTMANAGER HERE: install prometheus-alertmanager to run this test' : false,
}

/** A real Alertmanager, ready, that groups by the rule and hands everything on to a webhook. @returns where it answers. */
export async function startAlertmanager(t: Test, webhook: string): Promise<string> {
  const folder = temporary(t)
  const config = join(folder, 'alertmanager.yml')
  const route = '{ receiver: hook, group_by: [alertname], group_wait: 400ms, group_interval: 400ms }'
  writeFileSync(config, `route: ${route}\nreceivers: [{ name: hook, webhook_configs: [{ url: "${webhook}" }] }]\n`)
  const port = await freePort()
  const places = [`--config.file=${config}`, `--storage.path=${join(folder, 'data')}`]
  const listen = [`--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=']
  const child = spawn(PROGRAM ?? '', [...places, ...listen], { stdio: 'ignore' })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const url = `http://127.0.0.1:${port}`
  await until('Alertmanager is up', async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok)
  return url
}
