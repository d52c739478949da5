/** A page of photos: the grid, its dates, its address, and what is said when something does not come. */

import { addressOf } from './address.js';
import { get } from './api.js';
import { heartKey } from './favourites.js';
import { showDates } from './grid/dates.js';
import { linkEdges } from './grid/edges.js';
import { PhotoGrid } from './grid/grid.js';
import { moveTiles } from './grid/motion.js';
import { followPreparing } from './grid/preparing.js';
import { Scrubber } from './grid/scrubber.js';
import { dateOf, Segments } from './grid/segments.js';
import { Trouble } from './grid/trouble.js';
import { chooseView, rowHeight } from './grid/view.js';
import { gettext } from './i18n.js';
import { follow } from './live.js';
import { bind } from './ui/keys.js';

const SETTLED = 400; // milliseconds; Safari takes a hundred changes of the address in half a minute

/**
 * What stands in the page as data.
 * @param {string} id
 * @returns {any}
 */
const data = (id) => JSON.parse(document.getElementById(id)?.textContent ?? 'null');

/** @param {string} id */
const part = (id) => /** @type {any} */ (document.getElementById(id));

/** Let the browser show what there is, and answer a hand, between two pieces of work. */
const breath = () => new Promise((resolve) => setTimeout(resolve));

/**
 * Start the page: its grid, and what it knows of its view, whose `filters` say what is loaded. Null without photos.
 */
export async function start() {
  const root = part('grid');
  if (!root) return null;
  const page = data('page');
  const filters = /** @type {Record<string, string[]>} */ (page.filters);
  const trouble = new Trouble();
  const segments = Segments.from(data('segments'), page.order);
  await breath();
  const grid = new PhotoGrid(root, {
    segments,
    load: async (from, until, signal) => {
      const answer = await get('photos/columns', { ...filters, from, until }, signal);
      trouble.over();
      return answer;
    },
    hrefOf: addresses(),
    initialOf: (space) => page.initials[space] ?? '',
    size: rowHeight(),
    captionOf: ({ folder, device }) => [folder, device].filter(Boolean).join(' · '),
    failed: (error) => trouble.failed(error),
    slow: (isSlow) => trouble.slow(isSlow),
    pictureFailed: (address) => void trouble.pictureFailed(address),
  });
  trouble.of(grid);
  const first = data('columns');
  if (first) grid.take(first.columns, first.from, first.until ?? undefined);
  keepAddress(grid);
  await breath();
  new Scrubber(grid);
  showDates(grid, { pill: part('pill'), dialog: part('go-to-date'), spoken: part('spoken') });
  await breath();
  moveTiles(grid);
  linkEdges(grid);
  chooseView(grid);
  followPreparing();
  goKeys(grid);
  heartKey(grid);
  // Not needed before the first picture; until it is there, a photo's link leads to its address.
  const { Lightbox } = await import('./lightbox/lightbox.js');
  new Lightbox(grid, page.place);
  if (page.isEverything) follow(grid, part('fresh'));
  root.dataset.ready = '';
  return { grid, page };
}

/** What makes the addresses of photos; what they have in common is worked out once. */
function addresses() {
  let [page, address] = ['', ''];
  return (/** @type {{ id: number }} */ { id }) => {
    if (page !== location.search || !address) [page, address] = [location.search, addressOf({ photo: '' })];
    return address.replace(/(?<=[?&]photo=)(?=&|$)/, String(id));
  };
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
  const jump = (/** @type {number} */ y) => {
    grid.jump(y);
    grid.dispatchEvent(new Event('jumped'));
  };
  bind([
    { keys: ['Home'], text: gettext('The newest photos'), run: () => jump(0) },
    { keys: ['End'], text: gettext('The oldest photos'), run: () => jump(Infinity) },
    { keys: ['g d'], text: gettext('Go to date'), run: () => part('pill').click() },
  ]);
}
