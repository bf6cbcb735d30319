import * as fc from 'fast-check'
import { test } from 'tap'
import { resolveTargets } from '../../src/dispatch/routing.ts'
import { findGroup } from '../../src/dispatch/groups.ts'
import { alertLabels } from '../../src/labels/matcher.ts'
import type { TrackedAlert } from '../../src/dispatch/state.ts'
import { listPending } from '../../src/dispatch/pending.ts'
import { startRunner } from '../../src/engine/worker/runner.ts'
import type { Fold } from '../../src/engine/state.ts'
import { openMemoryJournal } from '../../src/journal/index.ts'
import type { AlertSnapshot, Notification, Tick, PendingNotification } from '../../src/model.ts'
import { acts, live, LIVELY, memoryOf, refold, restarted, type Timed } from '../helpers/fate.ts'
import { MINUTE, NOON, type Play } from '../helpers/play.ts'

/** What is new in a mail; the rest goes on beside it. */
const newsOf = ({ alerts, newCount }: Notification): readonly AlertSnapshot[] => alerts.slice(0, newCount)
const idsOf = (mails: readonly { readonly id: string }[]): string[] => mails.map(({ id }) => id)

interface Watched {
  readonly mutedForLife: ReadonlySet<string>
  /** Deferred notifications, as address and episode. */
  readonly waited: ReadonlySet<string>
}

/** Folds the journal again: mails and state must be the same. Finds addresses that could never be notified. */
function replay(play: Play): Watched {
  const [muted, free, waited] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const again = refold(play.entries, (fold) => {
    const { dispatch, now } = fold.state
    for (const [episode, one] of dispatch.alerts) {
      if (one.snapshot.state === 'firing') (one.muted === undefined ? free : muted).add(episode)
      const waits = listPending(dispatch, fold.dispatchPlan, one, now)
      for (const { to } of waits) if (to !== undefined) waited.add(`${to} ${episode}`)
      if (one.snapshot.state === 'firing' && one.muted === undefined) everybodyHears(fold, one, waits)
    }
    return fold
  })
  isSame(play, again)
  return { mutedForLife: new Set([...muted].filter((episode) => !free.has(episode))), waited }
}

/** All addresses of a firing alert that nothing mutes were notified, or are about to be. */
function everybodyHears({ state, dispatchPlan }: Fold, one: TrackedAlert, waits: readonly PendingNotification[]): void {
  const { dispatch } = state
  const {
    identity: { rule, host },
    episode,
  } = one.snapshot
  if (dispatch.backlog.episodes.has(episode)) return
  const notify = dispatchPlan.rules.get(rule)?.notify ?? one.notify
  for (const { to } of resolveTargets(dispatchPlan, { snapshot: one.snapshot, notify }, alertLabels(one.snapshot))) {
    const isTold = findGroup(dispatch, one, to.address)?.members.get(episode)?.isNotified === true
    if (!isTold && !waits.some((wait) => wait.to === to.address))
      throw new Error(`${to.address} does not hear of ${rule} on ${host}`)
  }
}

/** Each deferred notification was sent, or a decision says why not. */
function waitsEnd({ mails, fold }: Play, waited: ReadonlySet<string>): void {
  const notified = new Set(mails.flatMap(({ to, alerts }) => alerts.map(({ episode }) => `${to.address} ${episode}`)))
  for (const [episode, { decisions, snapshot }] of fold.state.dispatch.alerts) {
    if (snapshot.closeReason === 'host_retired') continue
    const closed = new Set(decisions.flatMap((one) => (one.kind === 'suppressed' ? [`${one.to} ${episode}`] : [])))
    for (const key of waited) {
      if (key.endsWith(` ${episode}`) && !notified.has(key) && !closed.has(key))
        throw new Error(`nothing came of what waited: ${key}`)
    }
  }
}

/** An address is notified once that an episode fired, and once of its end. */
function nothingIsTwice({ mails }: Play): void {
  const seen = new Set<string>()
  for (const mail of mails) {
    for (const { episode, reason, state } of newsOf(mail)) {
      if (reason === undefined) throw new Error(`${mail.id} does not say why it tells of ${episode}`)
      if (reason !== 'fired' && state !== 'resolved') continue
      const key = `${mail.to.address} ${episode} ${state}`
      if (seen.has(key)) throw new Error(`notified twice: ${key} ${reason}`)
      seen.add(key)
    }
  }
}

function isSame(play: Play, { fold, effects }: ReturnType<typeof refold>): void {
  if (effects.map(({ data }) => data).join('\n') !== play.mails.map((mail) => JSON.stringify(mail)).join('\n'))
    throw new Error('other mails')
  if (memoryOf(fold) !== memoryOf(play.fold)) throw new Error('another memory')
}

function numbersGrow({ mails }: Play): void {
  const next = new Map<string, number>()
  for (const { id, thread, seq, to } of mails) {
    const conversation = `${to.address} ${thread}`
    if (seq < (next.get(conversation) ?? 0)) throw new Error(`${id} is not the next of its conversation`)
    next.set(conversation, seq + 1)
  }
}

/** An address that was notified of an alert is notified of its end, or gets a notice that its host was retired. */
function endsAreTold({ mails, fold }: Play): void {
  const open = new Map<string, string>()
  for (const mail of mails) {
    for (const { episode, state } of newsOf(mail)) {
      if (state === 'firing') open.set(`${mail.to.address} ${episode}`, episode)
      else open.delete(`${mail.to.address} ${episode}`)
    }
  }
  for (const [key, episode] of open) {
    const { snapshot, decisions = [] } = fold.state.dispatch.alerts.get(episode) ?? {}
    const why = snapshot?.evidence.why.code ?? 'it is forgotten'
    const hasLeft = decisions.some(
      (one) =>
        one.kind === 'suppressed' &&
        key.startsWith(`${one.to} `) &&
        one.event === 'resolved' &&
        one.why.by === 'receiver_removed',
    )
    const [address] = key.split(' ')
    const isNoticed = mails.some(
      ({ to, notice }) =>
        to.address === address &&
        notice?.kind === 'hosts_retired' &&
        notice.items.some(({ name }) => name === snapshot?.identity.host),
    )
    if (!isNoticed && !hasLeft) throw new Error(`the end is not notified: ${key}: ${why}`)
  }
}

function alertsAreAccountedFor(play: Play, mutedForLife: ReadonlySet<string>): void {
  const notified = new Set(play.mails.flatMap(({ alerts }) => alerts.map(({ episode }) => episode)))
  for (const episode of mutedForLife) if (notified.has(episode)) throw new Error(`${episode} was muted all the time`)
  for (const [episode, { decisions, snapshot }] of play.fold.state.dispatch.alerts) {
    const isExplained = decisions.some(({ kind }) => kind === 'suppressed') || snapshot.closeReason === 'host_retired'
    if (!notified.has(episode) && !isExplained)
      throw new Error(`nothing says why nobody heard of ${snapshot.identity.rule} on ${snapshot.identity.host}`)
  }
}

function budgetsHold({ mails }: Play): void {
  const byAddress = Map.groupBy(mails, ({ channel, to }) => (channel === undefined ? to.address : ''))
  byAddress.delete('')
  for (const [address, theirs] of byAddress) {
    for (const { id, decidedAt } of theirs) {
      const count = theirs.filter((mail) => mail.decidedAt > decidedAt - MINUTE && mail.decidedAt <= decidedAt).length
      if (count > LIVELY.mailsPerMinute) throw new Error(`${count} mails to ${address} in the minute before ${id}`)
    }
  }
}

/** All is well and everybody knows it: of what was, only the cases are kept that one can ask about. */
function nothingIsLeft({ fold: { state } }: Play): void {
  const { groups, rateLimits, notices, alerts, closedEpisodes, backlog } = state.dispatch
  const left = {
    groups: groups.size,
    purses: rateLimits.size,
    notices: notices.length,
    backlog: backlog.episodes.size,
    open: alerts.size - new Set(closedEpisodes).size,
    twice: closedEpisodes.length - new Set(closedEpisodes).size,
  }
  if (Object.values(left).some((count) => count !== 0)) throw new Error(`something is left: ${JSON.stringify(left)}`)
}

test('under any sequence of commands and events each alert is notified or accounted for once, and a restart changes nothing', async (t) => {
  let notified = 0
  fc.assert(
    fc.property(acts, fc.nat({ max: 52 }), (story, phase) => {
      const play = live(story)
      notified += play.mails.length
      for (const holds of [numbersGrow, endsAreTold, nothingIsTwice, budgetsHold, nothingIsLeft]) holds(play)
      const { mutedForLife, waited } = replay(play)
      alertsAreAccountedFor(play, mutedForLife)
      waitsEnd(play, waited)
      isSame(
        play,
        refold(play.entries, (fold, i) => (i % 53 === phase ? restarted(fold) : fold)),
      )
    }),
    { numRuns: 4, endOnFailure: true },
  )
  t.ok(notified > 5, `${notified} mails`)
})

/** A quarter of an hour with everything in it: a group, a rise, a silence, an acknowledgement, an escalation, a storm, an edit. */
const QUARTER: readonly Timed[] = [
  { after: 0, do: 'cpu', host: 'web-1', value: 0.85 },
  { after: 0, do: 'memory', host: 'web-2', value: 0.99 },
  { after: 2, do: 'cpu', host: 'web-1', value: 0.99 },
  { after: 1, do: 'silence', id: 's1', matchers: ['host=web-2'], minutes: 3 },
  { after: 0, do: 'storm', value: 0.99 },
  { after: 2, do: 'ack', host: 'web-1', minutes: 20 },
  { after: 1, do: 'die', host: 'db-1' },
  { after: 1, do: 'configure', edit: 4 },
  { after: 1, do: 'expire', id: 's1' },
  { after: 1, do: 'forget', host: 'web-2' },
  { after: 2, do: 'storm', value: 0.1 },
]

test('a restart after each single entry changes nothing', async (t) => {
  const play = live(QUARTER, 4)
  t.ok(play.mails.length > 15, `${play.mails.length} mails after ${play.entries.length} entries`)
  isSame(play, refold(play.entries, restarted))
})

test('a service that is thrown away again and again sends what it would have sent, in the order of each conversation', async (t) => {
  const play = live(QUARTER, 4)
  for (const life of [5, 61]) {
    const journal = openMemoryJournal()
    const begin = (now: number) => startRunner(journal, LIVELY, now, () => undefined, { bytes: 1 << 30, ticks: 20 })
    let [runner, now] = [await begin(NOON), NOON]
    for (const [i, entry] of play.entries.entries()) {
      if (i === 0) continue
      if (i % life === 0) runner = await begin(now)
      await runner.write([entry])
      if (entry.kind === 'tick') ({ now } = JSON.parse(Buffer.from(entry.data).toString()) as Tick)
      if (i % 40 === 0) await runner.saveOnStop()
    }
    const sent = (await journal.outbox.list(10_000)).toReversed().map(({ data }) => JSON.parse(data) as Notification)
    t.strictSame(byThread(sent), byThread(play.mails), `a crash every ${life} entries`)
  }
})

function byThread(mails: readonly Notification[]): [string, string[]][] {
  const threads = Map.groupBy(mails, ({ to, thread }) => `${to.address} ${thread}`)
  return [...threads]
    .map(([thread, theirs]): [string, string[]] => [thread, idsOf(theirs)])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
