/** Every page: its theme, its menus, and what it starts. */

import { speak } from './i18n.js';
import { hideOnScroll } from './ui/bar.js';
import { listen } from './ui/keys.js';
import { menus } from './ui/menu.js';
import { themes } from './ui/theme.js';

/** @type {Record<string, () => Promise<{ start: () => unknown }>>} */
const PAGES = {
  photos: () => import('./photos.js'),
};

const { lang } = document.documentElement;
// Dates as the person's own region writes them, if it speaks the page's language.
const region = navigator.languages.find((one) => one.split('-')[0] === lang);
speak({ language: region ?? lang, messages: {} });
themes();
menus();
listen();
hideOnScroll();
const { page } = document.body.dataset;
if (page) void PAGES[page]().then(({ start }) => start());
