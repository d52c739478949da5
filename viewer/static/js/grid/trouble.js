/** What is said while photos do not come, and asking for them again. */

import { Problem } from '../api.js';
import { gettext } from '../i18n.js';
import { tell } from '../ui/notice.js';

/** @import { PhotoGrid } from './grid.js' */

const AGAIN = [2000, 5000, 15_000, 30_000]; // milliseconds after a failure, the last one from then on

export class Trouble {
  /** @type {PhotoGrid | null} */
  #grid = null;
  #failures = 0;
  #timer = 0;
  #isSaid = false;
  #isAsking = false;

  constructor() {
    addEventListener('offline', () => this.#say(gettext('No connection. Trying again…')));
    for (const event of ['online', 'signed-in']) addEventListener(event, () => this.#again());
  }

  /** @param {PhotoGrid} grid */
  of(grid) {
    this.#grid = grid;
  }

  /** Something came: all is well again. */
  over() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#failures = 0;
    if (!this.#isSaid) return;
    this.#isSaid = false;
    tell(null);
  }

  /** Photos could not be loaded. @param {unknown} error */
  failed(error) {
    const isSignedOut = error instanceof Problem && error.status === 401;
    const text = error instanceof Error ? error.message : String(error);
    if (isSignedOut) tell(text, true);
    else this.#retry(error instanceof Problem && error.status === 503 ? storeIsDown() : text);
  }

  /** They take long. @param {boolean} isSlow */
  slow(isSlow) {
    if (!isSlow) this.over();
    else if (navigator.onLine) this.#say(gettext('This is taking long.'), () => this.#grid?.again());
  }

  /**
   * A picture did not come, and browsers do not tell why.
   * @param {string} address
   */
  async pictureFailed(address) {
    if (this.#isAsking || this.#timer) return;
    this.#isAsking = true;
    const response = await fetch(address).catch(() => null);
    this.#isAsking = false;
    if (!response) this.#retry(gettext('No connection. Trying again…'));
    else if (response.status === 503) this.#retry(storeIsDown());
    else if (response.ok) this.#grid?.resume();
  }

  /** @param {string} text */
  #retry(text) {
    this.#say(text);
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#again(), AGAIN[Math.min(this.#failures++, AGAIN.length - 1)]);
  }

  #again() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#grid?.resume();
    // Where nothing is missing nothing comes that could tell.
    if (navigator.onLine && !this.#grid?.isMissing) this.over();
  }

  /**
   * @param {string} text
   * @param {() => void} [again]
   */
  #say(text, again) {
    this.#isSaid = true;
    tell(text, false, again);
  }
}

const storeIsDown = () =>
  gettext('The photo store does not answer. Nothing is lost; uploads will be taken again when it is back.');
