/** What the lightbox shows of a photo: its preview, its video, or the reason why there is neither. */

import { get, Problem, send } from '../api.js';
import { gettext } from '../i18n.js';
import { hasPicture, nameOf, playOf, previewOf, previewSize } from '../grid/photo.js';
import { detailOf } from './panel.js';
import { base } from '../address.js';

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
export const originalOf = ({ id }) => `${base}/original/${id}/file`;

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
  if (photo && type === 'video') show(element, photo, hasPicture(photo) ? src : undefined);
  if (photo && type === 'none') element.append(noteOf(photo, gettext('No picture can be made of this file.')));
  return element;
}

/**
 * Show a video, or why it cannot be played with what can be done about it.
 * @param {HTMLElement} element
 * @param {Photo} photo
 * @param {string | undefined} poster
 * @param {string} [version] of the address: another one once there is a copy
 */
function show(element, photo, poster, version = '') {
  const video = document.createElement('video');
  video.controls = true;
  video.playsInline = true;
  video.preload = 'metadata';
  video.setAttribute('aria-label', nameOf(photo));
  if (poster) video.poster = poster;
  const fail = () => {
    if (!video.src) return;
    video.controls = false;
    video.removeAttribute('src');
    video.load(); // which leaves the poster
    element.dispatchEvent(new Event('unplayable'));
    void explain(element, photo, () => show(element, photo, poster, '?copy'));
  };
  video.addEventListener('error', fail);
  // Some browsers play the sound and show black, and call it no error.
  video.addEventListener('loadedmetadata', () => {
    if (video.videoWidth === 0) fail();
  });
  video.src = playOf(photo) + version;
  element.replaceChildren(video);
}

/** What codecs are called by people. */
const CODECS = new Map([
  ['hevc', 'HEVC'],
  ['h264', 'H.264'],
  ['av1', 'AV1'],
  ['vp9', 'VP9'],
  ['mpeg4', 'MPEG-4'],
  ['mpeg2video', 'MPEG-2'],
  ['prores', 'ProRes'],
  ['mjpeg', 'Motion JPEG'],
]);

/**
 * @param {HTMLElement} element
 * @param {Photo} photo
 * @param {() => void} again plays the copy, once there is one
 */
async function explain(element, photo, again) {
  const detail = await detailOf(photo.id).catch(() => null);
  const codec = detail?.video_codec ? (CODECS.get(detail.video_codec) ?? detail.video_codec) : '';
  const note = noteOf(
    photo,
    codec
      ? gettext('This browser can’t play this video (%(codec)s)', { codec })
      : gettext('This browser can’t play this video'),
  );
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button';
  button.textContent = gettext('Make a playable copy');
  button.addEventListener('click', () => void makeCopy(photo, note, button, again));
  note.querySelector('.actions')?.append(button);
  element.append(note);
  // Somebody may have asked for it already.
  const state = await get(`photos/${photo.id}/playable`).catch(() => null);
  if (state?.state === 'waiting' || state?.state === 'running') void makeCopy(photo, note, button, again);
}

const LOOK_AGAIN = 1000; // milliseconds

/**
 * Have the copy made, say how far it is, and play it.
 * @param {Photo} photo
 * @param {HTMLElement} note
 * @param {HTMLButtonElement} button
 * @param {() => void} again
 */
async function makeCopy(photo, note, button, again) {
  const path = `photos/${photo.id}/playable`;
  const said = document.createElement('p');
  const bar = document.createElement('progress');
  said.setAttribute('role', 'status');
  bar.max = 100;
  bar.setAttribute('aria-label', gettext('Making a playable copy'));
  button.hidden = true;
  note.querySelector('.making')?.remove();
  const making = document.createElement('div');
  making.className = 'making';
  making.append(said, bar);
  note.append(making);
  let failures = 0;
  let state = await send('POST', path).catch((error) => error);
  for (;;) {
    if (state instanceof Problem && (state.status !== 0 || failures++ > 30)) {
      bar.remove();
      said.textContent = state.message;
      return;
    }
    if (state.state === 'ready') {
      again();
      return;
    }
    if (state.state === 'failed' || state.state === 'none') {
      bar.remove();
      said.textContent = state.error ?? gettext('No copy could be made of this video.');
      button.textContent = gettext('Try again');
      button.hidden = false;
      return;
    }
    if (state.state === 'running') bar.value = state.progress;
    else bar.removeAttribute('value');
    said.textContent =
      state.state === 'running'
        ? gettext('Making a playable copy: %(percent)s %', { percent: state.progress })
        : gettext('The copy is made as soon as it is its turn.');
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    if (!note.isConnected) {
      button.hidden = false; // nobody looks any more; who comes back finds it where it is
      making.remove();
      return;
    }
    state = await get(path).catch((error) => error);
  }
}

/**
 * @param {Photo} photo
 * @param {string} text
 */
function noteOf(photo, text) {
  const note = document.createElement('div');
  note.className = 'media-note';
  const words = document.createElement('p');
  words.textContent = text;
  const actions = document.createElement('div');
  actions.className = 'actions';
  const link = document.createElement('a');
  link.className = 'button';
  link.href = `${originalOf(photo)}?download`;
  link.textContent = gettext('Download');
  actions.append(link);
  note.append(words, actions);
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
