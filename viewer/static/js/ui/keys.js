/**
 * The one table of keys. A scope is a part of the page that has keys of its own while it is entered, such as the
 * lightbox; the last one entered is asked first, then the page.
 */

import { gettext } from '../i18n.js';

/**
 * @typedef {object} Key
 * @property {string[]} keys as `KeyboardEvent.key` names them; two of them one after the other are written "g p"
 * @property {string} text what it does, for the list
 * @property {(event: KeyboardEvent) => void} run
 */

const TOGETHER = 1000; // milliseconds between the two keys of a pair
const PAGE = 'page';

/** @type {Map<string, Key[]>} */
const scopes = new Map();
/** @type {string[]} */
const entered = [PAGE];
let before = { key: '', time: 0 };

/**
 * Give a scope its keys.
 * @param {Key[]} table
 * @param {string} [scope]
 */
export function bind(table, scope = PAGE) {
  scopes.set(scope, [...(scopes.get(scope) ?? []), ...table]);
}

/** @param {string} scope */
export function enter(scope) {
  entered.push(scope);
}

/** @param {string} scope and what was entered after it */
export function leave(scope) {
  const at = entered.lastIndexOf(scope);
  if (at > 0) entered.splice(at);
}

/**
 * Whether keys belong to what has the focus: a field, or an open dialog.
 * @param {EventTarget | null} target
 */
export const isField = (target) =>
  target instanceof Element && target.closest('input, textarea, select, dialog, [contenteditable]') !== null;

/** @param {KeyboardEvent} event that types a character; whoever speaks to the computer can switch these off (WCAG 2.1.4) */
const isOff = ({ key }) => document.body.dataset.shortcuts === 'off' && key.length === 1 && key !== ' ';

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || isField(event.target)) return;
  if (isOff(event)) return;
  const pair = event.timeStamp - before.time < TOGETHER ? `${before.key} ${event.key}` : '';
  before = { key: event.key, time: event.timeStamp };
  const table = scopes.get(entered[entered.length - 1]) ?? [];
  const found = table.find(({ keys }) => keys.includes(pair)) ?? table.find(({ keys }) => keys.includes(event.key));
  if (!found) return;
  event.preventDefault();
  found.run(event);
}

/** Listen to keys from now on; "?" lists those that do something now. */
export function listen() {
  bind([{ keys: ['?'], text: gettext('This list'), run: list }]);
  addEventListener('keydown', pressed);
}

/** What keys are called where their name is no word. */
const NAMES = new Map([
  ['ArrowLeft', '←'],
  ['ArrowRight', '→'],
  ['ArrowUp', '↑'],
  ['ArrowDown', '↓'],
  [' ', gettext('Space')],
  ['Escape', gettext('Esc')],
  ['D', gettext('Shift D')],
]);

function list() {
  const dialog = document.createElement('dialog');
  const title = document.createElement('h2');
  title.textContent = gettext('Keys');
  title.id = 'keys-title';
  const table = document.createElement('dl');
  table.className = 'keys';
  const all = [...scopes.values()].flat();
  // The grid and the photo over it have some keys in common.
  const different = new Map(all.map((one) => [`${one.keys} ${one.text}`, one]));
  for (const { keys, text } of different.values()) {
    const [term, does] = [document.createElement('dt'), document.createElement('dd')];
    keys.forEach((key, i) => {
      if (i) term.append(' ');
      const shown = document.createElement('kbd');
      shown.textContent = NAMES.get(key) ?? key;
      term.append(shown);
    });
    does.textContent = text;
    table.append(term, does);
  }
  dialog.setAttribute('aria-labelledby', title.id);
  dialog.append(title, table);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}
