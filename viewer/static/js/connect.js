/** The page for devices: copies what is to be entered, and waits until the device comes. */

import { gettext, ngettext } from './i18n.js';
import { take } from './ui/copy.js';

const OFTEN = 2000; // milliseconds
/** From so long on, so seldom: server threads are few, and a page may be forgotten. */
const SELDOM = [
  { after: 1_800_000, every: 60_000 },
  { after: 180_000, every: 10_000 },
];
const HINTS_AFTER = 60_000; // milliseconds
const COPIED = 2000; // milliseconds that it says so

/** Start the page. */
export function start() {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-exact]'))) {
    button.addEventListener('click', () => void copy(button));
  }
  const waiting = document.getElementById('waiting');
  if (waiting) wait(waiting);
}

/** @param {HTMLButtonElement} button after the text that it copies */
async function copy(button) {
  const code = button.parentElement?.querySelector('code');
  if (!code) return;
  const done = await take(code);
  const before = button.title;
  button.title = done ? gettext('Copied') : gettext('Selected: copy it as usual');
  button.dataset.copied = done ? 'yes' : 'no';
  const said = document.getElementById('copied');
  if (said) said.textContent = button.title;
  setTimeout(() => {
    button.title = before;
    delete button.dataset.copied;
    if (said) said.textContent = '';
  }, COPIED);
}

/** @param {HTMLElement} section */
function wait(section) {
  const { heard = '', address = '', name = '' } = section.dataset;
  // The password was shown in answer to a form: loading the page again must not make another one.
  history.replaceState(history.state, '', address);
  const part = (/** @type {string} */ which) => /** @type {HTMLElement | null} */ (section.querySelector(`[data-${which}]`));
  const began = performance.now();
  let timer = 0;
  const again = () => {
    clearTimeout(timer);
    if (document.hidden) return;
    const passed = performance.now() - began;
    timer = window.setTimeout(() => void ask(), SELDOM.find(({ after }) => passed > after)?.every ?? OFTEN);
  };
  const ask = async () => {
    try {
      const response = await fetch(heard, { headers: { Accept: 'application/json' } });
      if (response.status === 404 || response.status === 401) return; // its password was ended, or the person signed out
      if (response.ok) show(await response.json());
    } catch {
      // The next one tells.
    }
    again();
  };
  const write = (/** @type {string} */ which, /** @type {string} */ text) => {
    const element = part(which);
    if (!element) return;
    element.hidden = !text;
    if (element.textContent !== text) element.textContent = text; // a live region speaks of every change
  };
  const show = (/** @type {{ come: boolean, files: number, photos: number, refusal: string | null }} */ found) => {
    const hints = part('hints');
    if (hints) hints.hidden = found.come || performance.now() - began < HINTS_AFTER;
    if (!found.come) return;
    section.dataset.state = 'connected';
    write('title', gettext('“%(name)s” is connected', { name }));
    write('arrived', arrived(found));
    write('refused', found.refusal ? gettext('An upload was refused: %(reason)s', { reason: found.refusal }) : '');
    const next = part('next');
    if (next) next.hidden = false;
  };
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else void ask();
  });
  again();
}

/** @param {{ files: number, photos: number }} found */
function arrived({ files, photos }) {
  if (photos) return ngettext('%(num)d photo arrived', '%(num)d photos arrived', photos);
  if (files) return ngettext('%(num)d file arrived', '%(num)d files arrived', files);
  return gettext('Nothing has been uploaded yet.');
}
