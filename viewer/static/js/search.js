/** The search page: its photos, and what else there is to ask for. */

import { gettext } from './i18n.js';
import { start as startPhotos } from './photos.js';

/** Start the page. */
export async function start() {
  narrowing();
  const sort = /** @type {HTMLSelectElement | null} */ (document.getElementById('sort'));
  sort?.addEventListener('change', () => sort.form?.requestSubmit());
  const facets = document.getElementById('facets');
  await Promise.all([startPhotos(), facets && fill(facets)]);
}

/**
 * Bring the facets, which are counted while the photos are there already.
 * @param {HTMLElement} facets
 */
async function fill(facets) {
  const open = new Set(JSON.parse(sessionStorage.getItem('facets') ?? '[]'));
  try {
    const response = await fetch(facets.dataset.address ?? '');
    if (!response.ok) throw new Error(response.statusText);
    facets.innerHTML = await response.text(); // our own page's part, with every value escaped by its template
  } catch {
    facets.replaceChildren(again(facets));
  }
  for (const facet of /** @type {NodeListOf<HTMLDetailsElement>} */ (facets.querySelectorAll('details[data-name]'))) {
    const name = facet.dataset.name ?? '';
    if (open.has(name)) facet.open = !facet.open;
    // What somebody opened or closed stays so while they narrow down.
    facet.querySelector('summary')?.addEventListener('click', () => {
      if (!open.delete(name)) open.add(name);
      sessionStorage.setItem('facets', JSON.stringify([...open]));
    });
  }
  facets.removeAttribute('aria-busy');
}

/** @param {HTMLElement} facets */
function again(facets) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button';
  button.textContent = gettext('Try again');
  button.addEventListener('click', () => void fill(facets));
  return button;
}

/** Where there is no room beside the photos, the filters come over them. */
function narrowing() {
  const [button, dialog, panel, side] = ['narrow', 'narrowing', 'panel', 'side'].map((id) => document.getElementById(id));
  if (!button || !(dialog instanceof HTMLDialogElement) || !panel || !side) return;
  button.addEventListener('click', () => {
    dialog.append(panel);
    dialog.showModal();
  });
  dialog.addEventListener('close', () => side.append(panel));
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });
}
