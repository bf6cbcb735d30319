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
      "1:1: unknown key 'colour': expected one of listen, data, schemas, url, log, ingest, api, metrics, smtp, receivers, templates, alerting, routes, maintenance, inhibit, links, system, rules, hosts, limits",
    ],
  },
  {
    what: 'a manner of subjects that there is not',
    yaml: lines('receivers:', '  ops:', '    email: { to: ada@example.org, subject_mode: state }'),
    found: ["3:49: expected one of thread, status, found 'state': did you mean 'status'?"],
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
    found: ["3:21: no metric is named 'cpuu': did you mean 'cpu'?"],
  },
  {
    what: 'a metric that does not exist, whose labels are used',
    yaml: lines(
      'metrics: { disk: { field: a.b, by: [a.c] } }',
      'rules: [{ name: r, when: { metric: dsk, over: 2m, threshold: { of: last, above: 1 } }, group_by: [a.c], subject: "{{label.a.c}}" }]',
    ),
    found: ["2:36: no metric is named 'dsk': did you mean 'disk'?"],
  },
  {
    what: 'a misspelt key that must be there, of a metric whose labels are used',
    yaml: lines(
      'metrics: { disk: { feild: a.b, by: [a.c] } }',
      'rules: [{ name: r, when: { metric: disk, over: 2m, threshold: { of: last, above: 1 } }, group_by: [a.c] }]',
      'templates: { subject: "{{label.a.c}}" }',
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
      '1:9: expected an address such as "127.0.0.1:8080" or "0.0.0.0:8080", found \'localhost\'; HOST:PORT, an IPv6 host in brackets',
    ],
  },
  {
    what: 'a receiver that does not exist',
    yaml: rule('when: { absence: { after: 3m } }', 'notify: [admin, amdin]'),
    found: ["4:21: no receiver is named 'amdin': did you mean 'admin'?"],
  },
  {
    what: 'nobody to notify',
    yaml: rule('when: { absence: { after: 3m } }', 'notify: []'),
    found: ['4:13: expected at least one entry, found an empty list'],
  },
  {
    what: 'a window off the bucket',
    yaml: rule('when: { metric: cpu, over: 25s, threshold: { of: mean, above: 1 } }'),
    found: ["3:32: expected a multiple of the 10s bucket, found '25s': did you mean 20s or 30s?"],
  },
  {
    what: 'a window too long',
    yaml: rule('when: { metric: cpu, over: 8d, threshold: { of: mean, above: 1 } }'),
    found: ["3:32: expected at most 7d, found '8d'"],
  },
  {
    what: 'a long window off its bucket',
    yaml: rule('when: { metric: cpu, over: 3610s, threshold: { of: mean, above: 1 } }'),
    found: ["3:32: expected a multiple of the 1m bucket of windows beyond 1h, found '3610s': did you mean 1h or 61m?"],
  },
  {
    what: 'a window of days off its bucket',
    yaml: rule('when: { metric: cpu, over: 1501m, threshold: { of: mean, above: 1 } }'),
    found: ["3:32: expected a multiple of the 1h bucket of windows beyond 1d, found '1501m': did you mean 25h or 26h?"],
  },
  {
    what: 'a schedule finer than the bucket of its window',
    yaml: rule('when: { metric: cpu, over: 6h, threshold: { of: mean, above: 1 } }', 'every: 10s'),
    found: ["4:12: expected a multiple of the 1m bucket of windows beyond 1h, found '10s': did you mean 1m?"],
  },
  {
    what: 'a schedule off the bucket of a window of days',
    yaml: rule('when: { metric: cpu, over: 7d, threshold: { of: max, above: 1 } }', 'every: 90m'),
    found: ["4:12: expected a multiple of the 1h bucket of windows beyond 1d, found '90m': did you mean 1h or 2h?"],
  },
  {
    what: 'a window of nothing',
    yaml: rule('when: { metric: cpu, over: 0s, threshold: { of: mean, above: 1 } }'),
    found: ["3:32: expected at least 10s, found '0s'"],
  },
  {
    what: 'a schedule off the bucket',
    yaml: rule('when: { metric: cpu, over: 2m, threshold: { of: mean, above: 1 } }', 'every: 15s'),
    found: ["4:12: expected a multiple of the 10s bucket, found '15s': did you mean 10s or 20s?"],
  },
  {
    what: 'a duration without a unit',
    yaml: rule('when: { metric: cpu, over: 120, threshold: { of: mean, above: 1 } }'),
    found: ['3:32: expected a duration such as "30s" or "2m" or "1h", found 120; it needs a unit'],
  },
  {
    what: 'a duration in words',
    yaml: rule('when: { metric: cpu, over: two minutes, threshold: { of: mean, above: 1 } }'),
    found: [
      '3:32: expected a duration such as "30s" or "2m" or "1h", found \'two minutes\'; a whole number and its unit: ms, s, m, h or d',
    ],
  },
  {
    what: 'an absence too short',
    yaml: rule('when: { absence: { after: 60s } }'),
    found: ["3:31: expected at least 90s, found '60s'"],
  },
  {
    what: 'a window beside absence',
    yaml: rule('when: { absence: { after: 3m }, over: 1m }', 'for: 1m'),
    found: [
      "3:37: 'over' does not go with 'absence', which has 'after' only",
      "4:5: 'for' does not go with 'absence'; remove it",
    ],
  },
  {
    what: 'two things to judge',
    yaml: rule('when: { metric: cpu, count: { where: {} }, over: 1m, threshold: { above: 1 } }'),
    found: ["3:26: 'count' beside 'metric': a rule judges one thing; make two rules"],
  },
  {
    what: 'nothing to judge',
    yaml: rule('when: { over: 1m }'),
    found: ["3:11: nothing to judge: expected 'metric', 'count' or 'absence' under 'when'"],
  },
  {
    what: 'no detector',
    yaml: rule('when: { metric: cpu, over: 1m }'),
    found: ["3:11: no detector: expected 'threshold', such as { of: mean, above: 0.9 }"],
  },
  {
    what: 'no window',
    yaml: rule('when: { metric: cpu, threshold: { of: mean, above: 1 } }'),
    found: ["3:11: 'over' is missing: the length of the window, such as 2m"],
  },
  {
    what: 'no of',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { above: 1 } }'),
    found: ["3:47: 'of' is missing: what of the window is judged, one of mean, sum, min, max, last, stddev, count"],
  },
  {
    what: 'of for a count',
    yaml: rule('when: { count: { where: {} }, over: 1m, threshold: { of: mean, above: 1 } }'),
    found: ["3:58: 'of' is for metrics; a count has one value only, remove it"],
  },
  {
    what: 'another word for mean',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: avg, above: 1 } }'),
    found: [
      "3:53: expected one of mean, sum, min, max, last, stddev, count, increase, rate, found 'avg': did you mean 'mean'?",
    ],
  },
  {
    what: 'a rate of a gauge',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: rate, above: 1 } }'),
    found: [
      "3:53: 'rate' is not for a gauge, and cpu is one: expected one of mean, sum, min, max, last, stddev, count",
    ],
  },
  {
    what: 'a mean of a counter',
    yaml: rule('when: { metric: net_in, over: 1m, threshold: { of: mean, above: 1 } }'),
    found: ["3:56: 'mean' is not for a counter, and net_in is one: expected one of increase, rate, last"],
  },
  {
    what: 'no bound',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean } }'),
    found: ["3:47: no bound: expected 'above', 'at_least', 'below' or 'at_most', or 'warning' and 'critical'"],
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
    found: ["3:71: 'at_least' beside 'above': one of them decides; remove the other"],
  },
  {
    what: 'critical before warning',
    yaml: rule(
      'when: { metric: cpu, over: 1m, threshold: { of: mean, warning: { above: 0.9 }, critical: { above: 0.8 } } }',
    ),
    found: [
      '3:94: critical (above 0.8) begins no later than warning (above 0.9), so no warning would ever be seen: did you mean them the other way round?',
    ],
  },
  {
    what: 'direct bounds beside a severity',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9, critical: { above: 0.95 } } }'),
    found: ["3:59: 'above' beside 'critical': put all bounds under a severity, or none"],
  },
  {
    what: 'severity said twice',
    yaml: rule(
      'when: { metric: cpu, over: 1m, threshold: { of: mean, critical: { above: 0.95 } } }',
      'severity: critical',
    ),
    found: ["4:5: 'severity' beside bounds under 'warning' or 'critical', which say it themselves; remove it"],
  },
  {
    what: 'a bound in per cent signs',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 90% } }'),
    found: ["3:66: expected a number, found '90%'; write 0.9 for a ratio, 90 for a metric in percent"],
  },
  {
    what: 'an infinite bound',
    yaml: rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: .inf } }'),
    found: ['3:66: expected a number, found .inf'],
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
    found: ["4:42: 'above' of which severity? expected it under 'warning' or 'critical', as in the rule"],
  },
  {
    what: 'an override with of',
    yaml: rule(
      'when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } }',
      'overrides: [{ hosts: a, threshold: { of: max, above: 0.8 } }]',
    ),
    found: ["4:42: unknown key 'of': it belongs under the rule's own 'threshold', and is the same for all hosts"],
  },
  {
    what: 'an override that turns the order round',
    yaml: rule(
      'when: { metric: cpu, over: 1m, threshold: { of: mean, warning: { above: 0.8 }, critical: { above: 0.9 } } }',
      'overrides: [{ hosts: a, threshold: { warning: { above: 0.95 } } }]',
    ),
    found: [
      '4:51: critical (above 0.9) begins no later than warning (above 0.95), so no warning would ever be seen: did you mean them the other way round?',
    ],
  },
  {
    what: 'a name that is taken',
    yaml: lines(
      'rules:',
      '  - { name: a, when: { absence: { after: 3m } } }',
      '  - { name: a, when: { absence: { after: 3m } }, enabled: false }',
    ),
    found: ["3:13: two rules are named 'a', the other one in line 2; a name is one rule's only"],
  },
  {
    what: 'a name of the service',
    yaml: lines('rules:', '  - { name: source-down, when: { absence: { after: 3m } } }'),
    found: ["2:13: 'source-down' is the name of an alert of the service's own; take another"],
  },
  {
    what: 'a name with spaces',
    yaml: lines('rules:', '  - { name: my rule, when: { absence: { after: 3m } } }'),
    found: [
      "2:13: expected a name such as \"cpu-high\", found 'my rule'; at most 100 letters, digits, '.', '_' and '-', beginning with a letter or digit",
    ],
  },
  {
    what: 'a rule without a name',
    yaml: lines('rules:', '  - { when: { absence: { after: 3m } } }'),
    found: ["2:5: 'name' is missing: the rule's name, in mails and the API; one rule only has it"],
  },
  {
    what: 'an unknown placeholder',
    yaml: rule('when: { absence: { after: 3m } }', 'subject: CPU on {{severr}} is high'),
    found: ["4:21: unknown placeholder 'severr': did you mean 'server'?"],
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
    found: ['4:14: a subject is one line without control characters'],
  },
  {
    what: 'a template left unquoted',
    yaml: rule('when: { absence: { after: 3m } }', 'subject: {{server}} is silent'),
    found: ['4:25: this does not fit here as YAML; text with {{...}} or ${...} needs quotes here'],
  },
  {
    what: 'an expression RE2 does not know',
    yaml: rule('when: { count: { where: { message: { matches: "(?=a)b" } } }, over: 1m, threshold: { above: 1 } }'),
    found: [
      "3:51: expected an RE2 expression, found '(?=a)b': invalid or unsupported Perl syntax; RE2 has no look-ahead, look-behind or back-references",
    ],
  },
  {
    what: 'an expression left open',
    yaml: rule('when: { count: { where: { message: { matches: "a(b" } } }, over: 1m, threshold: { above: 1 } }'),
    found: ["3:51: expected an RE2 expression, found 'a(b': missing closing )"],
  },
  {
    what: 'a test that does not exist',
    yaml: rule('when: { count: { where: { message: { contain: b } } }, over: 1m, threshold: { above: 1 } }'),
    found: ["3:42: unknown key 'contain': did you mean 'contains'?"],
  },
  {
    what: 'tests that cannot hold',
    yaml: rule('when: { count: { where: { code: { above: 5, below: 4 } } }, over: 1m, threshold: { above: 1 } }'),
    found: ['3:46: no number is above 5 and below 4'],
  },
  {
    what: 'tests of what does not exist',
    yaml: rule('when: { count: { where: { code: { exists: false, prefix: a } } }, over: 1m, threshold: { above: 1 } }'),
    found: ['3:47: a field that does not exist passes no other test; remove one of them'],
  },
  {
    what: 'a field as Logstash writes it',
    yaml: lines('metrics:', '  cpu: { field: "[machine][cpu_usage]" }', 'rules: []'),
    found: [
      '2:17: expected field paths such as "host.cpu.usage" or ["host.cpu.usage","system.cpu.total.norm.pct"], found \'[machine][cpu_usage]\': did you mean \'machine.cpu_usage\'?',
    ],
  },
  {
    what: 'a metric without a field',
    yaml: lines('metrics:', '  cpu: { unit: ratio }', 'rules: []'),
    found: [
      "2:8: 'field' is missing: where events carry it: a dotted path, or a list of which the first one present counts",
    ],
  },
  {
    what: 'a unit that does not exist',
    yaml: lines('metrics:', '  cpu: { field: a, unit: "%" }', 'rules: []'),
    found: ["2:26: expected one of ratio, percent, bytes, seconds, count, none, found '%': did you mean 'percent'?"],
  },
  {
    what: 'metrics without rules',
    yaml: lines('metrics:', '  cpu: { field: a }'),
    found: ["1:1: 'rules' is missing: the built-in rules go with the built-in metrics only"],
  },
  {
    what: 'an address without a host',
    yaml: lines('receivers:', '  ops: { email: { to: [ada] } }'),
    found: ["2:24: expected an address such as 'Ada Lovelace <ada@example.org>' or 'ada@example.org', found 'ada'"],
  },
  {
    what: 'addresses in one text',
    yaml: lines('receivers:', '  ops: { email: { to: "ada@example.org, grace@example.org" } }'),
    found: [
      "2:23: expected an address such as 'Ada Lovelace <ada@example.org>' or 'ada@example.org'; several addresses are a list: [a@example.org, b@example.org], found 'ada@example.org, grace@example.org'",
    ],
  },
  {
    what: 'an address that breaks out of its line',
    yaml: lines('receivers:', `  ops: { email: { to: "ada@example.org\\r\\nBcc: x@example.org" } }`),
    found: ["2:23: expected one line without control characters, found 'ada@example.org Bcc: x@example.org'"],
  },
  {
    what: 'an address twice',
    yaml: lines('receivers:', '  ops: { email: { to: [ada@example.org, Ada <ADA@example.org>] } }'),
    found: ["2:41: 'Ada <ADA@example.org>' is in this list already; remove one"],
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
    found: ["1:1: 'notify' is missing under 'system': which of a, b hear of silent sources and clocks?"],
  },
  {
    what: 'a stranger for the system',
    yaml: lines('system: { notify: [ops] }'),
    found: ["1:20: no receiver is named 'ops': expected admin"],
  },
  {
    what: 'a port alone',
    yaml: lines('listen: 8080'),
    found: [
      '1:9: expected an address such as "127.0.0.1:8080" or "0.0.0.0:8080", found 8080: did you mean \'127.0.0.1:8080\'?',
    ],
  },
  {
    what: 'a port beyond its range',
    yaml: lines('listen: 127.0.0.1:99999'),
    found: ["1:9: expected a port from 0 to 65535, found '127.0.0.1:99999'"],
  },
  {
    what: 'a body larger than its inflated form',
    yaml: lines('ingest: { max_body: 200MiB }'),
    found: ['1:21: max_body (200MiB) is larger than max_inflated (128MiB): change one of them'],
  },
  {
    what: 'a size in words',
    yaml: lines('ingest: { max_body: 64 megabytes }'),
    found: [
      '1:21: expected a size such as "64MiB" or 1048576, found \'64 megabytes\'; a number of bytes, or a whole number and its unit: B, kB, MB, GB, KiB, MiB or GiB',
    ],
  },
  {
    what: 'a body larger than the service takes',
    yaml: lines('ingest: { max_inflated: 4GiB }'),
    found: ["1:25: expected at most 256MiB, found '4GiB'"],
  },
  {
    what: 'a path of the service',
    yaml: lines('ingest: { paths: [/events, /metrics] }'),
    found: ["1:28: '/metrics' is one of the service's own paths; take another"],
  },
  {
    what: 'a status of another kind',
    yaml: lines('ingest: { invalid_status: 204 }'),
    found: ['1:27: expected one of 422, 200, found 204'],
  },
  {
    what: 'a limit of nothing',
    yaml: lines('limits: { hosts: 0 }'),
    found: ['1:18: expected at least 1, found 0'],
  },
  {
    what: 'half a host',
    yaml: lines('limits: { hosts: 1.5 }'),
    found: ['1:18: expected a whole number, found 1.5'],
  },
  {
    what: 'a log level of another tool',
    yaml: lines('log: { level: warning }'),
    found: ["1:15: expected one of debug, info, warn, error, found 'warning': did you mean 'warn'?"],
  },
  {
    what: 'a login without a password',
    yaml: lines('smtp: { host: mail.example.org, from: a@example.org, user: a }'),
    found: ["1:7: 'user' without 'password': a login needs both"],
  },
  {
    what: 'a mail server without a sender',
    yaml: lines('smtp: { host: mail.example.org }'),
    found: ["1:7: 'from' is missing: sender of the mails"],
  },
  {
    what: 'a mail server with its port',
    yaml: lines('smtp: { host: "mail.example.org:25", from: a@example.org }'),
    found: ["1:15: expected a host without its port, found 'mail.example.org:25'; the port goes to 'port'"],
  },
  {
    what: 'a second mail server with a sender of its own, and the first again',
    yaml: lines('smtp:', '  - { host: a, from: a@b }', '  - { host: b, from: c@b, dkim: {} }', '  - { host: A }'),
    found: [
      "3:16: 'from' is the first server's and holds for all of them: remove it here",
      "3:27: 'dkim' is the first server's and holds for all of them: remove it here",
      "3:33: 'domain' is missing: domain that signs, as a rule that of the sender's address",
      "3:33: 'selector' is missing: name under which the public key stands in the DNS: SELECTOR._domainkey.DOMAIN",
      "3:33: 'key' is missing: private RSA key in PEM form, without a passphrase",
      '4:13: A:587 is in this list already; remove one',
    ],
  },
  {
    what: 'mail servers without a sender, and what is no server',
    yaml: lines('smtp:', '  - host: a', '  - mail.example.org', '  - [{ host: b }]', '  - { from: a@b }'),
    found: [
      "2:5: 'from' is missing: sender of the mails",
      "3:5: expected a mapping (key: value), found 'mail.example.org'",
      '4:5: expected a mapping (key: value), found a list',
      "5:5: 'host' is missing: the server's name or address",
      "5:7: 'from' is the first server's and holds for all of them: remove it here",
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
      "4:3: 'user' and 'password' beside 'oauth2': expected one way to log in; remove the other",
      "6:39: 'client_id' beside 'access_token': a token that lasts is not asked for anew; remove one of them",
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
      "4:11: 'client_secret' is missing: expected client_id, client_secret and refresh_token, or an access_token that lasts",
      "4:59: the secret's file /nowhere/nope does not exist",
      '4:81: expected https://: the secrets that are posted here would travel in the clear',
    ],
  },
  {
    what: 'no mail at all a minute',
    yaml: lines('smtp: { host: a, from: a@b, rate_per_minute: 0 }'),
    found: ['1:46: expected at least 1, found 0'],
  },
  {
    what: 'yes instead of true',
    yaml: lines('smtp: { host: mail.example.org, from: a@example.org, secure: yes }'),
    found: ["1:62: expected true or false, found 'yes'"],
  },
  {
    what: 'a token too short',
    yaml: lines('ingest: { tokens: [{ name: a, token: "${SHORT}" }] }'),
    found: [
      '1:38: expected a token of printable ASCII, at least 8 characters, without spaces at its ends, found 7 characters',
    ],
  },
  {
    what: 'the same token twice',
    yaml: lines('ingest:', '  tokens:', '    - { name: a, token: "${TOKEN}" }', '    - { name: a, token: "${TOKEN}" }'),
    found: [
      '4:15: another token has this name already; each needs its own',
      '4:25: this is the same token as another one; each name needs its own',
    ],
  },
  {
    what: 'a token with a space at its end',
    yaml: lines('ingest: { tokens: [{ name: a, token: "hunter2hunter2 " }] }'),
    found: [
      '1:38: expected a token of printable ASCII, at least 8 characters, without spaces at its ends, found white space at an end',
    ],
  },
  {
    what: 'a token that is no text',
    yaml: lines('ingest: { tokens: [{ name: a, token: 12345678 }] }'),
    found: [
      '1:38: expected a secret such as "${STASHWATCH_TOKEN}" or {"file":"/run/secrets/token"}, found a value that is not shown here; put it in quotes',
    ],
  },
  {
    what: 'tokens without names',
    yaml: lines('ingest: { tokens: [hunter2hunter2] }'),
    found: ['1:20: expected a mapping (key: value), found a value that is not shown here'],
  },
  {
    what: 'a variable that is not set',
    yaml: lines('smtp:', '  host: mail.example.org', '  from: a@example.org', '  user: u', '  password: "x${NOPE}y"'),
    found: ['5:15: the environment variable NOPE is not set: set it, or write { file: PATH } where a secret belongs'],
  },
  {
    what: 'a file that is not there',
    yaml: lines('smtp: { host: mail.example.org, from: a@example.org, user: u, password: { file: ./nope } }'),
    found: ["1:81: the secret's file /nowhere/nope does not exist"],
  },
  {
    what: 'a variable left open',
    yaml: lines('url: "https://${HOST"'),
    found: ["1:15: '${' without its '}': expected ${NAME}, or $${ for a literal ${"],
  },
  {
    what: 'an empty section',
    yaml: lines('ingest:', 'limits: { hosts: 5 }'),
    found: ['1:8: expected a mapping (key: value), found nothing; give it a value, or remove the key'],
  },
  {
    what: 'a list for a mapping',
    yaml: lines('receivers:', '  - ops'),
    found: ['2:3: expected a mapping (key: value), found a list'],
  },
  {
    what: 'a list as the whole',
    yaml: lines('- a'),
    found: ['1:1: expected a mapping (key: value), found a list'],
  },
  {
    what: 'an empty file',
    yaml: lines('# nothing', ''),
    found: ['1:1: the file is empty: expected at least a receiver or a rule; see examples/minimal.yaml'],
  },
  {
    what: 'a key twice',
    yaml: lines('log: { level: info }', 'log: { level: warn }'),
    found: ["2:1: the key 'log' is here twice; remove one"],
  },
  {
    what: 'a tab',
    yaml: lines('log:', '	level: info'),
    found: ['2:1: a tab in the indentation; expected spaces'],
  },
  {
    what: 'a second document',
    yaml: lines('log: { level: info }', '---', 'log: { level: warn }'),
    found: ['2:1: a second document begins here; expected one'],
  },
  {
    what: 'a tag',
    yaml: lines('log: !include other.yaml'),
    found: ['1:6: tags (!) are not used in this file'],
  },
  {
    what: 'an alias of nothing',
    yaml: lines('log: *level'),
    found: ['1:6: no anchor (&) stands before this alias (*); text that begins with * needs quotes'],
  },
  {
    what: 'an alias of itself',
    yaml: lines('log: &a { level: *a }'),
    found: ['1:18: this is nested too deeply'],
  },
  {
    what: 'a route to nobody',
    yaml: lines('routes: [{ notify: [amdin] }]'),
    found: ["1:21: no receiver is named 'amdin': did you mean 'admin'?"],
  },
  {
    what: 'an escalation to nobody',
    yaml: lines('routes: [{ notify: [admin], escalate: [{ after: 5m, notify: [amdin] }] }]'),
    found: ["1:62: no receiver is named 'amdin': did you mean 'admin'?"],
  },
  {
    what: 'a route of Alertmanager',
    yaml: lines('routes: [{ matchers: [a = b], receiver: admin }]'),
    found: [
      "1:10: 'notify' is missing: receivers who hear of them",
      "1:12: unknown key 'matchers': did you mean 'match'?",
      "1:31: unknown key 'receiver': did you mean 'notify'?",
    ],
  },
  {
    what: 'a route that hides the next',
    yaml: lines('routes: [{ notify: [admin] }, { match: host = a, notify: [admin] }]'),
    found: [
      "1:10: every alert fits a route without 'match', and no route after it is reached: give it a 'match', continue: true, or the last place",
    ],
  },
  {
    what: 'no routes',
    yaml: lines('routes: []'),
    found: ['1:9: expected at least one entry, found an empty list'],
  },
  {
    what: 'a rule that no route can fit',
    yaml: lines(
      'rules: [{ name: r, when: { absence: { after: 3m } } }]',
      "routes: [{ match: 'rule = cpu', notify: [admin] }, { match: ['host = a', severity = critical], notify: [admin] }]",
    ),
    found: [
      "1:9: 'notify' is missing, and no route can fit an alert of r: name receivers here, or end the routes with one without 'match'",
    ],
  },
  {
    what: 'a matcher without an operator',
    yaml: lines('routes: [{ match: severity critical, notify: [admin] }]'),
    found: ['1:28: expected =, !=, =~ or !~ behind the label, found none of them'],
  },
  {
    what: 'a matcher of another language',
    yaml: lines('routes: [{ match: [host == a], notify: [admin] }]'),
    found: ["1:25: expected =, !=, =~ or !~ behind the label, found '=='; did you mean '='?"],
  },
  {
    what: 'an expression in a matcher',
    yaml: lines('routes: [{ match: \'host =~ "db-(.*"\', notify: [admin] }]'),
    found: ["1:28: expected an RE2 expression behind '=~': missing closing )"],
  },
  {
    what: 'matchers in one text',
    yaml: lines("routes: [{ match: 'host = a, rule = b', notify: [admin] }]"),
    found: [
      '1:30: expected the end behind the value: several matchers are a list, and a value with spaces needs quotes',
    ],
  },
  {
    what: 'a matcher that fits what has no label',
    yaml: lines("routes: [{ match: ['team != a', 'rack =~ \".*\"'], notify: [admin] }]"),
    found: [
      '1:19: all matchers fit the empty text too, and so every alert without these labels: add one that does not, such as host =~ ".+"',
    ],
  },
  {
    what: 'a wait longer than the interval',
    yaml: lines('alerting: { group_wait: 10m, group_interval: 5m }'),
    found: ['1:25: group_wait (10m) is longer than group_interval (5m): change one of them'],
  },
  {
    what: 'a wait of a route',
    yaml: lines('alerting: { group_by: [rule], group_interval: 1m }', 'routes: [{ notify: [admin], group_wait: 2m }]'),
    found: ['2:41: group_wait (2m) is longer than group_interval (1m): change one of them'],
  },
  {
    what: 'a wait too long',
    yaml: lines('alerting: { group_wait: 2h }'),
    found: ["1:25: expected at most 1h, found '2h'"],
  },
  {
    what: 'a repeat of nothing',
    yaml: lines('alerting: { repeat: 0s }'),
    found: ["1:21: expected at least 1m, found '0s'; where alerts are not to be told again, write repeat: never"],
  },
  {
    what: 'a repeat too often',
    yaml: lines('alerting: { repeat: { first: 30s } }'),
    found: ["1:30: expected at least 1m, found '30s'"],
  },
  {
    what: 'a repeat the wrong way round',
    yaml: lines('alerting: { repeat: { first: 4h, most: 1h } }'),
    found: ['1:40: most (1h) is shorter than first (4h): did you mean them the other way round?'],
  },
  {
    what: 'a repeat in words',
    yaml: lines('alerting: { repeat: sometimes }'),
    found: [
      '1:21: expected a repeat such as "4h" or "never" or {"first":"4h","most":"24h"}, found \'sometimes\'; a duration after which an alert that goes on is told again, never, or first and most; each wait is twice the one before, up to most',
    ],
  },
  {
    what: 'a repeat of Alertmanager',
    yaml: lines('alerting: { repeat_interval: 4h }'),
    found: ["1:13: unknown key 'repeat_interval': did you mean 'repeat'?"],
  },
  {
    what: 'an escalation at once',
    yaml: lines('rules: [{ name: r, when: { absence: { after: 3m } }, escalate: [{ after: 0s, notify: [admin] }] }]'),
    found: [
      "1:74: an escalation after 0s tells these receivers at once: name them under 'notify', or give it a time such as 30m",
    ],
  },
  {
    what: 'an escalation backwards',
    yaml: lines(
      'rules: [{ name: r, when: { absence: { after: 3m } }, escalate: [{ after: 1h, notify: [admin] }, { after: 30m, notify: [admin] }] }]',
    ),
    found: ["1:106: expected later than the step before, after 1h; found '30m'"],
  },
  {
    what: 'a rule grouped by a label of another',
    yaml: lines('rules: [{ name: r, when: { absence: { after: 3m } }, group_by: [rule, team] }]'),
    found: ["1:71: no alert of this rule has a label 'team': expected one of rule, host, source, severity, metric"],
  },
  {
    what: 'group_wait in a rule',
    yaml: lines('rules: [{ name: r, when: { absence: { after: 3m } }, group_wait: 1m }]'),
    found: ["1:54: unknown key 'group_wait': it belongs under 'alerting', or to a route"],
  },
  {
    what: 'a day that does not come',
    yaml: lines('maintenance: [{ name: w, match: host = a, months: feb, days_of_month: 31 }]'),
    found: ['1:71: there is no such day in these months, weekdays and years: the window would never begin'],
  },
  {
    what: 'a leap day in other years',
    yaml: lines('maintenance: [{ name: w, match: host = a, months: feb, days_of_month: 29, years: [2026, 2027] }]'),
    found: ['1:71: there is no such day in these months, weekdays and years: the window would never begin'],
  },
  {
    what: 'a window that never ends',
    yaml: lines('maintenance: [{ name: w, match: host = a }]'),
    found: [
      "1:15: a window without times or days would never end: add 'times', 'weekdays' or such; to stop a rule for good, set its enabled: false",
    ],
  },
  {
    what: 'weekdays by number, with quotes and without',
    yaml: lines(
      'maintenance:',
      '  - { name: v, match: host = a, weekdays: [mon, 8] }',
      '  - { name: w, match: host = a, weekdays: [mon, "8"] }',
    ),
    found: [
      '2:49: expected a weekday or range such as "tue" or "fri-sun", found 8',
      "3:49: expected a weekday or a range, such as tue or fri-sun, found '8'",
    ],
  },
  {
    what: 'a receiver whose name is at fault, and a word of it',
    yaml: lines('receivers: { "ops team": { email: { to: [a@example.org] } } }', 'system: { notify: [ops] }'),
    found: [
      "1:14: 'ops team' is not fit to be a name: expected at most 100 letters, digits, '.', '_' and '-', beginning with a letter or digit",
    ],
  },
  {
    what: 'two windows of one name',
    yaml: lines(
      'maintenance:',
      '  - { name: w, match: host = a, weekdays: tue }',
      '  - { name: w, match: host = b, weekdays: wed }',
    ),
    found: ["3:13: two windows are named 'w', the other one in line 2; a name is one window's only"],
  },
  {
    what: 'a window for all',
    yaml: lines('maintenance: [{ name: w, times: "22:00-23:00" }]'),
    found: ["1:15: 'match' is missing: which alerts it is for"],
  },
  {
    what: 'a misspelt weekday',
    yaml: lines('maintenance: [{ name: w, match: host = a, weekdays: [teu] }]'),
    found: ["1:54: expected a weekday or a range, such as tue or fri-sun, found 'teu': did you mean 'tue'?"],
  },
  {
    what: 'a weekday as a number',
    yaml: lines('maintenance: [{ name: w, match: host = a, weekdays: "1-5" }]'),
    found: ["1:53: expected a weekday or a range, such as tue or fri-sun, found '1-5'"],
  },
  {
    what: 'days the wrong way round',
    yaml: lines('maintenance: [{ name: w, match: host = a, days_of_month: 15-10 }]'),
    found: [
      "1:58: expected a day of the month or a range, such as 1, -1 (the last) or 10-15, found '15-10': did you mean it the other way round?",
    ],
  },
  {
    what: 'a day 0',
    yaml: lines('maintenance: [{ name: w, match: host = a, days_of_month: [0] }]'),
    found: ['1:59: expected a day of the month or a range, such as 1, -1 (the last) or 10-15, found 0'],
  },
  {
    what: 'a day 32',
    yaml: lines('maintenance: [{ name: w, match: host = a, days_of_month: 32 }]'),
    found: ['1:58: expected at most 31, found 32'],
  },
  {
    what: 'a month 13',
    yaml: lines('maintenance: [{ name: w, match: host = a, months: 6-13 }]'),
    found: ["1:51: expected a month or a range, such as jan, 12 or 6-8, found '6-13'"],
  },
  {
    what: 'a span of no time',
    yaml: lines('maintenance: [{ name: w, match: host = a, times: 22:00-22:00 }]'),
    found: ["1:50: '22:00-22:00' ends where it begins; a whole day is 00:00-24:00"],
  },
  {
    what: 'a span in half hours',
    yaml: lines('maintenance: [{ name: w, match: host = a, times: 22-23 }]'),
    found: ["1:50: expected a span of the day such as 22:00-23:30, found '22-23'"],
  },
  {
    what: 'a span beyond midnight',
    yaml: lines('maintenance: [{ name: w, match: host = a, times: 22:00-25:00 }]'),
    found: ["1:50: expected a span of the day such as 22:00-23:30, found '22:00-25:00'"],
  },
  {
    what: 'a misspelt zone',
    yaml: lines('maintenance: [{ name: w, match: host = a, times: 22:00-23:00, zone: Europe/Berln }]'),
    found: ["1:69: no time zone is named 'Europe/Berln': did you mean 'Europe/Berlin'?"],
  },
  {
    what: 'a zone by its city',
    yaml: lines('maintenance: [{ name: w, match: host = a, times: 22:00-23:00, zone: new york }]'),
    found: ["1:69: no time zone is named 'new york': did you mean 'America/New_York'?"],
  },
  {
    what: 'a zone by its offset',
    yaml: lines('maintenance: [{ name: w, match: host = a, times: 22:00-23:00, zone: "+01:00" }]'),
    found: ["1:69: no time zone is named '+01:00'; expected an IANA name such as Europe/Berlin or UTC"],
  },
  {
    what: 'a receiver that tells nobody',
    yaml: lines('receivers: { ops: { zone: UTC } }'),
    found: ["1:19: nobody is told: expected at least one of 'email', 'webhook' and 'alertmanager'"],
  },
  {
    what: 'a report without mail',
    yaml: lines('receivers: { ops: { webhook: { url: https://a }, report: { every: day } } }'),
    found: ["1:50: 'report' is a mail: expected 'email' beside it"],
  },
  {
    what: 'a weekday of a daily report',
    yaml: lines('receivers: { ops: { email: { to: a@b }, report: { every: day, weekday: mon } } }'),
    found: ["1:63: 'weekday' goes with every: week; add that, or remove 'weekday'"],
  },
  {
    what: 'a report at half past',
    yaml: lines('receivers: { ops: { email: { to: a@b }, report: { at: "8:30" } } }'),
    found: [
      '1:55: expected a time of day such as "08:00", found \'8:30\'; hours and minutes, HH:MM, from 00:00 to 23:59',
    ],
  },
  {
    what: 'a webhook without http',
    yaml: lines('receivers: { ops: { webhook: { url: chat.example.org/hook } } }'),
    found: ['1:37: expected a web address that begins with http:// or https://, found a value that is not shown here'],
  },
  {
    what: 'a webhook with a login',
    yaml: lines('receivers: { ops: { webhook: { url: "https://u:p@chat.example.org" } } }'),
    found: ["1:37: a login in the address may end up in logs: it belongs to a 'headers' entry such as Authorization"],
  },
  {
    what: 'a secret too short',
    yaml: lines('receivers: { ops: { webhook: { url: https://a, secret: "${SHORT}" } } }'),
    found: [
      '1:56: expected a secret of printable ASCII, at least 8 characters, without spaces at its ends, found 7 characters',
    ],
  },
  {
    what: 'an Alertmanager with two logins',
    yaml: lines('receivers: { ops: { alertmanager: { url: http://a, user: u, password: pppp, token: "${TOKEN}" } } }'),
    found: ["1:77: 'token' beside 'user' and 'password': one login is enough; remove the other"],
  },
  {
    what: 'an Alertmanager with a query',
    yaml: lines('receivers: { ops: { alertmanager: { url: "http://a/?x=1" } } }'),
    found: ["1:42: expected an address without '?' and '#', found 'http://a/?x=1'"],
  },
  {
    what: 'an Alertmanager without a port',
    yaml: lines('receivers: { ops: { alertmanager: { url: [a:9093] } } }'),
    found: ["1:43: expected a web address that begins with http:// or https://, found 'a:9093'"],
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
    found: ["1:18: expected a web address that begins with http:// or https://, found 'k.example.org/{{host}}'"],
  },
  {
    what: 'a subject at the top',
    yaml: lines('subject: a'),
    found: ["1:1: unknown key 'subject': it belongs under 'templates', or to a rule or receiver"],
  },
  {
    what: 'an inhibition of Alertmanager',
    yaml: lines('inhibit: [{ source_matchers: [a = b], target: host = a }]'),
    found: [
      "1:11: 'source' is missing: the alerts that hold others back while they fire",
      "1:13: unknown key 'source_matchers': did you mean 'source'?",
    ],
  },
  {
    what: 'a webhook beside its key',
    yaml: lines('receivers: { ops: { url: https://a } }'),
    found: ["1:21: unknown key 'url': expected one of email, webhook, alertmanager, zone, report, heartbeat"],
  },
]
