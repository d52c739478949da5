/** The bar of a space that is nearly full stays closed for a week in this browser; that of a full one cannot be closed. */

const WEEK = 604_800; // seconds

/** Let the bars be closed. */
export function quietBars() {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-quiet]'))) {
    button.addEventListener('click', () => {
      const before = document.cookie.match(/(?:^|; )quiet=([\d.]*)/)?.[1] ?? '';
      const spaces = new Set([...before.split('.').filter(Boolean), button.dataset.quiet]);
      document.cookie = `quiet=${[...spaces].join('.')}; path=/; max-age=${WEEK}; samesite=lax`;
      button.closest('.full')?.remove();
    });
  }
}
