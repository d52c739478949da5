/**
 * The world as it is drawn: land and borders, from the package world-atlas, on tiles that the browser paints itself.
 * Leaflet and topojson-client only set globals, so they are imported for that.
 */

/** Where this map ends: land and borders are known to about a kilometre. */
export const MOST_ZOOM = 11;
const TILE = 512; // pixels
const EDGE = 85.06; // degrees; Web Mercator's
const COPIES = [-1, 0, 1];
const PACKAGES = [
  new URL('../../vendor/leaflet/dist/leaflet.js', import.meta.url).href,
  new URL('../../vendor/topojson-client/dist/topojson-client.min.js', import.meta.url).href,
];
const WORLD = new URL('../../vendor/world-atlas/countries-50m.json', import.meta.url).href;

/** @typedef {number[][]} Line positions, longitude first */
/** @typedef {{ line: Float64Array, box: number[] }} Outline in parts of the world's width, and what it lies in */

/** @type {Promise<{ L: any, land: Outline[][], borders: Outline[] }> | null} */
let loading = null;

/** Leaflet and the world, fetched when the first map is opened. */
export function world() {
  loading ??= (async () => {
    const [answer] = await Promise.all([
      fetch(WORLD),
      ...PACKAGES.map((one) => import(one)),
    ]);
    const atlas = await answer.json();
    const { L, topojson } = /** @type {any} */ (globalThis);
    const { land, countries } = atlas.objects;
    const areas = topojson.merge(atlas, land.geometries).coordinates;
    const inside = topojson.mesh(atlas, countries, (/** @type {any} */ a, /** @type {any} */ b) => a !== b).coordinates;
    return { L, land: areas.map((/** @type {Line[]} */ rings) => rings.map(outline)), borders: inside.map(outline) };
  })();
  loading.catch(() => (loading = null)); // the next one tries again
  return loading;
}

/**
 * A line in parts of the world's width. It goes on across the date line, beyond the edge of the world, where the next
 * copy of it begins; a ring around a pole is closed along that.
 * @param {Line} positions
 * @returns {Outline}
 */
export function outline(positions) {
  /** @type {number[]} */
  const points = [];
  let [turns, before] = [0, positions[0][0]];
  for (const [longitude, latitude] of positions) {
    if (Math.abs(longitude - before) > 180) turns += longitude < before ? 1 : -1;
    before = longitude;
    const sine = Math.sin((Math.max(-EDGE, Math.min(EDGE, latitude)) * Math.PI) / 180);
    points.push(longitude / 360 + 0.5 + turns, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI));
  }
  if (turns) {
    const pole = positions[0][1] < 0 ? 1.01 : -0.01;
    points.push(points[points.length - 2], pole, points[0], pole);
  }
  const line = Float64Array.from(points);
  const xs = line.filter((_, i) => i % 2 === 0);
  const ys = line.filter((_, i) => i % 2 === 1);
  const [west, north] = [xs, ys].map((all) => all.reduce((least, one) => Math.min(least, one), Infinity));
  const [east, south] = [xs, ys].map((all) => all.reduce((most, one) => Math.max(most, one), -Infinity));
  return { line, box: [west, north, east, south] };
}

/**
 * A line without the points that one could not tell apart at this scale.
 * @param {CanvasPath} path
 * @param {Float64Array} line
 * @param {number} scale pixels of the world's width
 * @param {number} copy of the world: 0 for the one from 180° west to 180° east
 * @param {boolean} isClosed
 */
function trace(path, line, scale, copy, isClosed) {
  let [lastX, lastY] = [(line[0] + copy) * scale, line[1] * scale];
  path.moveTo(lastX, lastY);
  for (let i = 2; i < line.length; i += 2) {
    const [x, y] = [(line[i] + copy) * scale, line[i + 1] * scale];
    if (Math.abs(x - lastX) + Math.abs(y - lastY) < 0.75 && i < line.length - 2) continue;
    path.lineTo(x, y);
    [lastX, lastY] = [x, y];
  }
  if (isClosed) path.closePath();
}

/**
 * Paint a part of the world.
 * @param {HTMLCanvasElement} canvas
 * @param {{ land: Outline[][], borders: Outline[] }} atlas
 * @param {{ x: number, y: number, scale: number, colours: CSSStyleDeclaration }} part its corner, and the width of the
 *   whole world, in pixels of the page
 */
export function paint(canvas, { land, borders }, { x, y, scale, colours }) {
  const context = canvas.getContext('2d');
  if (!context) return;
  const dense = devicePixelRatio || 1;
  const [width, height] = [canvas.width / dense, canvas.height / dense];
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(dense, 0, 0, dense, -x * dense, -y * dense);
  const seen = (/** @type {Outline} */ { box }, /** @type {number} */ copy) =>
    (box[2] + copy) * scale >= x - 2 &&
    (box[0] + copy) * scale <= x + width + 2 &&
    box[3] * scale >= y - 2 &&
    box[1] * scale <= y + height + 2;
  context.beginPath();
  for (const copy of COPIES) {
    for (const rings of land) {
      if (seen(rings[0], copy)) for (const { line } of rings) trace(context, line, scale, copy, true);
    }
  }
  context.fillStyle = colours.getPropertyValue('--map-land');
  context.fill('evenodd');
  context.beginPath();
  for (const copy of COPIES) {
    for (const border of borders) if (seen(border, copy)) trace(context, border.line, scale, copy, false);
  }
  context.strokeStyle = colours.getPropertyValue('--map-border');
  context.lineJoin = 'round';
  context.stroke();
}

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
function sized(canvas, width, height) {
  const dense = devicePixelRatio || 1;
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return canvas;
}

/**
 * The layer of land and borders.
 * @param {Awaited<ReturnType<typeof world>>} atlas
 * @param {HTMLElement} root has the colours
 */
export function landLayer(atlas, root) {
  const Layer = atlas.L.GridLayer.extend({
    /** @param {{ x: number, y: number, z: number }} place */
    createTile({ x, y, z }) {
      const canvas = sized(document.createElement('canvas'), TILE, TILE);
      paint(canvas, atlas, { x: x * TILE, y: y * TILE, scale: 256 * 2 ** z, colours: getComputedStyle(root) });
      return canvas;
    },
  });
  const layer = new Layer({ tileSize: TILE, minZoom: 0, maxZoom: MOST_ZOOM, updateWhenZooming: false, keepBuffer: 1 });
  const redraw = () => layer.redraw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return layer;
}

/**
 * A small map of where one photo was taken, with a dot, as wide as its element. It leads nowhere itself.
 * @param {HTMLElement} element gets the class `small-map`; its height is its style's
 * @param {number} latitude
 * @param {number} longitude
 * @param {number} [zoom]
 */
export async function smallMap(element, latitude, longitude, zoom = 6) {
  const atlas = await world();
  element.classList.add('small-map');
  element.setAttribute('aria-hidden', 'true'); // its place is said in words beside it
  const { clientWidth: width, clientHeight: height } = element;
  const canvas = sized(document.createElement('canvas'), width, height);
  const { line } = outline([[longitude, latitude]]);
  const scale = 256 * 2 ** zoom;
  const part = { x: line[0] * scale - width / 2, y: line[1] * scale - height / 2, scale };
  const draw = () => paint(canvas, atlas, { ...part, colours: getComputedStyle(element) });
  element.replaceChildren(canvas);
  draw();
}
