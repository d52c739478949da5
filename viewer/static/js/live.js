/**
 * What changes while one looks. The server is asked often while the page is used, seldom when it is not, and never
 * holds a request: it answers at once, mostly that there is nothing.
 */

import { get } from './api.js';
import { ngettext } from './i18n.js';

/** @import { PhotoGrid } from './grid/grid.js' */

const OFTEN = 5000; // milliseconds
/** From so long without a touch on, so seldom. */
const SELDOM = [
  { idle: 600_000, every: 60_000 },
  { idle: 60_000, every: 15_000 },
];
const TOP = 8; // pixels

/**
 * Keep a grid of everything as new as the library.
 * @param {PhotoGrid} grid
 * @param {HTMLButtonElement} button says how many are new where they cannot be seen, and leads to them
 */
export function follow(grid, button) {
  let used = performance.now();
  let timer = 0;
  let fresh = 0;
  const again = () => {
    clearTimeout(timer);
    if (document.hidden) return;
    const idle = performance.now() - used;
    timer = window.setTimeout(ask, SELDOM.find((one) => idle > one.idle)?.every ?? OFTEN);
  };
  const show = () => {
    button.hidden = fresh <= 0;
    button.textContent = ngettext('%(num)d new', '%(num)d new', fresh);
  };
  const ask = async () => {
    try {
      const before = grid.segments;
      const changes = await get('changes', { since: String(before.seq) });
      if (changes && changes.all) location.reload();
      else if (changes) dispatchEvent(new Event('library-changed'));
      if (changes && !changes.all && grid.segments === before) {
        const isSeen = grid.extent.top <= TOP;
        const next = before.changed(changes);
        grid.replace(next, changedKeys(changes.day, next.keys));
        fresh = isSeen ? 0 : fresh + next.total - before.total;
        show();
      }
    } catch {
      // The next one tells; what is here stays usable meanwhile.
    }
    again();
  };
  for (const use of ['pointerdown', 'keydown', 'wheel', 'touchstart']) {
    addEventListener(use, () => (used = performance.now()), { passive: true });
  }
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else void ask();
  });
  button.addEventListener('click', () => {
    fresh = 0;
    show();
    grid.jump(0);
  });
  grid.addEventListener('rested', () => {
    if (grid.extent.top > TOP) return;
    fresh = 0;
    show();
  });
  again();
}

/**
 * The keys of all parts of the days that changed.
 * @param {number[]} differences
 * @param {string[]} keys of the view as it is now
 */
function changedKeys(differences, keys) {
  let day = 0;
  const dates = new Set(differences.map((difference) => new Date((day += difference) * 86_400_000).toISOString().slice(0, 10)));
  return keys.filter((key) => dates.has(key.split('.')[0]));
}
