/** The trash: restoring, deleting for ever, emptying, and the rest of a long list. */

import { send } from './api.js';
import { gettext } from './i18n.js';
import { goOn } from './ui/list.js';
import { toast } from './ui/toast.js';
import { base } from './address.js';

/** Start the page. */
export function start() {
  const list = document.getElementById('items');
  const space = encodeURIComponent(document.getElementById('content')?.dataset.space ?? '');
  if (!list) return;
  goOn(list);
  list.addEventListener('click', async (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest('button');
    const item = button?.closest('li');
    if (!button || !item?.dataset.item) return;
    const name = item.querySelector('.name')?.textContent ?? '';
    const address = `trash/${space}/${item.dataset.item}`;
    if (button.dataset.do === 'restore') {
      await done(item, async () => {
        const { path } = await send('POST', `${address}/restore`);
        const folder = path.split('/').slice(0, -1).map(encodeURIComponent).join('/');
        toast(gettext('%(name)s is back.', { name }), {
          label: gettext('Show'),
          act: () => location.assign(`${base}/folders/${folder}`),
        });
      });
    } else if (await isSure(gettext('Delete %(name)s for ever?', { name }))) {
      await done(item, async () => {
        await send('DELETE', address);
        toast(gettext('%(name)s is deleted for ever.', { name }));
      });
    }
  });
  document.getElementById('empty')?.addEventListener('click', async () => {
    if (!(await isSure(gettext('Delete everything in this trash for ever?')))) return;
    try {
      await send('DELETE', `trash/${space}`);
      location.reload();
    } catch (error) {
      toast(String(error instanceof Error ? error.message : error));
    }
  });
}

/**
 * Do something with an item, which leaves the list once it is done. The focus goes on to the next one.
 * @param {HTMLElement} item
 * @param {() => Promise<void>} act
 */
async function done(item, act) {
  item.inert = true;
  try {
    await act();
  } catch (error) {
    item.inert = false;
    toast(String(error instanceof Error ? error.message : error));
    return;
  }
  const next = item.nextElementSibling ?? item.previousElementSibling;
  const list = item.parentElement;
  item.remove();
  next?.querySelector('button')?.focus();
  if (list && list.children.length === 0) {
    list.remove();
    document.getElementById('empty')?.remove();
    document.querySelector('.bin > .note')?.remove();
    document.querySelector('.bin > .empty')?.removeAttribute('hidden');
    document.getElementById('content')?.focus();
  }
}

/**
 * Ask, for what cannot be undone.
 * @param {string} question
 * @returns {Promise<boolean>}
 */
function isSure(question) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById('sure'));
  const name = dialog.querySelector('h2');
  if (name) name.textContent = question;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
