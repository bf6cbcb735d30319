import type { Millis } from '../model.ts'

const ZERO = 48
const MINUTE = 60_000
const DAY = 86_400_000
/** Range of ECMAScript dates, years -271821 to 275760. */
const MAX_TIME = 8.64e15
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const SHAPE =
  /^([+-]\d{4,6}|\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)$/

/**
 * Parses an ISO 8601 instant with seconds, 0 to 9 decimals and `Z` or an offset: `2024-03-05T10:11:12.345678Z`,
 * `2024-03-05T10:11:12+01:00`. Returns milliseconds since 1970 with a fraction (a double keeps about 0.2 µs of it in
 * this century), or NaN if the text is no such instant or names a date that does not exist. A leap second counts as the
 * second after it.
 */
export function parseTime(text: string): Millis {
  const usual = parseCommonFormat(text)
  return Number.isNaN(usual) ? parseAny(text) : usual
}

/** Parses Logstash's layout, `YYYY-MM-DDTHH:MM:SS[.digits]Z`, without a regular expression; NaN otherwise. */
function parseCommonFormat(text: string): Millis {
  const length = text.length
  if (length < 20 || length > 30 || text.charCodeAt(length - 1) !== 90 || !separated(text)) return Number.NaN
  const fraction = length === 20 ? 0 : parseFraction(text, length - 1)
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const days = daysSinceEpoch(year, twoDigits(text, 5), twoDigits(text, 8))
  return days * DAY + parseClock(twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)) + fraction
}

/** Returns true if `-`, `-`, `T`, `:`, `:` are at their positions, and a point before any decimals. */
function separated(text: string): boolean {
  return (
    text.charCodeAt(4) === 45 &&
    text.charCodeAt(7) === 45 &&
    text.charCodeAt(10) === 84 &&
    text.charCodeAt(13) === 58 &&
    text.charCodeAt(16) === 58 &&
    (text.length === 20 || (text.charCodeAt(19) === 46 && text.length > 21))
  )
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO
  const ones = text.charCodeAt(at + 1) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

function parseFraction(text: string, end: number): Millis {
  let digits = 0
  for (let at = 20; at < end; at += 1) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    digits = digits * 10 + digit
  }
  return decimalMillis(digits, end - 20)
}

/** Returns the milliseconds of decimals of a second, given as a whole number and their count. */
function decimalMillis(digits: number, count: number): Millis {
  return count <= 3 ? digits * 10 ** (3 - count) : digits / 10 ** (count - 3)
}

function parseAny(text: string): Millis {
  const parts = SHAPE.exec(text)
  if (parts === null) return Number.NaN
  const [, year, month, day, hour, minute, second, decimals = '', sign, offsetHours = '0', offsetMinutes = '0'] = parts
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return Number.NaN
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * MINUTE
  const days = daysSinceEpoch(Number(year), Number(month), Number(day))
  const local = days * DAY + parseClock(Number(hour), Number(minute), Number(second))
  const time = local - (sign === '-' ? -offset : offset) + decimalMillis(Number(decimals), decimals.length)
  return Math.abs(time) <= MAX_TIME ? time : Number.NaN
}

/** Returns the days from 1970-01-01 to a date of the Gregorian calendar; NaN for a date that does not exist. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  if (!(day >= 1 && day <= (DAYS_IN_MONTH[month - 1] ?? 0))) return Number.NaN
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (month === 2 && day === 29 && !leap) return Number.NaN
  // Years start in March, so that a leap day ends one; 719,468 days lie between 0000-03-01 and 1970.
  const years = month > 2 ? year : year - 1
  const century = Math.floor(years / 100)
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return 365 * years + Math.floor(years / 4) - century + Math.floor(century / 4) + dayOfYear - 719_468
}

function parseClock(hour: number, minute: number, second: number): Millis {
  const leapSecond = second === 60 && minute === 59
  const valid = hour <= 23 && minute <= 59 && (second <= 59 || leapSecond)
  return valid ? hour * 3_600_000 + minute * MINUTE + second * 1000 : Number.NaN
}
