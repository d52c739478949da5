/**
 * Scrolling through more than a browser can hold. The page has a box of limited height; what stands at height y of the
 * view is drawn at y − o in it. While anything moves, scrollTop belongs to the browser and whatever has to be made good
 * goes into o, because iOS ignores scrollTop during a fling; only at rest are both set anew, with nothing seen to move.
 */

/** @import { Layout } from './layout.js' */

/**
 * @typedef {object} Scroll
 * @property {number} s scrollTop
 * @property {number} o what has to be added to it for the height in the view
 * @property {number} L height of the view
 * @property {number} h height of the screen
 */

/** A photo and how far below the screen's top its row begins. @typedef {{ key: string, index: number, below: number }} Anchor */

const LARGEST_BOX = 4_000_000; // Chromium stops at 33,554,428 px, at half of that on a screen with two pixels to one
const MIDDLE = 0.15; // scrollTop stays so far from the box's ends while there is more of the view behind them

/** @param {Scroll} state */
export const boxHeight = ({ L, h }) => Math.max(h, Math.min(L, LARGEST_BOX));

/** The height in the view at the screen's top. @param {Scroll} state */
export const position = ({ s, o }) => s + o;

/** The largest position. @param {Scroll} state */
export const lastPosition = ({ L, h }) => Math.max(0, L - h);

/** @param {Scroll} state */
function withinView(state) {
  const y = Math.min(lastPosition(state), Math.max(0, position(state)));
  return { ...state, o: y - state.s };
}

/**
 * The browser scrolled.
 * @param {Scroll} state
 * @param {number} s
 * @returns {Scroll}
 */
export const scrolled = (state, s) => withinView({ ...state, s });

/**
 * The view or the screen got another height, and what is on the screen stands `shift` lower in the view than before.
 * @param {Scroll} state
 * @param {{ L?: number, h?: number, shift?: number }} change
 * @returns {Scroll}
 */
export function changed(state, { L = state.L, h = state.h, shift = 0 }) {
  const next = { ...state, L, h };
  const s = Math.min(state.s, boxHeight(next) - h); // as the browser does when the box gets lower
  return withinView({ ...next, s, o: position(state) + shift - s });
}

/**
 * Nothing has moved for a while: scrollTop may be set, and is if `s` of the result is another one.
 * @param {Scroll} state
 * @returns {Scroll}
 */
export function rested(state) {
  const box = boxHeight(state);
  const nearTheMiddle = state.s >= MIDDLE * box && state.s + state.h <= (1 - MIDDLE) * box;
  return at(state, position(state), nearTheMiddle ? state.o : undefined);
}

/**
 * Go to a height of the view at once.
 * @param {Scroll} state
 * @param {number} y
 * @returns {Scroll}
 */
export const jumped = (state, y) => at(state, Math.min(lastPosition(state), Math.max(0, y)));

/**
 * @param {Scroll} state
 * @param {number} y
 * @param {number} [o] where neither end of the view is near
 * @returns {Scroll}
 */
function at(state, y, o = y - (boxHeight(state) - state.h) / 2) {
  const { L, h } = state;
  const box = boxHeight(state);
  if (L <= box || y <= box / 4) o = 0;
  else if (L - h - y <= box / 4) o = L - box;
  return { ...state, s: y - o, o };
}

/**
 * What is kept in place whatever happens: the first photo of the first row that is fully in view.
 * @param {Layout} layout
 * @param {Scroll} state
 * @returns {Anchor | null} null if there is no photo
 */
export function anchorOf(layout, state) {
  const y = position(state);
  let first = null;
  for (const row of layout.rows(y, y + state.h)) {
    first ??= row;
    if (row.y < y) continue;
    if (row.y + row.h <= y + state.h) first = row;
    break;
  }
  if (!first && layout.segments.total) first = layout.rowOf(0);
  return first && { ...layout.segments.position(first.index), below: first.y - y };
}

/**
 * How much lower the anchor stands now than where it was seen.
 * @param {Layout} layout
 * @param {Scroll} state
 * @param {Anchor} anchor
 */
export const shiftOf = (layout, state, anchor) =>
  layout.rowOf(layout.segments.index(anchor)).y - anchor.below - position(state);

/**
 * How fast the view moves, in pixels a millisecond, and which way. Half of it is what it was before, because single
 * events of a wheel come in bursts.
 * @typedef {{ y: number, time: number, speed: number }} Motion
 * @param {Motion} before
 * @param {number} y
 * @param {number} time in milliseconds
 * @returns {Motion}
 */
export function moved(before, y, time) {
  const elapsed = Math.max(1, time - before.time);
  const fresh = (y - before.y) / elapsed;
  return { y, time, speed: elapsed > 200 ? fresh : (before.speed + fresh) / 2 };
}
