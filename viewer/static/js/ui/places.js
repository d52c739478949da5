/** The pages that the rail leads to, by keys. */

import { bind } from './keys.js';

/** Bind "g p", "g f" and so on, as the links say. */
export function places() {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('.rail > a[data-key]'));
  bind(
    [...links].map((link) => ({
      keys: [`g ${link.dataset.key}`],
      text: link.textContent.trim(),
      run: () => location.assign(link.href),
    })),
  );
}
