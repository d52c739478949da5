/** Hearts: shown at once, told to the server in their order, and taken back where it does not take them. */

import { send } from './api.js';
import { isFavourite } from './grid/photo.js';
import { gettext } from './i18n.js';
import { bind } from './ui/keys.js';
import { toast } from './ui/toast.js';

/** @import { PhotoGrid } from './grid/grid.js' */
/** @import { Photo } from './grid/photo.js' */

/** @type {Map<number, Promise<unknown>>} what is on its way, by the photo's id */
const sending = new Map();

/**
 * Give a photo a heart, or take it back.
 * @param {PhotoGrid} grid
 * @param {Photo} photo
 */
export function toggleHeart(grid, photo) {
  const wanted = !isFavourite(photo);
  void set(grid, photo, wanted);
  const text = wanted ? gettext('Added to your favourites.') : gettext('Removed from your favourites.');
  toast(text, { label: gettext('Undo'), act: () => set(grid, photo, !wanted) });
}

/**
 * @param {PhotoGrid} grid
 * @param {Photo} photo
 * @param {boolean} wanted
 */
async function set(grid, photo, wanted) {
  grid.mark(photo, wanted);
  const before = sending.get(photo.id) ?? Promise.resolve();
  const sent = before.then(() => send(wanted ? 'PUT' : 'DELETE', `photos/${photo.id}/favourite`));
  const settled = sent.catch(() => null);
  sending.set(photo.id, settled);
  try {
    await sent;
  } catch (error) {
    if (sending.get(photo.id) !== settled) return; // something later decides
    grid.mark(photo, !wanted);
    toast(error instanceof Error ? error.message : String(error));
  } finally {
    if (sending.get(photo.id) === settled) sending.delete(photo.id);
  }
}

/**
 * The key for the photo that has the focus.
 * @param {PhotoGrid} grid
 */
export function heartKey(grid) {
  const run = () => {
    const tile = /** @type {HTMLElement | null | undefined} */ (document.activeElement?.closest('.tile'));
    const photo = tile ? grid.photo(Number(tile.dataset.index)) : null;
    if (photo) toggleHeart(grid, photo);
  };
  bind([{ keys: ['f'], text: gettext('Favourite'), run }]);
}
