/** Lists that come in pages: the rest is fetched as one comes near the end. */

import { gettext } from '../i18n.js';
import { tell } from './notice.js';

const NEAR = '600px';

/**
 * Add the rest of a list, page by page, as one comes near its end.
 * @param {HTMLElement} list
 */
export function goOn(list) {
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
