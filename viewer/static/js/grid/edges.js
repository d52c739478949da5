/**
 * Links at both ends of what is in the page, for those who read without scrolling: "Earlier: June 2019", "Later: …". They
 * are heard, and seen while they have the focus.
 */

import { gettext, monthName } from '../i18n.js';

/** @import { PhotoGrid } from './grid.js' */

/** @param {PhotoGrid} grid */
export function linkEdges(grid) {
  if (!grid.segments.dated) return;
  const [before, behind] = [link(), link()];
  grid.root.prepend(before);
  grid.root.append(behind);
  /** @type {{ first: number, beyond: number }} */
  let mounted = { first: 0, beyond: 0 };
  const update = () => {
    mounted = grid.mounted;
    const { segments } = grid;
    const isDown = segments.order < 0;
    name(before, mounted.first > 0, isDown, segments.total ? monthOf(Math.max(0, mounted.first - 1)) : '');
    name(behind, mounted.beyond < segments.total, !isDown, segments.total ? monthOf(Math.min(segments.total - 1, mounted.beyond)) : '');
  };
  const monthOf = (/** @type {number} */ index) => monthName(grid.segments.days[grid.segments.at(index)]);
  before.addEventListener('click', (event) => {
    event.preventDefault();
    grid.focus(mounted.first - 1);
  });
  behind.addEventListener('click', (event) => {
    event.preventDefault();
    grid.focus(mounted.beyond);
  });
  grid.addEventListener('rested', update);
  grid.addEventListener('loaded', update);
  update();
}

function link() {
  const element = document.createElement('a');
  element.className = 'edge spoken';
  element.href = '#content';
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {boolean} isThere
 * @param {boolean} isLater
 * @param {string} month
 */
function name(element, isThere, isLater, month) {
  element.hidden = !isThere;
  element.textContent = isLater ? gettext('Later: %(month)s', { month }) : gettext('Earlier: %(month)s', { month });
}
