/**
 * What a person has selected. Photos need not be loaded for it: a segment is selected as a whole with some exceptions,
 * or some of its photos are.
 */

/** @import { Segments } from './grid/segments.js' */

/** @typedef {string | number} Id */

/**
 * With `all`, `ids` are the exceptions; without it they are what is selected. Never changed once made.
 * @typedef {{ all: boolean, ids: ReadonlySet<Id> }} Part
 */

/** A photo: the key of its segment and its place there. @typedef {{ key: string, index: number }} Place */

/**
 * What the server is told: spans of keys from one until before another (null is the end), single ids, exceptions, and
 * the number that the person was shown.
 * @typedef {{ spans: [string, string | null][], ids: Id[], not: Id[], expect: number }} Chosen
 */

/** @type {Part} */
const WHOLE = { all: true, ids: new Set() };

export class Selection {
  #segments;
  #idsOf;
  /** @type {ReadonlyMap<string, Part>} */
  #parts = new Map();
  /** @type {ReadonlyMap<string, Part>} */
  #beforeDrag = new Map();

  /**
   * @param {Segments} segments
   * @param {(key: string) => Id[] | null} idsOf a segment's ids in their order; null while they are not known
   */
  constructor(segments, idsOf) {
    this.#segments = segments;
    this.#idsOf = idsOf;
  }

  /**
   * Go on with segments that changed.
   * @param {Segments} segments
   */
  replace(segments) {
    this.#segments = segments;
  }

  get count() {
    let count = 0;
    for (const [key, { all, ids }] of this.#parts) count += all ? this.#segments.count(key) - ids.size : ids.size;
    return count;
  }

  /**
   * @param {string} key
   * @param {Id} id
   */
  has(key, id) {
    const part = this.#parts.get(key);
    return part !== undefined && part.all !== part.ids.has(id);
  }

  /**
   * How much of a month's or day's segments is selected, for the check beside its name.
   * @param {string[]} keys
   * @returns {'all' | 'some' | 'none'}
   */
  state(keys) {
    const parts = keys.map((key) => this.#parts.get(key));
    if (parts.every((part) => part?.all && part.ids.size === 0)) return 'all';
    return parts.some(Boolean) ? 'some' : 'none';
  }

  clear() {
    this.#parts = new Map();
  }

  /** Select everything in the view. */
  all() {
    this.#parts = new Map(this.#segments.keys.map((key) => [key, WHOLE]));
  }

  /**
   * @param {string} key
   * @param {Id} id
   */
  toggle(key, id) {
    const { all, ids } = this.#parts.get(key) ?? { all: false, ids: new Set() };
    const flipped = new Set(ids);
    if (!flipped.delete(id)) flipped.add(id);
    this.#set(key, { all, ids: flipped });
  }

  /**
   * Select whole segments, or nothing of them if all of them are selected.
   * @param {string[]} keys
   */
  toggleAll(keys) {
    const parts = new Map(this.#parts);
    const isSelected = this.state(keys) === 'all';
    for (const key of keys) {
      if (isSelected) parts.delete(key);
      else parts.set(key, WHOLE);
    }
    this.#parts = parts;
  }

  /**
   * @param {string} key
   * @param {Part} part
   */
  #set(key, { all, ids }) {
    const parts = new Map(this.#parts);
    if (ids.size < this.#segments.count(key)) parts.set(key, { all, ids });
    else parts.set(key, { all: !all, ids: new Set() });
    if (!parts.get(key)?.all && !parts.get(key)?.ids.size) parts.delete(key);
    this.#parts = parts;
  }

  /**
   * Select everything between two photos and both of them; what is selected stays so.
   * @param {Place} one
   * @param {Place} other
   * @returns {string[]} the keys whose ids must be loaded first; then nothing was changed
   */
  range(one, other) {
    const ends = [this.#segments.index(one), this.#segments.index(other)].sort((a, b) => a - b);
    const [first, last] = ends.map((index) => this.#segments.at(index));
    /** @type {[string, number, number][]} segments of which only some are in the range, and which of their photos */
    const partly = [];
    const wholly = [];
    for (let i = first; i <= last; i++) {
      const start = this.#segments.starts[i];
      const from = Math.max(0, ends[0] - start);
      const until = Math.min(this.#segments.counts[i], ends[1] + 1 - start);
      if (from === 0 && until === this.#segments.counts[i]) wholly.push(this.#segments.keys[i]);
      else partly.push([this.#segments.keys[i], from, until]);
    }
    const missing = partly.map(([key]) => key).filter((key) => this.#idsOf(key) === null);
    if (missing.length) return missing;
    this.#parts = new Map([...this.#parts, ...wholly.map((key) => /** @type {[string, Part]} */ ([key, WHOLE]))]);
    for (const [key, from, until] of partly) this.#add(key, (this.#idsOf(key) ?? []).slice(from, until));
    return [];
  }

  /**
   * @param {string} key
   * @param {Id[]} added
   */
  #add(key, added) {
    const { all, ids } = this.#parts.get(key) ?? { all: false, ids: new Set() };
    const next = new Set(ids);
    for (const id of added) {
      if (all) next.delete(id);
      else next.add(id);
    }
    this.#set(key, { all, ids: next });
  }

  /** A drag begins: what it selects is added to what is selected now. */
  beginDrag() {
    this.#beforeDrag = this.#parts;
  }

  /**
   * The drag that began at one photo is at another one; what it left again is as it was before.
   * @param {Place} one
   * @param {Place} other
   */
  drag(one, other) {
    const now = this.#parts;
    this.#parts = this.#beforeDrag;
    const missing = this.range(one, other);
    if (missing.length) this.#parts = now;
    return missing;
  }

  /** @returns {Chosen} */
  chosen() {
    /** @type {Chosen} */
    const chosen = { spans: [], ids: [], not: [], expect: this.count };
    let isOpen = false;
    for (const key of this.#segments.keys) {
      const part = this.#parts.get(key);
      if (part?.all && !isOpen) chosen.spans.push([key, null]);
      if (!part?.all && isOpen) chosen.spans[chosen.spans.length - 1][1] = key;
      isOpen = part?.all ?? false;
    }
    for (const { all, ids } of this.#parts.values()) (all ? chosen.not : chosen.ids).push(...ids);
    return chosen;
  }
}
