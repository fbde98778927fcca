import { language } from './language';

const DAY_MS = 86_400_000;

/** Returns the locale; that of English differs: dates are British, and units have the symbols of the SI. */
const locale = (english: string): string => (language.value === 'zh' ? 'zh-CN' : english);

/** Formatters by language and options: to create one takes longer than to draw a row. */
const known = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function formatter<Formatter extends Intl.NumberFormat | Intl.DateTimeFormat, Options>(
  create: new (locale: string, options: Options) => Formatter,
  english: string,
  options: Options,
): Formatter {
  const key = `${locale(english)} ${create.name} ${JSON.stringify(options)}`;
  const found = known.get(key) ?? new create(locale(english), options);
  known.set(key, found);
  return found as Formatter; // `as`: the key has its class
}

const numbers = (options: Intl.NumberFormatOptions = {}) => formatter(Intl.NumberFormat, 'en', options);
const times = (at: string | number, options: Intl.DateTimeFormatOptions): string =>
  formatter(Intl.DateTimeFormat, 'en-GB', options).format(new Date(at));

/** Formats a count with separators. */
export const count = (value: number): string => numbers().format(value);

/** Formats a time of day, `14:02:31`. @param at RFC 3339, or milliseconds since the epoch. */
export const clock = (at: string | number): string => times(at, { timeStyle: 'medium', hour12: false });

/** Formats a day, `Fri 20 Nov`; with its year if that is not the current one, `20 Nov 2027`. */
function day(date: Date): string {
  const options = { day: 'numeric', month: 'short' } as const;
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  return times(date.getTime(), { ...options, ...(isThisYear ? { weekday: 'short' } : { year: 'numeric' }) });
}

/** Formats a time; with its day if that is not today. */
export function moment(at: string | number): string {
  const date = new Date(at);
  return date.toDateString() === new Date().toDateString() ? clock(at) : `${day(date)} ${clock(at)}`;
}

/** Formats a time in full, for titles. */
export const fullTime = (at: string | number): string =>
  times(at, { dateStyle: 'full', timeStyle: 'long', hour12: false });

type Unit = 'second' | 'minute' | 'hour' | 'day';

const amount = (value: number, unit: Unit, digits = 0): string =>
  numbers({
    style: 'unit',
    unit,
    unitDisplay: language.value === 'zh' ? 'long' : 'short',
    maximumFractionDigits: digits,
  }).format(value);

/** Formats a duration in its largest suitable unit: `10.4 sec`, `30 min`, `2 days`. */
export function duration(ms: number): string {
  if (ms < 60_000) return amount(ms / 1_000, 'second', ms < 20_000 ? 1 : 0);
  if (ms < 3_600_000) return amount(ms / 60_000, 'minute', ms < 600_000 ? 1 : 0);
  if (ms < 2 * DAY_MS) return amount(ms / 3_600_000, 'hour', 1);
  return amount(ms / DAY_MS, 'day');
}

/** Formats a size in bytes. */
export function bytes(value: number): string {
  const unit = value < 1024 ? 'byte' : value < 1024 ** 2 ? 'kilobyte' : 'megabyte';
  const scaled = unit === 'byte' ? value : unit === 'kilobyte' ? value / 1024 : value / 1024 ** 2;
  const unitDisplay = unit === 'byte' ? 'long' : 'short';
  return numbers({ style: 'unit', unit, unitDisplay, maximumFractionDigits: 1 }).format(scaled);
}

/** Formats the time between two times. @param from RFC 3339. @param until RFC 3339. */
export const span = (from: string, until: string): string => duration(Date.parse(until) - Date.parse(from));
