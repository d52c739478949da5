/** Signing in over the page when the session ended meanwhile, so that nothing on it is lost. */

import { gettext } from '../i18n.js';
import { base } from '../address.js';

/** @type {Promise<boolean> | null} */
let asked = null;
let isDeclined = false;

/**
 * Ask to sign in again, once for all requests that wait for it; whether somebody did.
 * @param {boolean} [isWanted] by the person: then also where they have declined before
 * @returns {Promise<boolean>}
 */
export function signIn(isWanted = false) {
  if (isDeclined && !isWanted) return Promise.resolve(false);
  asked ??= new Promise(ask).then((done) => {
    asked = null;
    isDeclined = !done;
    return done;
  });
  return asked;
}

/** @param {(done: boolean) => void} answer */
function ask(answer) {
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-labelledby', 'again-title');
  const form = document.createElement('form');
  form.className = 'stack';
  const title = document.createElement('h2');
  title.id = 'again-title';
  title.textContent = gettext('Please sign in again');
  const note = document.createElement('p');
  note.className = 'note';
  note.textContent = gettext('Your session has ended. What is on this page stays as it is.');
  const wrong = document.createElement('p');
  wrong.className = 'alert';
  wrong.setAttribute('role', 'alert');
  wrong.hidden = true;
  const who = document.body.dataset.who ?? '';
  const name = field('again-name', gettext('Name'), 'text', 'username');
  name.input.value = who;
  const password = field('again-password', gettext('Password'), 'password', 'current-password');
  const actions = document.createElement('p');
  actions.className = 'actions';
  const later = document.createElement('button');
  later.type = 'button';
  later.className = 'button';
  later.textContent = gettext('Not now');
  later.addEventListener('click', () => dialog.close());
  const go = document.createElement('button');
  go.className = 'button main';
  go.textContent = gettext('Sign in');
  actions.append(later, go);
  form.append(title, note, wrong, name.box, password.box, actions);
  dialog.append(form);
  let done = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    go.disabled = true;
    const problem = await send(name.input.value, password.input.value);
    go.disabled = false;
    wrong.hidden = problem === null;
    wrong.textContent = problem;
    if (problem !== null) {
      password.input.select();
      return;
    }
    if (name.input.value.toLowerCase() !== who.toLowerCase()) location.reload(); // somebody else's page
    done = true;
    dialog.close();
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    answer(done);
  });
  document.body.append(dialog);
  dialog.showModal();
  (who ? password : name).input.focus();
}

/**
 * @param {string} id
 * @param {string} text
 * @param {string} type
 * @param {AutoFill} autocomplete
 */
function field(id, text, type, autocomplete) {
  const box = document.createElement('div');
  const label = document.createElement('label');
  const input = document.createElement('input');
  box.className = 'field';
  label.htmlFor = input.id = id;
  label.textContent = text;
  input.type = type;
  input.autocomplete = autocomplete;
  input.required = true;
  box.append(label, input);
  return { box, input };
}

/**
 * Sign in, and give the page's forms what they send along from now on.
 * @param {string} name
 * @param {string} password
 * @returns {Promise<string | null>} what is wrong; null for nothing
 */
async function send(name, password) {
  try {
    const headers = { Accept: 'application/json' };
    const response = await fetch(`${base}/sign-in`, { method: 'POST', headers, body: new URLSearchParams({ name, password }) });
    const answer = await response.json();
    if (!response.ok) return String(answer.detail);
    document.body.dataset.csrf = answer.csrf;
    for (const input of document.querySelectorAll('input[name="csrf"]')) input.setAttribute('value', answer.csrf);
    return null;
  } catch {
    return gettext('No connection. Please try again.');
  }
}
