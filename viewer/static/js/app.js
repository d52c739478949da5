/** Every page: its theme, its menus, and what it starts. */

import { suggest } from './suggest.js';
import { hideOnScroll } from './ui/bar.js';
import { listen } from './ui/keys.js';
import { menus } from './ui/menu.js';
import { quietBars } from './ui/quiet.js';
import { places } from './ui/places.js';
import { themes } from './ui/theme.js';
import { uploads } from './upload/door.js';

/** @type {Record<string, () => Promise<{ start: () => unknown }>>} */
const PAGES = {
  account: () => import('./account.js'),
  people: () => import('./account.js'),
  connect: () => import('./connect.js'),
  photos: () => import('./photos.js'),
  folders: () => import('./folders.js'),
  favourites: () => import('./photos.js'),
  recent: () => import('./photos.js'),
  map: () => import('./map.js'),
  search: () => import('./search.js'),
  trash: () => import('./trash.js'),
};

themes();
menus();
places();
listen();
hideOnScroll();
suggest();
uploads();
quietBars();
const { page } = document.body.dataset;
if (page) void PAGES[page]().then(({ start }) => start());
