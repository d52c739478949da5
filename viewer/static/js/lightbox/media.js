/** What the lightbox shows of a photo: its preview, its video, or the reason why there is neither. */

import { gettext } from '../i18n.js';
import { hasPicture, nameOf, previewOf, previewSize } from '../grid/photo.js';

/** @import { Photo } from '../grid/photo.js' */

/**
 * As PhotoSwipe takes it.
 * @typedef {object} Item
 * @property {string} type
 * @property {string} [src]
 * @property {string} [msrc] shown until `src` is there
 * @property {number} [width]
 * @property {number} [height]
 * @property {string} [alt]
 * @property {Photo} [photo]
 */

/** The address of the file itself. @param {Photo} photo */
export const originalOf = ({ id }) => `/original/${id}/file`;

/**
 * @param {Photo | null} photo null while it is not known
 * @param {string | undefined} thumb an address that was shown already
 * @returns {Item}
 */
export function itemOf(photo, thumb) {
  if (!photo) return { type: 'waiting' };
  if (photo.kind !== 'video' && !hasPicture(photo)) return { type: 'none', photo };
  return {
    type: photo.kind === 'video' ? 'video' : 'image',
    src: previewOf(photo),
    msrc: thumb,
    ...previewSize(photo),
    alt: nameOf(photo),
    photo,
  };
}

/**
 * The element of an item that is no picture.
 * @param {Item} item
 */
export function elementOf({ type, photo, src }) {
  const element = document.createElement('div');
  element.className = `media ${type}`;
  if (photo && type === 'video') element.append(videoOf(photo, src));
  if (photo && type === 'none') element.append(noteOf(photo, gettext('No picture can be made of this file.')));
  return element;
}

/**
 * @param {Photo} photo
 * @param {string | undefined} poster
 */
function videoOf(photo, poster) {
  const video = document.createElement('video');
  video.controls = true;
  video.playsInline = true;
  video.preload = 'metadata';
  video.setAttribute('aria-label', nameOf(photo));
  if (poster && hasPicture(photo)) video.poster = poster;
  video.src = originalOf(photo);
  const fail = () => {
    video.removeAttribute('src');
    video.controls = false;
    video.after(noteOf(photo, gettext('This browser can’t play this video.')));
  };
  video.addEventListener('error', fail, { once: true });
  // Some browsers play the sound and show black, and call it no error.
  video.addEventListener('loadedmetadata', () => {
    if (video.videoWidth === 0) fail();
  });
  return video;
}

/**
 * @param {Photo} photo
 * @param {string} text
 */
function noteOf(photo, text) {
  const note = document.createElement('p');
  note.className = 'media-note';
  const link = document.createElement('a');
  link.className = 'button';
  link.href = `${originalOf(photo)}?download`;
  link.textContent = gettext('Download');
  note.append(text, link);
  return note;
}

/** What browsers show by themselves, and how many pixels of it. */
const SHOWN = new Set(['jpeg', 'png', 'webp', 'avif', 'gif']);
const MOST_PIXELS = { wide: 40e6, phone: 24e6 };

/**
 * Whether the original can be shown when one zooms in further than the preview goes.
 * @param {{ format: string, width: number, height: number }} file
 */
export function canShow({ format, width, height }) {
  const most = screen.width < 600 ? MOST_PIXELS.phone : MOST_PIXELS.wide;
  return SHOWN.has(format) && width * height > 0 && width * height <= most;
}
