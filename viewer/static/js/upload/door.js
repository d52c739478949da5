/** Where files come in, on every page: the button, the key, whatever is dropped anywhere or pasted. */

import { gettext } from '../i18n.js';
import { bind, isField } from '../ui/keys.js';
import { dropped, hasFiles, pasted } from './pick.js';

/** Listen. What shows and sends the files is loaded when there are some. */
export function uploads() {
  const button = document.getElementById('upload');
  if (!button) return;
  const panel = async () => (await import('./panel.js')).panel();
  const show = async () => (await panel()).show();
  for (const one of [button, ...document.querySelectorAll('[data-upload]')]) one.addEventListener('click', show);
  bind([{ keys: ['u'], text: gettext('Upload'), run: show }]);
  listenToDrags(async (data) => {
    const files = await dropped(data); // what was dropped can only be read now
    (await panel()).add(files);
  });
  addEventListener('paste', async ({ target, clipboardData }) => {
    if (isField(target) || !hasFiles(clipboardData)) return;
    const files = pasted(clipboardData, new Date());
    (await panel()).add(files);
  });
}

/** @param {(data: DataTransfer) => void} take */
function listenToDrags(take) {
  const sign = document.createElement('div');
  sign.className = 'dropping';
  sign.hidden = true;
  const words = document.createElement('p');
  words.textContent = gettext('Drop to upload');
  sign.append(words);
  document.body.append(sign);
  let isOurs = false; // a picture of the page itself, which browsers take for a file
  addEventListener('dragstart', () => (isOurs = true));
  addEventListener('dragend', () => (isOurs = false));
  addEventListener('dragenter', ({ dataTransfer }) => {
    if (hasFiles(dataTransfer) && !isOurs) sign.hidden = false;
  });
  addEventListener('dragover', (event) => {
    if (!hasFiles(event.dataTransfer) || isOurs) return;
    event.preventDefault(); // or the browser would open the file in place of the page
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
  });
  addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) sign.hidden = true;
  });
  addEventListener('drop', (event) => {
    sign.hidden = true;
    if (!event.dataTransfer || !hasFiles(event.dataTransfer) || isOurs) return;
    event.preventDefault();
    take(event.dataTransfer);
  });
}
