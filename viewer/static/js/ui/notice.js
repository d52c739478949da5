/** The bar that says what is wrong with the page as a whole. */

import { gettext } from '../i18n.js';
import { base } from '../address.js';

/**
 * Say it, or with null that all is well again.
 * @param {string | null} text
 * @param {boolean} [isSignedOut] then it offers to sign in again; whoever did is told by the event `signed-in`
 * @param {() => void} [again] then it offers to try again
 */
export function tell(text, isSignedOut = false, again = undefined) {
  const bar = document.getElementById('notice');
  if (!bar || (text === null && bar.hidden)) return;
  bar.hidden = text === null;
  bar.textContent = text;
  if (again) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = gettext('Try again');
    button.addEventListener('click', again);
    bar.append(' ', button);
  }
  if (!isSignedOut) return;
  const link = document.createElement('a');
  link.href = `${base}/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.textContent = gettext('Sign in');
  link.addEventListener('click', async (event) => {
    event.preventDefault();
    const { signIn } = await import('./again.js');
    if (!(await signIn(true))) return;
    tell(null);
    dispatchEvent(new Event('signed-in'));
  });
  bar.append(' ', link);
}
