/** What tests say must be so, and seeded random worlds to say it of. */

/** @param {unknown} value @param {string} message */
export function ok(value, message) {
  if (!value) throw new Error(message);
}

/** @param {unknown} actual @param {unknown} expected @param {string} [message] */
export function equal(actual, expected, message = '') {
  const [found, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (found !== wanted) throw new Error(`${message} found ${found}, not ${wanted}`);
}

/** Numbers that are the same every time for the same seed. */
export class Random {
  /** @param {number} seed */
  constructor(seed) {
    this.state = seed;
  }

  /** From 0 to before 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from low to high, both included. @param {number} low @param {number} high */
  int(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** @template T @param {T[]} values */
  pick(values) {
    return values[this.int(0, values.length - 1)];
  }

  /** @param {number} share */
  chance(share) {
    return this.next() < share;
  }

  /** Mostly small, at times very large. @param {number} largest */
  size(largest) {
    return 1 + Math.floor((largest - 1) * this.next() ** 6);
  }

  /** The aspect ratio of a photo. */
  ratio() {
    return this.chance(0.05) ? 0.2 + 5 * this.next() : this.pick([1.5, 1.33, 1.78, 0.67, 0.75, 0.56, 1]);
  }
}

/**
 * Hold a statement in many random worlds; the failing one is named by its seed.
 * @param {number} worlds
 * @param {(random: Random) => void} statement
 */
export function always(worlds, statement) {
  for (let seed = 1; seed <= worlds; seed++) {
    try {
      statement(new Random(seed));
    } catch (error) {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
    }
  }
}
