import { batches, meaningOf, Queue } from '/static/js/upload/queue.js';
import { LEAST_PART, MOST_PART, PartSize, pauseAfter, Rate } from '/static/js/upload/pace.js';
import { always, equal, ok, Random } from './check.js';

const SPACE = 1 << 30;

/** A server as the queue sees it: it keeps bytes, forgets answers, goes away, and is behind a proxy with a limit. */
class World {
  /** @param {Random} random */
  constructor(random, { limit = Infinity, faults = 0.2 } = {}) {
    this.random = random;
    this.limit = limit;
    this.faults = faults;
    this.uploads = new Map();
    this.files = new Map();
    this.open = 0;
    this.most = 0;
    this.free = SPACE;
    this.whole = 0;
  }

  /** @param {Blob} file */
  async sum(file) {
    return [...new Uint8Array(await file.arrayBuffer())].join(',');
  }

  fail() {
    if (!this.random.chance(this.faults)) return;
    throw { status: this.random.pick([0, 502, 503, 429]) };
  }

  get net() {
    return {
      check: async ({ files, promised }) => {
        this.fail();
        let room = this.free - promised;
        let growth = 0;
        const verdicts = files.map(({ name, size, sha256 }) => {
          const there = this.files.get(name);
          const plain = { file: null, path: null, size: null, fits: true, upload: null, offset: 0 };
          if (there && sha256 === there.sum) return { ...plain, answer: 'here', file: 1 };
          if (there) return { ...plain, answer: 'taken', file: 1, size: there.size };
          if (name.endsWith('.exe')) return { ...plain, answer: 'type' };
          growth += size;
          const fits = size <= room;
          if (fits) room -= size;
          return { ...plain, answer: 'go', fits };
        });
        return { files: verdicts, available: this.free, growth, missing: Math.max(0, growth + promised - this.free) };
      },
      begin: async (body) => {
        this.fail();
        const same = [...this.uploads.values()].find(
          (one) => one.name === body.name && one.modified === body.modified && one.size === body.size && one.state !== 'done',
        );
        if (same) return { ...same };
        if (this.files.has(body.name) && body.if_taken === 'refuse') throw { status: 409, kind: 'exists' };
        const id = `u${this.uploads.size}`;
        const upload = {
          id, name: body.name, path: body.name, size: body.size, modified: body.modified, offset: 0, part: 64,
          state: 'open', file: null, reason: null, progress: 0, total: 0, left_out: [], parts: [], choice: body.if_taken,
        }; // prettier-ignore
        this.uploads.set(id, upload);
        this.fail(); // begun, but nobody heard of it
        return { ...upload };
      },
      put: async (id, offset, body, hears) => {
        this.open += 1;
        this.most = Math.max(this.most, this.open);
        try {
          await null;
          if (body.size > this.limit) throw { status: 413 };
          this.fail();
          const upload = this.uploads.get(id);
          if (!upload) throw { status: 404, kind: 'not-found' };
          if (upload.state !== 'open') return { ...upload };
          if (offset > upload.offset) throw { status: 409, kind: 'wrong-offset', offset: upload.offset };
          hears(body.size / 2);
          const bytes = [...new Uint8Array(await body.arrayBuffer())].slice(upload.offset - offset);
          upload.parts.push(bytes);
          upload.offset += bytes.length;
          if (upload.offset === upload.size) this.end(upload);
          this.fail(); // it has arrived, but the answer is lost
          return { ...upload };
        } finally {
          this.open -= 1;
        }
      },
      look: async (id) => {
        this.fail();
        const upload = this.uploads.get(id);
        if (!upload) throw { status: 404, kind: 'not-found' };
        if (upload.state === 'whole') this.end(upload);
        return { ...upload };
      },
      end: async (id) => this.uploads.delete(id),
    };
  }

  end(upload) {
    if (upload.state === 'open' && this.random.chance(0.3)) {
      upload.state = 'whole';
      return;
    }
    upload.state = 'done';
    upload.file = 7;
    const isNumbered = upload.choice === 'both' && this.files.has(upload.name);
    this.files.set(isNumbered ? `${upload.name} (2)` : upload.name, { sum: upload.parts.flat().join(','), size: upload.size });
  }
}

/** @param {Random} random @param {number} size @param {string} name */
const file = (random, size, name) =>
  new File([new Uint8Array(Array.from({ length: size }, () => random.int(0, 255)))], name, { lastModified: random.int(1, 9e8) });

/** @param {Queue} queue @param {(queue: Queue) => boolean} reached */
async function until(queue, reached) {
  for (let i = 0; i < 20_000; i++) {
    if (reached(queue)) return;
    await new Promise((resolve) => setTimeout(resolve));
  }
  throw new Error(`never: ${queue.items.map(({ name, state, reason }) => `${name} ${state} ${reason}`)}`);
}

const isOver = (/** @type {Queue} */ queue) =>
  queue.items.every(({ state }) => ['done', 'here', 'refused', 'taken'].includes(state));

/** @param {World} world */
const queueOf = (world) =>
  new Queue(world.net, {
    hash: (blob) => world.sum(blob),
    sleep: () => Promise.resolve(),
    now: () => 0,
    random: () => 0.5,
  });

export async function everyFileArrivesWholeWhateverHappensOnTheWay() {
  for (let seed = 0; seed < 12; seed++) {
    const random = new Random(seed);
    const world = new World(random, { limit: random.pick([Infinity, 2 * LEAST_PART]), faults: random.pick([0, 0.2, 0.4]) });
    const queue = queueOf(world);
    const files = Array.from({ length: random.int(1, 9) }, (_, i) => file(random, random.int(0, 300), `${i}.jpg`));
    await queue.add(files.map((one) => ({ name: one.name, file: one })), 'anna');
    await until(queue, isOver);
    for (const [i, one] of files.entries()) {
      equal(queue.items[i].state, 'done', `seed ${seed}`);
      equal(world.files.get(one.name).sum, await world.sum(one), `seed ${seed}`);
    }
    ok(world.most <= 3, `${world.most} at once`);
    equal(queue.progress.size, queue.progress.sent);
    ok(!queue.isActive, 'it rests');
  }
}

export async function aLargeFileGoesThroughAProxyWithALimit() {
  const world = new World(new Random(1), { limit: LEAST_PART, faults: 0 });
  const queue = queueOf(world);
  const large = new File([new Uint8Array(3 * LEAST_PART + 5)], 'a.mov', { lastModified: 1 });
  queue.part.value = 8 * LEAST_PART;
  await queue.add([{ name: 'a.mov', file: large }], 'anna');
  await until(queue, isOver);
  equal(queue.items[0].state, 'done');
  equal(world.files.get('a.mov').size, large.size);
}

export async function whatIsThereIsSkippedAndWhatDiffersIsAskedOnce() {
  const random = new Random(2);
  const world = new World(random, { faults: 0 });
  const [same, other, fresh] = ['same.jpg', 'other.jpg', 'fresh.jpg'].map((name) => file(random, 50, name));
  world.files.set('same.jpg', { sum: await world.sum(same), size: 50 });
  world.files.set('other.jpg', { sum: 'else', size: 50 });
  const queue = queueOf(world);
  await queue.add([same, other, fresh].map((one) => ({ name: one.name, file: one })), 'anna');
  await until(queue, isOver);
  equal(queue.items.map(({ state }) => state), ['here', 'taken', 'done']);
  queue.choose('both');
  await until(queue, () => queue.items[1].state === 'done');
  equal([...world.files.keys()], ['same.jpg', 'other.jpg', 'fresh.jpg', 'other.jpg (2)']);
}

export async function twoFilesOfOneNameAreBothKept() {
  const random = new Random(3);
  const world = new World(random, { faults: 0 });
  const queue = queueOf(world);
  const two = [file(random, 50, 'a.jpg'), file(random, 60, 'a.jpg')];
  await queue.add(two.map((one) => ({ name: 'a.jpg', file: one })), 'anna');
  await until(queue, isOver);
  equal(queue.items.map(({ state }) => state), ['done', 'done']);
  equal(world.files.size, 2);
}

export async function nothingIsSentBeforeSomebodySaysWhatToDoWithoutRoom() {
  const random = new Random(4);
  for (const choice of /** @type {const} */ (['some', 'none'])) {
    const world = new World(random, { faults: 0 });
    world.free = 120;
    const queue = queueOf(world);
    const files = [50, 100, 60].map((size, i) => file(random, size, `${i}.jpg`));
    await queue.add(files.map((one) => ({ name: one.name, file: one })), 'anna');
    equal(queue.room, { missing: 90, available: 120 });
    equal(world.uploads.size, 0);
    queue.squeeze(choice);
    await until(queue, isOver);
    equal(queue.items.map(({ state }) => state), choice === 'some' ? ['done', 'refused', 'done'] : Array(3).fill('refused'));
  }
}

export async function whatASpaceDoesNotTakeIsRefusedWithItsReason() {
  const random = new Random(5);
  const queue = queueOf(new World(random, { faults: 0 }));
  await queue.add([{ name: 'a.exe', file: file(random, 5, 'a.exe') }], 'anna');
  equal([queue.items[0].state, queue.items[0].reason], ['refused', 'type']);
}

export async function withoutAConnectionItWaitsAndThenGoesOn() {
  const random = new Random(6);
  const world = new World(random, { faults: 0 });
  const queue = queueOf(world);
  world.faults = 1;
  queue.connected(false);
  void queue.add([{ name: 'a.jpg', file: file(random, 50, 'a.jpg') }], 'anna');
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve));
  ok(queue.isActive, 'it waits');
  world.faults = 0;
  queue.connected(true);
  await until(queue, isOver);
  equal(queue.items[0].state, 'done');
}

export async function whatIsStoppedIsEndedOnTheServer() {
  const random = new Random(7);
  const world = new World(random, { faults: 0 });
  const queue = queueOf(world);
  const put = world.net.put;
  const slow = { ...world.net, put: (/** @type {any[]} */ ...given) => new Promise((resolve) => setTimeout(() => resolve(put(...given)), 50)) };
  const stopping = new Queue(slow, { sleep: () => Promise.resolve() });
  const files = Array.from({ length: 6 }, (_, i) => file(random, 50, `${i}.jpg`));
  await stopping.add(files.map((one) => ({ name: one.name, file: one })), 'anna');
  await until(stopping, () => world.uploads.size === 3);
  stopping.stop();
  await new Promise((resolve) => setTimeout(resolve, 100));
  equal(stopping.items.map(({ state, reason }) => `${state} ${reason}`), Array(6).fill('refused stopped'));
  equal(world.uploads.size, 0);
  ok(!queue.isActive && !stopping.isActive, 'both rest');
}

export async function aFileThatCannotBeReadSaysSo() {
  const world = new World(new Random(8), { faults: 0 });
  const queue = new Queue(world.net, { hash: () => Promise.reject(new Error('gone')), sleep: () => Promise.resolve() });
  await queue.add([{ name: 'a.jpg', file: new File(['x'], 'a.jpg') }], 'anna');
  await until(queue, isOver);
  equal([queue.items[0].state, queue.items[0].reason], ['refused', 'unreadable']);
}

export async function archivesAreAskedAbout() {
  const random = new Random(9);
  const world = new World(random, { faults: 0 });
  const queue = queueOf(world);
  await queue.add([{ name: 'all.ZIP', file: file(random, 50, 'all.ZIP') }], 'anna');
  equal(queue.items[0].state, 'archive');
  await queue.open('unpack');
  await until(queue, isOver);
  equal(queue.items[0].state, 'done');
}

export function listsAreCutIntoWhatARequestCarries() {
  always(50, (random) => {
    const items = Array.from({ length: random.int(0, 900) }, (_, i) => ({ name: 'x'.repeat(random.size(3000)) + i }));
    const found = batches(items);
    equal(found.flat(), items);
    for (const batch of found) {
      ok(batch.length >= 1 && batch.length <= 200, 'its number');
      ok(batch.length === 1 || JSON.stringify(batch).length < 60_000, 'its length');
    }
  });
}

export function partsStayWithinTheirBounds() {
  always(200, (random) => {
    const part = new PartSize();
    for (let i = 0; i < 30; i++) {
      random.pick([() => part.arrived(part.value, random.int(0, 4000)), () => part.broke(), () => part.refused(part.value)])();
      const size = random.size(5e12);
      const offset = random.int(0, size - 1);
      const next = part.next(size, offset);
      ok(next >= 1 && offset + next <= size, 'within the file');
      ok(offset + next === size || next >= size / 10_000, 'not too many');
      ok(part.value >= LEAST_PART && part.value <= MOST_PART, `${part.value}`);
    }
  });
}

export function pausesGrowAndEnd() {
  for (let failures = 1; failures < 40; failures++) {
    ok(pauseAfter(failures, 0.99) <= 30_000 && pauseAfter(failures, 0) >= 500, `${failures}`);
    ok(pauseAfter(failures + 1, 0) >= pauseAfter(failures, 0), 'longer');
  }
}

export function aRateIsOfTheLastSeconds() {
  const rate = new Rate();
  equal(rate.at(0), 0);
  for (let second = 0; second <= 60; second++) rate.add(1000, second * 1000);
  ok(Math.abs(rate.at(60_000) - 1000) < 150, `${rate.at(60_000)}`);
  equal(rate.at(90_000), 0);
}

export function failuresAreUnderstood() {
  for (const [failure, meaning] of /** @type {const} */ ([
    [{ status: 0 }, 'again'],
    [{ status: 502 }, 'again'],
    [{ status: 503, kind: 'store-unavailable' }, 'again'],
    [{ status: 413 }, 'smaller'],
    [{ status: 413, kind: 'too-large' }, 'size'],
    [{ status: 409, kind: 'wrong-offset', offset: 0 }, 'place'],
    [{ status: 409, kind: 'exists' }, 'taken'],
    [{ status: 409, kind: 'conflict' }, 'folder'],
    [{ status: 507, kind: 'quota-exceeded' }, 'full'],
    [{ status: 507, kind: 'store-full' }, 'disk'],
    [{ status: 404, kind: 'not-found' }, 'gone'],
    [{ status: 400, kind: 'bad-name' }, 'name'],
    [{ status: 400, kind: 'checksum-mismatch' }, 'damaged'],
    [{ status: 415, kind: 'unsupported-type' }, 'type'],
    [{ status: 400 }, 'other'],
  ])) {
    equal(meaningOf(failure), meaning);
  }
}
