/**
 * Files on their way to the server. The list is checked, each file is begun and sent in parts, three files at a time;
 * what breaks is tried again, what was begun before is gone on with. Nothing here knows the page: it is told of the
 * network, and tells what changes.
 */

import { PartSize, pauseAfter, Rate } from './pace.js';

/**
 * @typedef {object} Upload what the server says of an upload
 * @property {string} id
 * @property {string} path
 * @property {number} size
 * @property {number} offset
 * @property {number} part
 * @property {'open' | 'whole' | 'done' | 'refused'} state
 * @property {number | null} file
 * @property {string | null} reason
 * @property {number} progress
 * @property {number} total
 * @property {{ name: string, reason: string }[]} left_out
 */

/**
 * @typedef {object} Verdict what would become of a file
 * @property {string} answer
 * @property {number | null} file
 * @property {string | null} path where the same bytes are
 * @property {number | null} size
 * @property {boolean} fits
 * @property {string | null} upload
 * @property {number} offset
 */

/**
 * @typedef {object} Net
 * @property {(body: object) => Promise<{ files: Verdict[], available: number, growth: number, missing: number }>} check
 * @property {(body: object) => Promise<Upload | { file: number, path: string, id?: undefined }>} begin
 * @property {(id: string, offset: number, body: Blob, hears: (sent: number) => void, signal: AbortSignal) => Promise<Upload>} put
 * @property {(id: string) => Promise<Upload>} look
 * @property {(id: string) => Promise<unknown>} end
 */

/**
 * What the server, or the lack of one, answered.
 * @typedef {object} Failure
 * @property {number} status 0 where there was no answer
 * @property {string} [kind] what the server calls it; missing where something in between answered
 * @property {number} [offset] where to go on
 */

/**
 * @typedef {'looking' | 'archive' | 'taken' | 'room' | 'waiting' | 'sending' | 'storing' | 'done' | 'here' | 'refused'} State
 * archive: is it to be unpacked? taken: what about the other file of this name? room: there is none for it
 */

/** @typedef {'both' | 'replace'} Choice */

export const AT_ONCE = 3;
export const HASHED = 256 * 2 ** 20; // bytes; what is larger is known by its name, size and time
const MOST_LISTED = 200; // files of a list, and
const MOST_TEXT = 40_000; // characters of their names
const MOST_DAMAGED = 3;
const MOST_FAULTS = 5;
const LOOK_AGAIN = [500, 1000, 2000, 3000]; // milliseconds

/** A file of the queue. */
export class Item {
  /**
   * @param {string} name below the folder: folders and a name, joined with slashes
   * @param {File} file
   * @param {string} folder a space, and folders below it
   */
  constructor(name, file, folder) {
    this.name = name;
    this.file = file;
    this.folder = folder;
    /** @type {State} */
    this.state = /\.zip$/i.test(name) ? 'archive' : 'looking';
    /** @type {string | null} why it was refused, or has to wait */
    this.reason = null;
    /** @type {string | null} */
    this.sha256 = null;
    /** @type {Choice | 'refuse'} */
    this.ifTaken = 'refuse';
    this.unpack = false;
    this.again = false;
    this.fits = true;
    this.sent = 0;
    /** @type {Upload | null} */
    this.upload = null;
    /** @type {number | null} the file that it became, or that is there */
    this.entry = null;
    /** @type {string | null} where that is */
    this.path = null;
    this.isPaused = false;
    this.failures = 0;
    this.control = new AbortController();
  }

  get size() {
    return this.file.size;
  }
}

/** Why a file is not taken, in the server's words or one of "unreadable" and "stopped". */
class Refused extends Error {}

/**
 * What a failure means: "again" later, in "smaller" parts, at another "place", "gone" for an upload that has to begin
 * anew; else why the file is not taken.
 * @param {Failure} failure
 */
export function meaningOf(failure) {
  const { status, kind, offset } = failure;
  if (kind === 'checksum-mismatch') return 'damaged';
  if (kind === 'truncated') return 'again';
  if (status === 409) return offset === undefined ? (kind === 'exists' ? 'taken' : 'folder') : 'place';
  if (status === 413) return kind ? 'size' : 'smaller';
  if (status === 507) return kind === 'store-full' ? 'disk' : 'full';
  const known = { 401: 'again', 403: 'forbidden', 404: 'gone', 408: 'again', 415: 'type', 423: 'locked', 425: 'again', 429: 'again' };
  const found = known[/** @type {keyof typeof known} */ (status)];
  if (found) return found;
  if (status === 0 || status >= 500) return 'again';
  return kind === 'bad-name' ? 'name' : 'other';
}

/**
 * Cut a list into what one request may carry.
 * @template {{ name: string }} Named
 * @param {Named[]} items
 * @returns {Named[][]}
 */
export function batches(items) {
  /** @type {Named[][]} */
  const found = [];
  let length = Infinity;
  for (const item of items) {
    length += 200 + 3 * item.name.length;
    if (length > MOST_TEXT || found[found.length - 1].length >= MOST_LISTED) {
      found.push([]);
      length = 200 + 3 * item.name.length;
    }
    found[found.length - 1].push(item);
  }
  return found;
}

/** All files that somebody has brought to this page. It says "change" whenever anything is not as it was. */
export class Queue extends EventTarget {
  /**
   * @param {Net} net
   * @param {object} [means] of the page
   * @param {((file: Blob) => Promise<string>) | null} [means.hash] SHA-256 in hexadecimal; null where there is none
   * @param {(milliseconds: number) => Promise<unknown>} [means.sleep]
   * @param {() => number} [means.now] milliseconds
   * @param {() => number} [means.random]
   */
  constructor(net, { hash = null, sleep = wait, now = () => performance.now(), random = Math.random } = {}) {
    super();
    /** @type {Item[]} */
    this.items = [];
    /** What there is no room for, until somebody decides. @type {{ missing: number, available: number } | null} */
    this.room = null;
    this.rate = new Rate();
    this.part = new PartSize();
    this.isOnline = true;
    this.now = now;
    this.looked = { done: 0, of: 0 };
    this.#net = net;
    this.#hash = hash;
    this.#sleep = sleep;
    this.#random = random;
    /** @type {Set<() => void>} */
    this.#wakers = new Set();
    this.#hashing = Promise.resolve();
    this.#looking = 0;
  }

  #net;
  #hash;
  #sleep;
  #random;
  #wakers;
  #hashing;
  #looking;

  /** Whether anything is under way that leaving the page would stop. */
  get isActive() {
    return this.#looking > 0 || this.items.some(({ state }) => state === 'waiting' || state === 'sending');
  }

  /** Bytes of the files that are sent or to be sent: all, and those that have arrived. */
  get progress() {
    let [size, sent] = [0, 0];
    for (const item of this.items) {
      if (['waiting', 'sending', 'storing', 'done'].includes(item.state)) {
        size += item.size;
        sent += item.state === 'done' || item.state === 'storing' ? item.size : item.sent;
      }
    }
    return { size, sent };
  }

  /** @param {State} state */
  in(state) {
    return this.items.filter((item) => item.state === state);
  }

  /**
   * Bring files.
   * @param {{ name: string, file: File }[]} picked
   * @param {string} folder
   */
  async add(picked, folder) {
    const items = picked.map(({ name, file }) => new Item(name, file, folder));
    const before = new Set(
      this.items.filter(({ state }) => state !== 'refused').map((item) => `${item.folder}/${item.name}`),
    );
    for (const item of items) {
      const place = `${folder}/${item.name}`;
      if (before.has(place)) item.ifTaken = 'both'; // two files of one name, such as from two cards
      before.add(place);
    }
    this.items.push(...items);
    await this.#look(items.filter(({ state }) => state === 'looking'));
  }

  /**
   * What is to become of files whose names are taken.
   * @param {Choice | 'skip'} choice
   */
  choose(choice) {
    for (const item of this.in('taken')) {
      if (choice === 'skip') this.#refuse(item, 'taken');
      else {
        item.ifTaken = choice;
        this.#wait(item);
      }
    }
    this.#run();
  }

  /**
   * What is to become of archives.
   * @param {'unpack' | 'keep'} choice
   */
  async open(choice) {
    const items = this.in('archive');
    for (const item of items) {
      item.unpack = choice === 'unpack';
      item.state = 'looking';
    }
    await this.#look(items);
  }

  /**
   * Where there is no room for all: send what fits, or none of it.
   * @param {'some' | 'none'} choice
   */
  squeeze(choice) {
    this.room = null;
    for (const item of this.items) {
      if (item.state === 'room') this.#refuse(item, 'full');
      else if (choice === 'none' && item.state === 'waiting') this.#refuse(item, 'stopped');
    }
    this.#run();
  }

  /** Send those too that the space has elsewhere. */
  bringAnyway() {
    for (const item of this.in('here')) {
      item.again = true;
      item.ifTaken = 'both';
      this.#wait(item);
    }
    this.#run();
  }

  /** Try again what was refused. @param {Item[]} [items] */
  async again(items = this.in('refused')) {
    for (const item of items) {
      item.state = 'looking';
      item.reason = null;
      item.upload = null;
      item.control = new AbortController();
    }
    await this.#look(items);
  }

  /** Stop files, and have what has arrived of them deleted. @param {Item[]} [items] */
  stop(items = this.items) {
    for (const item of items) {
      if (['done', 'here', 'refused'].includes(item.state)) continue;
      item.control.abort();
      const id = item.upload?.id;
      if (id) void this.#net.end(id).catch(() => null); // or it ends by itself in seven days
      this.#refuse(item, 'stopped');
    }
    if (!this.items.some(({ state }) => state === 'room')) this.room = null;
    this.#wake();
    this.#run();
  }

  /** Forget what needs nobody any more. */
  clear() {
    this.items = this.items.filter(({ state }) => !['done', 'here', 'refused'].includes(state));
    this.#changed();
  }

  /** The connection went, or came back. @param {boolean} isOnline */
  connected(isOnline) {
    this.isOnline = isOnline;
    if (isOnline) this.#wake();
    this.#changed();
  }

  // --- looking at the list ---------------------------------------------------------------------------------------

  /** @param {Item[]} items of one folder */
  async #look(items) {
    this.#looking += 1;
    this.#changed();
    try {
      let missing = await this.#check(items);
      const unsure = items.filter((item) => item.state === 'looking' && this.#canHash(item));
      if (unsure.length) missing = Math.max(missing, await this.#check(await this.#hashed(unsure)));
      const unknown = items.filter((item) => ['waiting', 'room'].includes(item.state) && this.#canHash(item));
      if (missing && unknown.length) {
        // Some of it may be there already.
        await this.#hashed(unknown);
        missing = await this.#check(items.filter(({ state }) => ['waiting', 'room'].includes(state)));
      }
    } finally {
      this.#looking -= 1;
      this.looked = { done: 0, of: 0 };
    }
    this.#run();
  }

  /** @param {Item} item */
  #canHash(item) {
    return this.#hash !== null && item.sha256 === null && item.size < HASHED && item.size > 0 && !item.unpack;
  }

  /**
   * Have the server judge files, and put each where it belongs.
   * @param {Item[]} items
   * @returns {Promise<number>} how many bytes there is no room for
   */
  async #check(items) {
    let missing = 0;
    const folders = [...new Set(items.map(({ folder }) => folder))];
    let promised = 0;
    for (const item of this.in('waiting')) if (!items.includes(item)) promised += item.size;
    for (const batch of folders.flatMap((folder) => batches(items.filter((item) => item.folder === folder)))) {
      const asked = batch.filter(({ control }) => !control.signal.aborted);
      if (!asked.length) continue;
      try {
        const files = asked.map((item) => ({ ...described(item), sha256: item.sha256, unpack: item.unpack }));
        const answer = await this.#persist(null, () => this.#net.check({ folder: asked[0].folder, promised, files }));
        promised += answer.growth;
        missing = Math.max(missing, answer.missing);
        if (answer.missing) this.room = { missing, available: this.room?.available ?? answer.available };
        asked.forEach((item, i) => this.#take(item, answer.files[i]));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        for (const item of asked) this.#refuse(item, error.message);
      }
      this.#changed();
    }
    if (!missing && !this.items.some(({ state }) => state === 'room')) this.room = null;
    return missing;
  }

  /**
   * @param {Item} item
   * @param {Verdict} verdict
   */
  #take(item, verdict) {
    if (item.control.signal.aborted) return;
    item.fits = verdict.fits;
    item.entry = verdict.file;
    item.path = verdict.path;
    if (verdict.answer === 'here' && !item.again) {
      item.state = 'here';
    } else if (verdict.answer === 'taken' && item.ifTaken === 'refuse') {
      // Where both are as long, only their bytes tell whether they are the same.
      item.state = verdict.size === item.size && this.#canHash(item) ? 'looking' : 'taken';
    } else if (['go', 'here', 'taken'].includes(verdict.answer)) {
      item.state = verdict.fits ? 'waiting' : 'room';
      item.sent = verdict.offset;
    } else {
      this.#refuse(item, verdict.answer);
    }
  }

  /**
   * Know the SHA-256 of files, one after the other: each is in memory as a whole meanwhile.
   * @param {Item[]} items
   */
  async #hashed(items) {
    this.looked = { done: 0, of: items.length };
    for (const item of items) {
      await this.#know(item);
      this.looked.done += 1;
      this.#changed();
    }
    return items.filter(({ state }) => state !== 'refused');
  }

  /** @param {Item} item */
  async #know(item) {
    const hash = this.#hash;
    if (!hash || !this.#canHash(item)) return;
    const turn = this.#hashing.then(async () => {
      if (!item.control.signal.aborted) item.sha256 = await hash(item.file);
    });
    this.#hashing = turn.catch(() => {});
    try {
      await turn;
    } catch {
      this.#refuse(item, 'unreadable');
    }
  }

  // --- sending ---------------------------------------------------------------------------------------------------

  /** @param {Item} item */
  #wait(item) {
    item.state = item.fits ? 'waiting' : 'room';
    item.reason = null;
    if (item.control.signal.aborted) item.control = new AbortController();
  }

  #run() {
    if (!this.room && !this.#looking) {
      let free = AT_ONCE - this.in('sending').length;
      for (const item of this.items) {
        if (free <= 0) break;
        if (item.state !== 'waiting') continue;
        free -= 1;
        void this.#send(item);
      }
    }
    this.#changed();
  }

  /** @param {Item} item */
  async #send(item) {
    item.state = 'sending';
    try {
      await this.#know(item);
      this.#goOn(item);
      await this.#begin(item);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.message === 'taken' && item.ifTaken === 'refuse') {
        this.#drop(item);
        item.state = 'taken';
      } else if (error.message !== 'stopped') this.#refuse(item, error.message);
    }
    this.#run();
  }

  /** @param {Item} item */
  async #begin(item) {
    for (let begun = 0; begun < MOST_FAULTS; begun++) {
      const { sha256, unpack, again, ifTaken, folder } = item;
      const body = { folder, ...described(item), sha256, unpack, again, if_taken: ifTaken };
      const upload = await this.#persist(item, () => this.#net.begin(body));
      if (upload.id === undefined) {
        item.entry = upload.file;
        item.path = upload.path;
        item.state = 'here';
        return;
      }
      if (begun === 0 && upload.offset === 0) this.part.value = Math.min(this.part.ceiling, Math.max(this.part.value, upload.part));
      item.upload = upload;
      item.sent = upload.offset;
      if (item.control.signal.aborted) {
        void this.#net.end(upload.id).catch(() => null);
        throw new Refused('stopped');
      }
      if (await this.#parts(item)) return;
    }
    throw new Refused('other');
  }

  /**
   * Send what is missing; false where the upload is gone and has to begin anew.
   * @param {Item} item
   */
  async #parts(item) {
    let damaged = 0;
    while (item.upload?.state === 'open') {
      const { id, offset } = item.upload;
      const length = this.part.next(item.size, offset);
      const meaning = await this.#part(item, id, offset, length);
      if (meaning === 'gone') return false;
      if (meaning === 'damaged' && ++damaged >= MOST_DAMAGED) throw new Refused('damaged');
      if (meaning === 'smaller' && !this.part.refused(length)) throw new Refused('size');
      this.#changed();
    }
    item.sent = item.size;
    this.#settle(item);
    return true;
  }

  /**
   * Send a part, as often as it takes; what else it met, "" for nothing.
   * @param {Item} item
   * @param {string} id
   * @param {number} offset
   * @param {number} length
   */
  async #part(item, id, offset, length) {
    const began = this.now();
    let heard = offset;
    try {
      item.upload = await this.#net.put(
        id,
        offset,
        item.file.slice(offset, offset + length),
        (sent) => {
          this.rate.add(Math.max(0, offset + sent - heard), this.now());
          heard = Math.max(heard, offset + sent);
          item.sent = heard;
          this.#changed();
        },
        item.control.signal,
      );
      this.rate.add(Math.max(0, item.upload.offset - heard), this.now());
      this.part.arrived(length, this.now() - began);
      item.failures = 0;
      item.isPaused = false;
      item.sent = item.upload.offset;
      return '';
    } catch (error) {
      this.#goOn(item);
      const failure = failureOf(error);
      const meaning = meaningOf(failure);
      item.sent = offset;
      if (meaning === 'place' && item.upload) item.upload.offset = failure.offset ?? 0;
      else if (meaning === 'again') {
        if (!(await isReadable(item.file, offset))) throw new Refused('unreadable');
        this.part.broke();
        await this.#pause(item);
        // Its answer may have been lost, not the part; and a server that was away may have forgotten the upload.
        item.upload = await this.#persist(item, () => this.#net.look(id)).catch((/** @type {unknown} */ refusal) => {
          if (refusal instanceof Refused && refusal.message === 'gone') return null;
          throw refusal;
        });
        return item.upload ? '' : 'gone';
      } else if (!['gone', 'smaller', 'damaged'].includes(meaning)) throw new Refused(meaning);
      return meaning;
    }
  }

  /** All of a file has arrived. @param {Item} item */
  #settle(item) {
    const { upload } = item;
    if (upload?.state === 'whole') {
      item.state = 'storing';
      void this.#watch(item, upload.id);
    } else if (upload?.state === 'done') {
      item.state = 'done';
      item.entry = upload.file;
      item.path = upload.path;
    } else this.#refuse(item, upload?.reason ?? 'other');
  }

  /**
   * Ask how far the server is with a file that it puts together, or an archive that it unpacks.
   * @param {Item} item
   * @param {string} id
   */
  async #watch(item, id) {
    for (let looks = 0; item.state === 'storing'; looks++) {
      await this.#sleep(LOOK_AGAIN[Math.min(looks, LOOK_AGAIN.length - 1)]);
      try {
        const upload = await this.#persist(item, () => this.#net.look(id));
        if (item.state !== 'storing') return;
        item.upload = upload;
        if (upload.state !== 'whole') this.#settle(item);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (error.message !== 'stopped') this.#refuse(item, error.message === 'gone' ? 'other' : error.message);
      }
      this.#changed();
    }
  }

  // --- trying again ----------------------------------------------------------------------------------------------

  /**
   * Ask until there is an answer. Refused for one that will not change.
   * @template Answer
   * @param {Item | null} item that waits for it
   * @param {() => Promise<Answer>} ask
   */
  async #persist(item, ask) {
    for (let faults = 0; ; ) {
      if (item) this.#goOn(item);
      try {
        const answer = await ask();
        if (item) {
          item.failures = 0;
          item.isPaused = false;
        }
        return answer;
      } catch (error) {
        const failure = failureOf(error);
        const meaning = meaningOf(failure);
        if (meaning !== 'again') throw new Refused(meaning);
        if (failure.status === 500 && ++faults >= MOST_FAULTS) throw new Refused('other');
        await this.#pause(item);
      }
    }
  }

  /** Wait before the next try: a while, or until the connection is back. @param {Item | null} item */
  async #pause(item) {
    const failures = item ? (item.failures += 1) : 1;
    if (item) item.isPaused = true;
    this.#changed();
    /** @type {() => void} */
    let waker = () => {};
    const woken = new Promise((resolve) => {
      waker = () => resolve(undefined);
      this.#wakers.add(waker);
    });
    await (this.isOnline ? Promise.race([woken, this.#sleep(pauseAfter(failures, this.#random()))]) : woken);
    this.#wakers.delete(waker);
  }

  #wake() {
    for (const waker of this.#wakers) waker();
  }

  /** @param {Item} item */
  #goOn(item) {
    if (item.control.signal.aborted) throw new Refused('stopped');
    if (item.state === 'refused') throw new Refused(item.reason ?? 'other');
  }

  /** End on the server what was begun of a file. @param {Item} item */
  #drop(item) {
    const id = item.upload?.id;
    item.upload = null;
    item.sent = 0;
    if (id) void this.#net.end(id).catch(() => null);
  }

  /**
   * @param {Item} item
   * @param {string} reason
   */
  #refuse(item, reason) {
    if (reason !== 'stopped') this.#drop(item);
    item.state = 'refused';
    item.reason = reason;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

/** @param {Item} item */
const described = ({ name, size, file }) => ({ name, size, modified: file.lastModified });

/** @param {unknown} error */
const failureOf = (error) => {
  const { status = 0, kind, offset } = /** @type {Partial<Failure>} */ (error);
  return { status, kind, offset };
};

/**
 * Whether the file is still there as it was: a browser says nothing of why it did not send it.
 * @param {File} file
 * @param {number} offset
 */
async function isReadable(file, offset) {
  try {
    await file.slice(offset, offset + 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** @param {number} milliseconds */
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
