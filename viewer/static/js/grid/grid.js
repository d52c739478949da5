/**
 * The grid of any view of photos: it joins what is known of them, where they stand, what is loaded and what is drawn.
 * The document itself scrolls; the grid's box stands below the page's bar.
 */

import { Columns } from './columns.js';
import { Layout, measures } from './layout.js';
import { FLAG, photoOf } from './photo.js';
import { anchorOf, boxHeight, changed, jumped, moved, position, rested, scrolled, shiftOf } from './scroll.js';
import { Tiles } from './tiles.js';

/** @import { Answer } from './columns.js' */
/** @import { Row } from './tiles.js' */
/** @import { Photo } from './photo.js' */
/** @import { Anchor, Motion, Scroll } from './scroll.js' */
/** @import { Segments } from './segments.js' */

/**
 * @typedef {object} Source
 * @property {Segments} segments
 * @property {(from: string, until: string | undefined, signal: AbortSignal) => Promise<Answer>} load
 * @property {(photo: Photo) => string} hrefOf the address of a photo
 * @property {(space: number) => string} initialOf what stands for a space on its tiles; empty for nothing
 * @property {(photo: Photo) => string} [captionOf] what its tile says in words; empty for nothing
 * @property {number} [size] how high rows are to be, where somebody chose it
 * @property {(error: unknown) => void} failed photos could not be loaded; `resume` asks again
 * @property {(isSlow: boolean) => void} [slow] they take long, or now they came; `again` begins anew
 * @property {(address: string) => void} [pictureFailed] a picture did not come; `resume` asks again
 */

const REST = 200; // milliseconds without scrolling
const SLICE = 8; // milliseconds of work at once
const DRAWING = 8; // milliseconds a frame, also for what is not in view
const DRAWING_SEEN = 20; // for what is
const MOST_TILES = 400;
const TOO_FAST = 3; // pixels a millisecond; no picture is begun
const AT_TOP = 8; // pixels

/**
 * What listeners hear: `moved` when something else is in view, `rested` when it stays, `loaded` when photos are known,
 * `marked` when one became a favourite, or is none any more.
 */
export class PhotoGrid extends EventTarget {
  #box;
  #columns;
  #tiles;
  #layout;
  #size = 0;
  /** @type {Scroll} */
  #state = { s: 0, o: 0, L: 0, h: 0 };
  /** @type {Anchor | null} */
  #anchor = null;
  /** @type {Motion} */
  #motion = { y: 0, time: 0, speed: 0 };
  #distance = 0;
  #height = 0; // of what is left between the page's bars
  #lead = 0; // where the box begins in the document, below the bar
  #isScrolled = false;
  #isHeld = false;
  #isDragged = false;
  #frame = 0;
  #rest = 0;
  #settling = 0;
  #focused = -1;
  #wantsFocus = false;
  /** @type {HTMLElement | null} */
  #stopped = null;

  /**
   * @param {HTMLElement} root
   * @param {Source} source
   */
  constructor(root, { segments, load, hrefOf, initialOf, captionOf, size, failed, slow, pictureFailed }) {
    super();
    this.root = root;
    this.#box = document.createElement('div');
    this.#box.className = 'box';
    root.append(this.#box);
    this.#size = size ?? 0;
    this.#locate();
    this.#columns = new Columns(segments, { load, failed, slow, arrived: (range, before) => this.#arrived(range, before) });
    this.#tiles = new Tiles(this.#box, { hrefOf, initialOf, captionOf, pictureFailed });
    this.#layout = new Layout(segments, this.#measures());
    this.#state = { ...this.#state, L: this.#layout.height, h: this.#height };
    this.#apply();
    this.#anchor = anchorOf(this.#layout, this.#state);
    this.#listen();
    this.#settleAll();
    this.#later();
  }

  #listen() {
    const scrolled = () => {
      this.#isScrolled = true;
      this.#scrolled();
    };
    addEventListener('scroll', scrolled, { passive: true });
    addEventListener('touchstart', () => this.#hold(true), { passive: true });
    for (const end of ['touchend', 'touchcancel']) addEventListener(end, () => this.#hold(false), { passive: true });
    const sizes = new ResizeObserver(() => this.#resized());
    sizes.observe(this.root);
    addEventListener('resize', () => this.#resized());
    this.root.addEventListener('keydown', (event) => this.#key(event));
    this.root.addEventListener('focusin', (event) => this.#focusedOn(/** @type {HTMLElement} */ (event.target)));
  }

  get segments() {
    return this.#columns.segments;
  }

  get layout() {
    return this.#layout;
  }

  /** Height of the view, of the screen, and the height in the view at the screen's top. */
  get extent() {
    return { height: this.#state.L, screen: this.#state.h, top: position(this.#state) };
  }

  get anchor() {
    return this.#anchor;
  }

  /** How many tiles are in the page. */
  get tiles() {
    return this.#tiles.count;
  }

  /**
   * What is known of a photo; null before it is loaded.
   * @param {number} index
   */
  photo(index) {
    const found = this.#columns.photo(index);
    return found && photoOf(found);
  }

  /**
   * Know from now on whether a photo is a favourite.
   * @param {Photo} photo
   * @param {boolean} isFavourite
   */
  mark(photo, isFavourite) {
    const flagged = (/** @type {number} */ flags) => (isFavourite ? flags | FLAG.favourite : flags & ~FLAG.favourite);
    this.#columns.edit(photo.id, 'flags', flagged);
    this.#tiles.refresh({ ...photo, flags: flagged(photo.flags) });
    this.dispatchEvent(new Event('marked'));
  }

  /**
   * The element of a photo that is in view; null where there is none.
   * @param {number} index
   */
  element(index) {
    return this.#tiles.at(index);
  }

  /**
   * Learn photos that came with the page.
   * @param {Answer} answer
   * @param {string} from
   * @param {string | undefined} until
   */
  take(answer, from, until) {
    this.#columns.take(answer, from, until);
  }

  /**
   * Load what is around a photo that is not in view.
   * @param {number} index
   */
  want(index) {
    this.#columns.look({ from: index, until: index + 1, forward: true }, 0);
  }

  /** Photos from one to before another that are in the page. */
  get mounted() {
    const rows = this.#rows();
    const last = rows[rows.length - 1];
    return rows.length ? { first: rows[0].index, beyond: last.index + last.n } : { first: 0, beyond: 0 };
  }

  /** Make rows so high. @param {number} size */
  resize(size) {
    this.#size = size;
    this.#resized();
  }

  /** Ask anew for what does not come. */
  again() {
    this.#columns.restart();
    this.#later();
  }

  /** Whether something in view is not there. */
  get isMissing() {
    return this.#tiles.isMissing;
  }

  /** Ask again for what failed. */
  resume() {
    this.#columns.resume();
    this.#tiles.retry();
    this.#later();
  }

  /** See where the grid is on the page. Asking for it makes browsers lay out, so it is not asked for in every frame. */
  #locate() {
    const { scrollMarginTop, scrollMarginBottom } = getComputedStyle(this.root);
    const [above, below] = [parseFloat(scrollMarginTop), parseFloat(scrollMarginBottom)];
    this.#height = Math.max(1, innerHeight - above - below);
    this.#lead = Math.round(this.#box.getBoundingClientRect().top + scrollY - above);
  }

  #measures() {
    const { segments } = this.#columns;
    return measures({ width: this.#box.clientWidth, screen: innerWidth, dated: segments.dated, size: this.#size || undefined });
  }

  #resized() {
    this.#locate();
    const next = this.#measures();
    const isNew = next.W !== this.#layout.measures.W || next.H !== this.#layout.measures.H || next.gap !== this.#layout.measures.gap;
    if (!isNew && this.#height === this.#state.h) return;
    if (isNew) this.#layout = new Layout(this.segments, next, this.#layout);
    this.#relaid();
  }

  /**
   * @param {{ from: number, until: number }} range
   * @param {Segments} before
   */
  #arrived({ from, until }, before) {
    if (this.segments === before) this.#layout.refresh(from, until);
    else this.#layout = new Layout(this.segments, this.#layout.measures, this.#layout, this.segments.keys.slice(from, until));
    this.#relaid();
    this.dispatchEvent(new Event('loaded'));
  }

  /**
   * Go on with segments that changed, and forget what was known of those of these keys.
   * @param {Segments} segments
   * @param {string[]} keys
   */
  replace(segments, keys) {
    const isAtTop = position(this.#state) <= AT_TOP;
    this.#columns.replace(segments, keys);
    this.#layout = new Layout(segments, this.#layout.measures, this.#layout, keys);
    if (isAtTop) this.#anchor = null;
    this.#relaid();
  }

  /** The layout is another one: what is in view stays where it is. */
  #relaid() {
    this.#tiles.changed();
    this.#keep();
    this.#settleAll();
    this.#later(); // before anything is seen, but not in the same piece of work
  }

  /** Lay out what is around the screen, and leave the anchor where it is on the screen. */
  #keep() {
    const { s } = this.#state;
    for (let height = NaN; height !== this.#layout.height; ) {
      const shift = this.#anchor ? shiftOf(this.#layout, this.#state, this.#anchor) : 0;
      height = this.#layout.height;
      this.#state = changed(this.#state, { L: height, h: this.#height, shift });
      this.#layOut(position(this.#state));
    }
    this.#apply(this.#state.s !== s);
  }

  /** Give the box its height, and the document its place where we set it. */
  #apply(sets = false) {
    const height = boxHeight(this.#state);
    if (this.#box.style.height !== `${height}px`) this.#box.style.height = `${height}px`;
    if (!sets) return;
    const lead = this.#lead;
    const isAbove = this.#state.s <= 0 && scrollY < lead;
    if (!isAbove) scrollTo({ top: this.#state.s + lead, behavior: 'instant' });
    // Browsers round to their pixels; the rest is ours.
    const s = Math.max(0, scrollY - lead);
    this.#state = { ...this.#state, s, o: position(this.#state) - s };
  }

  #scrolled() {
    this.#later();
    clearTimeout(this.#rest);
    this.#rest = window.setTimeout(() => this.#rested(), REST);
  }

  /** @param {boolean} isHeld a finger is down */
  #hold(isHeld) {
    this.#isHeld = isHeld;
    if (!isHeld) this.#scrolled();
  }

  #rested() {
    if (this.#isHeld || this.#isDragged) return;
    this.#read();
    const next = rested(this.#state);
    const moves = next.s !== this.#state.s;
    this.#state = next;
    this.#apply(moves);
    this.#motion = { ...this.#motion, speed: 0 };
    this.draw();
    this.dispatchEvent(new Event('rested'));
  }

  /** See where the document was scrolled to. Asking without need would make the browser lay out once more a frame. */
  #read() {
    if (!this.#isScrolled) return;
    this.#isScrolled = false;
    const s = Math.max(0, scrollY - this.#lead);
    if (s === this.#state.s) return;
    this.#distance += s - this.#state.s;
    this.#motion = moved(this.#motion, this.#distance, performance.now());
    this.#state = scrolled(this.#state, s);
    this.#anchor = anchorOf(this.#layout, this.#state);
    this.#keep();
  }

  #later() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.draw());
  }

  /** Draw what is around the screen now. */
  draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#read();
    const isFast = this.#isDragged || Math.abs(this.#motion.speed) > TOO_FAST;
    const rows = this.#rows();
    const y = position(this.#state);
    const active = document.activeElement;
    const held = active instanceof HTMLElement && this.#box.contains(active) ? active : null;
    const now = performance.now();
    const isDone = this.#tiles.draw({
      layout: this.#layout,
      columns: this.#columns,
      rows,
      from: y,
      until: y + this.#state.h,
      focused: this.#wantsFocus ? this.#focused : this.#active(),
      origin: this.#state.o,
      isFast,
      end: now + DRAWING,
      latest: now + DRAWING_SEEN,
    });
    if (!isDone) this.#later();
    // A tile that moves to another row loses the focus.
    if (held && held !== document.activeElement) {
      if (held.isConnected) held.focus({ preventScroll: true });
      else this.#wantsFocus = true;
    }
    if (this.#wantsFocus) this.#focus();
    this.#stop();
    this.#look();
    this.dispatchEvent(new Event('moved'));
  }

  /** @returns {Row[]} from one screen above to one below, but never too many; with the one that has the focus */
  #rows() {
    const { h } = this.#state;
    const y = position(this.#state);
    let rows = [...this.#layout.rows(y - h, y + 2 * h)];
    const middle = y + h / 2;
    let tiles = rows.reduce((sum, { n }) => sum + n, 0);
    while (tiles > MOST_TILES && rows.length > 1) {
      const [first, last] = [rows[0], rows[rows.length - 1]];
      const isFirst = middle - first.y - first.h > last.y - middle;
      tiles -= (isFirst ? first : last).n;
      rows = isFirst ? rows.slice(1) : rows.slice(0, -1);
    }
    const active = this.#active();
    const focused = active >= 0 ? this.#layout.rowOf(Math.min(active, this.segments.total - 1)) : null;
    if (focused && !rows.some(({ index }) => index === focused.index)) {
      const at = rows.findIndex(({ index }) => index > focused.index);
      rows.splice(at < 0 ? rows.length : at, 0, focused);
    }
    return rows;
  }

  /** The photo whose tile has the focus; -1 for none. */
  #active() {
    const tile = document.activeElement?.closest('.tile');
    return tile instanceof HTMLElement && this.#box.contains(tile) ? Number(tile.dataset.index) : -1;
  }

  #look() {
    const { h } = this.#state;
    const y = position(this.#state);
    const seen = [...this.#layout.rows(y, y + h)];
    if (!seen.length) return;
    const last = seen[seen.length - 1];
    const view = { from: seen[0].index, until: last.index + last.n, forward: this.#motion.speed >= 0 };
    this.#columns.look(view, this.#isDragged ? Infinity : this.#motion.speed);
  }

  /** Lay out the rest, in slices, the nearest first. */
  #settleAll() {
    clearTimeout(this.#settling);
    const near = this.#anchor ? this.segments.monthOf(this.segments.find(this.#anchor.key)) : 0;
    const months = this.#layout.settle(near);
    const slice = () => {
      const end = performance.now() + SLICE;
      let isDone = false;
      while (!isDone && performance.now() < end) isDone = Boolean(months.next().done);
      this.#keep();
      this.#later();
      if (!isDone) this.#settling = window.setTimeout(slice);
    };
    this.#settling = window.setTimeout(slice);
  }

  /**
   * Go to a height of the view.
   * @param {number} y
   */
  jump(y) {
    this.#layOut(y);
    this.#state = jumped({ ...this.#state, L: this.#layout.height }, y);
    this.#apply(true);
    this.#anchor = anchorOf(this.#layout, this.#state);
    this.#motion = { y: this.#distance, time: performance.now(), speed: 0 };
    this.#keep();
    this.draw();
    this.#scrolled();
  }

  /** Lay out what is around a height. @param {number} y */
  #layOut(y) {
    const { h } = this.#state;
    for (const _ of this.#layout.rows(y - h, y + 2 * h));
  }

  /**
   * Go to a photo. A day that begins with it is seen with its name, a month as well.
   * @param {number} index
   * @param {number} [below] where its row is to stand below the screen's top
   */
  show(index, below = undefined) {
    const { head, monthHead } = this.#layout.measures;
    this.#layOut(this.#layout.rowOf(index).y); // which may move it
    const { row, y } = this.#layout.rowOf(index);
    this.jump(y - (below ?? head + (row === 0 ? monthHead : 0)));
    this.#anchor = { ...this.segments.position(index), below: y - position(this.#state) };
  }

  /**
   * Go to where a photo was before.
   * @param {Anchor} anchor
   */
  restore(anchor) {
    this.show(this.segments.index(anchor), anchor.below);
  }

  /** Bring a photo into view, if it is not. @param {number} index */
  reveal(index) {
    const { y, h } = this.#layout.rowOf(index);
    const { screen, top } = this.extent;
    const { head } = this.#layout.measures;
    if (y - head < top) this.jump(y - head);
    else if (y + h > top + screen) this.jump(y + h - screen);
  }

  /** The scrubber moves, and nothing is to be loaded meanwhile. @param {boolean} isDragged */
  drag(isDragged) {
    this.#isDragged = isDragged;
    if (!isDragged) this.#scrolled();
  }

  /**
   * Move the focus to a photo, as soon as it is there.
   * @param {number} index
   */
  focus(index) {
    this.#focused = Math.min(this.segments.total - 1, Math.max(0, index));
    this.#wantsFocus = true;
    this.reveal(this.#focused);
    this.#focus();
    this.#later();
  }

  #focus() {
    const link = this.#tiles.at(this.#focused)?.querySelector('a');
    if (!link) return;
    this.#wantsFocus = false;
    link.focus({ preventScroll: true });
  }

  /** Leave one tile where the tab key stops: the one that had the focus, or the first in view. */
  #stop() {
    const first = this.#anchor ? this.segments.index(this.#anchor) : 0;
    const link = (this.#tiles.at(this.#focused) ?? this.#tiles.at(first))?.querySelector('a');
    if (!link || link === this.#stopped) return;
    if (this.#stopped) this.#stopped.tabIndex = -1;
    link.tabIndex = 0;
    this.#stopped = link;
  }

  /** @param {HTMLElement} target */
  #focusedOn(target) {
    const tile = /** @type {HTMLElement | null} */ (target.closest('.tile'));
    if (!tile) return;
    this.#focused = Number(tile.dataset.index);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || this.#focused < 0) return;
    const steps = {
      ArrowLeft: () => this.#focused - 1,
      ArrowRight: () => this.#focused + 1,
      ArrowUp: () => this.#vertically(-1),
      ArrowDown: () => this.#vertically(1),
    };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (!step) return;
    event.preventDefault();
    this.focus(step());
  }

  /**
   * The photo of the next row whose middle is the nearest.
   * @param {1 | -1} step
   */
  #vertically(step) {
    const row = this.#layout.rowOf(this.#focused);
    const index = step > 0 ? row.index + row.n : row.index - 1;
    if (index < 0 || index >= this.segments.total) return this.#focused;
    const middle = this.#middles(row)[this.#focused - row.index];
    const next = this.#layout.rowOf(index);
    const distances = this.#middles(next).map((other) => Math.abs(other - middle));
    return next.index + distances.indexOf(Math.min(...distances));
  }

  /** @param {Row} row */
  #middles(row) {
    return this.#tiles.middles(this.#layout, row);
  }
}
