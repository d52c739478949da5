/**
 * What is known of the photos around the screen. Nothing is asked for photo by photo: an answer has one array for each
 * property, for a range of segments.
 */

import { LARGEST_PART } from './segments.js';

/** @import { Segments } from './segments.js' */

/**
 * What the server says of the photos of a range, in their order: `ratio` in hundredths, `day` from 1970-01-01, and
 * more, which is the business of who draws them.
 * @typedef {{ id: (string | number)[], day?: number[], ratio: number[], [name: string]: unknown }} Answer
 */

/** Segments from one to before another. @typedef {{ from: number, until: number }} Range */

/**
 * Photos from one to before another, and which way the view moves.
 * @typedef {{ from: number, until: number, forward: boolean }} View
 */

const AT_ONCE = 2;
const AHEAD = 2 * LARGEST_PART;
const BEHIND = LARGEST_PART;
const KEPT = 60;
const LONG = 8000; // milliseconds
const TOO_FAST = 3; // pixels a millisecond; nobody sees anything at that speed

/**
 * What to ask for, the most urgent first: what is in view, two answers ahead, one behind.
 * @param {Segments} segments
 * @param {View} view
 * @param {(segment: number) => boolean} isMissing
 * @returns {Range[]}
 */
export function plan(segments, { from, until, forward }, isMissing) {
  if (!segments.total || from >= until) return [];
  const first = segments.at(from);
  const last = segments.at(until - 1);
  return forward
    ? [...runs(segments, first, 1, until + AHEAD, isMissing), ...runs(segments, first - 1, -1, from - BEHIND, isMissing)]
    : [...runs(segments, last, -1, from - AHEAD, isMissing), ...runs(segments, last + 1, 1, until + BEHIND, isMissing)];
}

/**
 * The missing segments from one on up or down to a photo, in ranges of as many photos as an answer holds.
 * @param {Segments} segments
 * @param {number} start
 * @param {1 | -1} step
 * @param {number} end
 * @param {(segment: number) => boolean} isMissing
 */
function* runs(segments, start, step, end, isMissing) {
  /** @type {Range | null} */
  let run = null;
  for (let i = start; i >= 0 && i < segments.length; i += step) {
    if (step > 0 ? segments.starts[i] >= end : segments.starts[i + 1] <= end) break;
    const photos = run && segments.starts[run.until] - segments.starts[run.from] + segments.counts[i];
    if (run && (!isMissing(i) || Number(photos) > LARGEST_PART)) {
      yield run;
      run = null;
    }
    if (!isMissing(i)) continue;
    run = run ? { from: Math.min(run.from, i), until: Math.max(run.until, i + 1) } : { from: i, until: i + 1 };
  }
  if (run) yield run;
}

/**
 * The segments that a range turned out to have. A promised part that is found smaller or larger changes the last part
 * of its day in the range.
 * @param {Segments} segments
 * @param {Range} range
 * @param {Answer} answer
 */
export function found(segments, { from, until }, { id, day, ratio }) {
  const dayOf = (/** @type {number} */ i) => (day ? day[i] : 0);
  /** @type {{ day: number, count: number, mean: number }[]} */
  const entries = [];
  let promise = from;
  for (let i = 0; i < id.length; ) {
    const today = dayOf(i);
    let end = i;
    while (end < id.length && dayOf(end) === today) end++;
    while (promise < until && segments.days[promise] !== today && isBefore(segments, promise, today)) promise++;
    while (i < end) {
      const isPromised = promise < until && segments.days[promise] === today;
      const isLast = !isPromised || promise + 1 === until || segments.days[promise + 1] !== today;
      const count = isLast ? end - i : Math.min(segments.counts[promise], end - i);
      const mean = ratio.slice(i, i + count).reduce((sum, one) => sum + one, 0) / count / 100;
      entries.push({ day: today, count, mean });
      if (isPromised) promise++;
      i += count;
    }
  }
  return entries;
}

/**
 * Whether a promised segment stands before a day in the order of the view.
 * @param {Segments} segments
 * @param {number} segment
 * @param {number} day
 */
const isBefore = (segments, segment, day) => (day - segments.days[segment]) * segments.order > 0;

export class Columns {
  /** @type {Map<string, { answer: Answer, start: number, count: number }>} */
  #places = new Map();
  /** @type {{ answer: Answer, keys: string[] }[]} */
  #answers = [];
  /** @type {Set<{ keys: Set<string>, controller: AbortController }>} */
  #loading = new Set();
  #isPaused = false;
  #centre = 0;
  #load;
  #arrived;
  #failed;
  #slow;
  #isSlow = false;
  #waiting = 0;

  /**
   * @param {Segments} segments
   * @param {object} page
   * @param {(from: string, until: string | undefined, signal: AbortSignal) => Promise<Answer>} page.load
   * @param {(range: Range, before: Segments) => void} page.arrived a range is known, and `segments` may be new: look again
   * @param {(error: unknown) => void} page.failed nothing more is asked for until `resume`
   * @param {(isSlow: boolean) => void} [page.slow] nothing has come for long, or now it has
   */
  constructor(segments, { load, arrived, failed, slow = () => {} }) {
    this.segments = segments;
    this.#load = load;
    this.#arrived = arrived;
    this.#failed = failed;
    this.#slow = slow;
  }

  /**
   * Load what is wanted around this part of the view, and end requests for what is not wanted any more.
   * @param {View} view
   * @param {number} speed
   */
  look(view, speed) {
    this.#centre = (view.from + view.until) / 2;
    const wanted = new Set();
    for (const { from, until } of plan(this.segments, view, (i) => !this.#places.has(this.segments.keys[i]))) {
      for (const key of this.segments.keys.slice(from, until)) wanted.add(key);
    }
    for (const request of this.#loading) {
      if ([...request.keys].some((key) => wanted.has(key))) continue;
      request.controller.abort();
      this.#loading.delete(request);
    }
    if (this.#isPaused || Math.abs(speed) > TOO_FAST) return;
    const isLoading = (/** @type {string} */ key) => [...this.#loading].some((request) => request.keys.has(key));
    const isMissing = (/** @type {number} */ i) =>
      !this.#places.has(this.segments.keys[i]) && !isLoading(this.segments.keys[i]);
    for (const range of plan(this.segments, view, isMissing)) {
      if (this.#loading.size >= AT_ONCE) break;
      void this.#ask(range);
    }
  }

  /** @param {Range} range */
  async #ask({ from, until }) {
    const { segments } = this;
    const fromKey = segments.keys[from];
    const untilKey = until < segments.length ? segments.keys[until] : undefined;
    const keys = new Set(segments.keys.slice(from, until));
    const request = { keys, controller: new AbortController() };
    this.#loading.add(request);
    this.#watch();
    try {
      const answer = await this.#load(fromKey, untilKey, request.controller.signal);
      if (this.#loading.delete(request)) this.take(answer, fromKey, untilKey);
      this.#watch();
    } catch (error) {
      if (!this.#loading.delete(request)) return; // ended by us
      this.#isPaused = true;
      this.#failed(error);
    }
  }

  /** Tell when nothing comes for long. */
  #watch() {
    clearTimeout(this.#waiting);
    if (this.#isSlow) this.#slow((this.#isSlow = false));
    if (this.#loading.size) this.#waiting = setTimeout(() => this.#slow((this.#isSlow = true)), LONG);
  }

  /** Ask again after a failure. */
  resume() {
    this.#isPaused = false;
  }

  /** Ask anew for everything that is on its way. */
  restart() {
    for (const { controller } of this.#loading) controller.abort();
    this.#loading.clear();
    this.resume();
  }

  /**
   * Learn the photos of a range of keys.
   * @param {Answer} answer
   * @param {string} fromKey
   * @param {string | undefined} untilKey
   */
  take(answer, fromKey, untilKey) {
    const before = this.segments;
    const from = before.find(fromKey);
    const promised = { from, until: untilKey === undefined ? before.length : before.find(untilKey) };
    const entries = found(before, promised, answer);
    const isAsPromised =
      entries.length === promised.until - from &&
      entries.every(({ day, count }, i) => before.days[from + i] === day && before.counts[from + i] === count);
    if (!isAsPromised) this.segments = before.replaced(from, promised.until, entries);
    const keys = [];
    let start = 0;
    for (let i = from; i < from + entries.length; i++) {
      const count = this.segments.counts[i];
      this.segments.learn(i, answer.ratio.slice(start, start + count).map((ratio) => ratio / 100));
      keys.push(this.segments.keys[i]);
      this.#places.set(this.segments.keys[i], { answer, start, count });
      start += count;
    }
    this.#answers.push({ answer, keys });
    this.#dropFarthest();
    this.#arrived({ from, until: from + entries.length }, before);
  }

  #dropFarthest() {
    if (this.#answers.length <= KEPT) return;
    const distances = this.#answers.map(({ keys }) =>
      Math.abs(this.segments.index({ key: keys[0] ?? '', index: 0 }) - this.#centre),
    );
    const [{ answer, keys }] = this.#answers.splice(distances.indexOf(Math.max(...distances)), 1);
    for (const key of keys) if (this.#places.get(key)?.answer === answer) this.#places.delete(key);
  }

  /**
   * Go on with segments that changed; what was known of these ones is forgotten.
   * @param {Segments} segments
   * @param {Iterable<string>} keys
   */
  replace(segments, keys) {
    this.segments = segments;
    for (const key of keys) this.#places.delete(key);
  }

  /**
   * Where a photo is in an answer; null while it is not known.
   * @param {number} index
   */
  photo(index) {
    const { key, index: inSegment } = this.segments.position(index);
    const place = this.#places.get(key);
    return place && inSegment < place.count ? { answer: place.answer, at: place.start + inSegment } : null;
  }

  /**
   * Change what is known of a photo, wherever it is.
   * @param {number} id
   * @param {string} property
   * @param {(value: any) => unknown} change
   */
  edit(id, property, change) {
    for (const { answer } of this.#answers) {
      const at = answer.id.indexOf(id);
      const values = /** @type {unknown[]} */ (answer[property]);
      if (at >= 0) values[at] = change(values[at]);
    }
  }

  /**
   * The ids of a segment's photos; null while they are not known.
   * @param {string} key
   */
  ids(key) {
    const place = this.#places.get(key);
    return place ? place.answer.id.slice(place.start, place.start + place.count) : null;
  }
}
