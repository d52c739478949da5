/**
 * Photos to rows. Months are laid out independently of each other, so a change touches one month; so are the parts of
 * a large day, so photos on the screen keep their rows when the ratios of the part above become known.
 */

import { lowest } from './segments.js';

/** @import { Segments } from './segments.js' */

/**
 * @typedef {object} Measures
 * @property {number} W width of the grid
 * @property {number} H height that rows should have
 * @property {number} gap between tiles
 * @property {number} dayGap between days that share a row
 * @property {number} head height of the strip with the dates over a row in which a day begins
 * @property {number} monthHead height of a month's name
 * @property {number} minDay width that a date needs
 */

/**
 * The rows of a month: the first photo (0 is the month's first), the number of photos, top and height of each.
 * @typedef {{ height: number, first: Uint32Array, n: Uint16Array, y: Float64Array, h: Float64Array }} Month
 */

/**
 * What is laid out at once: the days and counts of some segments, and their photos' ratios. `open` says that the last
 * day goes on in the next month, as it does in views without dates.
 * @typedef {{ days: ArrayLike<number>, counts: ArrayLike<number>, ratios: Float32Array, open: boolean }} Stretch
 */

const TALLEST = 1.4; // of H; a row is wider than the grid before it is taller
const TALLEST_END = 1.2; // the last row of a day is rather left short than stretched more
const LOWEST = 0.4; // rows lower than this are not tried
const SHORT_END = 0.04; // what a short last row counts: as if it were full and stretched by a fifth
const SHORT_INSIDE = 9; // what it counts where photos follow: only if nothing else is possible

const PHONE = { H: 110, gap: 2, dayGap: 16, head: 32, minDay: 88 };
const WIDE = { gap: 4, dayGap: 24, head: 40, minDay: 112 };
const MONTH_HEAD = 64;

/**
 * The measures for a grid of this width on a screen of this width; `size` is the height of rows that the person chose.
 * @param {{ width: number, screen: number, dated: boolean, size?: number }} choice
 * @returns {Measures}
 */
export function measures({ width, screen, dated, size }) {
  const phone = screen < 600;
  const [smallest, largest] = phone ? [72, 200] : [96, 320];
  const usual = phone ? PHONE : { ...WIDE, H: screen < 1024 ? 160 : 220 };
  const H = Math.min(largest, Math.max(smallest, size ?? usual.H));
  return { ...usual, W: width, H, monthHead: MONTH_HEAD, ...(dated ? {} : { head: 0, monthHead: 0, minDay: 0 }) };
}

/**
 * Where the rows of long days end, by segment: what is known from before, and what is found now. Finding it is nearly
 * all of the work, and in a month of 70,000 photos mostly nothing has changed.
 * @typedef {{ get: (segment: number) => Ends | undefined, set: (segment: number, ends: Ends) => void }} Known
 */

/** @typedef {{ count: number, goesOn: boolean, ends: number[] }} Ends */

const NOTHING_KNOWN = { get: () => undefined, set: () => {} };

/**
 * One month to rows.
 * @param {Stretch} stretch
 * @param {Measures} measures
 * @param {Known} [known]
 * @returns {Month}
 */
export function layoutMonth(stretch, measures, known = NOTHING_KNOWN) {
  const { days, counts, ratios, open } = stretch;
  const { W, H, gap, dayGap, head, monthHead, minDay } = measures;
  /** @type {number[]} */ const first = [];
  /** @type {number[]} */ const n = [];
  /** @type {number[]} */ const y = [];
  /** @type {number[]} */ const h = [];
  let top = monthHead;

  /** @param {number} from @param {number} count @param {number} height @param {boolean} beginsDay */
  function put(from, count, height, beginsDay) {
    if (beginsDay) top += head;
    first.push(from);
    n.push(count);
    y.push(top);
    h.push(height);
    top += height + gap;
  }

  // Short days that wait to share a row.
  let shared = { from: 0, n: 0, days: 0, width: 0, ratio: 0, padded: false };
  function putShared() {
    if (shared.n) {
      const full = (W - (shared.n - shared.days) * gap - (shared.days - 1) * dayGap) / shared.ratio;
      put(shared.from, shared.n, !shared.padded && full <= TALLEST_END * H ? full : H, true);
    }
    shared = { from: 0, n: 0, days: 0, width: 0, ratio: 0, padded: false };
  }

  let photo = 0;
  for (let i = 0; i < counts.length; i++) {
    const end = photo + counts[i];
    let ratio = 0;
    for (let j = photo; j < end; j++) ratio += ratios[j];
    const natural = ratio * H + gap * (counts[i] - 1);
    const begins = i === 0 || days[i] !== days[i - 1];
    const goesOn = i + 1 < counts.length ? days[i] === days[i + 1] : open;
    if (begins && !goesOn && natural <= W) {
      const width = Math.max(natural, minDay);
      if (shared.n && shared.width + dayGap + width > W) putShared();
      if (!shared.n) shared.from = photo;
      shared.width += (shared.n ? dayGap : 0) + width;
      shared.ratio += ratio;
      shared.n += counts[i];
      shared.days++;
      shared.padded ||= width > natural;
    } else {
      putShared();
      const before = known.get(i);
      const isKnown = before && before.count === counts[i] && before.goesOn === goesOn;
      const ends = isKnown ? before.ends : breaks(ratios, photo, end, goesOn, measures);
      if (!isKnown) known.set(i, { count: counts[i], goesOn, ends });
      let from = photo;
      for (let k = ends.length - 1; k >= 0; k--) {
        const until = photo + ends[k];
        let sum = 0;
        for (let j = from; j < until; j++) sum += ratios[j];
        const full = (W - gap * (until - from - 1)) / sum;
        const limit = until < end || goesOn ? TALLEST : TALLEST_END;
        put(from, until - from, full <= limit * H ? full : H, begins && from === photo);
        from = until;
      }
    }
    photo = end;
  }
  putShared();
  return {
    height: top,
    first: Uint32Array.from(first),
    n: Uint16Array.from(n),
    y: Float64Array.from(y),
    h: Float64Array.from(h),
  };
}

/** @type {Map<string, number[]>} of photos that all have the same ratio, as they do before they are known */
const alike = new Map();
const MOST_ALIKE = 2000;

/**
 * Where rows end, last row first.
 * @param {Float32Array} ratios
 * @param {number} from
 * @param {number} until
 * @param {boolean} goesOn whether the day has more photos behind these
 * @param {Measures} measures
 */
function breaks(ratios, from, until, goesOn, { W, H, gap }) {
  const first = ratios[from];
  for (let i = from + 1; i < until; i++) {
    if (ratios[i] !== first) return best(ratios, from, until, goesOn, W, H, gap);
  }
  const name = `${until - from} ${first} ${goesOn} ${W} ${H} ${gap}`;
  const found = alike.get(name) ?? best(ratios, from, until, goesOn, W, H, gap);
  if (alike.size > MOST_ALIKE) alike.clear();
  alike.set(name, found);
  return found;
}

let costs = new Float64Array(512);
let befores = new Uint32Array(512);

/**
 * Where rows of the photos `from` … `until` end, last row first: of all ways to break them the one whose photos are
 * nearest to H taken together. Taking each row by itself leaves a short row at the end of nearly every part.
 * @param {Float32Array} ratios
 * @param {number} from
 * @param {number} until
 * @param {boolean} goesOn whether the day has more photos behind these
 * @param {number} W
 * @param {number} H
 * @param {number} gap
 */
function best(ratios, from, until, goesOn, W, H, gap) {
  const count = until - from;
  if (costs.length <= count) {
    costs = new Float64Array(2 * count);
    befores = new Uint32Array(2 * count);
  }
  costs[0] = 0;
  for (let end = 1; end <= count; end++) {
    const limit = end < count || goesOn ? TALLEST : TALLEST_END;
    const short = end < count || goesOn ? SHORT_INSIDE : SHORT_END;
    let least = Infinity;
    let ratio = 0;
    for (let start = end - 1; start >= 0; start--) {
      ratio += ratios[from + start];
      const height = (W - gap * (end - start - 1)) / ratio / H;
      if (height < LOWEST && start < end - 1) break;
      const off = height > 1 ? height - 1 : 1 / height - 1;
      const cost = (height > limit ? short * height : off * off) * (end - start);
      if (height < 1 && cost >= least) break; // and more photos cost more
      if (costs[start] + cost < least) {
        least = costs[start] + cost;
        befores[end] = start;
      }
    }
    costs[end] = least;
  }
  const ends = [];
  for (let end = count; end > 0; end = befores[end]) ends.push(end);
  return ends;
}

/**
 * Where the tiles of a row stand: left and width of each, one after the other.
 * @param {Segments} segments
 * @param {{ index: number, n: number, h: number }} row its first photo, number and height
 * @param {Measures} measures
 */
export function tiles(segments, { index, n, h }, { gap, dayGap, minDay }) {
  const places = new Float64Array(2 * n);
  let segment = segments.at(index);
  let left = 0;
  let dayLeft = 0;
  for (let i = 0; i < n; i++) {
    const before = segments.days[segment];
    while (index + i >= segments.starts[segment + 1]) segment++;
    if (i && segments.days[segment] !== before) {
      left = Math.max(left, dayLeft + minDay) + dayGap;
      dayLeft = left;
    } else if (i) {
      left += gap;
    }
    const width = segments.ratios[index + i] * h;
    places[2 * i] = left;
    places[2 * i + 1] = width;
    left += width;
  }
  return places;
}

/**
 * The height of rows of many photos with the same ratio.
 * @param {number} count
 * @param {number} ratio
 * @param {Measures} measures
 */
function rowsOf(count, ratio, { W, H, gap }) {
  const heightOf = (/** @type {number} */ n) => (W - gap * (n - 1)) / n / ratio;
  const few = Math.max(1, Math.floor((W + gap) / (ratio * H + gap)));
  const n = heightOf(few) <= Math.min(TALLEST, H / heightOf(few + 1)) * H ? few : few + 1;
  return (count / n) * (heightOf(n) + gap);
}

/**
 * Where everything stands. A month is laid out when its rows are first asked for; until then it has the height that it
 * had before, or a guess.
 */
export class Layout {
  /** @type {Measures} */
  measures;
  /** @type {(Month | null)[]} */
  #months;
  /** @type {Float64Array} */
  #heights;
  /** @type {Float64Array} */
  #tops;
  #topsKnown = 0; // months whose top is right
  /** @type {Map<string, Ends>} by the segment's key */
  #ends = new Map();

  /**
   * @param {Segments} segments
   * @param {Measures} measures
   * @param {Layout} [previous] of the same view with other segments or measures
   * @param {Iterable<string>} [others] keys of segments whose photos are others than before
   */
  constructor(segments, measures, previous, others = []) {
    this.segments = segments;
    this.measures = measures;
    this.#months = segments.months.map(() => null);
    this.#heights = Float64Array.from(segments.months, (_, month) => this.#guess(month));
    this.#tops = new Float64Array(segments.months.length + 1);
    if (!previous) return;
    this.#takeHeights(previous);
    const { W, H, gap } = previous.measures;
    if (W !== measures.W || H !== measures.H || gap !== measures.gap) return;
    this.#ends = previous.#ends;
    for (const key of others) this.#ends.delete(key);
  }

  /** @param {Layout} previous */
  #takeHeights(previous) {
    const before = new Map(previous.segments.months.map((id, month) => [id, month]));
    this.segments.months.forEach((id, month) => {
      const old = before.get(id);
      if (old === undefined) return;
      this.#heights[month] *= previous.#heights[old] / previous.#guess(old);
    });
  }

  /** @param {number} month */
  #guess(month) {
    const { segments, measures } = this;
    const { W, H, gap, head, monthHead, minDay, dayGap } = measures;
    let height = monthHead;
    let waiting = 0; // width of short days
    for (let i = segments.monthStarts[month]; i < segments.monthStarts[month + 1]; i++) {
      const count = segments.counts[i];
      const width = count * (segments.means[i] * H + gap);
      if (width > W) height += (segments.parts[i] === 1 ? head : 0) + rowsOf(count, segments.means[i], this.measures);
      else waiting += Math.max(width, minDay) + dayGap;
    }
    return height + Math.ceil(waiting / W) * (head + H + gap);
  }

  get height() {
    return this.top(this.#months.length);
  }

  /**
   * The top of a month, or the end of the view behind the last one.
   * @param {number} month
   */
  top(month) {
    for (; this.#topsKnown < month; this.#topsKnown++) {
      this.#tops[this.#topsKnown + 1] = this.#tops[this.#topsKnown] + this.#heights[this.#topsKnown];
    }
    return this.#tops[month];
  }

  /**
   * The month at a height; the last one below the end.
   * @param {number} y
   */
  monthAt(y) {
    this.top(this.#months.length);
    return lowest(this.#months.length - 1, (month) => this.#tops[month + 1] > y);
  }

  /**
   * @param {number} month
   * @returns {Month}
   */
  month(month) {
    const known = this.#months[month];
    if (known) return known;
    const { segments } = this;
    const from = segments.monthStarts[month];
    const until = segments.monthStarts[month + 1];
    const made = layoutMonth(
      {
        days: segments.days.subarray(from, until),
        counts: segments.counts.subarray(from, until),
        ratios: segments.ratios.subarray(segments.starts[from], segments.starts[until]),
        open: !segments.dated && until < segments.length,
      },
      this.measures,
      {
        get: (segment) => this.#ends.get(segments.keys[from + segment]),
        set: (segment, ends) => this.#ends.set(segments.keys[from + segment], ends),
      },
    );
    this.#months[month] = made;
    if (made.height !== this.#heights[month]) {
      this.#heights[month] = made.height;
      this.#topsKnown = Math.min(this.#topsKnown, month);
    }
    return made;
  }

  /**
   * Forget the rows of some segments, whose photos' ratios were learned.
   * @param {number} from
   * @param {number} until
   */
  refresh(from, until) {
    for (let segment = from; segment < until; segment++) this.#ends.delete(this.segments.keys[segment]);
    if (from < until) this.#months.fill(null, this.segments.monthOf(from), this.segments.monthOf(until - 1) + 1);
  }

  /**
   * Lay out what is not yet, the nearest to a month first; ends each turn after one month.
   * @param {number} near
   */
  *settle(near) {
    for (let distance = 0; distance < this.#months.length; distance++) {
      for (const month of distance ? [near + distance, near - distance] : [near]) {
        if (this.#months[month] !== null || month < 0 || month >= this.#months.length) continue;
        this.month(month);
        yield month;
      }
    }
  }

  /**
   * A row with its place in the view.
   * @param {number} month
   * @param {number} row
   */
  row(month, row) {
    const { first, n, y, h } = this.month(month);
    const index = this.segments.starts[this.segments.monthStarts[month]] + first[row];
    return { month, row, index, n: n[row], y: this.top(month) + y[row], h: h[row] };
  }

  /**
   * The row of a photo.
   * @param {number} index
   */
  rowOf(index) {
    const month = this.segments.monthOf(this.segments.at(index));
    const inMonth = index - this.segments.starts[this.segments.monthStarts[month]];
    const { first } = this.month(month);
    return this.row(month, lowest(first.length - 1, (row) => first[row + 1] > inMonth));
  }

  /**
   * The rows of which something is between two heights. What is laid out on the way moves only what is below it.
   * @param {number} from
   * @param {number} until
   */
  *rows(from, until) {
    for (let month = this.monthAt(from); month < this.#months.length && this.top(month) < until; month++) {
      const { y, h } = this.month(month);
      const top = this.top(month);
      for (let row = lowest(y.length, (i) => top + y[i] + h[i] > from); row < y.length && top + y[row] < until; row++) {
        yield this.row(month, row);
      }
    }
  }
}
