import { DETECTORS } from '../../detect/index.ts'

const IN_RULE = "it belongs to the rule, beside 'when'"
const UNDER_WHEN = "it belongs under 'when'"
const UNDER_ALERTING = "it belongs under 'alerting'"
const GROUPING = "it belongs under 'alerting', or to a route"

type Hints = Readonly<Record<string, string>>

const hintFor = (hint: string, ...keys: readonly string[]): Hints => Object.fromEntries(keys.map((key) => [key, hint]))
const suggest = (meant: string, ...keys: readonly string[]): Hints => hintFor(`did you mean '${meant}'?`, ...keys)

/** Keys of rules, routes and `alerting` by other names: those of other tools, and natural guesses. */
const NOTIFICATION: Hints = {
  ...suggest('notify', 'receiver', 'receivers', 'contact_points', 'to'),
  ...suggest('repeat_interval', 'repeat', 'resend_delay', 'renotify_interval'),
  ...suggest('escalation', 'escalate', 'escalations', 'escalation_policy', 'escalation_rules'),
}
const MATCHERS = suggest('matchers', 'match', 'match_re', 'matcher', 'object_matchers')
const RATE_LIMIT: Hints = {
  mails_per_minute: "did you mean 'rate_limit' (per_recipient, total) under 'alerting'?",
}

const TOP_LEVEL: Hints = {
  notify: "it belongs to a rule, or under 'self_monitoring'",
  tokens: "it belongs under 'ingest' or 'api'",
  email: "did you mean 'smtp' (the server) or 'receivers' (the people)?",
  global: "did you mean 'smtp' or 'alerting'?",
  silences: "create silences at run time; recurring ones belong under 'maintenance_windows'",
  kibana: "it belongs under 'links'",
  rate_limit: UNDER_ALERTING,
  ...RATE_LIMIT,
  ...hintFor('it belongs to a rule or a route', 'escalation', 'escalate'),
  ...hintFor(UNDER_ALERTING, 'group_by', 'group_wait', 'group_interval', 'repeat_interval', 'repeat'),
  ...hintFor("it belongs under 'templates', or to a rule or receiver", 'subject', 'body'),
  ...suggest('listen', 'host', 'port'),
  ...suggest('smtp', 'mail'),
  ...suggest('routes', 'route'),
  ...suggest('inhibit_rules', 'inhibit', 'inhibitions'),
  ...suggest('maintenance_windows', 'maintenance', 'time_intervals', 'mute_time_intervals'),
  ...suggest('self_monitoring', 'system', 'monitoring'),
}

/** The keys of every detector, with the detectors that have them. `of` is no part of an override. */
function detectorHints(): Hints {
  const keys = new Map<string, string[]>()
  for (const { name, schema } of DETECTORS) {
    for (const key of Object.keys(schema['properties'] ?? {})) {
      keys.set(key, [...(keys.get(key) ?? []), `'${name}'`])
    }
  }
  const hints = [...keys].map(([key, names]) => [key, `it belongs under ${names.join(' or ')}`])
  const { of, ...others } = Object.fromEntries(hints) as Hints
  const under = of?.replace('under', "under the rule's")
  return { ...others, ...(under !== undefined && { of: `${under}, and is the same for all hosts` }) }
}

const RULES: Hints = {
  ...NOTIFICATION,
  ...hintFor(GROUPING, 'group_wait', 'group_interval'),
  where: "it belongs under 'count'",
  after: "it belongs under 'absence', or to a step of 'escalation'",
  ...hintFor(UNDER_WHEN, 'metric', 'count', 'absence', 'over', ...DETECTORS.map(({ name }) => name)),
  ...hintFor(IN_RULE, 'breaches', 'every', 'for', 'keep_firing_for', 'min_samples', 'severity', 'notify', 'overrides'),
  ...detectorHints(),
  ...suggest('every', 'interval', 'schedule'),
  ...suggest('over', 'window', 'timeframe'),
  ...suggest('when', 'condition', 'query', 'expr'),
  ...suggest('clear', 'recover', 'recovery_threshold'),
  alert: "did you mean 'name' or 'notify'?",
}

/** Hints for keys that belong elsewhere or are known from other tools, by the section in which they were found. */
export const ELSEWHERE: Readonly<Record<string, Hints>> = {
  '': TOP_LEVEL,
  ingest: {
    ...suggest('event_id_field', 'id_field', 'document_id'),
    ...suggest('all_rejected_status', 'invalid_status'),
    ...suggest('max_decompressed', 'max_inflated', 'max_uncompressed'),
  },
  metrics: suggest('by', 'group_by', 'labels', 'dimensions'),
  alerting: { ...NOTIFICATION, ...RATE_LIMIT },
  routes: {
    ...NOTIFICATION,
    ...MATCHERS,
    routes: 'routes cannot be nested. Fix: write all matchers in each route, in the order of the list',
  },
  maintenance_windows: {
    ...MATCHERS,
    ...suggest('time_zone', 'zone', 'timezone', 'location', 'tz'),
    ...suggest('times', 'time'),
    days: "did you mean 'weekdays' or 'days_of_month'?",
  },
  inhibit_rules: {
    ...suggest('source_matchers', 'source', 'source_match', 'source_match_re'),
    ...suggest('target_matchers', 'target', 'target_match', 'target_match_re'),
  },
  self_monitoring: RATE_LIMIT,
  hosts: suggest('retire_after', 'forget_after', 'expire_after'),
  rules: RULES,
  smtp: {
    ...suggest('user', 'username'),
    ...suggest('password', 'pass'),
    ...suggest('rate_per_minute', 'rate_limit'),
    servers: "several servers are a list of mappings directly under 'smtp'",
    tls: "did you mean 'secure' (implicit TLS) or 'require_tls' (STARTTLS)?",
  },
  receivers: {
    ...suggest('to', 'recipients'),
    ...suggest('webhook', 'slack', 'teams', 'pagerduty', 'opsgenie', 'telegram'),
    ...suggest('user', 'username'),
    ...suggest('password', 'pass'),
    ...suggest('time_zone', 'zone', 'timezone', 'location', 'tz'),
    ...hintFor("it belongs under 'email'", 'subject', 'body'),
  },
}

/** The same by the key of an inner mapping. */
export const INSIDE: Readonly<Record<string, Hints>> = {
  repeat_interval: { ...suggest('initial', 'first', 'start', 'min'), ...suggest('max', 'most', 'limit') },
  rate_limit: suggest('per_recipient', 'mails_per_minute', 'per_address', 'per_receiver'),
}
