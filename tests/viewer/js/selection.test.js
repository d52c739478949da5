import { Selection } from '../static/js/selection.js';
import { Random, always, equal, ok } from './check.js';
import { answerOf, daysOf, someView, viewOf } from './views.js';

/** @typedef {import('../static/js/grid/segments.js').Segments} Segments */

/** @param {Segments} segments @param {number} index */
const idAt = (segments, index) => {
  const { key, index: there } = segments.position(index);
  return `${key}/${there}`;
};

/** @param {Segments} segments @param {string} key */
const idsOf = (segments, key) => Array.from({ length: segments.count(key) }, (_, i) => `${key}/${i}`);

/** A selection over photos that are all known. @param {Segments} segments */
const over = (segments) => new Selection(segments, (key) => idsOf(segments, key));

/** What the server would find for what it is told. @param {Segments} segments @param {Selection} selection */
function resolved(segments, selection) {
  const { spans, ids, not, expect } = selection.chosen();
  const found = new Set(ids);
  for (const [from, until] of spans) {
    const end = until === null ? segments.length : segments.find(until);
    for (let i = segments.find(from); i < end; i++) for (const id of idsOf(segments, segments.keys[i])) found.add(id);
  }
  for (const id of not) ok(found.delete(id), 'an exception is of what is selected');
  equal(found.size, expect, 'the number shown');
  return found;
}

export function itIsWhatAPlainSetOfPhotosWouldBe() {
  always(150, (random) => {
    const segments = someView(random);
    if (!segments.total) return;
    const selection = over(segments);
    let naive = new Set();
    let before = new Set();
    let start = 0;
    selection.beginDrag();
    for (let step = 0; step < 30; step++) {
      const at = random.int(0, segments.total - 1);
      const other = Math.min(segments.total - 1, Math.max(0, at + random.int(-1500, 1500)));
      const place = segments.position(at);
      const keys = Array.from({ length: random.int(1, 3) }, (_, i) => segments.at(at) + i)
        .filter((segment) => segment < segments.length)
        .map((segment) => segments.keys[segment]);
      const kind = random.int(0, 8);
      switch (kind) {
        case 0: case 1: case 2: case 3:
          selection.toggle(place.key, idAt(segments, at));
          if (!naive.delete(idAt(segments, at))) naive.add(idAt(segments, at));
          break;
        case 4:
          equal(selection.range(place, segments.position(other)), []);
          addRange(naive, at, other);
          break;
        case 5: {
          const photos = keys.flatMap((key) => idsOf(segments, key));
          const all = photos.every((id) => naive.has(id));
          equal(selection.state(keys), all ? 'all' : photos.some((id) => naive.has(id)) ? 'some' : 'none');
          for (const id of photos) all ? naive.delete(id) : naive.add(id);
          selection.toggleAll(keys);
          break;
        }
        case 6:
          selection.beginDrag();
          before = new Set(naive);
          start = at;
          break;
        case 7:
          equal(selection.drag(segments.position(start), place), []);
          naive = new Set(before);
          addRange(naive, start, at);
          break;
        default:
          if (random.chance(0.3)) {
            selection.all();
            addRange(naive, 0, segments.total - 1);
          } else if (random.chance(0.3)) {
            selection.clear();
            naive = new Set();
          }
      }
      equal(selection.count, naive.size, `step ${step} of kind ${kind}`);
      for (let n = 0; n < 20; n++) {
        const index = random.int(0, segments.total - 1);
        equal(selection.has(segments.position(index).key, idAt(segments, index)), naive.has(idAt(segments, index)));
      }
    }
    equal([...resolved(segments, selection)].sort(), [...naive].sort());

    /** @param {Set<string>} set @param {number} one @param {number} other */
    function addRange(set, one, other) {
      for (let i = Math.min(one, other); i <= Math.max(one, other); i++) set.add(idAt(segments, i));
    }
  });
}

export function everythingIsOneSpanAndPhotosTakenOutAreExceptions() {
  const segments = viewOf([[18000, 3], [17990, 700], [17980, 5]]);
  const selection = over(segments);
  selection.all();
  selection.toggle('2019-04-04.2', '2019-04-04.2/3');
  equal(selection.chosen(), { spans: [['2019-04-14', null]], ids: [], not: ['2019-04-04.2/3'], expect: 707 });
}

export function aSegmentTakenOutSplitsTheSpan() {
  const segments = viewOf([[18000, 3], [17990, 4], [17980, 5]]);
  const selection = over(segments);
  selection.all();
  selection.toggleAll(['2019-04-04']);
  equal(selection.chosen().spans, [['2019-04-14', '2019-04-04'], ['2019-03-25', null]]);
}

export function theLastPhotoOfADayCompletesIt() {
  const selection = over(viewOf([[18000, 3]]));
  for (const i of [0, 1, 2]) selection.toggle('2019-04-14', `2019-04-14/${i}`);
  equal([selection.state(['2019-04-14']), selection.chosen().ids], ['all', []]);
  for (const i of [0, 1, 2]) selection.toggle('2019-04-14', `2019-04-14/${i}`);
  equal([selection.state(['2019-04-14']), selection.count], ['none', 0]);
}

export function aRangeWhoseEndsAreNotLoadedSaysWhatToLoadAndChangesNothing() {
  const segments = viewOf([[18000, 30], [17990, 400], [17980, 50]]);
  const loaded = new Set(['2019-04-14']);
  const selection = new Selection(segments, (key) => (loaded.has(key) ? idsOf(segments, key) : null));
  const ends = /** @type {const} */ ([{ key: '2019-04-14', index: 10 }, { key: '2019-03-25', index: 9 }]);
  equal([selection.range(...ends), selection.count], [['2019-03-25'], 0]);
  selection.toggle('2019-04-14', '2019-04-14/0');
  selection.beginDrag();
  equal([selection.drag(ends[0], { key: '2019-04-14', index: 12 }), selection.count], [[], 1 + 3]);
  equal([selection.drag(...ends), selection.count], [['2019-03-25'], 1 + 3]);
  loaded.add('2019-03-25');
  equal([selection.drag(...ends), selection.count], [[], 1 + 20 + 400 + 10]);
}

export function whatComesIntoASelectedDayIsSelectedAndTheNumberSaysSo() {
  const segments = viewOf([[18000, 30], [17990, 4]]);
  const selection = over(segments);
  selection.toggleAll(['2019-04-14']);
  selection.replace(segments.changed(answerOf([[18000, 31], [17990, 0]], 2)));
  equal([selection.count, selection.chosen().expect], [31, 31]);
}

export function aMillionAreSelectedAtOnce() {
  const random = new Random(1);
  const days = Array.from({ length: 7300 }, (_, i) => /** @type {[number, number]} */ ([18000 - i, random.int(1, 274)]));
  const segments = viewOf(days);
  const selection = over(segments);
  const start = performance.now();
  selection.all();
  selection.toggle('2019-04-14', '2019-04-14/0');
  equal(selection.count, segments.total - 1);
  selection.chosen();
  return { photos: segments.total, ms: Math.round(performance.now() - start) };
}
