/** How this device shows photos: how high their rows are, and whether this day of earlier years stands on top. */

import { addressOf } from '../address.js';

/** @import { PhotoGrid } from './grid.js' */

const YEAR = 31_536_000; // seconds
const RANGES = { phone: { min: 72, max: 200, usual: 110 }, wide: { min: 96, max: 320, usual: 220 } };
const TABLET = { from: 600, until: 1024, usual: 160 };

const kind = () => (innerWidth < TABLET.from ? 'phone' : 'wide');
const place = () => `row-height-${kind()}`;

/** The height of rows that somebody chose on this device; undefined for the usual one. */
export function rowHeight() {
  try {
    return Number(localStorage.getItem(place())) || undefined;
  } catch {
    return undefined; // no storage is allowed here
  }
}

/** Listen to the controls of the page. @param {PhotoGrid} grid */
export function chooseView(grid) {
  const size = /** @type {HTMLInputElement | null} */ (document.getElementById('row-height'));
  const range = () => {
    if (!size) return;
    const { min, max, usual } = RANGES[kind()];
    const isTablet = innerWidth >= TABLET.from && innerWidth < TABLET.until;
    [size.min, size.max] = [String(min), String(max)];
    size.value = String(rowHeight() ?? (isTablet ? TABLET.usual : usual));
  };
  range();
  addEventListener('resize', range);
  size?.addEventListener('input', () => {
    grid.resize(Number(size.value));
    try {
      localStorage.setItem(place(), size.value);
    } catch {
      // It holds until the page is left.
    }
  });
  const memories = /** @type {HTMLInputElement | null} */ (document.getElementById('memories-shown'));
  memories?.addEventListener('change', () => {
    document.cookie = `memories=${memories.checked ? 'on' : 'off'}; path=/; max-age=${YEAR}; samesite=lax`;
    location.replace(addressOf({ at: null, photo: null }));
  });
}
