import { test } from 'tap'
import {
  transition,
  type StateChange,
  type WindowResult,
  type AlertLifecycle,
  type AlertTimers,
} from '../../src/alert/lifecycle.ts'

const good = (at: number): WindowResult => ({ kind: 'normal', at })
const none = (at: number): WindowResult => ({ kind: 'no_data', at })
const bad = (at: number, value = 1, severity: 'warning' | 'critical' = 'warning', lower = false): WindowResult => ({
  kind: 'anomalous',
  at,
  severity,
  value,
  lower,
})
const worse = (at: number): WindowResult => bad(at, 2, 'critical')

const AT_ONCE: AlertTimers = { for: 0, keepFiringFor: 0, pendingExpiry: 5 }
const PATIENT: AlertTimers = { for: 3, keepFiringFor: 4, pendingExpiry: 5 }

/** The states after each evaluation, with notifications in brackets. */
function live(
  findings: readonly WindowResult[],
  patience: AlertTimers,
): { states: string; life: AlertLifecycle | undefined } {
  let life: AlertLifecycle | undefined
  const states = findings.map((finding) => {
    const next: { lifecycle: AlertLifecycle | undefined; change?: StateChange } = transition(life, finding, patience)
    life = next.lifecycle
    return `${life?.state ?? '-'}${next.change?.event === undefined ? '' : ` (${next.change.event})`}`
  })
  return { states: states.join(', '), life }
}

const TABLE: readonly [string, readonly WindowResult[], AlertTimers, string][] = [
  ['without `for` the first breach fires', [good(0), bad(1)], AT_ONCE, '-, firing (fired)'],
  ['the first good window resolves', [bad(1), good(2)], AT_ONCE, 'firing (fired), resolved (resolved)'],
  [
    'after the end a new breach is a new episode',
    [bad(1), good(2), bad(3)],
    AT_ONCE,
    'firing (fired), resolved (resolved), firing (fired)',
  ],
  [
    'a breach that lasts for `for` fires',
    [bad(1), bad(2), bad(3), bad(4)],
    PATIENT,
    'pending, pending, pending, firing (fired)',
  ],
  [
    'one good window undoes what is pending',
    [bad(1), bad(3), good(4), bad(5)],
    PATIENT,
    'pending, pending, -, pending',
  ],
  [
    'a gap neither helps nor harms what is pending',
    [bad(1), none(2), none(3), bad(4)],
    PATIENT,
    'pending, pending, pending, firing (fired)',
  ],
  ['a long gap ends what is pending', [bad(1), none(7)], PATIENT, 'pending, -'],
  [
    'a breach after a long gap begins anew',
    [bad(1), bad(7), bad(9), bad(10)],
    PATIENT,
    'pending, pending, pending, firing (fired)',
  ],
  [
    'an older good window does not undo a newer breach',
    [bad(1), bad(3), good(2)],
    PATIENT,
    'pending, pending, pending',
  ],
  ['no data never ends what fires', [bad(1), none(2), none(1000)], AT_ONCE, 'firing (fired), firing, firing'],
  ['an older good window does not end what fires', [bad(5), good(4)], AT_ONCE, 'firing (fired), firing'],
  [
    'good windows end an alert after `keep_firing_for`',
    [bad(1), bad(4), good(5), good(8), good(9)],
    PATIENT,
    'pending, firing (fired), recovering, recovering, resolved (resolved)',
  ],
  [
    'a breach while recovering is no news, and patience begins anew',
    [bad(1), bad(4), good(5), bad(6), good(7), good(10), good(11)],
    PATIENT,
    'pending, firing (fired), recovering, firing, recovering, recovering, resolved (resolved)',
  ],
  [
    'no data while recovering proves nothing',
    [bad(1), bad(4), good(5), none(20)],
    PATIENT,
    'pending, firing (fired), recovering, recovering',
  ],
  [
    'severity rises are told, falls are not',
    [bad(1), worse(2), bad(3), worse(4), good(5)],
    AT_ONCE,
    'firing (fired), firing (severity_raised), firing, firing (severity_raised), resolved (resolved)',
  ],
  ['an older window does not raise the severity', [bad(5), worse(4)], AT_ONCE, 'firing (fired), firing'],
]

for (const [name, findings, patience, expected] of TABLE) {
  test(name, async (t) => t.equal(live(findings, patience).states, expected))
}

test('an episode remembers its beginning, its peak and its newest breach', async (t) => {
  t.match(live([bad(1, 5), bad(2, 9), bad(3, 7)], AT_ONCE).life, { since: 1, firedAt: 1, peak: 9, lastBreach: 3 })
  t.match(live([bad(1, 5, 'warning', true), bad(2, 2, 'warning', true)], AT_ONCE).life, { peak: 2 })
  t.match(live([bad(1), bad(4)], PATIENT).life, { since: 1, firedAt: 4 })
  t.match(live([bad(1), none(2), none(3)], AT_ONCE).life, { noDataSince: 2 })
  t.equal((live([bad(1), none(2), bad(3)], AT_ONCE).life as { noDataSince?: number }).noDataSince, undefined)
})

test('each window is counted once, including pending ones, and those between the thresholds separately', async (t) => {
  const held = (at: number): WindowResult => ({ ...bad(at), isHeld: true }) as WindowResult
  t.match(live([bad(1), bad(2), bad(3), bad(4), held(5), good(6)], PATIENT).life, { evaluations: 6, breaches: 4 })
  t.match(
    live([bad(1), bad(1), bad(2), good(1), bad(1), bad(4)], PATIENT).life,
    { evaluations: 3, breaches: 3 },
    'late ones not again',
  )
  const early = { ...bad(10), since: 7, isOpen: true } as WindowResult
  t.match(live([early], AT_ONCE).life, { since: 7, firedAt: 7, evaluations: 0, breaches: 0 }, 'an open one not yet')
  t.match(live([early, good(6), bad(10), good(20)], AT_ONCE).life, { state: 'resolved', evaluations: 2, breaches: 1 })
})
