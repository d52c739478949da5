/**
 * Live photos move while the pointer is on them, or a finger holds them. What they move with is fetched only then.
 */

import { playOf } from './photo.js';

/** @import { PhotoGrid } from './grid.js' */
/** @import { Photo } from './photo.js' */

const HOVERED_FOR = 300; // milliseconds; who only passes by wants nothing
const HELD_FOR = 400;
const STILL = 10; // pixels

/**
 * Lay what a photo moves with over its picture. It takes itself away at its end, or where the browser cannot play it.
 * @param {HTMLElement} over
 * @param {Photo} photo
 * @param {boolean} isSilent
 * @returns {() => void} ends it before
 */
export function move(over, photo, isSilent) {
  const video = document.createElement('video');
  const end = () => {
    if (!video.isConnected) return;
    video.remove();
    video.removeAttribute('src');
    video.load(); // which ends the download
    over.classList.remove('moves');
  };
  video.className = 'film';
  video.muted = isSilent;
  video.playsInline = true;
  video.disableRemotePlayback = true;
  video.tabIndex = -1;
  video.setAttribute('aria-hidden', 'true');
  for (const over of ['ended', 'error']) video.addEventListener(over, end);
  video.addEventListener('playing', () => {
    if (video.videoWidth) video.classList.add('seen');
    else end();
  });
  video.src = playOf(photo);
  over.append(video);
  over.classList.add('moves');
  video.play().catch(end);
  return end;
}

/**
 * Call `begin` when somebody points at an element of this kind for a moment or holds it, and what it returned when
 * they let go.
 * @param {HTMLElement} root
 * @param {string} kind a selector
 * @param {(element: HTMLElement, isHeld: boolean) => (() => void) | null} begin
 */
export function whenPointedAt(root, kind, begin) {
  let timer = 0;
  /** @type {HTMLElement | null} */
  let at = null;
  /** @type {(() => void) | null} */
  let end = null;
  const stop = () => {
    clearTimeout(timer);
    end?.();
    [at, end] = [null, null];
  };
  /** @param {PointerEvent} event @param {number} delay @param {boolean} isHeld */
  const start = (event, delay, isHeld) => {
    const found = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest(kind)) : null;
    if (found === at && !isHeld) return;
    stop();
    if (!found) return;
    at = found;
    timer = window.setTimeout(() => {
      if (found.isConnected) end = begin(found, isHeld);
    }, delay);
  };
  root.addEventListener('pointerover', (event) => {
    // Who wants nothing to move by itself can still hold it.
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (event.pointerType === 'mouse' && !event.buttons && !isStill) start(event, HOVERED_FOR, false);
  });
  let [x, y] = [0, 0];
  root.addEventListener('pointerdown', (event) => {
    [x, y] = [event.clientX, event.clientY];
    start(event, HELD_FOR, true);
  });
  root.addEventListener('pointermove', (event) => {
    // A swipe is not a hold.
    if (event.buttons && Math.hypot(event.clientX - x, event.clientY - y) > STILL) stop();
  });
  root.addEventListener('pointerleave', stop);
  for (const over of ['pointerup', 'pointercancel']) root.addEventListener(over, stop);
  addEventListener('scroll', stop, { passive: true });
}

/** Have the live photos of a grid move. @param {PhotoGrid} grid */
export function moveTiles(grid) {
  whenPointedAt(grid.root, '.tile.live', (tile, isHeld) => {
    const photo = grid.photo(Number(tile.dataset.index));
    const link = /** @type {HTMLElement | null} */ (tile.querySelector('.open'));
    return photo && link && move(link, photo, !isHeld);
  });
}
