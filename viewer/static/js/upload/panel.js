/** The panel of uploads: where they go, how far they are, what was skipped and why, and what has to be decided. */

import { get, send } from '../api.js';
import { gettext, ngettext, size } from '../i18n.js';
import { icon } from '../ui/icon.js';
import { sha256 } from './hash.js';
import { net } from './net.js';
import { picked } from './pick.js';
import { Queue } from './queue.js';
import { reasonOf, stateOf, timeLeft } from './words.js';
import { base } from '../address.js';

/** @import { Item, State } from './queue.js' */

const EDITOR = 2;
const MOST_ROWS = 60;
const EVERY = 150; // milliseconds between two looks at the queue
/** What is seen first. @type {State[]} */
const ORDER = ['sending', 'storing', 'taken', 'archive', 'room', 'refused', 'looking', 'waiting', 'done', 'here'];
const isApple = /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

/** @type {Panel | undefined} */
let only;

/** The page's panel. */
export const panel = () => (only ??= new Panel());

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} [properties]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/**
 * Give an element a name; Firefox 115 does not know the property.
 * @template {HTMLElement} Named
 * @param {Named} element
 * @param {string} label
 */
function named(element, label) {
  element.setAttribute('aria-label', label);
  return element;
}

/**
 * @param {string} label
 * @param {() => unknown} act
 * @param {string} [kind]
 */
const button = (label, act, kind = 'button') => {
  const element = make('button', { type: 'button', className: kind, textContent: label });
  element.addEventListener('click', act);
  return element;
};

/**
 * @param {string} name
 * @param {string} label
 * @param {() => unknown} act
 */
const iconButton = (name, label, act) => {
  const element = named(make('button', { type: 'button', className: 'button bare', title: label }, icon(name)), label);
  element.addEventListener('click', act);
  return element;
};

class Panel {
  constructor() {
    this.queue = new Queue(net, { hash: sha256 });
    /** @type {Map<Item, Row>} */
    this.rows = new Map();
    this.timer = 0;
    this.asked = '';
    /** @type {WakeLockSentinel | null} */
    this.lock = null;
    this.title = make('h2', { id: 'uploads-title' });
    this.status = make('p', { className: 'note' });
    this.all = named(make('progress', { hidden: true }), gettext('All files'));
    this.select = make('select', { id: 'uploads-to' });
    this.files = make('input', { type: 'file', multiple: true, hidden: true });
    this.folder = make('input', { type: 'file', multiple: true, hidden: true, webkitdirectory: true });
    this.asks = make('div', { className: 'asks' });
    this.list = make('ul', { className: 'rows', role: 'list' });
    this.more = make('p', { className: 'note more' });
    this.left = make('p', { className: 'note' });
    this.fold = iconButton('chevron-down', gettext('Show less'), () => this.#fold());
    this.close = iconButton('circle-x', gettext('Close'), () => this.#close());
    this.choose = button(gettext('Choose files'), () => this.files.click(), 'button main');
    this.root = make('section', { className: 'uploads', hidden: true });
    this.root.setAttribute('aria-labelledby', this.title.id);
    this.title.setAttribute('role', 'status');
    this.#build();
    this.#listen();
    this.ready = this.#spaces();
    void this.#unfinished();
    this.#draw();
  }

  /** Open it, for somebody who wants to choose files. */
  show() {
    this.root.hidden = false;
    this.root.classList.remove('folded');
    this.choose.focus();
  }

  /**
   * Upload files.
   * @param {{ name: string, file: File }[]} files
   */
  add(files) {
    this.root.hidden = false;
    this.root.classList.remove('folded');
    void this.ready.then(() => this.queue.add(files, this.select.value));
  }

  #build() {
    const head = make('header', {}, make('div', {}, this.title, this.status), this.fold, this.close);
    const to = make('p', { className: 'to' }, make('label', { htmlFor: this.select.id, textContent: gettext('To') }), this.select);
    const pick = make('p', { className: 'actions pick' }, this.choose);
    if (!isApple) pick.append(button(gettext('Choose a folder'), () => this.folder.click()));
    const isTouched = matchMedia('(pointer: coarse)').matches;
    const hint = make('p', {
      className: 'note hint',
      hidden: isTouched && !isApple,
      textContent: isApple
        ? gettext(
            'Browsers on iPhones and iPads may turn HEIC photos into JPEGs, and leave out the place and the moving part of live photos. An app over WebDAV brings the originals: see Connect.',
          )
        : gettext('Or drop files and folders anywhere.'),
    });
    const body = make('div', { className: 'body' }, to, pick, hint, this.left, this.asks, this.list, this.more);
    this.root.append(head, this.all, body, this.files, this.folder);
    document.body.append(this.root);
  }

  #listen() {
    for (const input of [this.files, this.folder]) {
      input.addEventListener('change', () => {
        this.add(picked(input.files ?? []));
        input.value = '';
      });
    }
    this.queue.addEventListener('change', () => {
      if (!this.timer) this.timer = window.setTimeout(() => this.#draw(), EVERY);
    });
    this.root.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.root.classList.contains('folded')) return;
      event.stopPropagation();
      if (this.queue.items.length) this.#fold();
      else this.#close();
    });
    addEventListener('beforeunload', (event) => {
      if (this.queue.isActive) event.preventDefault();
    });
    addEventListener('online', () => this.queue.connected(true));
    addEventListener('offline', () => this.queue.connected(false));
    document.addEventListener('visibilitychange', () => void this.#stayAwake());
  }

  /** Where files can go: the folder that is shown, and each space that one may add to; one's own first. */
  #spaces() {
    const own = document.body.dataset.who ?? '';
    const shown = document.querySelector('main[data-folder][data-may-change]');
    const here = shown instanceof HTMLElement ? (shown.dataset.folder ?? '') : '';
    const space = new URLSearchParams(location.search).get('space') ?? '';
    const fill = (/** @type {string[]} */ names) => {
      const all = [...new Set([...(here ? [here] : []), own, ...names])];
      this.select.replaceChildren(
        ...all.map((name) => make('option', { value: name, textContent: name.replaceAll('/', ' › ') })),
      );
      this.select.value = here || (names.includes(space) ? space : own);
    };
    fill([]);
    return get('folders').then(
      ({ spaces }) =>
        fill(
          spaces
            .filter((/** @type {{ role: number }} */ { role }) => role >= EDITOR)
            .map((/** @type {{ name: string }} */ { name }) => name),
        ),
      () => undefined, // it will be told by the first file
    );
  }

  /** Say what was begun before, on this device or another one, and could be gone on with. */
  async #unfinished() {
    const found = await get('uploads').catch(() => ({ uploads: [] }));
    const known = new Set(this.queue.items.map(({ upload }) => upload?.id));
    const open = found.uploads.filter((/** @type {{ state: string, id: string }} */ { state, id }) => state === 'open' && !known.has(id));
    if (!open.length) return;
    const names = open.slice(0, 3).map((/** @type {{ path: string }} */ { path }) => path.split('/').pop());
    const end = button(
      gettext('Give them up'),
      async () => {
        this.left.textContent = '';
        for (const { id } of open) await send('DELETE', `uploads/${id}`).catch(() => null);
      },
      'link',
    );
    this.left.append(
      ngettext(
        '%(num)d upload was not finished (%(names)s). Choose the same file to go on with it.',
        '%(num)d uploads were not finished (%(names)s). Choose the same files to go on with them.',
        open.length,
        { names: open.length > names.length ? `${names.join(', ')} …` : names.join(', ') },
      ),
      ' ',
      end,
    );
  }

  #fold() {
    const isFolded = this.root.classList.toggle('folded');
    this.fold.title = isFolded ? gettext('Show more') : gettext('Show less');
    named(this.fold, this.fold.title);
  }

  #close() {
    if (this.queue.isActive) {
      this.queue.stop();
      return;
    }
    this.queue.clear();
    this.root.hidden = true;
    document.getElementById('upload')?.focus();
  }

  async #stayAwake() {
    if (this.queue.isActive && !this.lock && document.visibilityState === 'visible') {
      this.lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null;
      this.lock?.addEventListener('release', () => (this.lock = null));
    } else if (!this.queue.isActive) void this.lock?.release();
  }

  // --- drawing ---------------------------------------------------------------------------------------------------

  #draw() {
    this.timer = 0;
    const { queue } = this;
    const count = (/** @type {State[]} */ ...states) => queue.items.filter(({ state }) => states.includes(state)).length;
    const running = count('waiting', 'sending');
    const { size: total, sent } = queue.progress;
    const title = this.#title(running, count('looking'), count('done'), count('storing'));
    if (this.title.textContent !== title) this.title.textContent = title;
    this.status.textContent = this.#status(running, total, sent);
    this.all.hidden = !running || queue.room !== null;
    this.root.classList.toggle('busy', queue.items.length > 0);
    this.all.max = Math.max(1, total);
    this.all.value = sent;
    this.close.title = queue.isActive ? gettext('Stop') : gettext('Close');
    named(this.close, this.close.title);
    this.left.hidden = queue.items.length > 0;
    this.#ask();
    this.#rows();
    void this.#stayAwake();
  }

  /**
   * @param {number} running
   * @param {number} looking
   * @param {number} done
   * @param {number} storing
   */
  #title(running, looking, done, storing) {
    if (looking) return gettext('Looking at the files…');
    if (this.queue.room) return gettext('Not enough room');
    if (running) return ngettext('Uploading %(num)d file', 'Uploading %(num)d files', running);
    if (storing) return gettext('All sent');
    if (done) return ngettext('%(num)d file uploaded', '%(num)d files uploaded', done);
    return gettext('Upload');
  }

  /**
   * @param {number} running
   * @param {number} total bytes
   * @param {number} sent bytes
   */
  #status(running, total, sent) {
    const { queue } = this;
    if (queue.looked.of) {
      const { done, of } = queue.looked;
      return ngettext('%(done)s of %(num)d file', '%(done)s of %(num)d files', of, { done });
    }
    if (!running || queue.room) return '';
    if (!queue.isOnline) return gettext('No connection. It goes on by itself.');
    const rate = queue.rate.at(queue.now());
    const parts = [gettext('%(sent)s of %(size)s', { sent: size(sent), size: size(total) })];
    if (rate) parts.push(gettext('%(size)s/s', { size: size(rate) }), timeLeft(total - sent, rate));
    return parts.join(' · ');
  }

  /** What somebody has to decide, each once for all files. */
  #ask() {
    const { queue } = this;
    const [taken, archives, here, refused] = /** @type {State[]} */ (['taken', 'archive', 'here', 'refused']).map((state) => queue.in(state));
    const left = queue.items.flatMap(({ upload }) => upload?.left_out ?? []);
    // A grid of everything follows by itself.
    const isFollowing = document.body.dataset.page === 'photos' && document.getElementById('grid');
    const isToShow = !queue.isActive && !isFollowing && queue.in('done').length > 0;
    const state = JSON.stringify([taken.length, archives.length, here.length, queue.room, refused.map(({ reason }) => reason), left.length, isToShow]);
    if (state === this.asked) return;
    this.asked = state;
    const asks = [];
    if (queue.room) {
      const fit = queue.in('waiting').length;
      asks.push(
        ask(
          'warn',
          gettext('That is %(size)s more than is free.', { size: size(queue.room.missing) }),
          ...(fit ? [button(ngettext('Upload the %(num)d file that fits', 'Upload the %(num)d files that fit', fit), () => queue.squeeze('some'), 'button main')] : []),
          button(gettext('Upload nothing'), () => queue.squeeze('none')),
        ),
      );
    }
    if (taken.length) {
      asks.push(
        ask(
          '',
          ngettext('%(num)d file has the name of another file that is there.', '%(num)d files have the names of other files that are there.', taken.length),
          button(gettext('Keep both'), () => queue.choose('both'), 'button main'),
          button(gettext('Replace'), () => queue.choose('replace')),
          button(gettext('Skip'), () => queue.choose('skip')),
        ),
      );
    }
    if (archives.length) {
      asks.push(
        ask(
          '',
          ngettext('%(num)d file is an archive. Unpack it, with its folders?', '%(num)d files are archives. Unpack them, with their folders?', archives.length),
          button(gettext('Unpack'), () => queue.open('unpack'), 'button main'),
          button(gettext('Keep as it is'), () => queue.open('keep')),
        ),
      );
    }
    if (here.length) {
      asks.push(
        ask(
          'quiet',
          ngettext('%(num)d file is there already and was skipped.', '%(num)d files are there already and were skipped.', here.length),
          button(gettext('Upload anyway'), () => queue.bringAnyway(), 'link'),
        ),
      );
    }
    const wrong = refused.filter(({ reason }) => reason !== 'stopped' && reason !== 'taken');
    if (wrong.length) {
      asks.push(
        ask(
          'danger',
          ngettext('%(num)d file was not uploaded.', '%(num)d files were not uploaded.', wrong.length),
          button(gettext('Try again'), () => queue.again(wrong), 'link'),
        ),
      );
    }
    if (left.length) asks.push(leftOut(left));
    if (isToShow) {
      const show = button(gettext('Show it'), () => location.reload(), 'link');
      asks.push(ask('quiet', gettext('What has arrived is on its page now.'), show));
    }
    this.asks.replaceChildren(...asks);
  }

  #rows() {
    const { items } = this.queue;
    const shown = ORDER.flatMap((state) => items.filter((item) => item.state === state).slice(0, MOST_ROWS)).slice(0, MOST_ROWS);
    for (const [item, row] of this.rows) {
      if (shown.includes(item)) continue;
      row.element.remove();
      this.rows.delete(item);
    }
    shown.forEach((item, i) => {
      const row = this.rows.get(item) ?? new Row(item, this.queue);
      this.rows.set(item, row);
      row.draw();
      if (this.list.children[i] !== row.element) this.list.insertBefore(row.element, this.list.children[i] ?? null);
    });
    const more = items.length - shown.length;
    this.more.textContent = more ? ngettext('and %(num)d more', 'and %(num)d more', more) : '';
  }
}

/** A file of the list. */
class Row {
  /**
   * @param {Item} item
   * @param {Queue} queue
   */
  constructor(item, queue) {
    this.item = item;
    this.state = '';
    const folders = item.name.split('/');
    const name = folders.pop() ?? '';
    this.name = make('span', { className: 'name', title: item.name, textContent: name });
    this.note = make('span', { className: 'note' });
    this.bar = named(make('progress', { max: 1, hidden: true }), name);
    this.act = iconButton('circle-x', gettext('Stop “%(name)s”', { name }), () => queue.stop([item]));
    const where = folders.length ? [make('span', { className: 'note where', textContent: folders.join(' › ') })] : [];
    this.element = make('li', {}, make('div', {}, this.name, ...where, this.note, this.bar), this.act);
  }

  draw() {
    const { item } = this;
    this.note.textContent = stateOf(item);
    this.bar.hidden = item.state !== 'sending' && !(item.state === 'storing' && item.upload?.total);
    this.bar.value =
      item.state === 'storing' ? (item.upload?.progress ?? 0) / (item.upload?.total || 1) : item.size ? item.sent / item.size : 0;
    if (this.state === item.state) return;
    this.state = item.state;
    this.element.className = item.reason === 'stopped' ? 'stopped' : item.state;
    this.act.hidden = ['done', 'here', 'refused'].includes(item.state);
    const { path } = item;
    if (!path || !['done', 'here'].includes(item.state)) return;
    const folder = path.split('/').slice(0, -1).map(encodeURIComponent).join('/');
    this.name.replaceChildren(make('a', { href: `${base}/folders/${folder}`, textContent: this.name.textContent }));
  }
}

/**
 * @param {string} kind
 * @param {string} text
 * @param {HTMLElement[]} actions
 */
const ask = (kind, text, ...actions) =>
  make('div', { className: `ask ${kind}` }, make('p', { textContent: text }), make('p', { className: 'actions' }, ...actions));

/** @param {{ name: string, reason: string }[]} left */
function leftOut(left) {
  const rows = left.slice(0, MOST_ROWS).map(({ name, reason }) => make('li', {}, make('b', { textContent: name }), ' ', reasonOf(reason)));
  return make(
    'details',
    { className: 'ask quiet' },
    make('summary', {
      textContent: ngettext('%(num)d member of an archive was left out', '%(num)d members of archives were left out', left.length),
    }),
    make('ul', { role: 'list' }, ...rows),
  );
}
