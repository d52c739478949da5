/** A folder: its photos in the grid, its other lists as they go on, its order, and new folders. */

import { get, send } from './api.js';
import { gettext } from './i18n.js';
import { start as startGrid } from './photos.js';
import { goOn } from './ui/list.js';

const OFTEN = 5000; // milliseconds

/** Start the page. */
export async function start() {
  const sort = /** @type {HTMLSelectElement | null} */ (document.getElementById('sort'));
  sort?.addEventListener('change', () => sort.form?.submit());
  for (const list of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#folders, #files'))) goOn(list);
  newFolder();
  await startGrid();
  follow();
  const named = document.getElementById(location.hash.slice(1));
  if (named) keepInView(named);
}

/** Offer to show the folder anew when something in it came, went or became ready. */
function follow() {
  const main = /** @type {HTMLElement} */ (document.getElementById('content'));
  const fresh = document.getElementById('fresh');
  let { seq } = JSON.parse(document.getElementById('segments')?.textContent ?? '{}');
  if (!fresh || seq === undefined) return;
  fresh.textContent = gettext('Show what is new');
  fresh.addEventListener('click', () => location.reload());
  const look = async () => {
    const changes = document.hidden ? null : await get('changes', { since: String(seq) });
    if (!changes) return;
    seq = changes.seq;
    const folder = await get(`folders/${addressOf(main)}`);
    const members = [folder.count_folders, folder.photos, folder.count_files].join(' ');
    fresh.hidden = members === main.dataset.members;
  };
  setInterval(() => look().catch(() => undefined), OFTEN); // the next look tells more than a message would
}

/** The folder's path as addresses have it. @param {HTMLElement} main */
const addressOf = (main) => (main.dataset.folder ?? '').split('/').map(encodeURIComponent).join('/');

/**
 * Stay at what the address names, below a grid that grows to its height, until one moves on.
 * @param {HTMLElement} named
 */
function keepInView(named) {
  const sizes = new ResizeObserver(() => named.scrollIntoView());
  for (const section of document.querySelectorAll('#content > section')) sizes.observe(section);
  for (const act of ['wheel', 'touchstart', 'keydown', 'pointerdown']) {
    addEventListener(act, () => sizes.disconnect(), { once: true, passive: true });
  }
}

function newFolder() {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById('new-folder-dialog'));
  const form = dialog?.querySelector('form');
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById('folder-name'));
  const problem = document.getElementById('folder-problem');
  if (!dialog || !form || !field || !problem) return;
  const say = (/** @type {string} */ text) => {
    problem.textContent = text;
    field.setAttribute('aria-invalid', String(text !== ''));
  };
  document.getElementById('new-folder')?.addEventListener('click', () => {
    form.reset();
    say('');
    dialog.showModal();
    field.focus();
  });
  form.querySelector('[value="cancel"]')?.addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  field.addEventListener('input', () => say(''));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const main = /** @type {HTMLElement} */ (document.getElementById('content'));
    try {
      const made = await send('POST', `folders/${addressOf(main)}`, { name: field.value });
      location.assign(made.address);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
      field.select();
    }
  });
}
