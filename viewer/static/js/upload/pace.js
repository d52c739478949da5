/** How much is sent at once, how long one waits after a failure, and how fast it goes. Nothing here knows the page. */

const MIB = 1 << 20;
export const LEAST_PART = MIB / 2;
export const MOST_PART = 64 * MIB;
const MOST_PARTS = 5000; // of one file; the server takes twice as many
const QUICK = 2000; // milliseconds
const FIRST_PAUSE = 1000; // milliseconds
const LONGEST_PAUSE = 30_000;
const WINDOW = 10_000; // milliseconds that a rate is taken from

/** How large parts are: larger while the line is quick, smaller when it breaks or something in between refuses them. */
export class PartSize {
  /** @param {number} [first] bytes, as the server suggests */
  constructor(first = 16 * MIB) {
    this.value = first;
    this.ceiling = MOST_PART;
  }

  /**
   * The next part of a file. A file that fits into one part, or nearly, is sent in one.
   * @param {number} size of the file
   * @param {number} offset
   */
  next(size, offset) {
    const wanted = Math.max(this.value, Math.ceil(size / MOST_PARTS));
    return Math.min(size - offset, wanted);
  }

  /**
   * @param {number} bytes
   * @param {number} milliseconds
   */
  arrived(bytes, milliseconds) {
    if (bytes >= this.value && milliseconds < QUICK) this.value = Math.min(this.ceiling, this.value * 2);
  }

  /** A part did not arrive: less is lost the next time. */
  broke() {
    this.value = Math.max(LEAST_PART, Math.ceil(this.value / 2));
  }

  /**
   * Something in between takes no body of so many bytes; whether a smaller one can be tried.
   * @param {number} bytes
   */
  refused(bytes) {
    if (bytes <= LEAST_PART) return false;
    this.ceiling = Math.max(LEAST_PART, Math.ceil(Math.min(bytes, this.ceiling) / 2));
    this.value = Math.min(this.value, this.ceiling);
    return true;
  }
}

/**
 * Milliseconds to wait after so many failures in a row, never all pages at the same moment.
 * @param {number} failures at least 1
 * @param {number} chance from 0 to before 1
 */
export const pauseAfter = (failures, chance) =>
  Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures - 1, 10)) * (0.5 + chance / 2);

/** Bytes a second over the last ten seconds. */
export class Rate {
  constructor() {
    /** @type {{ time: number, bytes: number }[]} */
    this.samples = [];
  }

  /**
   * @param {number} bytes more
   * @param {number} now milliseconds
   */
  add(bytes, now) {
    this.samples.push({ time: now, bytes });
    while (this.samples.length && this.samples[0].time < now - WINDOW) this.samples.shift();
  }

  /** @param {number} now milliseconds */
  at(now) {
    const recent = this.samples.filter(({ time }) => time >= now - WINDOW);
    if (!recent.length) return 0;
    const seconds = Math.max(1000, now - recent[0].time) / 1000;
    return recent.reduce((sum, { bytes }) => sum + bytes, 0) / seconds;
  }
}
