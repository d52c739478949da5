/** A folder: its photos in the grid, its other lists as they go on, its order, and new folders. */

import { send } from './api.js';
import { gettext } from './i18n.js';
import { start as startGrid } from './photos.js';
import { tell } from './ui/notice.js';

const NEAR = '600px';

/** Start the page. */
export async function start() {
  const sort = /** @type {HTMLSelectElement | null} */ (document.getElementById('sort'));
  sort?.addEventListener('change', () => sort.form?.submit());
  for (const list of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#folders, #files'))) goOn(list);
  newFolder();
  await startGrid();
}

/**
 * Add the rest of a list, page by page, as one comes near its end.
 * @param {HTMLElement} list
 */
function goOn(list) {
  const link = /** @type {HTMLAnchorElement | null} */ (list.querySelector(':scope > .more > a'));
  if (!link) return;
  let isAsked = false;
  const more = async () => {
    if (isAsked) return;
    isAsked = true;
    const focused = document.activeElement === link;
    const response = await fetch(link.href).catch(() => null);
    if (!response?.ok) {
      isAsked = false;
      tell(gettext('The rest of this list does not come. Is there a connection?'));
      return;
    }
    tell(null);
    near.disconnect();
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const items = [...page.querySelectorAll('li')];
    link.parentElement?.replaceWith(...items);
    if (focused) items[0]?.querySelector('a')?.focus();
    goOn(list);
  };
  const near = new IntersectionObserver(
    ([entry]) => {
      if (entry.isIntersecting) void more();
    },
    { rootMargin: NEAR },
  );
  near.observe(link);
  link.addEventListener('click', (event) => {
    event.preventDefault();
    void more();
  });
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
    const path = document.getElementById('content')?.dataset.folder ?? '';
    try {
      const made = await send('POST', `folders/${path.split('/').map(encodeURIComponent).join('/')}`, { name: field.value });
      location.assign(made.address);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
      field.select();
    }
  });
}
