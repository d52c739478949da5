/**
 * Rows in the page. A row comes and goes whole; a photo that is in another row after a new layout keeps its element, so
 * its picture is not fetched or drawn again.
 */

import { date, dayName, dayNameShort, duration, gettext, monthName } from '../i18n.js';
import { icon } from '../ui/icon.js';
import { tiles as placesOf } from './layout.js';
import { FLAG, hasPicture, nameOf, photoOf, pictureOf, sourcesOf } from './photo.js';
import { blurred, meanColour } from './placeholder.js';

/** @import { Columns } from './columns.js' */
/** @import { Layout } from './layout.js' */
/** @import { Photo } from './photo.js' */

/** @typedef {{ month: number, row: number, index: number, n: number, y: number, h: number }} Row */

/**
 * @typedef {object} View
 * @property {Layout} layout
 * @property {Columns} columns
 * @property {Row[]} rows to be in the page
 * @property {number} from heights in the view of what is seen
 * @property {number} until
 * @property {number} focused the photo that has the focus, which is never taken away; -1 for none
 * @property {number} origin the height of the view at the box's top
 * @property {number} end when enough is done for a frame, if all that is in view is drawn
 * @property {number} latest when it is in any case
 * @property {boolean} isFast nobody sees single pictures now
 */

/** @typedef {{ element: HTMLElement, signature: string, row: Row }} Drawn */

const BLUR_AFTER = 100; // milliseconds; most pictures are there before
const BLURS_A_FRAME = 6; // each takes about 0.4 ms
const FADE_AFTER = 80; // milliseconds; what comes faster need not fade
const NARROW_DAY = 160; // pixels; the date over it is written short

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} className
 * @param {string} [text]
 */
function made(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** @param {HTMLElement} element @param {string} property @param {number} pixels */
const place = (element, property, pixels) => element.style.setProperty(property, `${pixels}px`);

export class Tiles {
  #box;
  #hrefOf;
  #initialOf;
  #pictureFailed;
  #captionOf;
  /** @type {Map<string, { element: HTMLElement, top: number }>} by the month's name */
  #months = new Map();
  /** @type {Map<string, Drawn>} by month and row, for as long as the layout is the same */
  #rows = new Map();
  /** @type {Map<number, HTMLElement>} by the photo's id */
  #tiles = new Map();
  /** @type {Map<number, Photo>} of which there is a picture */
  #photos = new Map();
  /** @type {WeakSet<HTMLElement>} rows whose pictures are all asked for */
  #pictured = new WeakSet();
  #isStale = false;
  /** @type {{ element: HTMLElement, hash: string, due: number }[]} */
  #blurs = [];
  #isBlurring = false;

  /**
   * @param {HTMLElement} box
   * @param {object} page
   * @param {(photo: Photo) => string} page.hrefOf the address of a photo
   * @param {(space: number) => string} page.initialOf what stands for a space on its tiles; empty for nothing
   * @param {(photo: Photo) => string} [page.captionOf] what its tile says in words; empty for nothing
   * @param {(address: string) => void} [page.pictureFailed]
   */
  constructor(box, { hrefOf, initialOf, captionOf = () => '', pictureFailed = () => {} }) {
    this.#box = box;
    this.#hrefOf = hrefOf;
    this.#initialOf = initialOf;
    this.#pictureFailed = pictureFailed;
    this.#captionOf = captionOf;
  }

  /** Rows or photos are others than those drawn last. */
  changed() {
    this.#isStale = true;
  }

  /**
   * Have exactly these rows in the page, as far as there is time: first those in view, for which there is more.
   * @param {View} view
   * @returns {boolean} whether all are there; else it wants to be called again
   */
  draw(view) {
    const before = this.#rows;
    const same = this.#isStale ? new Map([...before.values()].map((drawn) => [drawn.signature, drawn])) : null;
    this.#rows = new Map();
    /** @type {Map<string, Row[]>} */
    const months = new Map();
    /** @type {Drawn[]} */
    const fresh = [];
    const isSeen = (/** @type {Row} */ { y, h }) => y < view.until && y + h > view.from;
    const isFocused = (/** @type {Row} */ { index, n }) => view.focused >= index && view.focused < index + n;
    let isDone = true;
    for (const row of [...view.rows.filter(isSeen), ...view.rows.filter((row) => !isSeen(row))]) {
      const name = `${view.layout.segments.months[row.month]}/${row.row}`;
      const drawn = same ? this.#rowAgain(view, row, same) : before.get(name);
      if (!drawn && !isFocused(row) && performance.now() > (isSeen(row) ? view.latest : view.end)) {
        isDone = false;
        continue;
      }
      const now = drawn ?? this.#row(view, row);
      if (!drawn) fresh.push(now);
      this.#rows.set(name, now);
    }
    for (const row of view.rows) {
      const month = view.layout.segments.months[row.month];
      if (!this.#rows.has(`${month}/${row.row}`)) continue;
      const its = months.get(month);
      if (its) its.push(row);
      else months.set(month, [row]);
    }
    const kept = new Set(this.#rows.values());
    const used = new Set(fresh.flatMap(({ element }) => [...element.querySelectorAll('.tile')]));
    for (const drawn of before.values()) if (!kept.has(drawn)) this.#remove(drawn, used);
    this.#placeMonths(view, months);
    this.#isStale = false;
    return (view.isFast || this.#loadPictures(view.end)) && isDone;
  }

  /**
   * @param {View} view
   * @param {Row} row
   * @param {Map<string, Drawn>} drawn
   */
  #rowAgain(view, row, drawn) {
    const found = drawn.get(this.#signature(view, row));
    if (!found) return undefined;
    const shift = row.index - found.row.index;
    if (shift) {
      for (const tile of /** @type {NodeListOf<HTMLElement>} */ (found.element.querySelectorAll('.tile'))) {
        tile.dataset.index = String(Number(tile.dataset.index) + shift);
      }
    }
    found.row = row;
    return found;
  }

  /** What a row shows, in one text. @param {View} view @param {Row} row */
  #signature({ layout, columns }, row) {
    const ids = Array.from({ length: row.n }, (_, i) => {
      const found = columns.photo(row.index + i);
      return found ? `${found.answer.id[found.at]}` : '';
    });
    return [layout.segments.months[row.month], row.h, ids, placesOf(layout.segments, row, layout.measures)].join(' ');
  }

  /**
   * @param {View} view
   * @param {Row} row
   * @returns {Drawn}
   */
  #row(view, row) {
    const { segments, measures } = view.layout;
    const element = made('div', 'row');
    const places = placesOf(segments, row, measures);
    place(element, 'height', row.h);
    /** @type {HTMLElement | null} */
    let bar = null;
    let segment = segments.at(row.index);
    for (let i = 0; i < row.n; i++) {
      const index = row.index + i;
      while (index >= segments.starts[segment + 1]) segment++;
      const left = places[2 * i];
      const beginsDay = segments.dated && index === segments.starts[segment] && segments.parts[segment] === 1;
      if (beginsDay) {
        const next = this.#dayEnd(view, row, i, places);
        element.append(heading(segments.days[segment], left, next - left));
        bar = null;
      }
      const found = view.columns.photo(index);
      if (found) {
        const tile = this.#tile(photoOf(found));
        tile.dataset.index = String(index);
        place(tile, 'left', left);
        place(tile, 'width', places[2 * i + 1]);
        const image = tile.querySelector('img');
        if (image) image.sizes = `${Math.ceil(places[2 * i + 1])}px`;
        element.append(tile);
        bar = null;
      } else {
        // What is not known is a plain bar, so that nothing seems to change its shape.
        if (!bar) {
          bar = made('div', 'unknown');
          place(bar, 'left', left);
          element.append(bar);
        }
        place(bar, 'width', left + places[2 * i + 1] - parseFloat(bar.style.left));
      }
    }
    return { element, row, signature: this.#signature(view, row) };
  }

  /**
   * Where the day that begins at the photo i of a row ends, for the width of its name.
   * @param {View} view
   * @param {Row} row
   * @param {number} i
   * @param {Float64Array} places
   */
  #dayEnd({ layout: { segments, measures } }, row, i, places) {
    const day = segments.days[segments.at(row.index + i)];
    for (let j = i + 1; j < row.n; j++) {
      if (segments.days[segments.at(row.index + j)] !== day) return places[2 * j] - measures.dayGap / 2;
    }
    return measures.W;
  }

  /** @param {Photo} photo */
  #tile(photo) {
    const known = this.#tiles.get(photo.id);
    if (known && known.dataset.v === photo.v) return known;
    const tile = made('div', 'tile');
    tile.dataset.id = String(photo.id);
    tile.dataset.v = photo.v;
    if (photo.flags & FLAG.live) tile.classList.add('live');
    const link = made('a', 'open');
    link.href = this.#hrefOf(photo);
    link.setAttribute('aria-label', this.#nameOf(photo));
    link.tabIndex = -1;
    link.draggable = false;
    tile.append(link);
    if (hasPicture(photo)) {
      if (photo.hash) tile.style.setProperty('--mean', meanColour(photo.hash));
      this.#photos.set(photo.id, photo);
    } else {
      tile.classList.add('bare');
      const shown = made('span', 'none');
      shown.append(icon(photo.kind === 'video' ? 'video' : 'image-off'), gettext('No preview'));
      link.append(shown);
    }
    this.#addBadges(link, photo);
    const caption = this.#captionOf(photo);
    if (caption) {
      const shown = made('bdi', 'caption', caption);
      tile.classList.add('captioned');
      link.title = caption;
      link.append(shown);
    }
    this.#tiles.set(photo.id, tile);
    return tile;
  }

  /** What is read out of a tile, and so what stands on it. @param {Photo} photo */
  #nameOf(photo) {
    return [nameOf(photo), this.#captionOf(photo)].filter(Boolean).join(', ');
  }

  /**
   * @param {HTMLElement} link
   * @param {Photo} photo
   */
  #addBadges(link, photo) {
    const badges = badgesOf(photo, this.#initialOf(photo.space));
    if (!badges.length) return;
    const list = made('span', 'badges');
    list.append(...badges);
    link.append(list);
  }

  /** Say anew what there is to say of a photo. @param {Photo} photo */
  refresh(photo) {
    const link = /** @type {HTMLElement | null | undefined} */ (this.#tiles.get(photo.id)?.querySelector('.open'));
    if (!link) return;
    link.setAttribute('aria-label', this.#nameOf(photo));
    link.querySelector('.badges')?.remove();
    this.#addBadges(link, photo);
  }

  /**
   * Begin to fetch the pictures of the tiles that have none yet, those in view first.
   * @param {number} end when enough is done for a frame; a row's pictures are begun in any case
   */
  #loadPictures(end) {
    let isBegun = false;
    for (const { element } of this.#rows.values()) {
      if (this.#pictured.has(element)) continue;
      if (isBegun && performance.now() > end) return false;
      for (const tile of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll('.tile:not(.bare, .asked)'))) {
        const photo = this.#photos.get(Number(tile.dataset.id));
        if (photo) this.#load(tile, photo);
      }
      this.#pictured.add(element);
      isBegun = true;
    }
    return true;
  }

  /**
   * @param {HTMLElement} tile
   * @param {Photo} photo
   */
  #load(tile, photo) {
    tile.classList.add('asked');
    const image = made('img', '');
    const began = performance.now();
    image.alt = '';
    image.decoding = 'async';
    image.draggable = false;
    image.addEventListener('load', () => {
      if (performance.now() - began > FADE_AFTER) tile.classList.add('late');
      tile.classList.add('loaded');
      tile.style.removeProperty('background-image');
    });
    image.addEventListener('error', () => {
      if (!image.isConnected) return;
      image.remove();
      tile.classList.add('failed');
      this.#pictureFailed(pictureOf(photo, 240));
    });
    image.sizes = `${Math.ceil(parseFloat(tile.style.width))}px`;
    image.srcset = sourcesOf(photo);
    image.src = pictureOf(photo, 240);
    tile.firstElementChild?.prepend(image);
    if (photo.hash) this.#blurLater(tile, photo.hash);
  }

  /** Try those pictures again that did not come. */
  retry() {
    for (const tile of this.#tiles.values()) if (tile.classList.contains('failed')) tile.classList.remove('asked', 'failed');
    this.#pictured = new WeakSet();
  }

  /**
   * @param {HTMLElement} element
   * @param {string} hash
   */
  #blurLater(element, hash) {
    this.#blurs.push({ element, hash, due: performance.now() + BLUR_AFTER });
    if (!this.#isBlurring) this.#blurNext();
  }

  #blurNext() {
    this.#isBlurring = this.#blurs.length > 0;
    if (!this.#isBlurring) return;
    const wait = this.#blurs[0].due - performance.now();
    if (wait > 0) {
      setTimeout(() => this.#blurNext(), wait);
      return;
    }
    for (let left = BLURS_A_FRAME; left > 0 && this.#blurs.length && this.#blurs[0].due <= performance.now(); ) {
      const { element, hash } = /** @type {{ element: HTMLElement, hash: string }} */ (this.#blurs.shift());
      if (!element.isConnected || element.classList.contains('loaded')) continue;
      element.style.setProperty('background-image', `url("${blurred(hash)}")`);
      left--;
    }
    requestAnimationFrame(() => this.#blurNext());
  }

  /**
   * @param {Drawn} drawn
   * @param {Set<Element>} used tiles that are in other rows by now
   */
  #remove({ element }, used) {
    for (const tile of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll('.tile'))) {
      if (used.has(tile)) continue;
      const id = Number(tile.dataset.id);
      if (this.#tiles.get(id) === tile) this.#tiles.delete(id);
      this.#photos.delete(id);
      const image = tile.querySelector('img');
      if (image && !image.complete) {
        // Only an image without an address ends its download.
        image.removeAttribute('srcset');
        image.removeAttribute('src');
      }
    }
    element.remove();
  }

  /**
   * @param {View} view
   * @param {Map<string, Row[]>} wanted the rows of each month
   */
  #placeMonths({ layout, origin }, wanted) {
    const { segments } = layout;
    for (const [name, { element }] of this.#months) {
      if (wanted.has(name)) continue;
      element.remove();
      this.#months.delete(name);
    }
    /** @type {Element | null} */
    let before = null;
    for (const [name, rows] of wanted) {
      const month = rows[0].month;
      const at = this.#months.get(name) ?? { element: this.#month(segments.days[segments.monthStarts[month]], segments.dated), top: NaN };
      this.#months.set(name, at);
      const top = layout.top(month);
      if (at.top !== top - origin) {
        at.top = top - origin;
        place(at.element, 'top', at.top);
      }
      const height = layout.month(month).height;
      place(at.element, 'height', height);
      if (!at.element.isConnected || at.element.previousElementSibling !== before) {
        if (before) before.after(at.element);
        else this.#box.prepend(at.element);
      }
      before = at.element;
      /** @type {Element | null} */
      let above = at.element.querySelector(':scope > h2');
      for (const row of rows) {
        const { element } = /** @type {Drawn} */ (this.#rows.get(`${name}/${row.row}`));
        place(element, 'top', row.y - top);
        if (element.parentElement !== at.element || element.previousElementSibling !== above) {
          if (above) above.after(element);
          else at.element.prepend(element);
        }
        above = element;
      }
    }
  }

  /**
   * @param {number} day
   * @param {boolean} isDated
   */
  #month(day, isDated) {
    const element = made('section', 'month');
    if (isDated) element.append(made('h2', '', monthName(day)));
    return element;
  }

  /**
   * The tile of a photo, if it is in the page.
   * @param {number} index
   * @returns {HTMLElement | null}
   */
  at(index) {
    return this.#box.querySelector(`.tile[data-index="${index}"]`);
  }

  /**
   * Where the middles of a row's tiles are.
   * @param {Layout} layout
   * @param {Row} row
   */
  middles({ segments, measures }, row) {
    const places = placesOf(segments, row, measures);
    return Array.from({ length: row.n }, (_, i) => places[2 * i] + places[2 * i + 1] / 2);
  }

  /** Whether photos are not known, or pictures did not come. */
  get isMissing() {
    return this.#box.querySelector('.unknown, .tile.failed') !== null;
  }

  /** How many tiles are in the page. */
  get count() {
    return this.#tiles.size;
  }
}

/**
 * @param {number} day
 * @param {number} left
 * @param {number} width
 */
function heading(day, left, width) {
  const element = made('h3', '', width < NARROW_DAY ? dayNameShort(day) : dayName(day));
  element.title = date(day);
  place(element, 'left', left);
  place(element, 'width', width);
  return element;
}

/**
 * What a tile says in its corner.
 * @param {Photo} photo
 * @param {string} initial
 */
function badgesOf({ kind, flags, length, stack }, initial) {
  /** @type {HTMLElement[]} */
  const badges = [];
  const badge = (/** @type {string} */ text, /** @type {string} */ symbol = '') => {
    const element = made('span', symbol ? `badge ${symbol}` : 'badge');
    if (symbol) element.append(icon(symbol));
    element.append(text);
    badges.push(element);
  };
  if (kind === 'video') badge(length === null ? '' : duration(length), 'play');
  if (flags & FLAG.live) badge('LIVE');
  if (flags & FLAG.raw) badge('RAW');
  if (flags & FLAG.animated) badge('GIF');
  if (flags & FLAG.panorama) badge(gettext('Panorama'));
  if (stack > 0) badge(String(stack + 1), 'layers');
  if (flags & FLAG.favourite) badge('', 'heart');
  if (initial) badge(initial);
  return badges;
}
