/** The account's page and those of administrators: forms whose sections are answered alone, and secrets to copy. */

import '../vendor/htmx.org/dist/htmx.esm.min.js';
import { copies } from './ui/copy.js';

/** Start the page. */
export function start() {
  copies();
}
