/** The search field of every page: what is typed is completed to filters, each with how many photos it finds. */

import { get } from './api.js';
import { gettext, ngettext, number } from './i18n.js';
import { bind } from './ui/keys.js';

/** @typedef {{ name: string, text: string, count: number }} Suggestion */

const PAUSE = 80; // milliseconds without a key

/** What a filter is called, by its name. @type {Record<string, () => string>} */
const KINDS = {
  town: () => gettext('Place'),
  region: () => gettext('Region'),
  country: () => gettext('Country'),
  camera: () => gettext('Camera'),
  lens: () => gettext('Lens'),
  tag: () => gettext('Tag'),
  date: () => gettext('Date'),
  folder: () => gettext('Folder'),
};

/** Complete what is typed in the page's field. */
export function suggest() {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById('search'));
  const list = document.getElementById('suggestions');
  const spoken = document.getElementById('suggested');
  if (!field?.form || !list || !spoken) return;
  new Suggestions(field, field.form, list, spoken);
  bind([{ keys: ['/'], text: gettext('Search'), run: () => field.select() }]);
}

/**
 * Where choosing a suggestion leads: the filters of the form with it, and what was typed without the words that it
 * stands for.
 * @param {Iterable<[string, FormDataEntryValue]>} fields
 * @param {Suggestion} chosen
 * @param {string} words the end of what was typed
 */
export function addressOf(fields, { name, text }, words) {
  const query = new URLSearchParams();
  for (const [key, value] of fields) {
    const typed = String(value).trim();
    const left = key === 'q' && words && typed.endsWith(words) ? typed.slice(0, -words.length) : typed;
    if (left.trim()) query.append(key, left.trim());
  }
  if (!query.has(name, text)) query.append(name, text);
  return query.toString();
}

/** A combobox with a list (ARIA Authoring Practices): the focus stays in the field, arrows go through the list. */
class Suggestions {
  /** @type {Suggestion[]} */
  #shown = [];
  #words = '';
  #active = -1;
  #timer = 0;
  #asking = new AbortController();

  /**
   * @param {HTMLInputElement} field
   * @param {HTMLFormElement} form
   * @param {HTMLElement} list
   * @param {HTMLElement} spoken
   */
  constructor(field, form, list, spoken) {
    this.field = field;
    this.form = form;
    this.list = list;
    this.spoken = spoken;
    field.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#ask(), PAUSE);
    });
    field.addEventListener('keydown', (event) => this.#key(event));
    field.addEventListener('blur', () => this.#close());
    // A press must not take the focus, or the list would be gone before the click.
    list.addEventListener('pointerdown', (event) => event.preventDefault());
    list.addEventListener('click', ({ target }) => {
      const option = target instanceof Element ? target.closest('[role="option"]') : null;
      if (option) this.#choose([...list.children].indexOf(option));
    });
  }

  async #ask() {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const typed = this.field.value;
    try {
      // All of it, or where that is nothing's name, its last word.
      for (const words of new Set([typed.trim(), typed.split(/\s/).at(-1) ?? ''])) {
        const found = words ? /** @type {Suggestion[]} */ (await get('suggest', { q: words }, signal)) : [];
        if (signal.aborted) return;
        this.#show(found, words);
        if (found.length) return;
      }
    } catch {
      this.#close(); // searching works without
    }
  }

  /**
   * @param {Suggestion[]} found
   * @param {string} words
   */
  #show(found, words) {
    this.#shown = found;
    this.#words = words;
    this.list.replaceChildren(...found.map((one, i) => option(one, i)));
    this.#mark(-1);
    const isOpen = found.length > 0 && document.activeElement === this.field;
    this.list.hidden = !isOpen;
    this.field.setAttribute('aria-expanded', String(isOpen));
    this.spoken.textContent = isOpen ? ngettext('%(num)d suggestion', '%(num)d suggestions', found.length) : '';
  }

  #close() {
    clearTimeout(this.#timer);
    this.#asking.abort();
    this.#show([], '');
  }

  /** @param {number} i */
  #mark(i) {
    this.list.children[this.#active]?.setAttribute('aria-selected', 'false');
    this.#active = i;
    const option = this.list.children[i];
    if (!option) {
      this.field.removeAttribute('aria-activedescendant');
      return;
    }
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({ block: 'nearest' });
    this.field.setAttribute('aria-activedescendant', option.id);
  }

  /** @param {number} i */
  #choose(i) {
    location.assign(`${this.form.action}?${addressOf(new FormData(this.form), this.#shown[i], this.#words)}`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const count = this.#shown.length;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (step && !event.altKey) {
      event.preventDefault();
      if (!count) void this.#ask();
      // The field itself is between the last one and the first one.
      else this.#mark(((this.#active + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === 'Enter' && this.#active >= 0) {
      event.preventDefault();
      this.#choose(this.#active);
    } else if (event.key === 'Escape' && count) {
      event.preventDefault(); // which would empty the field
      this.#close();
    }
  }
}

/**
 * @param {Suggestion} suggestion
 * @param {number} i
 */
function option({ name, text, count }, i) {
  const element = document.createElement('div');
  element.id = `suggestion-${i}`;
  element.setAttribute('role', 'option');
  element.setAttribute('aria-selected', 'false');
  for (const [part, said] of [['name', text], ['kind', KINDS[name]?.() ?? name], ['number', number(count)]]) {
    const span = document.createElement('span');
    span.className = part;
    span.textContent = said;
    element.append(span, ' ');
  }
  return element;
}
