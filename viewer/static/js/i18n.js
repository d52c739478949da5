/**
 * Words, numbers and dates of the page's language. The page brings the texts of the same catalogue that the server
 * uses; a text that is not in it stays English. The names are gettext's, so that the catalogue's tools find the texts.
 */

/**
 * A text, or its plural forms by the names of Intl.PluralRules.
 * @typedef {Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>} Messages
 */

/** @typedef {Record<string, string | number>} Values for the places "%(name)s" in a text */

const DAY = 86_400_000;
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'];

const { lang } = document.documentElement;
// Dates as the person's own region writes them, if it speaks the page's language.
let language = navigator.languages.find((one) => one.split('-')[0] === lang) ?? lang;
/** @type {Messages} */
let messages = JSON.parse(document.getElementById('words')?.textContent ?? '{}');

/**
 * Speak this language from now on.
 * @param {{ language: string, messages: Messages }} catalogue
 */
export function speak(catalogue) {
  ({ language, messages } = catalogue);
  formats.clear();
}

/** @type {Map<string, Intl.DateTimeFormat | Intl.NumberFormat | Intl.PluralRules>} */
const formats = new Map(); // making one takes longer than a hundred uses

/**
 * @template {Intl.DateTimeFormat | Intl.NumberFormat | Intl.PluralRules} Format
 * @template Options
 * @param {new (language: string, options: Options) => Format} kind
 * @param {Options} options
 * @returns {Format}
 */
function format(kind, options) {
  const name = kind.name + JSON.stringify(options);
  const made = formats.get(name) ?? new kind(language, options);
  formats.set(name, made);
  return /** @type {Format} */ (made);
}

/**
 * @param {string} text
 * @param {Values} [values]
 */
export const gettext = (text, values = {}) => filled(found(text) ?? text, values);

/**
 * The same for a text that means different things in different places.
 * @param {string} context
 * @param {string} text
 * @param {Values} [values]
 */
export const pgettext = (context, text, values = {}) => filled(found(`${context}\u0004${text}`) ?? text, values);

/** @param {string} key */
function found(key) {
  const text = messages[key];
  return typeof text === 'object' ? text.one : text;
}

/**
 * The text for a number of things, which stands at "%(num)d".
 * @param {string} one English, for one
 * @param {string} other English, for any other number
 * @param {number} num
 * @param {Values} [values]
 */
export function ngettext(one, other, num, values = {}) {
  const found = messages[one];
  const forms = typeof found === 'object' ? found : null;
  const form = forms
    ? (forms[format(Intl.PluralRules, {}).select(num)] ?? forms.other)
    : undefined;
  return filled(form ?? (num === 1 ? one : other), { num, ...values });
}

/**
 * @param {string} text
 * @param {Values} values
 */
const filled = (text, values) =>
  text.replace(/%\((\w+)\)[sd]/g, (place, name) => {
    const value = values[name];
    return typeof value === 'number' ? number(value) : (value ?? place);
  });

/**
 * @param {number} value
 * @param {Intl.NumberFormatOptions} [options]
 */
export const number = (value, options = {}) => format(Intl.NumberFormat, options).format(value);

/**
 * A size in the largest unit that leaves at least 1, to three digits: "15 GB", "1.23 MB".
 * @param {number} bytes
 */
export function size(bytes) {
  let value = bytes;
  let power = 0;
  for (; value >= 999.5 && power < UNITS.length - 1; power++) value /= 1000;
  return number(value, { style: 'unit', unit: UNITS[power], unitDisplay: 'short', maximumSignificantDigits: 3 });
}

/**
 * A wall clock, in seconds as if it stood in UTC: so no viewer's own zone ever shifts a day.
 * @param {number} clock
 * @param {Intl.DateTimeFormatOptions} options
 */
const written = (clock, options) =>
  format(Intl.DateTimeFormat, { ...options, timeZone: 'UTC' }).format(new Date(clock * 1000));

/** "14 July 2019". @param {number} day counted from 1970-01-01 */
export const date = (day) => written((day * DAY) / 1000, { day: 'numeric', month: 'long', year: 'numeric' });

/** "Sun, 14 July", over a day's first photo. @param {number} day */
export const dayName = (day) => written((day * DAY) / 1000, { weekday: 'short', day: 'numeric', month: 'long' });

/** "Sun, 14 Jul", where there is little room. @param {number} day */
export const dayNameShort = (day) => written((day * DAY) / 1000, { weekday: 'short', day: 'numeric', month: 'short' });

/** "July 2019". @param {number} day any of the month */
export const monthName = (day) => written((day * DAY) / 1000, { month: 'long', year: 'numeric' });

/** "14:32". @param {number} clock wall clock in seconds */
export const time = (clock) => written(clock, { hour: 'numeric', minute: '2-digit' });

/**
 * "1 – 15 August 2023".
 * @param {number} from
 * @param {number} to
 */
export const dates = (from, to) =>
  format(Intl.DateTimeFormat, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).formatRange(
    from * DAY,
    to * DAY,
  );

/**
 * "UTC+2", "UTC−3:30".
 * @param {number} minutes east of Greenwich
 */
export function zone(minutes) {
  const hours = Math.trunc(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  const sign = minutes < 0 ? '−' : '+';
  return minutes ? `UTC${sign}${hours}${rest ? `:${String(rest).padStart(2, '0')}` : ''}` : 'UTC';
}

/**
 * "0:05", "1:02:03": how long a video runs.
 * @param {number} seconds
 */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.trunc(whole / 3600), Math.trunc(whole / 60) % 60, whole % 60];
  const padded = (/** @type {number} */ value) => String(value).padStart(2, '0');
  return hours ? `${hours}:${padded(minutes)}:${padded(rest)}` : `${minutes}:${padded(rest)}`;
}
