import { DETECTORS } from '../../detect/index.ts'

const IN_RULE = "it belongs to the rule, beside 'when'"
const UNDER_WHEN = "it belongs under 'when'"
const UNDER_THRESHOLD = "it belongs under 'threshold'"
const UNDER_ALERTING = "it belongs under 'alerting'"
const GROUPING = "it belongs under 'alerting', or to a route"

type Hints = Readonly<Record<string, string>>

const hintFor = (hint: string, ...keys: readonly string[]): Hints => Object.fromEntries(keys.map((key) => [key, hint]))
const mean = (meant: string, ...keys: readonly string[]): Hints => hintFor(`did you mean '${meant}'?`, ...keys)

/** Keys of rules, routes and `alerting` by other names: those of other tools, and natural guesses. */
const NOTIFICATION: Hints = {
  ...mean('notify', 'receiver', 'receivers', 'contact_points', 'to'),
  ...mean('repeat_interval', 'repeat', 'resend_delay', 'renotify_interval'),
  ...mean('escalation', 'escalate', 'escalations', 'escalation_policy', 'escalation_rules'),
}
const MATCHERS = mean('matchers', 'match', 'match_re', 'matcher', 'object_matchers')
const RATE_LIMIT: Hints = {
  mails_per_minute: "did you mean 'rate_limit' (per_recipient, total) under 'alerting'?",
}

const TOP: Hints = {
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
  ...mean('listen', 'host', 'port'),
  ...mean('smtp', 'mail'),
  ...mean('routes', 'route'),
  ...mean('inhibit_rules', 'inhibit', 'inhibitions'),
  ...mean('maintenance_windows', 'maintenance', 'time_intervals', 'mute_time_intervals'),
  ...mean('self_monitoring', 'system', 'monitoring'),
}

const RULES: Hints = {
  ...NOTIFICATION,
  ...hintFor(GROUPING, 'group_wait', 'group_interval'),
  of: "it belongs under the rule's own 'threshold', and is the same for all hosts",
  where: "it belongs under 'count'",
  after: "it belongs under 'absence', or to a step of 'escalation'",
  ...hintFor(UNDER_WHEN, 'metric', 'count', 'absence', 'over', ...DETECTORS.map(({ name }) => name)),
  ...hintFor(IN_RULE, 'breaches', 'every', 'for', 'keep_firing_for', 'min_samples', 'severity', 'notify', 'overrides'),
  ...hintFor(UNDER_THRESHOLD, 'above', 'at_least', 'below', 'at_most', 'clear'),
  ...mean('every', 'interval', 'schedule'),
  ...mean('over', 'window', 'timeframe'),
  ...mean('when', 'condition', 'query', 'expr'),
  ...mean('clear', 'recover', 'recovery_threshold'),
  alert: "did you mean 'name' or 'notify'?",
}

/** Hints for keys that belong elsewhere or are known from other tools, by the section in which they were found. */
export const ELSEWHERE: Readonly<Record<string, Hints>> = {
  '': TOP,
  ingest: {
    ...mean('event_id_field', 'id_field', 'document_id'),
    ...mean('all_rejected_status', 'invalid_status'),
    ...mean('max_decompressed', 'max_inflated', 'max_uncompressed'),
  },
  metrics: mean('by', 'group_by', 'labels', 'dimensions'),
  alerting: { ...NOTIFICATION, ...RATE_LIMIT },
  routes: {
    ...NOTIFICATION,
    ...MATCHERS,
    routes: 'routes cannot be nested. Fix: write all matchers in each route, in the order of the list',
  },
  maintenance_windows: {
    ...MATCHERS,
    ...mean('time_zone', 'zone', 'timezone', 'location', 'tz'),
    ...mean('times', 'time'),
    days: "did you mean 'weekdays' or 'days_of_month'?",
  },
  inhibit_rules: {
    ...mean('source_matchers', 'source', 'source_match', 'source_match_re'),
    ...mean('target_matchers', 'target', 'target_match', 'target_match_re'),
  },
  self_monitoring: RATE_LIMIT,
  hosts: mean('retire_after', 'forget_after', 'expire_after'),
  rules: RULES,
  smtp: {
    ...mean('user', 'username'),
    ...mean('password', 'pass'),
    ...mean('rate_per_minute', 'rate_limit'),
    servers: "several servers are a list of mappings directly under 'smtp'",
    tls: "did you mean 'secure' (implicit TLS) or 'require_tls' (STARTTLS)?",
  },
  receivers: {
    ...mean('to', 'recipients'),
    ...mean('webhook', 'slack', 'teams', 'pagerduty', 'opsgenie', 'telegram'),
    ...mean('user', 'username'),
    ...mean('password', 'pass'),
    ...mean('time_zone', 'zone', 'timezone', 'location', 'tz'),
    ...hintFor("it belongs under 'email'", 'subject', 'body'),
  },
}

/** The same by the key of an inner mapping. */
export const INSIDE: Readonly<Record<string, Hints>> = {
  repeat_interval: { ...mean('initial', 'first', 'start', 'min'), ...mean('max', 'most', 'limit') },
  rate_limit: mean('per_recipient', 'mails_per_minute', 'per_address', 'per_receiver'),
}
