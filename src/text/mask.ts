/** Names of fields and settings whose values are secrets. */
const NAME =
  'pass(?:word|wd|phrase)|pwd|secret|token|authorization|api[-_. ]?key|credential|cookie|private[-_. ]?key|access[-_. ]?key'
const SECRET_NAME = new RegExp(NAME, 'i')
/** Replaces a secret. */
export const MASKED = '***'

/** `password=...`, `"client_secret": "..."`, `--token ...`, `Authorization: Basic ...`, `Bearer ...`: the value is masked. */
const SETTING = `(?:${NAME})[\\w-]{0,32}\\\\?["']?\\s{0,3}[=:]\\s{0,3}(?:(?:bearer|basic|digest|negotiate|apikey)\\s{1,3})?`
const OPTION = `--?(?:${NAME})[\\w-]{0,32}\\s{1,3}`
const VALUE = `(?!(?:${NAME})[\\w-]{0,32}\\\\?["']?\\s{0,3}[=:])(?:\\\\?"[^"\\\\]{1,512}|\\\\?'[^'\\\\]{1,512}|[^\\s"',;&\\\\]{1,512})`
const ASSIGNED = new RegExp(`(${SETTING}|${OPTION}|\\b(?:bearer|basic)\\s{1,3})${VALUE}`, 'gi')
/** All pairs of a cookie header. */
const COOKIE = /(cookie\\?["']?\s{0,3}:\s{0,3})[^\r\n]{1,1024}/gi
/** `https://user:...@host`. */
const URL_PASSWORD = /(:\/\/[^\s:/@]{0,64}:)[^\s/@]{1,256}(?=@)/g
/** Secrets with a recognizable form: JSON web tokens, tokens of GitHub, GitLab and Slack, private keys. */
const TOKEN =
  /\beyJ[\w-]{8,200}\.[\w-]{8,2048}(?:\.[\w-]{0,1024})?|\b(?:gh[opsu]_|github_pat_|glpat-|xox[abprs]-)[\w-]{16,255}|-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[^]*?(?:-----END [A-Z ]{0,32}PRIVATE KEY-----|$)/g
/** How much is read beyond the cut, so that a secret across the cut is recognized. */
const BEYOND = 1024

/** Returns true if the values of a field with this name are secrets. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** Masks secrets in a text, and cuts it to `max` characters and an ellipsis. */
export function maskText(text: string, max: number): string {
  const masked = text
    .slice(0, max + BEYOND)
    .replace(TOKEN, MASKED)
    .replace(COOKIE, `$1${MASKED}`)
    .replace(ASSIGNED, `$1${MASKED}`)
    .replace(URL_PASSWORD, `$1${MASKED}`)
  return masked.length > max ? `${masked.slice(0, max)}…` : masked
}
