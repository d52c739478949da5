/** Light, dark, or as the system is. A cookie tells the server, so that the next page comes in it. */

const YEAR = 31_536_000; // seconds

/** Follow the choice in the account's menu. */
export function themes() {
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[name="theme"]'))) {
    input.addEventListener('change', () => {
      document.documentElement.dataset.theme = input.value;
      document.cookie = `theme=${input.value}; path=/; max-age=${YEAR}; samesite=lax`;
    });
  }
}
