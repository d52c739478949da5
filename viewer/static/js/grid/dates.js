/** The pill that says which day is in view, and the choice of another one. */

import { date, gettext, monthName, ngettext, number } from '../i18n.js';
import { monthOf, placeName } from './scrubber.js';

/** @import { PhotoGrid } from './grid.js' */

const COVERED = 128; // pixels from the pill down to a month's first row whose name it would cover

/**
 * @param {PhotoGrid} grid
 * @param {{ pill: HTMLButtonElement, dialog: HTMLDialogElement, spoken: HTMLElement }} parts
 */
export function showDates(grid, { pill, dialog, spoken }) {
  const say = () => {
    spoken.textContent = placeName(grid);
  };
  let lowest = 0; // pixels from the pill's top to its foot, known as soon as it is seen
  addEventListener('resize', () => (lowest = 0));
  const name = () => {
    const { anchor, segments } = grid;
    pill.hidden = !segments.dated || !anchor || grid.extent.top < 1;
    if (!anchor) return;
    const { row } = grid.layout.rowOf(segments.index(anchor));
    lowest ||= pill.offsetHeight; // asking makes browsers lay out
    pill.classList.toggle('covering', row === 0 && anchor.below > 0 && anchor.below < lowest + COVERED);
    const text = date(segments.days[segments.find(anchor.key)]);
    if (pill.firstChild?.nodeValue !== text) pill.firstChild?.replaceWith(text);
  };
  grid.addEventListener('moved', name);
  grid.addEventListener('jumped', say);
  name();
  pill.addEventListener('click', () => {
    fill(grid, dialog, (month) => {
      dialog.close();
      grid.jump(grid.layout.top(month));
      say();
    });
    dialog.showModal();
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
}

/**
 * Years, and below each its months with their numbers of photos.
 * @param {PhotoGrid} grid
 * @param {HTMLDialogElement} dialog
 * @param {(month: number) => void} go
 */
function fill(grid, dialog, go) {
  const { segments } = grid;
  const list = /** @type {HTMLElement} */ (dialog.querySelector('.years'));
  const current = monthOf(grid);
  /** @type {HTMLDetailsElement[]} */
  const years = [];
  /** @type {HTMLElement | null} */
  let months = null;
  let year = '';
  segments.months.forEach((name, month) => {
    const [its] = name.split('-');
    if (its !== year || !months) {
      year = its;
      const details = document.createElement('details');
      const summary = document.createElement('summary');
      summary.textContent = its;
      months = document.createElement('div');
      months.className = 'months';
      details.append(summary, months);
      years.push(details);
    }
    const first = segments.monthStarts[month];
    const photos = segments.starts[segments.monthStarts[month + 1]] - segments.starts[first];
    const button = document.createElement('button');
    const count = document.createElement('span');
    button.type = 'button';
    button.append(monthName(segments.days[first]), count);
    count.textContent = number(photos);
    count.title = ngettext('%(num)d photo', '%(num)d photos', photos);
    if (month === current) {
      button.setAttribute('aria-current', 'true');
      const details = months.parentElement;
      if (details instanceof HTMLDetailsElement) details.open = true;
    }
    button.addEventListener('click', () => go(month));
    months.append(button);
  });
  list.replaceChildren(...years);
  list.setAttribute('aria-label', gettext('Years'));
  list.querySelector('[aria-current]')?.scrollIntoView({ block: 'center' });
}
