/** What of the world is in view, as addresses and requests say it. */

/** @typedef {{ west: number, south: number, east: number, north: number }} Bounds degrees; east may go on beyond 180 */

const EDGE = 85; // degrees; the map ends there, and what lies beyond is shown at its edge

/** @param {number} longitude */
export const wrapped = (longitude) => ((((longitude + 180) % 360) + 360) % 360) - 180;

/**
 * The `box` of what is in view, rounded outwards so that nothing at the edge is lost. Its west is east of its east
 * where it lies across the date line.
 * @param {Bounds} bounds
 */
export function boxOf({ west, south, east, north }) {
  const out = (/** @type {number} */ value, /** @type {1 | -1} */ side) => (Math.ceil(value * side * 1e4) * side) / 1e4;
  const isWhole = east - west >= 360 - 1e-3;
  const [first, last] = isWhole ? [-180, 180] : [wrapped(out(west, -1)), wrapped(out(east, 1))];
  const [low, high] = [south <= -EDGE ? -90 : out(south, -1), north >= EDGE ? 90 : out(north, 1)];
  return [first, low, last, high].map((value) => +value.toFixed(4) + 0).join(',');
}

/**
 * The longitude nearest to another one, on whichever copy of the world that is.
 * @param {number} longitude
 * @param {number} middle
 */
export const nearest = (longitude, middle) => longitude + 360 * Math.round((middle - longitude) / 360);

/**
 * The smallest part of the world that has all positions; null for none.
 * @param {number[]} latitudes
 * @param {number[]} longitudes
 * @returns {Bounds | null}
 */
export function around(latitudes, longitudes) {
  if (!longitudes.length) return null;
  const sorted = longitudes.map(wrapped).sort((a, b) => a - b);
  // It begins behind the widest gap between two neighbours on the way round.
  let [widest, at] = [sorted[0] + 360 - sorted[sorted.length - 1], 0];
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i] - sorted[i - 1] > widest) [widest, at] = [sorted[i] - sorted[i - 1], i];
  }
  const west = sorted[at];
  return { west, east: west + 360 - widest, south: Math.min(...latitudes), north: Math.max(...latitudes) };
}

/**
 * Where the address says that the map is; null where it does not, or says nonsense.
 * @param {URLSearchParams} query
 */
export function placeOf(query) {
  const [latitude, longitude, ...rest] = (query.get('center') ?? '').split(',').map(Number);
  const zoom = Number(query.get('zoom') ?? NaN);
  const isRight = !rest.length && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && zoom >= 0 && zoom <= 24;
  return isRight && query.get('center') ? { latitude, longitude, zoom } : null;
}

/**
 * The same, to be written: as exact as a pixel.
 * @param {{ latitude: number, longitude: number, zoom: number }} place
 */
export function placed({ latitude, longitude, zoom }) {
  const digits = Math.max(1, Math.ceil(Math.log10(2 ** zoom)));
  const text = [latitude, wrapped(longitude)].map((value) => +value.toFixed(digits) + 0).join(',');
  return { center: text, zoom: String(zoom) };
}
