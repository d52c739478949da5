/**
 * What a view holds before any photo is loaded: for each segment its count and mean aspect ratio. A segment is a day,
 * or a part of at most 500 of a larger day; in a view without dates it is such a part of the whole.
 *
 * Photos are numbered from 0 in the order of the view; segments and months as well. Numbers change when photos come
 * and go; a segment's key and a place in it are what is kept.
 */

/**
 * As the server sends them: each array holds differences from the entry before. Days count from 1970-01-01 and are
 * missing in views without dates; ratios are hundredths.
 * @typedef {{ seq: number, total?: number, day?: number[], count: number[], ratio: number[] }} Answer
 */

/** Newest first, oldest first, or without dates. @typedef {-1 | 1 | 0} Order */

/**
 * @typedef {object} Content
 * @property {number} seq the change of the library that this is as new as
 * @property {Order} order
 * @property {ArrayLike<number>} days one for each segment; all the same where there are no dates
 * @property {ArrayLike<number>} counts
 * @property {ArrayLike<number>} means
 */

export const LARGEST_PART = 500;
const NARROWEST = 0.4;
const WIDEST = 3.2;
const DAY = 86_400_000;

/** @param {number} ratio */
export const clamped = (ratio) => Math.min(WIDEST, Math.max(NARROWEST, ratio));

/** @param {number[]} differences */
function sums(differences) {
  let sum = 0;
  return differences.map((difference) => (sum += difference));
}

/** @param {number} day */
export const dateOf = (day) => new Date(day * DAY).toISOString().slice(0, 10);

/** @param {string} date */
export const dayOf = (date) => Date.parse(date) / DAY;

export class Segments {
  /** @type {Map<string, number>} */
  #segments;

  /**
   * @param {Content} content
   * @param {Float32Array} [ratios] of each photo; without them every photo has the mean of its segment
   */
  constructor({ seq, order, days, counts, means }, ratios) {
    const length = counts.length;
    this.seq = seq;
    this.order = order;
    this.dated = order !== 0;
    this.length = length;
    this.days = Int32Array.from(days);
    this.counts = Uint32Array.from(counts);
    this.means = Float32Array.from(means, clamped);
    /** The first photo of each segment, and behind the last one the total. */
    this.starts = new Uint32Array(length + 1);
    /** The number of each segment in its day, from 1. */
    this.parts = new Uint32Array(length);
    /** @type {string[]} what the segments are called in addresses and requests */
    this.keys = [];
    /** @type {string[]} */
    const months = [];
    const monthStarts = [];
    for (let i = 0; i < length; i++) {
      this.starts[i + 1] = this.starts[i] + this.counts[i];
      this.parts[i] = i && this.days[i] === this.days[i - 1] ? this.parts[i - 1] + 1 : 1;
      this.keys.push(this.#keyOf(i));
      const month = this.dated ? this.keys[i].slice(0, '2019-07'.length) : this.keys[i];
      if (month === months.at(-1)) continue;
      months.push(month);
      monthStarts.push(i);
    }
    this.#segments = new Map(this.keys.map((key, segment) => [key, segment]));
    this.total = this.starts[length];
    this.ratios = ratios ?? new Float32Array(this.total);
    if (!ratios) this.#forget(0, length);
    /** "2019-07" for each month. In a view without dates each segment stands for one. */
    this.months = months;
    /** The first segment of each month, and behind the last one the number of segments. */
    this.monthStarts = Uint32Array.from([...monthStarts, length]);
  }

  /**
   * @param {Answer} answer
   * @param {-1 | 1} order of the days, if it has days
   */
  static from(answer, order = -1) {
    const counts = sums(answer.count);
    const days = answer.day ? sums(answer.day) : counts.map(() => 0);
    const means = sums(answer.ratio).map((ratio) => ratio / 100);
    return new Segments({ seq: answer.seq, order: answer.day ? order : 0, days, counts, means });
  }

  /**
   * "2019-07-14", "2019-07-14.2" for the second part of a day; the number of the part in a view without dates.
   * @param {number} segment
   */
  #keyOf(segment) {
    const part = this.parts[segment];
    if (!this.dated) return String(part);
    const date = dateOf(this.days[segment]);
    return part === 1 ? date : `${date}.${part}`;
  }

  /**
   * The segment with this key; where there is none, the one that stands in its place, or the last one.
   * @param {string} key
   */
  find(key) {
    const [date, part = '1'] = this.dated ? key.split('.') : ['1970-01-01', key];
    const day = dayOf(date);
    /** @param {number} i */
    const isThereOrBehind = (i) =>
      this.days[i] === day ? this.parts[i] >= Number(part) : (this.days[i] - day) * this.order > 0;
    return Math.min(this.length - 1, lowest(this.length, isThereOrBehind));
  }

  /**
   * Whether a segment has exactly this key.
   * @param {string} key
   */
  has(key) {
    return this.#segments.has(key);
  }

  /**
   * How many photos are in the segment with exactly this key.
   * @param {string} key
   */
  count(key) {
    const segment = this.#segments.get(key);
    return segment === undefined ? 0 : this.counts[segment];
  }

  /**
   * The segment of a photo.
   * @param {number} index
   */
  at(index) {
    return lowest(this.length - 1, (i) => this.starts[i + 1] > index);
  }

  /**
   * Where a photo is kept: the key of its segment and its place there.
   * @param {number} index
   */
  position(index) {
    const segment = this.at(index);
    return { key: this.keys[segment], index: index - this.starts[segment] };
  }

  /**
   * The photo at a kept place; where that is gone, the nearest one.
   * @param {{ key: string, index: number }} position
   */
  index({ key, index }) {
    const segment = this.find(key);
    return this.length ? this.starts[segment] + Math.min(index, this.counts[segment] - 1) : 0;
  }

  /**
   * The month of a segment.
   * @param {number} segment
   */
  monthOf(segment) {
    return lowest(this.months.length - 1, (month) => this.monthStarts[month + 1] > segment);
  }

  /**
   * Set the ratios of a segment's photos to what has been learned.
   * @param {number} segment
   * @param {ArrayLike<number>} ratios
   */
  learn(segment, ratios) {
    this.ratios.set(Float32Array.from(ratios, clamped), this.starts[segment]);
  }

  /**
   * @param {number} from
   * @param {number} until
   */
  #forget(from, until) {
    for (let i = from; i < until; i++) this.ratios.fill(this.means[i], this.starts[i], this.starts[i + 1]);
  }

  /**
   * The same view with other segments in the place of some; all others keep what is known of their photos.
   * @param {number} from
   * @param {number} until
   * @param {{ day: number, count: number, mean: number }[]} entries those without photos are left out
   * @param {number} [seq]
   * @returns {Segments}
   */
  replaced(from, until, entries, seq = this.seq) {
    const kept = entries.filter((entry) => entry.count > 0);
    /** @param {ArrayLike<number>} old @param {number[]} middle */
    const spliced = (old, middle) => {
      const all = Array.from(old);
      all.splice(from, until - from, ...middle);
      return all;
    };
    const content = {
      seq,
      order: this.order,
      days: spliced(this.days, kept.map((entry) => entry.day)),
      counts: spliced(this.counts, kept.map((entry) => entry.count)),
      means: spliced(this.means, kept.map((entry) => entry.mean)),
    };
    const before = this.starts[from];
    const after = this.ratios.subarray(this.starts[until]);
    const added = kept.reduce((sum, entry) => sum + entry.count, 0);
    const ratios = new Float32Array(before + added + after.length);
    ratios.set(this.ratios.subarray(0, before));
    ratios.set(after, before + added);
    const result = new Segments(content, ratios);
    result.#forget(from, from + kept.length);
    return result;
  }

  /**
   * The same view after days changed; a day's count is 0 when it has no photos left.
   * @param {Answer} answer
   */
  changed(answer) {
    const counts = sums(answer.count);
    const means = sums(answer.ratio).map((ratio) => ratio / 100);
    /** @type {Segments} */
    let result = this;
    sums(answer.day ?? []).forEach((day, i) => {
      const [from, until] = result.#segmentsOf(day);
      const entries = [];
      for (let left = counts[i]; left > 0; left -= LARGEST_PART) {
        entries.push({ day, count: Math.min(left, LARGEST_PART), mean: means[i] });
      }
      result = result.replaced(from, until, entries, answer.seq);
    });
    return result;
  }

  /** @param {number} day */
  #segmentsOf(day) {
    return [
      lowest(this.length, (i) => (this.days[i] - day) * this.order >= 0),
      lowest(this.length, (i) => (this.days[i] - day) * this.order > 0),
    ];
  }
}

/**
 * The lowest number that fits, or `length` if none below it does; whatever is above a number that fits must fit too.
 * @param {number} length
 * @param {(i: number) => boolean} fits
 */
export function lowest(length, fits) {
  let low = 0;
  let high = Math.max(0, length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
