/** What is known of the photo that is shown. */

import { get } from '../api.js';
import { date, dates, duration, gettext, ngettext, number, size, time, zone } from '../i18n.js';
import { icon } from '../ui/icon.js';
import { base } from '../address.js';

/**
 * As the server tells it; lengths in pixels, sizes in bytes, times in milliseconds.
 * @typedef {object} Detail
 * @property {number} id
 * @property {string} name
 * @property {string} kind
 * @property {string} format
 * @property {number} width
 * @property {number} height
 * @property {number} size
 * @property {number | null} duration
 * @property {string | null} video_codec
 * @property {string} taken ISO 8601, on the photo's own clock
 * @property {number | null} utc_offset minutes
 * @property {string | null} zone
 * @property {string} date_rule
 * @property {string} added ISO 8601
 * @property {string | null} town
 * @property {string | null} region
 * @property {string | null} country
 * @property {string | null} make
 * @property {string | null} model
 * @property {string | null} lens
 * @property {number | null} exposure_time seconds
 * @property {number | null} aperture
 * @property {number | null} iso
 * @property {number | null} focal_length millimetres
 * @property {string | null} title
 * @property {string | null} description
 * @property {string[]} tags
 * @property {number | null} rating
 * @property {string | null} error
 * @property {string} device
 * @property {string} path
 * @property {string} space
 * @property {number | null} latitude degrees
 * @property {number | null} longitude
 * @property {{ id: number, name: string, format: string, size: number }[]} stack
 * @property {{ id: number, path: string }[]} copies
 * @property {{ name: string, role: number }[]} seen_by
 */

const DAY = 86_400;

/** @type {Map<number, Promise<Detail>>} */
const asked = new Map();
const KEPT = 50;

/**
 * Everything about a photo; asked for once.
 * @param {number} id
 */
export function detailOf(id) {
  const known = asked.get(id) ?? /** @type {Promise<Detail>} */ (get(`photos/${id}`));
  asked.delete(id);
  asked.set(id, known);
  known.catch(() => asked.delete(id));
  for (const [oldest] of asked) if (asked.size > KEPT) asked.delete(oldest);
  return known;
}

/**
 * Fill the panel.
 * @param {HTMLElement} panel
 * @param {Detail} detail
 */
export function fill(panel, detail) {
  const list = document.createElement('dl');
  const add = (/** @type {string} */ term, /** @type {(string | HTMLElement | null | undefined)[]} */ ...lines) => {
    const said = lines.filter(Boolean);
    if (!said.length) return;
    const name = document.createElement('dt');
    name.textContent = term;
    list.append(name);
    for (const line of said) {
      const value = document.createElement('dd');
      value.append(/** @type {string | HTMLElement} */ (line));
      list.append(value);
    }
  };
  const title = document.createElement('h2');
  title.textContent = detail.title ?? detail.name;
  const { clock, day } = clockOf(detail.taken);
  add(gettext('Description'), detail.description);
  add(gettext('Taken'), date(day), `${time(clock)}, ${zoneOf(detail)}`, RULES.get(detail.date_rule)?.());
  add(gettext('Place'), placeOf(detail), mapOf(detail));
  add(gettext('Camera'), cameraOf(detail), detail.lens, exposureOf(detail));
  add(gettext('Tags'), detail.tags.join(', '));
  add(gettext('Rating'), detail.rating ? '★'.repeat(detail.rating) : null);
  add(gettext('File'), detail.title ? detail.name : null, formatOf(detail), detail.error);
  add(gettext('Files of this photo'), ...detail.stack.map(downloadOf));
  add(gettext('Folder'), linked(detail.path));
  const copies = detail.copies.length;
  add(
    ngettext('In %(num)d folder', 'In %(num)d folders', copies + 1),
    ...(copies ? [detail.path, ...detail.copies.map(({ path }) => folderOf(path))].map(linked) : []),
  );
  add(gettext('Added'), addedOf(detail), detail.device && gettext('with %(device)s', { device: detail.device }));
  add(gettext('Who can see this'), gettext('Everybody in %(space)s:', { space: detail.space }), ...detail.seen_by.map(seerOf));
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'button bare close';
  close.setAttribute('aria-label', gettext('Close the details'));
  close.append(icon('x'));
  close.addEventListener('click', () => panel.dispatchEvent(new Event('close')));
  const tall = document.createElement('button');
  tall.type = 'button';
  tall.className = 'tall';
  tall.setAttribute('aria-label', gettext('More of the details'));
  tall.setAttribute('aria-expanded', String(panel.classList.contains('high')));
  tall.addEventListener('click', () => tall.setAttribute('aria-expanded', String(panel.classList.toggle('high'))));
  const head = document.createElement('header');
  head.append(title, close);
  panel.replaceChildren(tall, head, list);
  const map = /** @type {HTMLElement | null} */ (panel.querySelector('.where'));
  if (map) void draw(map, detail);
}

/**
 * @param {HTMLElement} map
 * @param {Detail} detail
 */
async function draw(map, { latitude, longitude }) {
  try {
    const { smallMap } = await import('../map/world.js');
    if (map.isConnected) await smallMap(map, Number(latitude), Number(longitude));
  } catch {
    map.remove(); // the place is said in words as well
  }
}

/**
 * Town, region and country, each once: Lisbon is a region, too.
 * @param {Detail} detail
 */
const placeOf = ({ town, region, country }) => [...new Set([town, region, country].filter(Boolean))].join(', ');

/** The folder of a file. @param {string} path */
const folderOf = (path) => path.slice(0, path.lastIndexOf('/'));

/** Where the photo was taken on a small map, which leads to the large one. @param {Detail} detail */
function mapOf({ id, latitude, longitude }) {
  if (latitude === null || longitude === null) return null;
  const link = document.createElement('a');
  link.href = `${base}/map?center=${latitude.toFixed(4)},${longitude.toFixed(4)}&zoom=10`;
  link.setAttribute('aria-label', gettext('On the map'));
  const map = document.createElement('div');
  map.className = 'where';
  map.dataset.photo = String(id);
  link.append(map);
  return link;
}

/** @param {Detail['stack'][number]} file */
function downloadOf({ id, name, size: bytes }) {
  const link = document.createElement('a');
  link.href = `${base}/original/${id}/${encodeURIComponent(name)}?download`;
  link.textContent = name;
  link.title = gettext('Download');
  const line = document.createElement('span');
  line.append(link, `, ${size(bytes)}`);
  return line;
}

/** @param {Detail['seen_by'][number]} seer */
const seerOf = ({ name, role }) => `${name} · ${[gettext('viewer'), gettext('editor'), gettext('manager')][role - 1] ?? ''}`;

/** A path as a link to its folder. @param {string} path */
function linked(path) {
  const link = document.createElement('a');
  link.href = `${base}/folders/${path.split('/').map(encodeURIComponent).join('/')}`;
  link.textContent = path;
  return link;
}

/** Where the date comes from, by the name of the rule that found it. */
const RULES = new Map([
  ['manual', () => gettext('Date set by hand')],
  ['sidecar', () => gettext('Date from the sidecar file')],
  ...['original', 'digitized', 'created', 'quicktime', 'container'].map(
    (rule) => /** @type {[string, () => string]} */ ([rule, () => gettext('Date from the camera')]),
  ),
  ['gps', () => gettext('Date from GPS')],
  ['name', () => gettext('Date from the file name')],
  ['modified', () => gettext('Date of the last change inside the file')],
  ['client', () => gettext('Date guessed from the file’s time')],
  ['upload', () => gettext('Date guessed from the upload')],
]);

/** A wall clock as if it stood in UTC. @param {string} text ISO 8601 */
function clockOf(text) {
  const clock = Date.parse(`${text.slice(0, 19)}Z`) / 1000;
  return { clock, day: Math.floor(clock / DAY) };
}

/** @param {Detail} detail */
const zoneOf = ({ utc_offset, zone: name }) =>
  utc_offset === null ? gettext('time zone unknown') : [name, zone(utc_offset)].filter(Boolean).join(', ');

/** @param {Detail} detail */
const cameraOf = ({ make, model }) =>
  model && make && !model.toLowerCase().startsWith(make.toLowerCase()) ? `${make} ${model}` : (model ?? make);

/** @param {Detail} detail */
function exposureOf({ exposure_time, aperture, iso, focal_length }) {
  const shutter = (/** @type {number} */ seconds) =>
    seconds < 0.3 ? `1/${Math.round(1 / seconds)} s` : `${number(seconds, { maximumFractionDigits: 1 })} s`;
  return [
    aperture && `f/${number(aperture, { maximumFractionDigits: 1 })}`,
    exposure_time && shutter(exposure_time),
    focal_length && `${number(focal_length, { maximumFractionDigits: 0 })} mm`,
    iso && `ISO ${iso}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** @param {Detail} detail */
const formatOf = ({ format, width, height, size: bytes, duration: length, video_codec }) =>
  [
    format.toUpperCase(),
    width && height ? `${width} × ${height}` : '',
    size(bytes),
    length ? duration(length / 1000) : '',
    video_codec ?? '',
  ]
    .filter(Boolean)
    .join(' · ');

/** @param {Detail} detail */
function addedOf({ added }) {
  const { day } = clockOf(added);
  return dates(day, day);
}
