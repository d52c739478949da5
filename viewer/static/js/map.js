/** The map: photos that lie together as one picture with their number, and beside it the grid of what is in view. */

import { addressOf, base } from './address.js';
import { get } from './api.js';
import { Segments } from './grid/segments.js';
import { gettext, ngettext, number } from './i18n.js';
import { around, boxOf, nearest, placed, placeOf } from './map/box.js';
import { landLayer, MOST_ZOOM, world } from './map/world.js';
import { start as startPhotos } from './photos.js';
import { tell } from './ui/notice.js';

/** @import { PhotoGrid } from './grid/grid.js' */

/** @typedef {{ lat: number[], lon: number[], count: number[], photo: number[], v: (string | number)[] }} Clusters */

const WHOLE = '-180,-90,180,90';
const RESTED = 150; // milliseconds
const PICTURE = 56; // pixels
const CLOSER = 2; // zooms that a cluster is opened by

/** @param {string} id */
const part = (id) => /** @type {any} */ (document.getElementById(id));

/** Start the page. */
export async function start() {
  try {
    await new PhotoMap().open();
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
  }
}

class PhotoMap {
  #page = JSON.parse(part('page').textContent);
  /** @type {PhotoGrid | null} */
  #grid = null;
  /** @type {any} Leaflet, its map, and its groups of what stands on it */
  #L;
  /** @type {any} */
  #map;
  /** @type {any} */
  #pictures;
  /** @type {any} */
  #names;
  #asking = new AbortController();
  #timer = 0;
  #box = '';

  async open() {
    const root = part('map');
    const everything = get('map', { ...this.#page.filters, box: WHOLE, zoom: '2' });
    const atlas = await world();
    this.#L = atlas.L;
    const [{ L }, whole] = [atlas, /** @type {Clusters} */ (await everything)];
    this.#map = L.map(root, {
      attributionControl: false,
      zoomControl: false,
      minZoom: leastZoom(root.clientWidth),
      maxZoom: MOST_ZOOM,
      maxBounds: [[-85.06, -1e6], [85.06, 1e6]],
      maxBoundsViscosity: 1,
      zoomAnimation: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      fadeAnimation: false,
    });
    L.control.zoom({ position: 'topright', zoomInTitle: gettext('Zoom in'), zoomOutTitle: gettext('Zoom out') }).addTo(this.#map);
    landLayer(atlas, root).addTo(this.#map);
    this.#names = L.layerGroup().addTo(this.#map);
    this.#pictures = L.layerGroup().addTo(this.#map);
    const bounds = around(whole.lat, whole.lon);
    part('show-all').addEventListener('click', () => this.#fit(bounds));
    const place = placeOf(new URLSearchParams(location.search));
    if (place) this.#map.setView([place.latitude, place.longitude], place.zoom, { animate: false });
    else this.#fit(bounds);
    part('nowhere').hidden = Boolean(bounds);
    part('grid').hidden = !bounds;
    root.dataset.ready = '';
    if (!bounds) return;
    this.#map.on('moveend', () => this.#moved());
    addEventListener('resize', () => this.#map.setMinZoom(leastZoom(root.clientWidth)));
    await this.#look();
  }

  /** @param {ReturnType<typeof around>} bounds */
  #fit(bounds) {
    if (!bounds) this.#map.setView([20, 10], this.#map.getMinZoom());
    else {
      const { south, west, north, east } = bounds;
      this.#map.fitBounds([[south, west], [north, east]], { padding: [PICTURE, PICTURE], maxZoom: 8, animate: false });
    }
  }

  #moved() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#look(), RESTED);
  }

  /** Bring what is in view now, and have it in the address. */
  async #look() {
    const bounds = this.#map.getBounds();
    const box = boxOf({ west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() });
    const { lat, lng } = this.#map.getCenter();
    const zoom = this.#map.getZoom();
    const address = addressOf({ ...placed({ latitude: lat, longitude: lng, zoom }), ...(this.#grid ? { at: null } : {}) });
    if (!new URLSearchParams(location.search).has('photo')) history.replaceState(history.state, '', address);
    if (box === this.#box) return;
    this.#box = box;
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const { filters } = this.#page;
    try {
      const [clusters, names, segments] = await Promise.all([
        get('map', { ...filters, box, zoom: String(zoom) }, signal),
        townsOf(box, zoom, signal),
        get('photos/segments', { ...filters, box }, signal),
      ]);
      tell(null);
      this.#show(clusters, lng);
      this.#name(names, lng);
      await this.#fill(segments, box);
    } catch (error) {
      if (signal.aborted) return;
      this.#box = '';
      tell(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * @param {Clusters} clusters
   * @param {number} middle
   */
  #show(clusters, middle) {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.photo : undefined;
    this.#pictures.clearLayers();
    // From west to east, as one reads; the largest stand above the others.
    const order = clusters.lon.map((longitude, i) => ({ longitude: nearest(longitude, middle), i }));
    order.sort((a, b) => a.longitude - b.longitude);
    for (const { longitude, i } of order) {
      const [count, id] = [clusters.count[i], clusters.photo[i]];
      const icon = this.#L.divIcon({ className: 'cluster', html: picture(id, clusters.v[i], count), iconSize: [PICTURE, PICTURE] });
      const marker = this.#L.marker([clusters.lat[i], longitude], { icon, zIndexOffset: Math.round(Math.log2(count) * 1000) });
      const open = () => void this.#open(marker.getLatLng(), count, id);
      marker.on('click', open);
      marker.addTo(this.#pictures);
      const element = marker.getElement();
      element.dataset.photo = String(id);
      element.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        open();
      });
      element.setAttribute('aria-label', ngettext('%(num)d photo here', '%(num)d photos here', count));
      if (focused === String(id)) element.focus({ preventScroll: true });
    }
  }

  /**
   * @param {{ name: string[], lat: number[], lon: number[] }} names
   * @param {number} middle
   */
  #name({ name, lat, lon }, middle) {
    this.#names.clearLayers();
    name.forEach((text, i) => {
      const html = document.createElement('span');
      html.textContent = text;
      const icon = this.#L.divIcon({ className: 'town', html, iconSize: [0, 0] });
      const position = [lat[i], nearest(lon[i], middle)];
      this.#L.marker(position, { icon, interactive: false, keyboard: false, pane: 'overlayPane' }).addTo(this.#names);
    });
  }

  /**
   * Go closer to photos that lie together; where that is not possible, or there is one, show it in the grid.
   * @param {any} position
   * @param {number} count
   * @param {number} photo
   */
  async #open(position, count, photo) {
    const zoom = this.#map.getZoom();
    if (count > 1 && zoom < MOST_ZOOM) {
      this.#map.setView(position, Math.min(MOST_ZOOM, zoom + CLOSER));
      return;
    }
    if (!this.#grid) return;
    const grid = this.#grid;
    const place = await get(`photos/${photo}/position`, { ...this.#page.filters, box: this.#box });
    const index = grid.segments.index(place);
    grid.show(index);
    const link = await appeared(() => grid.element(index)?.querySelector('a') ?? null);
    if (count === 1) link?.click();
    else grid.focus(index);
  }

  /**
   * Fill the grid with what is in view.
   * @param {any} answer
   * @param {string} box
   */
  async #fill(answer, box) {
    const segments = Segments.from(answer);
    this.#page.filters.box = [box];
    part('count').textContent = ngettext('%(num)d photo here', '%(num)d photos here', segments.total);
    part('as-search').href = `${base}/gallery?${new URLSearchParams(Object.entries(this.#page.filters).flatMap(pairs))}`;
    part('elsewhere').hidden = segments.total > 0;
    part('grid').hidden = segments.total === 0;
    if (!segments.total) return;
    if (this.#grid) {
      scrollTo({ top: 0, behavior: 'instant' });
      this.#grid.replace(segments, segments.keys);
      this.#grid.jump(0);
      return;
    }
    this.#grid = await this.#begin(answer);
  }

  /** @param {any} answer */
  async #begin(answer) {
    const photo = new URLSearchParams(location.search).get('photo');
    if (photo) {
      this.#page.place = await get(`photos/${photo}/position`, this.#page.filters).catch(() => null);
    }
    part('page').textContent = JSON.stringify(this.#page);
    part('segments').textContent = JSON.stringify(answer);
    const begun = /** @type {NonNullable<Awaited<ReturnType<typeof startPhotos>>>} */ (await startPhotos());
    this.#page = begun.page;
    return begun.grid;
  }
}

/** @param {[string, any]} filter @returns {[string, string][]} */
const pairs = ([name, values]) => [values].flat().map((value) => [name, value]);

/** Zoomed out further, the world would be there twice. @param {number} width */
const leastZoom = (width) => Math.max(1, Math.ceil(Math.log2(Math.max(1, width) / 256)));

/**
 * @param {string} box
 * @param {number} zoom
 * @param {AbortSignal} signal
 */
async function townsOf(box, zoom, signal) {
  const response = await fetch(`${base}/map/towns?${new URLSearchParams({ box, zoom: String(zoom) })}`, { signal });
  return response.ok ? response.json() : { name: [], lat: [], lon: [] }; // a map without names is one still
}

/**
 * @param {number} id
 * @param {string | number} version
 * @param {number} count
 */
function picture(id, version, count) {
  const box = document.createElement('span');
  const image = document.createElement('img');
  image.src = `${base}/thumb/${id}/${version}/240.webp`;
  image.alt = '';
  image.draggable = false;
  image.addEventListener('error', () => box.classList.add('bare'));
  box.append(image);
  if (count > 1) {
    const badge = document.createElement('span');
    badge.className = 'count';
    badge.textContent = number(count, { notation: 'compact' });
    box.append(badge);
  }
  return box;
}

/**
 * What is there a moment later; null if it never comes.
 * @template T
 * @param {() => T | null} look
 * @returns {Promise<T | null>}
 */
async function appeared(look) {
  for (let i = 0; i < 60; i++) {
    const found = look();
    if (found) return found;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  return null;
}
