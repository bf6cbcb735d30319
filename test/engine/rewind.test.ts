import { test } from 'tap'
import { rewind } from '../../src/engine/tick.ts'
import { above, at, bounds, config, cpuHigh, createPlay, event, every, openAlerts, SECOND } from '../helpers/play.ts'

test('no instant of an alert is ahead of a clock that was set back', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh({ condition: bounds('mean', [above(0.9)], [above(0.95)]) })] }))
  const reporting = (host: string, cpu: number) => every(10 * SECOND, (now) => play.post([event(host, now, { cpu })]))
  play.until('12:10:00', reporting('web-1', 0.99))
  play.until('12:20:00', reporting('web-2', 0.1))
  const instants = (): unknown[] =>
    openAlerts(play.fold).flatMap(({ evaluatedAt, lifecycle }) => {
      if (lifecycle.state !== 'firing') throw new Error(`it is ${lifecycle.state}`)
      const { since, firedAt, lastBreach, counted, noDataSince, critical } = lifecycle
      return [evaluatedAt, since, firedAt, lastBreach, counted, noDataSince, critical?.from, critical?.lastFrom]
    })
  const before = instants()
  t.equal(before.filter((one) => typeof one === 'number').length, 7, 'all but the start of a second critical span')
  rewind(play.fold, at('11:00:00'))
  t.strictSame(
    instants(),
    before.map((one) => (one === undefined ? undefined : at('11:00:00'))),
  )
})
