/** Light, dark, or as the system is. The server is told, so that the next page comes in it, wherever one signs in. */

import { send } from '../api.js';

const YEAR = 31_536_000; // seconds

/** Follow the choice in the account's menu. */
export function themes() {
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('.menu input[name="theme"]'))) {
    input.addEventListener('change', () => {
      document.documentElement.dataset.theme = input.value;
      document.cookie = `theme=${input.value}; path=/; max-age=${YEAR}; samesite=lax`;
      void send('PATCH', 'account', { theme: input.value }).catch(() => undefined); // this page has it in any case
    });
  }
}
