/** A page of photos: the grid, its dates, its address, and what is said when something does not come. */

import { get, Problem } from './api.js';
import { showDates } from './grid/dates.js';
import { PhotoGrid } from './grid/grid.js';
import { Scrubber } from './grid/scrubber.js';
import { dateOf, Segments } from './grid/segments.js';
import { tell } from './ui/notice.js';

const AGAIN = [2000, 5000, 15_000, 30_000]; // milliseconds after a failure, the last one from then on
const SETTLED = 400; // milliseconds; Safari takes a hundred changes of the address in half a minute

/** @param {string} id */
const data = (id) => JSON.parse(document.getElementById(id)?.textContent ?? 'null');

/** @param {string} id */
const part = (id) => /** @type {any} */ (document.getElementById(id));

/** Start the page. */
export function start() {
  const root = part('grid');
  if (!root) return;
  const page = data('page');
  const filters = Object.fromEntries(Object.entries(page.filters));
  let failures = 0;
  const grid = new PhotoGrid(root, {
    segments: Segments.from(data('segments')),
    load: async (from, until, signal) => {
      const answer = await get('photos/columns', { ...filters, from, until }, signal);
      failures = 0;
      tell(null);
      return answer;
    },
    hrefOf: ({ id }) => addressOf({ photo: String(id) }),
    initialOf: (space) => page.initials[space] ?? '',
    failed: (error) => {
      const isSignedOut = error instanceof Problem && error.status === 401;
      tell(error instanceof Error ? error.message : String(error), isSignedOut);
      if (isSignedOut) return;
      setTimeout(() => grid.resume(), AGAIN[Math.min(failures++, AGAIN.length - 1)]);
    },
  });
  addEventListener('online', () => grid.resume());
  const first = data('columns');
  if (first) grid.take(first.columns, first.from, first.until ?? undefined);
  new Scrubber(grid);
  showDates(grid, { pill: part('pill'), dialog: part('go-to-date'), spoken: part('spoken') });
  keepAddress(grid);
  goKeys(grid);
  root.dataset.ready = '';
  return grid;
}

/**
 * This page's address with other values; those that are null are left out.
 * @param {Record<string, string | null>} values
 */
export function addressOf(values) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  return `${location.pathname}${query.size ? `?${query}` : ''}`;
}

/**
 * Have the day in view in the address, and come back to the same photo at the same height of the screen.
 * @param {PhotoGrid} grid
 */
function keepAddress(grid) {
  history.scrollRestoration = 'manual';
  let timer = 0;
  const at = new URLSearchParams(location.search).get('at');
  const anchor = history.state?.anchor;
  if (anchor) grid.restore(anchor);
  else if (at && grid.segments.total) grid.show(grid.segments.starts[grid.segments.find(at)]);
  grid.addEventListener('rested', () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const { anchor, extent, segments } = grid;
      if (!anchor || new URLSearchParams(location.search).has('photo')) return;
      const day = extent.top < 1 ? null : dateOf(segments.days[segments.find(anchor.key)]);
      history.replaceState({ ...history.state, anchor: day && anchor }, '', addressOf({ at: segments.dated ? day : null }));
    }, SETTLED);
  });
}

/** @param {PhotoGrid} grid */
function goKeys(grid) {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey || event.shiftKey || isField(event.target)) return;
    if (event.key === 'Home') grid.jump(0);
    else if (event.key === 'End') grid.jump(Infinity);
    else return;
    event.preventDefault();
    grid.dispatchEvent(new Event('jumped'));
  });
}

/** @param {EventTarget | null} target */
const isField = (target) => target instanceof Element && target.closest('input, textarea, select, dialog') !== null;
