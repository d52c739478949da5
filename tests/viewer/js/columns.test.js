import { Columns, plan } from '../static/js/grid/columns.js';
import { Random, always, equal, ok } from './check.js';
import { daysOf, partsOf, someView, undatedOf, viewOf } from './views.js';

/** @typedef {import('../static/js/grid/segments.js').Segments} Segments */
/** @typedef {{ from: number, until: number }} Range */

/** @param {Random} random @param {Segments} segments */
function somewhere(random, segments) {
  const from = random.int(0, segments.total - 1);
  return { from, until: Math.min(segments.total, from + random.int(1, 400)), forward: random.chance(0.5) };
}

/** @param {Segments} segments @param {Range} range */
const photosIn = (segments, { from, until }) => segments.starts[until] - segments.starts[from];

export function whatIsMissingInViewIsAskedForFirstThenAheadThenBehind() {
  always(500, (random) => {
    const segments = someView(random);
    if (!segments.total) return equal(plan(segments, { from: 0, until: 0, forward: true }, () => true), []);
    const view = somewhere(random, segments);
    const known = new Set(Array.from(segments.counts, (_, i) => i).filter(() => random.chance(0.5)));
    const ranges = plan(segments, view, (i) => !known.has(i));
    const asked = ranges.flatMap(({ from, until }) => Array.from({ length: until - from }, (_, i) => from + i));
    equal(new Set(asked).size, asked.length, 'nothing twice');
    ok(!asked.some((i) => known.has(i)), 'nothing that is known');
    for (let i = segments.at(view.from); i <= segments.at(view.until - 1); i++) {
      ok(known.has(i) || asked.includes(i), 'all that is in view');
    }
    for (const range of ranges) {
      ok(range.until - range.from === 1 || photosIn(segments, range) <= 500, 'no more than an answer holds');
    }
    const rank = ranges.map((range) => {
      if (segments.starts[range.from] < view.until && segments.starts[range.until] > view.from) return 0;
      return segments.starts[range.from] >= view.until === view.forward ? 1 : 2;
    });
    equal(rank, [...rank].sort(), 'in this order');
    for (const { from, until } of ranges) {
      const [before, behind] = view.forward ? [500, 1000] : [1000, 500];
      ok(segments.starts[until] > view.from - before && segments.starts[from] < view.until + behind, 'not too far');
    }
  });
}

export function forwardItAsksForWholeAnswers() {
  const segments = viewOf(Array.from({ length: 400 }, (_, i) => /** @type {[number, number]} */ ([18000 - i, 10])));
  const ranges = plan(segments, { from: 2000, until: 2100, forward: true }, () => true);
  equal(ranges.map((range) => [segments.starts[range.from], segments.starts[range.until]]), [
    [2000, 2500], [2500, 3000], [3000, 3100], [1500, 2000],
  ]);
}

/** A library on a server that answers when told to. */
class Server {
  /** @param {[number, number][]} days @param {boolean} dated */
  constructor(days, dated = true) {
    this.dated = dated;
    this.days = days;
    /** @type {{ from: string, until: string | undefined, signal: AbortSignal, answer: () => void, fail: () => void }[]} */
    this.open = [];
    this.asked = 0;
  }

  /** @param {[number, number][]} days newest first */
  set days(days) {
    this.view = this.dated ? viewOf(days) : undatedOf(days[0][1]);
    this.photos = days.flatMap(([day, count]) =>
      Array.from({ length: count }, (_, i) => ({
        day,
        part: Math.floor(i / 500) + 1,
        id: `${day}/${i}`,
        ratio: 60 + ((day + i) % 180),
      })),
    );
  }

  load = (from, until, signal) =>
    new Promise((resolve, reject) => {
      this.asked++;
      const answer = () => {
        const inRange = this.photos.filter((photo) => this.isAt(photo, from) && (!until || !this.isAt(photo, until)));
        resolve({
          id: inRange.map(({ id }) => id),
          ratio: inRange.map(({ ratio }) => ratio),
          ...(this.dated ? { day: inRange.map(({ day }) => day) } : {}),
        });
      };
      this.open.push({ from, until, signal, answer, fail: () => reject(new Error('lost')) });
    });

  /** Whether a photo is at a key or behind it, newest first. */
  isAt({ day, part }, key) {
    if (!this.dated) return part >= Number(key);
    const [date, number = '1'] = key.split('.');
    const there = Date.parse(date) / 86_400_000;
    return day < there || (day === there && part >= Number(number));
  }

  /** Answer what is asked until nothing more is. @param {Columns} columns @param {() => object} view */
  async settle(columns, view) {
    columns.look(view(), 0);
    while (this.open.length) {
      const request = this.open.shift();
      if (!request.signal.aborted) request.answer();
      await tick();
      columns.look(view(), 0);
    }
  }
}

const tick = () => new Promise((resolve) => setTimeout(resolve));
const quiet = { arrived() {}, failed() {} };

export async function everyPhotoInViewIsKnownInTheEndWhateverWasPromised() {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed);
    const dated = random.chance(0.8);
    const promised = dated ? daysOf(random, -1) : [[0, random.int(1, 3000)]];
    const actual = dated
      ? promised.map(([day, count]) => [day, random.chance(0.3) ? random.int(0, 700) : count]).filter(([, count]) => count)
      : [[0, random.int(1, 3000)]];
    if (dated && random.chance(0.5)) actual.push([random.int(15000, 16990), 7]);
    const server = new Server(actual, dated);
    const columns = new Columns(dated ? viewOf(promised) : undatedOf(promised[0][1]), { load: server.load, ...quiet });
    let from = 0;
    for (let turn = 0; turn < 30 && from < columns.segments.total; turn++) {
      const view = () => ({ from, until: Math.min(columns.segments.total, from + 300), forward: true });
      await server.settle(columns, view);
      from = view().until;
    }
    for (let i = 0; i < Math.min(from, columns.segments.total); i += 7) {
      const photo = columns.photo(i);
      ok(photo, `seed ${seed}: photo ${i} is known`);
      const { key } = columns.segments.position(i);
      equal(columns.ids(key)[columns.segments.position(i).index], photo.answer.id[photo.at], `seed ${seed}`);
      const ratio = Math.min(3.2, Math.max(0.4, photo.answer.ratio[photo.at] / 100));
      ok(Math.abs(columns.segments.ratios[i] - ratio) < 1e-6, `seed ${seed}: ratio of ${i}`);
    }
    if (from < columns.segments.total) continue;
    const seen = Array.from({ length: from }, (_, i) => columns.photo(i).answer.id[columns.photo(i).at]);
    const promisedDays = new Set(promised.map(([day]) => day));
    const wanted = server.photos.filter(({ day }) => day >= Math.min(...promisedDays)).map(({ id }) => id);
    equal(seen.slice(0, wanted.length), wanted, `seed ${seed}: each photo once, in order`);
  }
}

export async function twoRequestsAtATimeAndUnwantedOnesAreEnded() {
  const server = new Server([[18000, 20000]]);
  const columns = new Columns(server.view, { load: server.load, ...quiet });
  columns.look({ from: 0, until: 100, forward: true }, 0);
  columns.look({ from: 0, until: 100, forward: true }, 0);
  equal(server.open.map(({ from }) => from), ['2019-04-14', '2019-04-14.2']);
  columns.look({ from: 10000, until: 10100, forward: true }, 0);
  equal(server.open.map(({ from, signal }) => [from, signal.aborted]), [
    ['2019-04-14', true], ['2019-04-14.2', true], ['2019-04-14.21', false], ['2019-04-14.22', false],
  ]);
  server.open[0].answer();
  await tick();
  equal(columns.photo(0), null, 'an ended request changes nothing');
}

export function nothingIsAskedForWhileTheViewFliesBy() {
  const server = new Server([[18000, 20000]]);
  const columns = new Columns(server.view, { load: server.load, ...quiet });
  for (const speed of [-9, 3.1, 50]) columns.look({ from: 0, until: 100, forward: true }, speed);
  equal(server.asked, 0);
  columns.look({ from: 0, until: 100, forward: true }, -3);
  equal(server.asked, 2);
}

export async function atMostSixtyAnswersAreKeptTheNearestOnes() {
  const server = new Server([[18000, 50000]]);
  const columns = new Columns(server.view, { load: server.load, ...quiet });
  for (let from = 0; from < 50000; from += 500) {
    await server.settle(columns, () => ({ from, until: from + 500, forward: true }));
  }
  const known = partsOf(50000).map((_, i) => columns.photo(500 * i) !== null);
  equal(known.filter(Boolean).length, 60);
  equal(known.slice(-60).every(Boolean), true);
  ok(columns.segments.ratios[0] !== columns.segments.means[0], 'ratios stay');
}

export async function afterAFailureNothingIsAskedForUntilResumed() {
  const server = new Server([[18000, 400]]);
  const errors = [];
  const columns = new Columns(server.view, { load: server.load, arrived() {}, failed: (error) => errors.push(error.message) });
  const view = { from: 0, until: 100, forward: true };
  columns.look(view, 0);
  server.open[0].fail();
  await tick();
  columns.look(view, 0);
  equal([errors, server.asked], [['lost'], 1]);
  columns.resume();
  await server.settle(columns, () => view);
  ok(columns.photo(0), 'known');
}

export async function whatArrivesIsToldOnceItIsKnown() {
  const server = new Server([[18000, 300], [17990, 30]]);
  const told = [];
  const columns = new Columns(viewOf([[18000, 300], [17990, 20]]), {
    load: server.load,
    arrived: (range, before) => told.push([range, before.total, columns.segments.total, columns.photo(329) !== null]),
    failed() {},
  });
  await server.settle(columns, () => ({ from: 0, until: 100, forward: true }));
  equal(told, [[{ from: 0, until: 2 }, 320, 330, true]]);
}

export async function whatWasPromisedLeavesTheSegmentsAsTheyAre() {
  const server = new Server([[18000, 1300], [17990, 30]]);
  const columns = new Columns(server.view, { load: server.load, ...quiet });
  await server.settle(columns, () => ({ from: 0, until: 400, forward: true }));
  ok(columns.photo(1329) && columns.segments === server.view, 'the same ones');
}

export async function changedDaysAreAskedForAgain() {
  const server = new Server([[18000, 30], [17990, 30]]);
  const columns = new Columns(server.view, { load: server.load, ...quiet });
  const view = () => ({ from: 0, until: columns.segments.total, forward: true });
  await server.settle(columns, view);
  server.days = [[18000, 31], [17990, 30]];
  columns.replace(server.view, ['2019-04-14']);
  equal([columns.photo(0), columns.ids('2019-04-14'), columns.photo(31)?.answer.id[columns.photo(31)?.at]], [null, null, '17990/0']);
  await server.settle(columns, view);
  equal([server.asked, columns.ids('2019-04-14').length], [2, 31]);
}
