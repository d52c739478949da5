/** A photo as the grid shows it, and where its pictures are. */

import { date, gettext, time } from '../i18n.js';
import { base } from '../address.js';

/** @import { Answer } from './columns.js' */

/**
 * @typedef {object} Photo
 * @property {number} id
 * @property {string} v the version of its pictures: a part of their addresses
 * @property {number} day counted from 1970-01-01
 * @property {number} time wall clock, in seconds of that day
 * @property {number} ratio width by height
 * @property {string} hash its ThumbHash as base64; empty where there is none
 * @property {string} kind "image", "video" or "raw"
 * @property {number} flags
 * @property {number | null} length of a video, in seconds
 * @property {number} stack how many files stand behind it
 * @property {string} place where it was taken, as far as known
 * @property {number} space the id of its space
 * @property {string} device what it was uploaded with, in views by arrival
 * @property {string} folder where it is, in the same views
 */

/** @typedef {{ id: number[], v: string[], day?: number[], time: number[], ratio: number[], hash: string[], kind: string[], flags: number[], length: (number | null)[], stack: number[], place: number[], places: string[], space: number[], spaces: number[], device?: number[], devices?: string[], folder?: number[], folders?: string[] }} Columns */

/** What `flags` says. */
export const FLAG = { live: 1, raw: 2, animated: 4, panorama: 8, noPicture: 16, favourite: 32 };

/** The pictures that the server has, by their height; the last one by its longer edge. */
const HEIGHTS = [240, 480];
const PREVIEW = 2048;
const DAY = 86_400; // seconds
const WIDEST = 3; // the small ones are cut at this ratio

/**
 * @param {{ answer: Answer, at: number }} place
 * @returns {Photo}
 */
export function photoOf({ answer, at }) {
  const columns = /** @type {Columns} */ (/** @type {unknown} */ (answer));
  // Its own wall clock, whichever days the view has, if any.
  const clock = (columns.day?.[at] ?? 0) * DAY + columns.time[at];
  const day = Math.floor(clock / DAY);
  return {
    id: columns.id[at],
    v: columns.v[at],
    day,
    time: clock - day * DAY,
    ratio: columns.ratio[at] / 100,
    hash: columns.hash[at],
    kind: columns.kind[at],
    flags: columns.flags[at],
    length: columns.length[at] === null ? null : Number(columns.length[at]) / 1000,
    stack: columns.stack[at],
    place: columns.places[columns.place[at]] ?? '',
    space: columns.spaces[columns.space[at]],
    device: columns.devices?.[columns.device?.[at] ?? -1] ?? '',
    folder: columns.folders?.[columns.folder?.[at] ?? -1] ?? '',
  };
}

/** @param {{ flags: number }} photo */
export const isFavourite = ({ flags }) => (flags & FLAG.favourite) !== 0;

/** @param {Photo} photo */
export const hasPicture = ({ flags }) => (flags & FLAG.noPicture) === 0;

/**
 * The address of a picture.
 * @param {Photo} photo
 * @param {number} name
 */
export const pictureOf = ({ id, v }, name) => `${base}/thumb/${id}/${v}/${name}.webp`;

/** @param {Photo} photo */
export const previewOf = (photo) => pictureOf(photo, PREVIEW);

/** The address of a video, or of what a live photo moves with. @param {Photo} photo */
export const playOf = ({ id }) => `${base}/play/${id}`;

/**
 * The size of the preview, as far as the ratio tells.
 * @param {Photo} photo
 */
export const previewSize = ({ ratio }) => ({
  width: Math.round(ratio >= 1 ? PREVIEW : PREVIEW * ratio),
  height: Math.round(ratio >= 1 ? PREVIEW / ratio : PREVIEW),
});

/**
 * All pictures with their widths, for the browser to choose from; only the smallest where data are to be saved.
 * @param {Photo} photo
 */
export function sourcesOf(photo) {
  const saving = /** @type {{ connection?: { saveData?: boolean } }} */ (navigator).connection?.saveData;
  const width = (/** @type {number} */ height) => Math.max(1, Math.round(height * Math.min(photo.ratio, WIDEST)));
  const small = HEIGHTS.slice(0, saving ? 1 : 2).map((height) => `${pictureOf(photo, height)} ${width(height)}w`);
  return saving ? small[0] : [...small, `${previewOf(photo)} ${previewSize(photo).width}w`].join(', ');
}

/** The day that was written last: photos of one day come one after the other. */
const written = { day: NaN, text: '' };

/**
 * "Photo, 14 July 2019, 14:32, Berlin, favourite".
 * @param {Photo} photo
 */
export function nameOf(photo) {
  const kind = photo.kind === 'video' ? gettext('Video') : gettext('Photo');
  const heart = isFavourite(photo) ? gettext('favourite') : '';
  if (written.day !== photo.day) [written.day, written.text] = [photo.day, date(photo.day)];
  return [kind, written.text, time(photo.time), photo.place, heart].filter(Boolean).join(', ');
}
