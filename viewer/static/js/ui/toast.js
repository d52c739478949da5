/** Messages about what was just done, with what undoes it. They stay while a person is at them. */

import { gettext } from '../i18n.js';

const LONG = 8000; // milliseconds
const SHORT = 4000;

/** Spoken in its turn; it has to be there before there is something to say. */
const place = document.createElement('div');
place.className = 'toasts';
place.setAttribute('role', 'status');
document.body.append(place);

/**
 * Say what was done.
 * @param {string} text
 * @param {object} [action] what can be done about it
 * @param {string} action.label
 * @param {() => unknown} action.act
 */
export function toast(text, action = undefined) {
  const element = document.createElement('div');
  element.className = 'toast';
  const words = document.createElement('span');
  words.textContent = text;
  element.append(words);
  const end = () => {
    clearTimeout(timer);
    element.remove();
  };
  if (action) element.append(button(action.label, () => (end(), action.act())));
  const close = button('×', end);
  close.className = 'close';
  close.setAttribute('aria-label', gettext('Close'));
  element.append(close);
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const wait = () => {
    timer = setTimeout(end, action ? LONG : SHORT);
  };
  for (const [name, heard] of /** @type {[string, () => void][]} */ ([
    ['pointerenter', () => clearTimeout(timer)],
    ['focusin', () => clearTimeout(timer)],
    ['pointerleave', wait],
    ['focusout', wait],
  ])) {
    element.addEventListener(name, heard);
  }
  place.replaceChildren(element);
  wait();
}

/**
 * @param {string} label
 * @param {() => unknown} act
 */
function button(label, act) {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = label;
  element.addEventListener('click', act);
  return element;
}
