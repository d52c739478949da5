/**
 * The whole view at the right edge: where each year and month is, and a handle to go there. Its scale is the height of
 * the view. On a phone only the handle is seen, and only while something moves.
 */

import { gettext, monthName, ngettext } from '../i18n.js';

/** @import { PhotoGrid } from './grid.js' */

const LEAST_SCREENS = 4;
const YEARS_APART = 18; // pixels
const MONTHS_APART = 6;
const FADE_AFTER = 1500; // milliseconds
const ROUGHLY = 0.02; // the scale moves by less than its marks are apart
/** Away from the bar to the left it is finer: from so many pixels on, by so much. */
const FINE = [
  { from: 240, by: 16 },
  { from: 100, by: 4 },
];

export class Scrubber {
  #grid;
  #element;
  #handle = part('handle');
  #scale = part('scale');
  #bubble = part('bubble');
  /** @type {{ y: number, top: number } | null} where the pointer and the view were */
  #dragged = null;
  /** The scale's own place on the screen and in the element. */
  #track = { top: 0, height: 1, offset: 0 };
  #fading = 0;
  #drawn = { height: 0, months: 0, track: 0 };

  /**
   * @param {PhotoGrid} grid
   */
  constructor(grid) {
    this.#grid = grid;
    this.#element = document.createElement('div');
    this.#element.className = 'scrubber';
    this.#element.tabIndex = 0;
    this.#element.setAttribute('role', 'slider');
    this.#element.setAttribute('aria-orientation', 'vertical');
    this.#element.setAttribute('aria-label', gettext('Go through the dates'));
    this.#element.setAttribute('aria-valuemin', '0');
    this.#element.append(this.#handle, this.#scale, this.#bubble);
    grid.root.after(this.#element);
    grid.addEventListener('moved', () => this.#moved());
    grid.addEventListener('rested', () => this.#drawScale(0));
    new ResizeObserver(() => {
      this.#measure();
      this.#moved();
    }).observe(this.#element);
    this.#listen();
    this.#moved();
  }

  #listen() {
    const element = this.#element;
    element.addEventListener('pointerdown', (event) => {
      if (event.button) return;
      const isHandle = event.pointerType !== 'mouse';
      element.setPointerCapture(event.pointerId);
      event.preventDefault();
      element.focus({ preventScroll: true, focusVisible: false });
      this.#grid.drag(true);
      element.classList.add('dragged');
      if (!isHandle) this.#go(this.#yOf(event.clientY));
      this.#dragged = { y: event.clientY, top: this.#grid.extent.top };
    });
    element.addEventListener('pointermove', (event) => {
      if (this.#dragged) this.#drag(event);
      else this.#hover(event.clientY);
    });
    for (const end of ['pointerup', 'pointercancel']) element.addEventListener(end, () => this.#end());
    element.addEventListener('pointerleave', () => element.classList.remove('hovered'));
    element.addEventListener('touchstart', (event) => event.preventDefault(), { passive: false });
    element.addEventListener('keydown', (event) => this.#key(event));
  }

  /** See where the scale is. Asking for it makes browsers lay out, so it is not asked for in every frame. */
  #measure() {
    const { top, height } = this.#scale.getBoundingClientRect();
    this.#track = { top, height: Math.max(1, height), offset: top - this.#element.getBoundingClientRect().top };
  }

  /** The height in the view at a place on the screen. @param {number} clientY */
  #yOf(clientY) {
    const { top, height } = this.#track;
    const { height: whole, screen } = this.#grid.extent;
    return ((clientY - top) / height) * Math.max(0, whole - screen);
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (!this.#dragged) return;
    const away = this.#element.getBoundingClientRect().left - event.clientX;
    const { by } = FINE.find(({ from }) => away > from) ?? { by: 1 };
    const { height, screen } = this.#grid.extent;
    const top = this.#dragged.top + (((event.clientY - this.#dragged.y) / this.#track.height) * (height - screen)) / by;
    const within = Math.min(height - screen, Math.max(0, top));
    this.#dragged = { y: event.clientY, top: within };
    this.#go(within);
  }

  #end() {
    if (!this.#dragged) return;
    this.#dragged = null;
    this.#element.classList.remove('dragged');
    this.#grid.drag(false);
    this.#grid.dispatchEvent(new Event('jumped'));
  }

  /** @param {number} y */
  #go(y) {
    this.#grid.jump(y);
  }

  /** @param {number} clientY */
  #hover(clientY) {
    this.#element.classList.add('hovered');
    this.#say(this.#yOf(clientY), clientY - this.#element.getBoundingClientRect().top);
  }

  /** The name of the month at a height of the view. @param {number} y */
  #monthAt(y) {
    const { layout } = this.#grid;
    const { segments } = layout;
    return segments.length ? monthName(segments.days[segments.monthStarts[layout.monthAt(y)]]) : '';
  }

  /**
   * @param {number} y
   * @param {number} top
   */
  #say(y, top) {
    this.#bubble.textContent = this.#monthAt(y);
    this.#bubble.style.setProperty('top', `${top}px`);
  }

  #moved() {
    const { height, screen, top } = this.#grid.extent;
    const isThere = this.#grid.segments.dated && height > LEAST_SCREENS * screen;
    this.#element.hidden = !isThere;
    document.documentElement.classList.toggle('scrubbed', isThere);
    if (!isThere) return;
    const track = this.#track;
    this.#drawScale(ROUGHLY);
    const at = track.offset + (top / Math.max(1, height - screen)) * track.height;
    this.#handle.style.setProperty('top', `${at}px`);
    if (!this.#element.classList.contains('hovered') || this.#dragged) this.#say(top, at);
    this.#element.setAttribute('aria-valuemax', String(Math.round(height - screen)));
    this.#element.setAttribute('aria-valuenow', String(Math.round(top)));
    this.#element.setAttribute('aria-valuetext', this.#monthAt(top));
    this.#element.classList.add('moving');
    clearTimeout(this.#fading);
    this.#fading = window.setTimeout(() => this.#element.classList.remove('moving'), FADE_AFTER);
  }

  /**
   * Years as words, months as ticks, as far as there is room.
   * @param {number} tolerance the part by which the view's height may have changed since it was drawn
   */
  #drawScale(tolerance) {
    const { layout } = this.#grid;
    const { segments } = layout;
    const { height: track } = this.#track;
    const { height, months } = this.#drawn;
    const isRight = track === this.#drawn.track && months === segments.months.length;
    if (this.#element.hidden || (isRight && Math.abs(layout.height - height) <= tolerance * height)) return;
    this.#drawn = { height: layout.height, months: segments.months.length, track };
    const heights = segments.months.map((_, month) => (layout.top(month) / layout.height) * track);
    const names = segments.months.map((name) => name.split('-')[0]);
    const years = apart(heights.filter((_, month) => names[month] !== names[month - 1]), YEARS_APART);
    const ticks = apart(heights.filter((at) => years.every((year) => Math.abs(at - year) >= YEARS_APART / 2)), MONTHS_APART);
    const marks = [
      ...years.map((at) => mark('year', at, names[heights.indexOf(at)])),
      ...ticks.map((at) => mark('tick', at, '')),
    ];
    this.#scale.replaceChildren(...marks);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { segments } = this.#grid;
    const month = monthOf(this.#grid);
    const last = segments.months.length - 1;
    const year = (/** @type {number} */ i) => segments.months[i].split('-')[0];
    const other = (/** @type {1 | -1} */ step) => {
      let i = month;
      while (i + step >= 0 && i + step <= last && year(i) === year(month)) i += step;
      return i;
    };
    const steps = { ArrowUp: month - 1, ArrowDown: month + 1, PageUp: other(-1), PageDown: other(1), Home: 0, End: last };
    const target = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (target === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'End') this.#grid.jump(Infinity);
    else this.#grid.jump(this.#grid.layout.top(Math.min(last, Math.max(0, target))));
    this.#grid.dispatchEvent(new Event('jumped'));
  }
}

/** @param {string} className */
function part(className) {
  const element = document.createElement('div');
  element.className = className;
  return element;
}

/**
 * Those of some ascending heights that leave so much between them.
 * @param {number[]} heights
 * @param {number} least
 */
function apart(heights, least) {
  let before = -Infinity;
  return heights.filter((at) => {
    const fits = at - before >= least;
    if (fits) before = at;
    return fits;
  });
}

/**
 * @param {string} className
 * @param {number} top
 * @param {string} text
 */
function mark(className, top, text) {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  element.style.setProperty('top', `${top}px`);
  return element;
}

/**
 * The month that is in view: that of the first row which is so wholly.
 * @param {PhotoGrid} grid
 */
export const monthOf = ({ anchor, segments }) => (anchor ? segments.monthOf(segments.find(anchor.key)) : 0);

/**
 * What is said after a jump: "July 2019, 312 photos".
 * @param {PhotoGrid} grid
 */
export function placeName(grid) {
  const { segments } = grid;
  if (!segments.length) return '';
  const month = monthOf(grid);
  const [from, until] = [segments.monthStarts[month], segments.monthStarts[month + 1]];
  const photos = segments.starts[until] - segments.starts[from];
  return `${monthName(segments.days[from])}, ${ngettext('%(num)d photo', '%(num)d photos', photos)}`;
}
