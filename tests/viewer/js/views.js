/** Views for tests: days with their numbers of photos, as the server would send them. */

import { Segments } from '../static/js/grid/segments.js';

/** @typedef {[day: number, count: number]} Day */

/** @param {number[]} values */
export const differences = (values) => values.map((value, i) => value - (i ? values[i - 1] : 0));

/** As the answer about changed days: parts are not told apart. @param {Day[]} days @param {number} seq */
export const answerOf = (days, seq) => ({
  seq,
  day: differences(days.map(([day]) => day)),
  count: differences(days.map(([, count]) => count)),
  ratio: differences(days.map(([day]) => 100 + (day % 60))),
});

/** @param {number} count */
export function partsOf(count) {
  const parts = [];
  for (let left = count; left > 0; left -= 500) parts.push(Math.min(left, 500));
  return parts;
}

/** @param {Day[]} days @param {-1 | 1} [order] */
export const viewOf = (days, order = -1) =>
  Segments.from(answerOf(days.flatMap(([day, count]) => partsOf(count).map((part) => /** @type {Day} */ ([day, part]))), 1), order);

/** @param {number} total */
export function undatedOf(total) {
  const counts = partsOf(total);
  return Segments.from({ seq: 1, count: differences(counts), ratio: differences(counts.map(() => 140)) });
}

/**
 * Some days of a few years, in their order.
 * @param {import('./check.js').Random} random
 * @param {-1 | 1} order
 * @returns {Day[]}
 */
export function daysOf(random, order) {
  const days = new Map();
  for (let n = random.int(1, 60); n > 0; n--) days.set(random.int(17000, 19000), random.size(2200));
  return [...days].sort(([a], [b]) => (a - b) * order);
}

/** @param {import('./check.js').Random} random */
export function someView(random) {
  if (random.chance(0.2)) return undatedOf(random.int(0, 3000));
  const order = random.pick([-1, 1]);
  return viewOf(daysOf(random, order), order);
}

/** Give every photo a ratio of its own. @param {Segments} segments @param {import('./check.js').Random} random */
export function learnAll(segments, random) {
  for (let i = 0; i < segments.length; i++) {
    segments.learn(i, Array.from({ length: segments.counts[i] }, () => random.ratio()));
  }
  return segments;
}
