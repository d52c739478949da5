/** How many files wait to be prepared, and how long that takes: asked for while there are any. */

import { get } from '../api.js';
import { gettext, ngettext } from '../i18n.js';

const EVERY = 5000; // milliseconds
const KEY = 'preparing';

/** @typedef {{ time: number, waiting: number }} Look */

/**
 * What is said: of how many it is how many that are done, and for how long it goes on.
 * @param {number} most that waited at once since there were none
 * @param {Look} first
 * @param {Look} last
 */
export function progressText(most, first, last) {
  const [done, seconds] = [most - last.waiting, (last.time - first.time) / 1000];
  const rate = (first.waiting - last.waiting) / Math.max(1, seconds);
  const values = { done, total: most };
  if (rate <= 0 || seconds < 10) return gettext('Preparing %(done)d of %(total)d', values);
  const minutes = Math.ceil(last.waiting / rate / 60);
  return ngettext(
    'Preparing %(done)d of %(total)d, about %(num)d min',
    'Preparing %(done)d of %(total)d, about %(num)d min',
    minutes,
    values,
  );
}

/** Follow it in the page, as long as it is seen. */
export function followPreparing() {
  const element = document.getElementById('preparing');
  const said = element?.querySelector('span');
  if (!element || !said) return;
  const known = Number(sessionStorage.getItem(KEY)) || 0;
  let most = Math.max(known, Number(element.dataset.waiting));
  /** @type {Look[]} */
  let looks = [];
  const look = async () => {
    const answer = document.hidden ? null : await get('preparing').catch(() => null);
    if (answer) {
      const { waiting } = answer;
      most = waiting ? Math.max(most, waiting) : 0;
      looks = [...looks.slice(-60), { time: performance.now(), waiting }];
      sessionStorage.setItem(KEY, String(most));
      element.hidden = waiting === 0;
      if (waiting) said.textContent = progressText(most, looks[0], looks[looks.length - 1]);
      else {
        looks = [];
        return;
      }
    }
    setTimeout(look, EVERY);
  };
  let isOn = !element.hidden;
  if (isOn) setTimeout(look, EVERY);
  // Whatever changes while one looks is mostly an upload, and more of it may wait.
  addEventListener('library-changed', () => {
    if (isOn && !element.hidden) return;
    isOn = true;
    void look();
  });
}
