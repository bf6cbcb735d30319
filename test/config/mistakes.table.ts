import { DETECTORS } from '../../src/detect/index.ts'

/** A configuration that somebody might well write, and all that is said about it, as line:column: what. */
export interface Row {
  readonly what: string
  readonly yaml: string
  readonly found: readonly string[]
}

const lines = (...all: readonly string[]): string => all.join('\n')

/** The lines of one rule; the first of them is the file's third. */
const rule = (...all: readonly string[]): string =>
  ['rules:', '  - name: r', ...all.map((line) => `    ${line}`)].join('\n')

export const rows: readonly Row[] = [
  {
    what: 'a misspelt key at the top',
    yaml: lines('lissten: 127.0.0.1:80'),
    found: ["1:1: unknown key 'lissten': did you mean 'listen'?"],
  },
  {
    what: 'a key from nowhere',
    yaml: lines('colour: blue'),
    found: [
      "1:1: unknown key 'colour': expected one of listen, data, schemas, url, log, ingest, api, metrics, smtp, receivers, templates, alerting, routes, maintenance_windows, inhibit_rules, links, self_monitoring, rules, hosts, limits",
    ],
  },
  {
    what: 'a manner of subjects that there is not',
    yaml: lines('receivers:', '  ops:', '    email: { to: ada@example.org, subject_mode: state }'),
    found: ["3:49: invalid value (found 'state', expected one of thread, status): did you mean 'status'?"],
  },
  {
    what: 'a misspelt key in a rule',
    yaml: rule('when: { metric: cpu, over: 2m, treshold: { of: mean, above: 1 } }'),
    found: ["3:36: unknown key 'treshold': did you mean 'threshold'?"],
  },
  {
    what: 'a threshold beside when',
    yaml: rule('when: { metric: cpu, over: 2m }', 'threshold: { of: mean, above: 1 }'),
    found: ["4:5: unknown key 'threshold': it belongs under 'when'"],
  },
  {
    what: 'every inside when',
    yaml: rule('when: { metric: cpu, over: 2m, every: 1m, threshold: { of: mean, above: 1 } }'),
    found: ["3:36: unknown key 'every': it belongs to the rule, beside 'when'"],
  },
  {
    what: 'a metric that does not exist',
    yaml: rule('when: { metric: cpuu, over: 2m, threshold: { of: mean, above: 1 } }'),
    found: ["3:21: unknown metric 'cpuu': did you mean 'cpu'?"],
  },
  {
    what: 'a metric that does not exist, whose labels are used',
    yaml: lines(
      'metrics: { disk: { field: a.b, by: [a.c] } }',
      'rules: [{ name: r, when: { metric: dsk, over: 2m, threshold: { of: last, above: 1 } }, group_by: [c], subject: "{{label.c}}" }]',
    ),
    found: ["2:36: unknown metric 'dsk': did you mean 'disk'?"],
  },
  {
    what: 'a misspelt key that must be there, of a metric whose labels are used',
    yaml: lines(
      'metrics: { disk: { feild: a.b, by: [a.c] } }',
      'rules: [{ name: r, when: { metric: disk, over: 2m, threshold: { of: last, above: 1 } }, group_by: [c] }]',
      'templates: { subject: "{{label.c}}" }',
    ),
    found: ["1:20: unknown key 'feild': did you mean 'field'?"],
  },
  {
    what: 'a misspelt key of a rule whose labels are used',
    yaml: lines(
      'rules: [{ name: r, when: { absence: { after: 3m } }, labels: { team: x }, evry: 1m }]',
      'templates: { subject: "{{label.team}}" }',
    ),
    found: ["1:75: unknown key 'evry': did you mean 'every'?"],
  },
  {
    what: 'an address without a port',
    yaml: lines('listen: localhost'),
    found: [
      '1:9: invalid value (found \'localhost\', expected an address such as "127.0.0.1:8080" or "0.0.0.0:8080"). HOST:PORT, an IPv6 host in brackets',
    ],
  },
  {
    what: 'a receiver that does not exist',
    yaml: rule('when: { absence: { after: 3m } }', 'notify: [admin, amdin]'),
    found: ["4:21: unknown receiver 'amdin': did you mean 'admin'?"],
  },
  {
    what: 'nobody to notify',
    yaml: rule('when: { absence: { after: 3m } }', 'notify: []'),
    found: ['4:13: the list is empty (expected at least one entry)'],
  },
  {
    what: 'a window off the bucket',
    yaml: rule('when: { metric: cpu, over: 25s, threshold: { of: mean, above: 1 } }'),
    found: [
      "3:32: the duration does not match its bucket (found '25s', expected a multiple of the 10s bucket): did you mean 20s or 30s?",
    ],
  },
  {
    what: 'a window too long',
    yaml: rule('when: { metric: cpu, over: 8d, threshold: { of: mean, above: 1 } }'),
    found: ["3:32: the duration is too long (found '8d', expected at most 7d)"],
  },
  {
    what: 'a long window off its bucket',
    yaml: rule('when: { metric: cpu, over: 3610s, threshold: { of: mean, above: 1 } }'),
    found: [
      "3:32: the duration does not match its bucket (found '3610s', expected a multiple of the 1m bucket of windows beyond 1h): did you mean 1h or 61m?",
    ],
  },
  {
    what: 'a window of days off its bucket',
    yaml: rule('when: { metric: cpu, over: 1501m, threshold: { of: mean, above: 1 } }'),
    found: [
      "3:32: the duration does not match its bucket (found '1501m', expected a multiple of the 1h bucket of windows beyond 1d): did you mean 25h or 26h?",
    ],
  },
  {
    what: 'a schedule finer than the bucket of its window',
    yaml: rule('when: { metric: cpu, over: 6h, threshold: { of: mean, above: 1 } }', 'every: 10s'),
    found: [
      "4:12: the duration does not match its bucket (found '10s', expected a multiple of the 1m bucket of windows beyond 1h): did you mean 1m?",
    ],
  },
  {
    what: 'a schedule off the bucket of a window of days',
    yaml: rule('when: { metric: cpu, over: 7d, threshold: { of: max, above: 1 } }', 'every: 90m'),
    found: [
      "4:12: the duration does not match its bucket (found '90m', expected a multiple of the 1h bucket of windows beyond 1d): did you mean 1h or 2h?",
    ],
  },
  {
    what: 'a window of nothing',
    yaml: rule('when: { metric: cpu, over: 0s, threshold: { of: mean, above: 1 } }'),
    found: ["3:32: the duration is too short (found '0s', expected at least 10s)"],
  },
  {
    what: 'a schedule off the bucket',
    yaml: rule('when: { metric: cpu, over: 2m, threshold: { of: mean, above: 1 } }', 'every: 15s'),
    found: [
      "4:12: the duration does not match its bucket (found '15s', expected a multiple of the 10s bucket): did you mean 10s or 20s?",
    ],
  },
  {
    what: 'a duration without a unit',
    yaml: rule('when: { metric: cpu, over: 120, threshold: { of: mean, above: 1 } }'),
    found: ['3:32: wrong type (found 120, expected a duration such as "30s" or "2m" or "1h"). Fix: add a unit'],
  },
  {
    what: 'a duration in words',
    yaml: rule('when: { metric: cpu, over: two minutes, threshold: { of: mean, above: 1 } }'),
    found: [
      '3:32: invalid value (found \'two minutes\', expected a duration such as "30s" or "2m" or "1h"). A whole number and its unit: ms, s, m, h or d',
    ],
  },
  {
    what: 'an absence too short',
    yaml: rule('when: { absence: { after: 60s } }'),
    found: ["3:31: the duration is too short (found '60s', expected at least 90s)"],
  },
  {
    what: 'a window beside absence',
    yaml: rule('when: { absence: { after: 3m }, over: 1m }', 'for: 1m'),
    found: [
      "3:37: 'over' does not apply to 'absence', which has 'after' only. Fix: remove it",
      "4:5: 'for' does not apply to 'absence'. Fix: remove it",
    ],
  },
  {
    what: 'two things to judge',
    yaml: rule('when: { metric: cpu, count: { where: {} }, over: 1m, threshold: { above: 1 } }'),
    found: ["3:26: a rule cannot have both 'metric' and 'count'. Fix: keep one of them, or split the rule in two"],
  },
  {
    what: 'nothing to judge',
    yaml: rule('when: { over: 1m }'),
    found: ["3:11: the rule has no condition (expected 'metric', 'count' or 'absence' under 'when')"],
  },
  {
    what: 'no detector',
    yaml: rule('when: { metric: cpu, over: 1m }'),
    found: [`3:11: the rule has no detector (expected ${DETECTORS.map(({ name }) => name).join(', ')} under 'when')`],
  },
  {
    what: 'no window',
    yaml: rule('when: { metric: cpu, threshold: { of: mean, above: 1 } }'),
    found: ["3:11: 'over' is missing: length of the window, such as 2m"],
  },
  {
    what: 'no of',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { above: 1 } }'),
    found: [
      "3:47: 'of' is missing: aggregation of the window, one of mean, sum, min, max, range, last, stddev, count, or a percentile such as p95",
    ],
  },
  {
    what: 'of for a count',
    yaml: rule('when: { count: { where: {} }, over: 1m, threshold: { of: mean, above: 1 } }'),
    found: ["3:58: 'of' applies to metrics only: a count has a single value. Fix: remove it"],
  },
  {
    what: 'a percentile by its name',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: median, above: 1 } }'),
    found: [
      "3:53: invalid value (found 'median', expected one of mean, sum, min, max, range, last, stddev, count, increase, rate, or a percentile such as p95): did you mean 'p50'?",
    ],
  },
  {
    what: 'a percentile that is an extreme',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: p100, above: 1 } }'),
    found: [
      "3:53: invalid value (found 'p100', expected one of mean, sum, min, max, range, last, stddev, count, increase, rate, or a percentile such as p95): did you mean 'max'?",
    ],
  },
  {
    what: 'a percentile of a counter',
    yaml: rule('when: { metric: net_in, over: 1m, threshold: { of: p95, above: 1 } }'),
    found: ["3:56: 'p95' does not apply to net_in, which is a counter (expected one of increase, rate, last)"],
  },
  {
    what: 'another word for mean',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: avg, above: 1 } }'),
    found: [
      "3:53: invalid value (found 'avg', expected one of mean, sum, min, max, range, last, stddev, count, increase, rate, or a percentile such as p95): did you mean 'mean'?",
    ],
  },
  {
    what: 'a rate of a gauge',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: rate, above: 1 } }'),
    found: [
      "3:53: 'rate' does not apply to cpu, which is a gauge (expected one of mean, sum, min, max, range, last, stddev, count, or a percentile such as p95)",
    ],
  },
  {
    what: 'a mean of a counter',
    yaml: rule('when: { metric: net_in, over: 1m, threshold: { of: mean, above: 1 } }'),
    found: ["3:56: 'mean' does not apply to net_in, which is a counter (expected one of increase, rate, last)"],
  },
  {
    what: 'no bound',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean } }'),
    found: [
      "3:47: the threshold has no bound (expected 'above', 'at_least', 'below' or 'at_most', or 'warning' and 'critical')",
    ],
  },
  {
    what: 'clear without a bound',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, clear: 1 } }'),
    found: ["3:59: 'clear' without a bound: expected 'above', 'at_least', 'below' or 'at_most' beside it"],
  },
  {
    what: 'clear beyond its bound',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9, clear: 0.95 } }'),
    found: ["3:78: 'clear' ends the alert, so it lies inside the bound: expected at most 0.9, found 0.95"],
  },
  {
    what: 'clear below a lower bound',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, at_most: 0.1, clear: 0.05 } }'),
    found: ["3:80: 'clear' ends the alert, so it lies inside the bound: expected at least 0.1, found 0.05"],
  },
  {
    what: 'clear with a bound on each side',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9, below: 0.1, clear: 0.5 } }'),
    found: ["3:83: 'clear' cannot serve a bound on each side; remove it, and each has its default"],
  },
  {
    what: 'bounds that leave no room',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.1, below: 0.9 } }'),
    found: ['3:78: every value is above 0.1 or below 0.9: did you mean them the other way round?'],
  },
  {
    what: 'two upper bounds',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9, at_least: 0.9 } }'),
    found: ["3:71: 'at_least' cannot be combined with 'above'. Fix: remove one of them"],
  },
  {
    what: 'critical before warning',
    yaml: rule(
      'when: { metric: cpu, over: 1m, threshold: { of: mean, warning: { above: 0.9 }, critical: { above: 0.8 } } }',
    ),
    found: [
      '3:94: critical (above 0.8) includes all of warning (above 0.9), so no alert is ever a warning: did you mean to swap them?',
    ],
  },
  {
    what: 'direct bounds beside a severity',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9, critical: { above: 0.95 } } }'),
    found: ["3:59: 'above' cannot be combined with 'critical'. Fix: put all bounds under a severity, or none"],
  },
  {
    what: 'severity said twice',
    yaml: rule(
      'when: { metric: cpu, over: 1m, threshold: { of: mean, critical: { above: 0.95 } } }',
      'severity: critical',
    ),
    found: ["4:5: 'severity' does not apply to bounds under 'warning' or 'critical', which set it. Fix: remove it"],
  },
  {
    what: 'a bound in per cent signs',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 90% } }'),
    found: [
      "3:66: wrong type (found '90%', expected a number). Fix: write 0.9 for a ratio, or 90 for a metric in percent",
    ],
  },
  {
    what: 'an infinite bound',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: .inf } }'),
    found: ['3:66: wrong type (found .inf, expected a number)'],
  },
  {
    what: 'a count that is always so',
    yaml: rule('when: { count: { where: {} }, over: 1m, threshold: { at_least: 0 } }'),
    found: ['3:68: a count of events is always at least 0'],
  },
  {
    what: 'a count that is never so',
    yaml: rule('when: { count: { where: {} }, over: 1m, threshold: { below: 0 } }'),
    found: ['3:65: a count of events is never below 0'],
  },
  {
    what: 'an override without a severity',
    yaml: rule(
      'when: { metric: cpu, over: 1m, threshold: { of: mean, warning: { above: 0.9 } } }',
      'overrides: [{ hosts: a, threshold: { above: 0.8 } }]',
    ),
    found: ["4:42: 'above' has no severity. Fix: move it under 'warning' or 'critical', as in the rule"],
  },
  {
    what: 'an override with of',
    yaml: rule(
      'when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } }',
      'overrides: [{ hosts: a, threshold: { of: max, above: 0.8 } }]',
    ),
    found: [
      "4:42: unknown key 'of': it belongs under the rule's 'threshold' or 'change', and is the same for all hosts",
    ],
  },
  {
    what: 'an override that turns the order round',
    yaml: rule(
      'when: { metric: cpu, over: 1m, threshold: { of: mean, warning: { above: 0.8 }, critical: { above: 0.9 } } }',
      'overrides: [{ hosts: a, threshold: { warning: { above: 0.95 } } }]',
    ),
    found: [
      '4:51: critical (above 0.9) includes all of warning (above 0.95), so no alert is ever a warning: did you mean to swap them?',
    ],
  },
  {
    what: 'a name that is taken',
    yaml: lines(
      'rules:',
      '  - { name: a, when: { absence: { after: 3m } } }',
      '  - { name: a, when: { absence: { after: 3m } }, enabled: false }',
    ),
    found: ["3:13: duplicate rule name 'a', first used in line 2. Fix: choose another name"],
  },
  {
    what: 'a name of the service',
    yaml: lines('rules:', '  - { name: source-down, when: { absence: { after: 3m } } }'),
    found: ["2:13: 'source-down' is the name of a built-in alert. Fix: choose another name"],
  },
  {
    what: 'a name with spaces',
    yaml: lines('rules:', '  - { name: my rule, when: { absence: { after: 3m } } }'),
    found: [
      "2:13: invalid value (found 'my rule', expected a name such as \"cpu-high\"). At most 100 letters, digits, '.', '_' and '-', beginning with a letter or digit",
    ],
  },
  {
    what: 'a rule without a name',
    yaml: lines('rules:', '  - { when: { absence: { after: 3m } } }'),
    found: ["2:5: 'name' is missing: unique name of the rule, shown in mails and the API"],
  },
  {
    what: 'an unknown placeholder',
    yaml: rule('when: { absence: { after: 3m } }', 'subject: CPU on {{severr}} is high'),
    found: ["4:21: unknown placeholder 'severr': did you mean 'server'?"],
  },
  {
    what: 'a field of an event in a rule that counts none',
    yaml: rule('when: { absence: { after: 3m } }', 'subject: "{{event.message}}"'),
    found: [
      "4:15: the placeholder 'event.message' needs a rule with 'count': its alerts show the events that it counted",
    ],
  },
  {
    what: 'an unknown formatter',
    yaml: rule('when: { absence: { after: 3m } }', 'body: |', '  Hello,', '  {{server}} at {{value | procent}}'),
    found: ["6:21: unknown formatter 'procent': did you mean 'percent'?"],
  },
  {
    what: 'a formatter that does not fit',
    yaml: rule('when: { absence: { after: 3m } }', 'subject: "{{host | percent}}"'),
    found: ["4:15: the formatter 'percent' does not fit 'host', which is a text"],
  },
  {
    what: 'a placeholder left open',
    yaml: rule('when: { absence: { after: 3m } }', 'subject: "on {{host"'),
    found: ["4:18: '{{' without its '}}'"],
  },
  {
    what: 'a label nobody set',
    yaml: rule('when: { absence: { after: 3m } }', 'labels: { team: a }', 'subject: "{{label.taem}}"'),
    found: ["5:15: unknown placeholder 'label.taem': did you mean 'label.team'?"],
  },
  {
    what: 'a subject of two lines',
    yaml: rule('when: { absence: { after: 3m } }', `subject: "a\\nBcc: b@example.org"`),
    found: ['4:14: the subject contains control characters (expected one line of text)'],
  },
  {
    what: 'a template left unquoted',
    yaml: rule('when: { absence: { after: 3m } }', 'subject: {{server}} is silent'),
    found: ['4:25: invalid YAML. Fix: put text with {{...}} or ${...} in quotes'],
  },
  {
    what: 'an expression RE2 does not know',
    yaml: rule('when: { count: { where: { message: { matches: "(?=a)b" } } }, over: 1m, threshold: { above: 1 } }'),
    found: [
      "3:51: the regular expression is not valid: invalid or unsupported Perl syntax; RE2 has no look-ahead, look-behind or back-references (found '(?=a)b', expected RE2 syntax)",
    ],
  },
  {
    what: 'an expression under not',
    yaml: rule('when: { count: { where: { message: { not: { matches: "[" } } } }, over: 1m, threshold: { above: 1 } }'),
    found: ["3:58: the regular expression is not valid: missing closing ] (found '[', expected RE2 syntax)"],
  },
  {
    what: 'an expression of too many instructions',
    yaml: rule(
      'when: { count: { where: { message: { matches: ".{0,1000}.{0,1000}.{0,1000}.{0,1000}.{0,1000}.{0,1000}" } } }, over: 1m, threshold: { above: 1 } }',
    ),
    found: [
      "3:51: the regular expression is not valid: it compiles to 12002 instructions, at most 10000 are possible; a repetition such as {0,1000} is compiled that many times (found '.{0,1000}.{0,1000}.{0,1000}.{0,1000}.{0,1000}.{0,1000}', expected RE2 syntax)",
    ],
  },
  {
    what: 'an expression left open',
    yaml: rule('when: { count: { where: { message: { matches: "a(b" } } }, over: 1m, threshold: { above: 1 } }'),
    found: ["3:51: the regular expression is not valid: missing closing ) (found 'a(b', expected RE2 syntax)"],
  },
  {
    what: 'a test that does not exist',
    yaml: rule('when: { count: { where: { message: { contain: b } } }, over: 1m, threshold: { above: 1 } }'),
    found: ["3:42: unknown key 'contain': did you mean 'contains'?"],
  },
  {
    what: 'tests that cannot hold',
    yaml: rule('when: { count: { where: { code: { above: 5, below: 4 } } }, over: 1m, threshold: { above: 1 } }'),
    found: ['3:46: no number is above 5 and below 4: did you mean to swap them?'],
  },
  {
    what: 'tests of what does not exist',
    yaml: rule('when: { count: { where: { code: { exists: false, prefix: a } } }, over: 1m, threshold: { above: 1 } }'),
    found: ["3:47: a field that does not exist fails every other test. Fix: remove 'exists' or the other tests"],
  },
  {
    what: 'a field as Logstash writes it',
    yaml: lines('metrics:', '  cpu: { field: "[machine][cpu_usage]" }', 'rules: []'),
    found: [
      '2:17: invalid value (found \'[machine][cpu_usage]\', expected field paths such as "host.cpu.usage" or ["host.cpu.usage","system.cpu.total.norm.pct"]): did you mean \'machine.cpu_usage\'?',
    ],
  },
  {
    what: 'a metric without a field',
    yaml: lines('metrics:', '  cpu: { unit: ratio }', 'rules: []'),
    found: [
      "2:8: 'field' is missing: event field that holds the value: a dotted path, or a list; the first field present is used",
    ],
  },
  {
    what: 'bounds of metrics that leave no room',
    yaml: lines(
      'metrics:',
      '  a: { field: a, min: 2, max: 1 }',
      '  b: { field: b, unit: celsius, min: 2000 }',
      'rules: []',
    ),
    found: [
      '2:31: no reading can be from 2 to 1 (found 1, expected more than min (2))',
      '3:38: no reading can be from 2000 to 1000 (found 2000, expected less than the max of the unit celsius (1000); or set max)',
    ],
  },
  {
    what: 'a unit that does not exist',
    yaml: lines('metrics:', '  cpu: { field: a, unit: "%" }', 'rules: []'),
    found: [
      "2:26: invalid value (found '%', expected one of ratio, percent, bytes, seconds, celsius, count, none): did you mean 'percent'?",
    ],
  },
  {
    what: 'metrics without rules',
    yaml: lines('metrics:', '  cpu: { field: a }'),
    found: [
      "1:1: 'rules' is missing: the built-in rules need the built-in metrics. Fix: add 'rules', or remove 'metrics'",
    ],
  },
  {
    what: 'an address without a host',
    yaml: lines('receivers:', '  ops: { email: { to: [ada] } }'),
    found: [
      "2:24: the e-mail address is not valid (found 'ada', expected an address such as 'Ada Lovelace <ada@example.org>' or 'ada@example.org')",
    ],
  },
  {
    what: 'addresses in one text',
    yaml: lines('receivers:', '  ops: { email: { to: "ada@example.org, grace@example.org" } }'),
    found: [
      "2:23: the e-mail address is not valid (found 'ada@example.org, grace@example.org', expected an address such as 'Ada Lovelace <ada@example.org>' or 'ada@example.org'). Fix: write several addresses as a list: [a@example.org, b@example.org]",
    ],
  },
  {
    what: 'an address that breaks out of its line',
    yaml: lines('receivers:', `  ops: { email: { to: "ada@example.org\\r\\nBcc: x@example.org" } }`),
    found: [
      "2:23: the address contains control characters (found 'ada@example.org Bcc: x@example.org', expected one line of text)",
    ],
  },
  {
    what: 'an address twice',
    yaml: lines('receivers:', '  ops: { email: { to: [ada@example.org, Ada <ADA@example.org>] } }'),
    found: ["2:41: duplicate address 'Ada <ADA@example.org>'. Fix: remove one"],
  },
  {
    what: 'a receiver of another kind',
    yaml: lines('receivers:', '  ops: { slack: { channel: a } }'),
    found: ["2:10: unknown key 'slack': did you mean 'webhook'?"],
  },
  {
    what: 'nobody for the system',
    yaml: lines(
      'receivers:',
      '  a: { email: { to: [a@example.org] } }',
      '  b: { email: { to: [b@example.org] } }',
      'rules: []',
    ),
    found: ["1:1: 'self_monitoring.notify' is required with more than one receiver (expected receivers among a, b)"],
  },
  {
    what: 'a stranger for the system',
    yaml: lines('self_monitoring: { notify: [ops] }'),
    found: ["1:29: unknown receiver 'ops': expected admin"],
  },
  {
    what: 'a port alone',
    yaml: lines('listen: 8080'),
    found: [
      '1:9: wrong type (found 8080, expected an address such as "127.0.0.1:8080" or "0.0.0.0:8080"): did you mean \'127.0.0.1:8080\'?',
    ],
  },
  {
    what: 'a port beyond its range',
    yaml: lines('listen: 127.0.0.1:99999'),
    found: ["1:9: the port is out of range (found '127.0.0.1:99999', expected a port from 0 to 65535)"],
  },
  {
    what: 'a body larger than its inflated form',
    yaml: lines('ingest: { max_body: 200MiB }'),
    found: [
      '1:21: max_body (200MiB) is larger than max_decompressed (128MiB). Fix: lower max_body or raise max_decompressed',
    ],
  },
  {
    what: 'a size in words',
    yaml: lines('ingest: { max_body: 64 megabytes }'),
    found: [
      '1:21: invalid value (found \'64 megabytes\', expected a size such as "64MiB" or 1048576). A number of bytes, or a whole number and its unit: B, kB, MB, GB, KiB, MiB or GiB',
    ],
  },
  {
    what: 'a body larger than the service takes',
    yaml: lines('ingest: { max_decompressed: 4GiB }'),
    found: ["1:29: the size is too large (found '4GiB', expected at most 256MiB)"],
  },
  {
    what: 'a path of the service',
    yaml: lines('ingest: { paths: [/events, /metrics] }'),
    found: ["1:28: '/metrics' is a path of the service itself. Fix: choose another path"],
  },
  {
    what: 'a status of another kind',
    yaml: lines('ingest: { all_rejected_status: 204 }'),
    found: ['1:32: invalid value (found 204, expected one of 422, 200)'],
  },
  {
    what: 'a limit of nothing',
    yaml: lines('limits: { hosts: 0 }'),
    found: ['1:18: the number is too small (found 0, expected at least 1)'],
  },
  {
    what: 'half a host',
    yaml: lines('limits: { hosts: 1.5 }'),
    found: ['1:18: wrong type (found 1.5, expected a whole number)'],
  },
  {
    what: 'a log level of another tool',
    yaml: lines('log: { level: warning }'),
    found: ["1:15: invalid value (found 'warning', expected one of debug, info, warn, error): did you mean 'warn'?"],
  },
  {
    what: 'a login without a password',
    yaml: lines('smtp: { host: mail.example.org, from: a@example.org, user: a }'),
    found: ["1:7: 'user' without 'password'. Fix: add 'password': a login needs both"],
  },
  {
    what: 'a mail server without a sender',
    yaml: lines('smtp: { host: mail.example.org }'),
    found: ["1:7: 'from' is missing: sender address of mails"],
  },
  {
    what: 'a mail server with its port',
    yaml: lines('smtp: { host: "mail.example.org:25", from: a@example.org }'),
    found: [
      "1:15: the host includes a port (found 'mail.example.org:25', expected a host name or address). Fix: move the port to 'port'",
    ],
  },
  {
    what: 'a second mail server with a sender of its own, and the first again',
    yaml: lines('smtp:', '  - { host: a, from: a@b }', '  - { host: b, from: c@b, dkim: {} }', '  - { host: A }'),
    found: [
      "3:16: 'from' is set on the first server and applies to all. Fix: remove it here",
      "3:27: 'dkim' is set on the first server and applies to all. Fix: remove it here",
      "3:33: 'domain' is missing: signing domain, usually that of the sender address",
      "3:33: 'selector' is missing: selector of the public key in the DNS: SELECTOR._domainkey.DOMAIN",
      "3:33: 'key' is missing: private RSA key in PEM form, without a passphrase",
      '4:13: duplicate mail server A:587. Fix: remove one',
    ],
  },
  {
    what: 'an address where a mapping belongs',
    yaml: lines(
      'receivers:',
      '  ops: ada@example.org',
      '  night: { email: ada@example.org }',
      'self_monitoring: { notify: [night] }',
    ),
    found: [
      "2:8: wrong type (found 'ada@example.org', expected a mapping (keys such as email, webhook, alertmanager))",
      "3:19: wrong type (found 'ada@example.org', expected a mapping (keys such as to, subject, body))",
    ],
  },
  {
    what: 'mail servers without a sender, and what is no server',
    yaml: lines('smtp:', '  - host: a', '  - mail.example.org', '  - [{ host: b }]', '  - { from: a@b }'),
    found: [
      "2:5: 'from' is missing: sender address of mails",
      "3:5: wrong type (found 'mail.example.org', expected a mapping (key: value))",
      '4:5: wrong type (found a list, expected a mapping (key: value))',
      "5:5: 'host' is missing: host name or address of the server",
      "5:7: 'from' is set on the first server and applies to all. Fix: remove it here",
    ],
  },
  {
    what: 'two ways to log in',
    yaml: lines(
      'smtp:',
      '  host: a',
      '  from: a@b',
      '  user: u',
      '  password: p',
      '  oauth2: { user: u, access_token: t, client_id: i }',
    ),
    found: [
      "4:3: 'user' and 'password' cannot be combined with 'oauth2'. Fix: keep one login",
      "6:39: 'client_id' cannot be combined with a long-lived 'access_token'. Fix: remove one of them",
    ],
  },
  {
    what: 'half an OAuth 2 login, in the clear',
    yaml: lines(
      'smtp:',
      '  host: a',
      '  from: a@b',
      '  oauth2: { user: u, client_id: i, refresh_token: { file: ./nope }, access_url: "http://l.example/t" }',
    ),
    found: [
      "4:11: 'client_secret' is missing: OAuth 2 needs client_id, client_secret and refresh_token, or a long-lived access_token",
      '4:59: the secret file /nowhere/nope does not exist. Fix: check the path and its permissions',
      '4:81: secrets would be sent without encryption (found http://, expected https://)',
    ],
  },
  {
    what: 'no mail at all a minute',
    yaml: lines('smtp: { host: a, from: a@b, rate_per_minute: 0 }'),
    found: ['1:46: the number is too small (found 0, expected at least 1)'],
  },
  {
    what: 'yes instead of true',
    yaml: lines('smtp: { host: mail.example.org, from: a@example.org, secure: yes }'),
    found: ["1:62: wrong type (found 'yes', expected true or false)"],
  },
  {
    what: 'a token too short',
    yaml: lines('ingest: { tokens: [{ name: a, token: "${SHORT}" }] }'),
    found: [
      '1:38: the token is not valid (found 7 characters, expected 8 to 1000 characters of printable ASCII, without leading or trailing spaces)',
    ],
  },
  {
    what: 'the same token twice',
    yaml: lines('ingest:', '  tokens:', '    - { name: a, token: "${TOKEN}" }', '    - { name: a, token: "${TOKEN}" }'),
    found: ['4:25: this token is the same as another one. Fix: make each token different'],
  },
  {
    what: 'tokens of one source that disagree',
    yaml: lines(
      'ingest:',
      '  tokens:',
      '    - { name: a, token: first-token }',
      '    - { name: a, token: second-token, expected: false }',
    ),
    found: ["4:49: the tokens of a disagree about 'expected' (found false, expected true, as above)"],
  },
  {
    what: 'a token with a space at its end',
    yaml: lines('ingest: { tokens: [{ name: a, token: "hunter2hunter2 " }] }'),
    found: [
      '1:38: the token is not valid (found leading or trailing white space, expected 8 to 1000 characters of printable ASCII, without leading or trailing spaces)',
    ],
  },
  {
    what: 'a token that is no text',
    yaml: lines('ingest: { tokens: [{ name: a, token: 12345678 }] }'),
    found: [
      '1:38: wrong type (found a hidden value, expected a secret such as "${STASHWATCH_TOKEN}" or {"file":"/run/secrets/token"}). Fix: put it in quotes',
    ],
  },
  {
    what: 'tokens without names',
    yaml: lines('ingest: { tokens: [hunter2hunter2] }'),
    found: ['1:20: wrong type (found a hidden value, expected a mapping (keys such as name, token, expected))'],
  },
  {
    what: 'a variable that is not set',
    yaml: lines('smtp:', '  host: mail.example.org', '  from: a@example.org', '  user: u', '  password: "x${NOPE}y"'),
    found: ['5:15: the environment variable NOPE is not set. Fix: set it, or use { file: PATH } for a secret'],
  },
  {
    what: 'a file that is not there',
    yaml: lines('smtp: { host: mail.example.org, from: a@example.org, user: u, password: { file: ./nope } }'),
    found: ['1:81: the secret file /nowhere/nope does not exist. Fix: check the path and its permissions'],
  },
  {
    what: 'a variable left open',
    yaml: lines('url: "https://${HOST"'),
    found: ["1:15: '${' without '}' (expected ${NAME}, or $${ for a literal ${)"],
  },
  {
    what: 'an empty section',
    yaml: lines('ingest:', 'limits: { hosts: 5 }'),
    found: [
      '1:8: wrong type (found nothing, expected a mapping (keys such as paths, tokens, remote_kinds)). Fix: set a value, or remove the key',
    ],
  },
  {
    what: 'a list for a mapping',
    yaml: lines('receivers:', '  - ops'),
    found: ['2:3: wrong type (found a list, expected a mapping (key: value))'],
  },
  {
    what: 'a list as the whole',
    yaml: lines('- a'),
    found: ['1:1: wrong type (found a list, expected a mapping (keys such as listen, data, schemas))'],
  },
  {
    what: 'an empty file',
    yaml: lines('# nothing', ''),
    found: ['1:1: the file is empty (expected at least a receiver or a rule, as in examples/minimal.yaml)'],
  },
  {
    what: 'a key twice',
    yaml: lines('log: { level: info }', 'log: { level: warn }'),
    found: ["2:1: duplicate key 'log'. Fix: remove one"],
  },
  {
    what: 'a tab',
    yaml: lines('log:', '	level: info'),
    found: ['2:1: tab in the indentation (expected spaces)'],
  },
  {
    what: 'a second document',
    yaml: lines('log: { level: info }', '---', 'log: { level: warn }'),
    found: ['2:1: the file contains a second document (expected one)'],
  },
  {
    what: 'a tag',
    yaml: lines('log: !include other.yaml'),
    found: ['1:6: tags (!) are not supported. Fix: remove the tag'],
  },
  {
    what: 'an alias of nothing',
    yaml: lines('log: *level'),
    found: ['1:6: the alias (*) has no anchor (&) before it. Fix: put text that begins with * in quotes'],
  },
  {
    what: 'an alias of itself',
    yaml: lines('log: &a { level: *a }'),
    found: ['1:18: the nesting is too deep'],
  },
  {
    what: 'a route to nobody',
    yaml: lines('routes: [{ notify: [amdin] }]'),
    found: ["1:21: unknown receiver 'amdin': did you mean 'admin'?"],
  },
  {
    what: 'an escalation to nobody',
    yaml: lines('routes: [{ notify: [admin], escalation: [{ after: 5m, notify: [amdin] }] }]'),
    found: ["1:64: unknown receiver 'amdin': did you mean 'admin'?"],
  },
  {
    what: 'a route of Alertmanager',
    yaml: lines('routes: [{ match: { severity: critical }, receiver: admin }]'),
    found: [
      "1:12: unknown key 'match': did you mean 'matchers'?",
      "1:43: unknown key 'receiver': did you mean 'notify'?",
    ],
  },
  {
    what: 'a route that hides the next',
    yaml: lines('routes: [{ notify: [admin] }, { matchers: host = a, notify: [admin] }]'),
    found: [
      "1:10: a route without 'matchers' matches every alert, so the routes after it are unreachable. Fix: add 'matchers' or continue: true, or move this route to the end",
    ],
  },
  {
    what: 'no routes',
    yaml: lines('routes: []'),
    found: ['1:9: the list is empty (expected at least one entry)'],
  },
  {
    what: 'a rule that no route can fit',
    yaml: lines(
      'rules: [{ name: r, when: { absence: { after: 3m } } }]',
      "routes: [{ matchers: 'rule = cpu', notify: [admin] }, { matchers: ['host = a', severity = critical], notify: [admin] }]",
    ),
    found: [
      "1:9: 'notify' is missing, and no route matches alerts of r. Fix: add 'notify' to the rule, or end the routes with one without 'matchers'",
    ],
  },
  {
    what: 'a matcher without an operator',
    yaml: lines('routes: [{ matchers: severity critical, notify: [admin] }]'),
    found: ['1:31: expected =, !=, =~ or !~ after the label, found none of them'],
  },
  {
    what: 'a matcher of another language',
    yaml: lines('routes: [{ matchers: [host == a], notify: [admin] }]'),
    found: ["1:28: expected =, !=, =~ or !~ after the label, found '=='; did you mean '='?"],
  },
  {
    what: 'an expression in a matcher',
    yaml: lines('routes: [{ matchers: \'host =~ "db-(.*"\', notify: [admin] }]'),
    found: ["1:31: expected an RE2 expression after '=~': missing closing )"],
  },
  {
    what: 'matchers in one text',
    yaml: lines("routes: [{ matchers: 'host = a, rule = b', notify: [admin] }]"),
    found: [
      '1:33: unexpected text after the value. Fix: write several matchers as a list, and put a value with spaces in quotes',
    ],
  },
  {
    what: 'a matcher that fits what has no label',
    yaml: lines("routes: [{ matchers: ['team != a', 'rack =~ \".*\"'], notify: [admin] }]"),
    found: [
      '1:22: all matchers match the empty text, and so every alert without these labels. Fix: add one that does not, such as host =~ ".+"',
    ],
  },
  {
    what: 'a wait longer than the interval',
    yaml: lines('alerting: { group_wait: 10m, group_interval: 5m }'),
    found: [
      '1:25: group_wait (10m) is longer than group_interval (5m). Fix: shorten group_wait or lengthen group_interval',
    ],
  },
  {
    what: 'a wait of a route',
    yaml: lines('alerting: { group_by: [rule], group_interval: 1m }', 'routes: [{ notify: [admin], group_wait: 2m }]'),
    found: [
      '2:41: group_wait (2m) is longer than group_interval (1m). Fix: shorten group_wait or lengthen group_interval',
    ],
  },
  {
    what: 'a wait too long',
    yaml: lines('alerting: { group_wait: 2h }'),
    found: ["1:25: the duration is too long (found '2h', expected at most 1h)"],
  },
  {
    what: 'a repeat of nothing',
    yaml: lines('alerting: { repeat_interval: 0s }'),
    found: [
      "1:30: the interval is too short (found '0s', expected at least 1m). Fix: to disable repeated notifications, set repeat_interval: never",
    ],
  },
  {
    what: 'a repeat too often',
    yaml: lines('alerting: { repeat_interval: { initial: 30s } }'),
    found: ["1:41: the duration is too short (found '30s', expected at least 1m)"],
  },
  {
    what: 'a repeat the wrong way round',
    yaml: lines('alerting: { repeat_interval: { initial: 4h, max: 1h } }'),
    found: ['1:50: max (1h) is shorter than initial (4h): did you mean to swap them?'],
  },
  {
    what: 'a repeat in words',
    yaml: lines('alerting: { repeat_interval: sometimes }'),
    found: [
      '1:30: invalid value (found \'sometimes\', expected a repeat interval such as "4h" or "never" or {"initial":"1h","max":"24h"}). A duration, never, or { initial, max }. Each interval is twice the one before, up to max',
    ],
  },
  {
    what: 'a repeat interval by other names',
    yaml: lines('alerting: { repeat: { first: 4h, most: 24h } }', 'routes: [{ notify: [admin], repeat: 1h }]'),
    found: [
      "1:13: unknown key 'repeat': did you mean 'repeat_interval'?",
      "2:29: unknown key 'repeat': did you mean 'repeat_interval'?",
    ],
  },
  {
    what: 'an escalation at once',
    yaml: lines('rules: [{ name: r, when: { absence: { after: 3m } }, escalation: [{ after: 0s, notify: [admin] }] }]'),
    found: [
      "1:76: an escalation after 0s notifies at once. Fix: list these receivers under the 'notify' of the rule or route, or set a delay such as 30m",
    ],
  },
  {
    what: 'an escalation backwards',
    yaml: lines(
      'rules: [{ name: r, when: { absence: { after: 3m } }, escalation: [{ after: 1h, notify: [admin] }, { after: 30m, notify: [admin] }] }]',
    ),
    found: ["1:108: an escalation step must be later than the step before it (found '30m', expected more than 1h)"],
  },
  {
    what: 'a rule grouped by a label of another',
    yaml: lines('rules: [{ name: r, when: { absence: { after: 3m } }, group_by: [rule, team] }]'),
    found: ["1:71: alerts of this rule have no label 'team': expected one of rule, host, source, severity, metric"],
  },
  {
    what: 'group_wait in a rule',
    yaml: lines('rules: [{ name: r, when: { absence: { after: 3m } }, group_wait: 1m }]'),
    found: ["1:54: unknown key 'group_wait': it belongs under 'alerting', or to a route"],
  },
  {
    what: 'a day that does not come',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, months: feb, days_of_month: 31 }]'),
    found: [
      '1:82: no such day exists in these months, weekdays and years, so the window never begins. Fix: change the days, months or years',
    ],
  },
  {
    what: 'a leap day in other years',
    yaml: lines(
      'maintenance_windows: [{ name: w, matchers: host = a, months: feb, days_of_month: 29, years: [2026, 2027] }]',
    ),
    found: [
      '1:82: no such day exists in these months, weekdays and years, so the window never begins. Fix: change the days, months or years',
    ],
  },
  {
    what: 'a window that never ends',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a }]'),
    found: [
      "1:23: a maintenance window without times or days never ends. Fix: add 'times', 'weekdays' or other days; to disable a rule permanently, set its enabled: false",
    ],
  },
  {
    what: 'weekdays by number, with quotes and without',
    yaml: lines(
      'maintenance_windows:',
      '  - { name: v, matchers: host = a, weekdays: [mon, 8] }',
      '  - { name: w, matchers: host = a, weekdays: [mon, "8"] }',
    ),
    found: [
      '2:52: wrong type (found 8, expected a weekday or range such as "tue" or "fri-sun")',
      "3:52: the weekday is not valid (found '8', expected a weekday or a range, such as tue or fri-sun)",
    ],
  },
  {
    what: 'a receiver whose name is at fault, and a word of it',
    yaml: lines('receivers: { "ops team": { email: { to: [a@example.org] } } }', 'self_monitoring: { notify: [ops] }'),
    found: [
      "1:14: 'ops team' is not a valid name (expected at most 100 letters, digits, '.', '_' and '-', beginning with a letter or digit)",
    ],
  },
  {
    what: 'two windows of one name',
    yaml: lines(
      'maintenance_windows:',
      '  - { name: w, matchers: host = a, weekdays: tue }',
      '  - { name: w, matchers: host = b, weekdays: wed }',
    ),
    found: ["3:13: duplicate maintenance window name 'w', first used in line 2. Fix: choose another name"],
  },
  {
    what: 'a window for all',
    yaml: lines('maintenance_windows: [{ name: w, times: "22:00-23:00" }]'),
    found: ["1:23: 'matchers' is missing: alerts that the window applies to"],
  },
  {
    what: 'a misspelt weekday',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, weekdays: [teu] }]'),
    found: [
      "1:65: the weekday is not valid (found 'teu', expected a weekday or a range, such as tue or fri-sun): did you mean 'tue'?",
    ],
  },
  {
    what: 'a weekday as a number',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, weekdays: "1-5" }]'),
    found: ["1:64: the weekday is not valid (found '1-5', expected a weekday or a range, such as tue or fri-sun)"],
  },
  {
    what: 'days the wrong way round',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, days_of_month: 15-10 }]'),
    found: [
      "1:69: the day of the month is not valid (found '15-10', expected a day of the month or a range, such as 1, -1 (the last) or 10-15): did you mean to swap them?",
    ],
  },
  {
    what: 'a day 0',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, days_of_month: [0] }]'),
    found: [
      '1:70: the day of the month is not valid (found 0, expected a day of the month or a range, such as 1, -1 (the last) or 10-15)',
    ],
  },
  {
    what: 'a day 32',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, days_of_month: 32 }]'),
    found: ['1:69: the number is too large (found 32, expected at most 31)'],
  },
  {
    what: 'a month 13',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, months: 6-13 }]'),
    found: ["1:62: the month is not valid (found '6-13', expected a month or a range, such as jan, 12 or 6-8)"],
  },
  {
    what: 'a span of no time',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, times: 22:00-22:00 }]'),
    found: ["1:61: the time range '22:00-22:00' is empty. Fix: write a whole day as 00:00-24:00"],
  },
  {
    what: 'a span in half hours',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, times: 22-23 }]'),
    found: ["1:61: the time range is not valid (found '22-23', expected a range such as 22:00-23:30)"],
  },
  {
    what: 'a span beyond midnight',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, times: 22:00-25:00 }]'),
    found: ["1:61: the time range is not valid (found '22:00-25:00', expected a range such as 22:00-23:30)"],
  },
  {
    what: 'a misspelt zone',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, times: 22:00-23:00, time_zone: Europe/Berln }]'),
    found: ["1:85: unknown time zone 'Europe/Berln': did you mean 'Europe/Berlin'?"],
  },
  {
    what: 'a zone by its city',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, times: 22:00-23:00, time_zone: new york }]'),
    found: ["1:85: unknown time zone 'new york': did you mean 'America/New_York'?"],
  },
  {
    what: 'a zone by its offset',
    yaml: lines('maintenance_windows: [{ name: w, matchers: host = a, times: 22:00-23:00, time_zone: "+01:00" }]'),
    found: ["1:85: unknown time zone (found '+01:00', expected an IANA name such as Europe/Berlin or UTC)"],
  },
  {
    what: 'a receiver that tells nobody',
    yaml: lines('receivers: { ops: { time_zone: UTC } }'),
    found: ["1:19: the receiver has no integration (expected at least one of 'email', 'webhook' and 'alertmanager')"],
  },
  {
    what: 'a report without mail',
    yaml: lines('receivers: { ops: { webhook: { url: https://a }, report: { every: day } } }'),
    found: ["1:50: 'report' needs 'email'. Fix: add 'email' to the receiver"],
  },
  {
    what: 'a weekday of a daily report',
    yaml: lines('receivers: { ops: { email: { to: a@b }, report: { every: day, weekday: mon } } }'),
    found: ["1:63: 'weekday' applies to weekly reports only. Fix: add every: week, or remove 'weekday'"],
  },
  {
    what: 'a report at half past',
    yaml: lines('receivers: { ops: { email: { to: a@b }, report: { at: "8:30" } } }'),
    found: [
      '1:55: invalid value (found \'8:30\', expected a time of day such as "08:00"). Hours and minutes, HH:MM, from 00:00 to 23:59',
    ],
  },
  {
    what: 'a webhook without http',
    yaml: lines('receivers: { ops: { webhook: { url: chat.example.org/hook } } }'),
    found: ['1:37: the URL is not valid (found a hidden value, expected a URL that begins with http:// or https://)'],
  },
  {
    what: 'a webhook with a login',
    yaml: lines('receivers: { ops: { webhook: { url: "https://u:p@chat.example.org" } } }'),
    found: [
      "1:37: the URL contains a login, which may end up in logs. Fix: use a header such as Authorization under 'headers'",
    ],
  },
  {
    what: 'a secret too short',
    yaml: lines('receivers: { ops: { webhook: { url: https://a, secret: "${SHORT}" } } }'),
    found: [
      '1:56: the secret is not valid (found 7 characters, expected 8 to 1000 characters of printable ASCII, without leading or trailing spaces)',
    ],
  },
  {
    what: 'an Alertmanager with two logins',
    yaml: lines('receivers: { ops: { alertmanager: { url: http://a, user: u, password: pppp, token: "${TOKEN}" } } }'),
    found: ["1:77: 'token' cannot be combined with 'user' and 'password'. Fix: keep one login"],
  },
  {
    what: 'an Alertmanager with a query',
    yaml: lines('receivers: { ops: { alertmanager: { url: "http://a/?x=1" } } }'),
    found: ["1:42: the URL has a query or fragment (found 'http://a/?x=1', expected a URL without '?' and '#')"],
  },
  {
    what: 'an Alertmanager without a port',
    yaml: lines('receivers: { ops: { alertmanager: { url: [a:9093] } } }'),
    found: ["1:43: the URL is not valid (found 'a:9093', expected a URL that begins with http:// or https://)"],
  },
  {
    what: 'a template of a receiver',
    yaml: lines('receivers: { ops: { email: { to: a@b, subject: "{{sever}} of {{label.team}}" } } }'),
    found: ["1:49: unknown placeholder 'sever': did you mean 'server'?"],
  },
  {
    what: 'a template for all',
    yaml: lines('templates: { body: "{{hots}}" }'),
    found: ["1:21: unknown placeholder 'hots': did you mean 'host'?"],
  },
  {
    what: 'a placeholder of a link',
    yaml: lines('links: { kibana: "https://k/?h={{hots}}" }'),
    found: ["1:32: unknown placeholder 'hots': did you mean 'host'?"],
  },
  {
    what: 'a link to no page',
    yaml: lines('links: { kibana: "k.example.org/{{host}}" }'),
    found: [
      "1:18: the URL is not valid (found 'k.example.org/{{host}}', expected a URL that begins with http:// or https://)",
    ],
  },
  {
    what: 'a subject at the top',
    yaml: lines('subject: a'),
    found: ["1:1: unknown key 'subject': it belongs under 'templates', or to a rule or receiver"],
  },
  {
    what: 'an inhibition with the keys of an old Alertmanager',
    yaml: lines('inhibit_rules: [{ source_match: { severity: critical }, target: host = a }]'),
    found: [
      "1:19: unknown key 'source_match': did you mean 'source_matchers'?",
      "1:57: unknown key 'target': did you mean 'target_matchers'?",
    ],
  },
  {
    what: 'a webhook beside its key',
    yaml: lines('receivers: { ops: { url: https://a } }'),
    found: [
      "1:21: unknown key 'url': expected one of email, webhook, alertmanager, send_resolved, time_zone, report, heartbeat",
    ],
  },
  {
    what: 'keys of the top by other names',
    yaml: lines(
      'inhibit: []',
      'maintenance: []',
      'mute_time_intervals: []',
      'system: { notify: [admin] }',
      'escalate: []',
      'rate_limit: {}',
    ),
    found: [
      "1:1: unknown key 'inhibit': did you mean 'inhibit_rules'?",
      "2:1: unknown key 'maintenance': did you mean 'maintenance_windows'?",
      "3:1: unknown key 'mute_time_intervals': did you mean 'maintenance_windows'?",
      "4:1: unknown key 'system': did you mean 'self_monitoring'?",
      "5:1: unknown key 'escalate': it belongs to a rule or a route",
      "6:1: unknown key 'rate_limit': it belongs under 'alerting'",
    ],
  },
  {
    what: 'keys of ingest, hosts and self_monitoring by other names',
    yaml: lines(
      'ingest: { id_field: a, invalid_status: 200, max_inflated: 1MiB }',
      'hosts: { forget_after: 1h }',
      'self_monitoring: { mails_per_minute: 1 }',
      'alerting: { mails_per_minute: 1, rate_limit: { per_address: 1, totl: 2 } }',
    ),
    found: [
      "1:11: unknown key 'id_field': did you mean 'event_id_field'?",
      "1:24: unknown key 'invalid_status': did you mean 'all_rejected_status'?",
      "1:45: unknown key 'max_inflated': did you mean 'max_decompressed'?",
      "2:10: unknown key 'forget_after': did you mean 'retire_after'?",
      "3:20: unknown key 'mails_per_minute': did you mean 'rate_limit' (per_recipient, total) under 'alerting'?",
      "4:13: unknown key 'mails_per_minute': did you mean 'rate_limit' (per_recipient, total) under 'alerting'?",
      "4:48: unknown key 'per_address': did you mean 'per_recipient'?",
      "4:64: unknown key 'totl': did you mean 'total'?",
    ],
  },
  {
    what: 'an escalation, a receiver and a window by other names',
    yaml: lines(
      'rules: [{ name: r, when: { absence: { after: 3m } }, escalate: [] }]',
      'receivers: { ops: { email: { to: a@b }, zone: UTC } }',
      'maintenance_windows: [{ name: w, match: host = a, times: 22:00-23:00, zone: UTC }]',
    ),
    found: [
      "1:54: unknown key 'escalate': did you mean 'escalation'?",
      "2:41: unknown key 'zone': did you mean 'time_zone'?",
      "3:34: unknown key 'match': did you mean 'matchers'?",
      "3:71: unknown key 'zone': did you mean 'time_zone'?",
    ],
  },
  {
    what: 'a repeat interval whose keys have other names',
    yaml: lines('alerting: { repeat_interval: { first: 1h, most: 24h } }'),
    found: ["1:32: unknown key 'first': did you mean 'initial'?", "1:43: unknown key 'most': did you mean 'max'?"],
  },
  {
    what: 'two fields of one label',
    yaml: lines('metrics: { disk: { field: a.b, by: [disk.name, volume.name] } }', 'rules: []'),
    found: ["1:48: two fields have the same label 'name'. Fix: name the labels, such as by: { NAME: volume.name }"],
  },
  {
    what: 'a field whose last part is no label',
    yaml: lines('metrics: { pods: { field: a.b, by: [kubernetes.pod-name] } }', 'rules: []'),
    found: ["1:37: 'pod-name' is not a valid label. Fix: name the labels, such as by: { NAME: kubernetes.pod-name }"],
  },
  {
    what: 'series labels that every alert has',
    yaml: lines(
      'metrics:',
      '  a: { field: a.b, by: [remote.host] }',
      '  b: { field: a.b, by: { severity: log.level, disk: disk.name } }',
      'rules: []',
    ),
    found: [
      "2:25: the label 'host' is reserved, because every alert has it. Fix: name the labels, such as by: { NAME: remote.host }",
      "3:26: the label 'severity' is reserved, because every alert has it. Fix: name the labels, such as by: { NAME: log.level }",
    ],
  },
  {
    what: 'a series label with a dot',
    yaml: lines('metrics: { disk: { field: a.b, by: { disk.name: disk.name } } }', 'rules: []'),
    found: [
      "1:38: 'disk.name' is not a valid label name (expected at most 100 letters, digits and '_', beginning with a letter)",
    ],
  },
  {
    what: 'a label of a rule that its alerts have anyway',
    yaml: lines(
      'metrics: { disk: { field: a.b, by: [disk.name] } }',
      'rules: [{ name: r, when: { metric: disk, over: 1m, threshold: { of: last, above: 1 } }, labels: { name: x, host: y } }]',
    ),
    found: [
      "2:99: the series of the metric have a label 'name' already. Fix: choose another name",
      "2:108: every alert has a label 'host' already. Fix: choose another name",
    ],
  },
  {
    what: 'a label of a count that every alert has, and one that its rule has too',
    yaml: lines(
      'rules:',
      '  - { name: a, when: { count: { where: {}, by: [event.source] }, over: 1m, threshold: { above: 1 } } }',
      '  - { name: b, when: { count: { where: {}, by: [user.name] }, over: 1m, threshold: { above: 1 } }, labels: { name: x } }',
    ),
    found: [
      "2:49: the label 'source' is reserved, because every alert has it. Fix: name the labels, such as by: { NAME: event.source }",
      "3:110: the series of the count have a label 'name' already. Fix: choose another name",
    ],
  },
  {
    what: 'a label with a dot',
    yaml: lines('rules: [{ name: r, when: { absence: { after: 3m } }, labels: { team.name: x } }]'),
    found: [
      "1:64: 'team.name' is not a valid label name (expected at most 100 letters, digits and '_', beginning with a letter)",
    ],
  },
  {
    what: 'a rule grouped by the path of a label',
    yaml: lines(
      'metrics: { disk: { field: a.b, by: [system.filesystem.mount_point] } }',
      'rules: [{ name: r, when: { metric: disk, over: 1m, threshold: { of: last, above: 1 } }, group_by: [system.filesystem.mount_point] }]',
    ),
    found: ["2:100: alerts of this rule have no label 'system.filesystem.mount_point': did you mean 'mount_point'?"],
  },
]
