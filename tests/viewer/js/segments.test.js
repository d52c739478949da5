import { Segments, dateOf, dayOf } from '../static/js/grid/segments.js';
import { always, equal, ok } from './check.js';
import { answerOf, daysOf, someView, viewOf } from './views.js';

export function daysComeAsDifferences() {
  const segments = Segments.from({ seq: 7, total: 8, day: [18091, -1, -30], count: [3, 1, -3], ratio: [150, -20, 5] });
  equal([...segments.days].map(dateOf), ['2019-07-14', '2019-07-13', '2019-06-13']);
  equal([...segments.counts], [3, 4, 1]);
  equal(Array.from(segments.means, (mean) => Math.round(mean * 100)), [150, 130, 135]);
  equal([segments.total, segments.seq, segments.months], [8, 7, ['2019-07', '2019-06']]);
}

export function partsOfADayAreNumbered() {
  const segments = Segments.from({ seq: 1, day: [18091, 0, 0, -1], count: [500, 0, -480, 5], ratio: [150, 0, 0, 0] });
  equal(segments.keys, ['2019-07-14', '2019-07-14.2', '2019-07-14.3', '2019-07-13']);
}

export function partsOfAViewWithoutDatesAreNumbered() {
  const segments = Segments.from({ seq: 1, count: [500, 0, -480], ratio: [150, 0, 0] });
  equal(segments.keys, ['1', '2', '3']);
  equal([segments.dated, segments.total], [false, 1020]);
}

export function everyNumberKeyAndPlaceLeadBack() {
  always(300, (random) => {
    const segments = someView(random);
    for (let i = 0; i < segments.length; i++) {
      equal(segments.find(segments.keys[i]), i, segments.keys[i]);
      ok(segments.has(segments.keys[i]), segments.keys[i]);
      const month = segments.monthOf(i);
      ok(segments.monthStarts[month] <= i && i < segments.monthStarts[month + 1], 'in its month');
    }
    for (let n = 0; n < 50 && segments.total; n++) {
      const index = random.int(0, segments.total - 1);
      const segment = segments.at(index);
      ok(segments.starts[segment] <= index && index < segments.starts[segment + 1], 'in its segment');
      equal(segments.index(segments.position(index)), index);
    }
  });
}

export function aDateWithoutPhotosLeadsToTheNextInOrder() {
  for (const order of [-1, 1]) {
    always(200, (random) => {
      const segments = viewOf(daysOf(random, order), order);
      const day = random.int(17000, 19000);
      const next = [...segments.days].findIndex((other) => (other - day) * order >= 0);
      equal(segments.find(dateOf(day)), next < 0 ? segments.length - 1 : next);
    });
  }
}

export function aKeptPlaceThatIsGoneLeadsNearby() {
  const segments = viewOf([[dayOf('2019-07-14'), 3], [dayOf('2019-07-12'), 2]]);
  equal(segments.index({ key: '2019-07-13', index: 1 }), 4, 'a day that is gone');
  equal(segments.index({ key: '2019-07-14', index: 9 }), 2, 'a day with fewer photos');
  equal(segments.index({ key: '2019-07-14.4', index: 0 }), 3, 'a part that is gone');
  equal(segments.index({ key: '1999-01-01', index: 0 }), 3, 'before the first');
  equal([segments.has('2019-07-13'), segments.count('2019-07-13'), segments.count('2019-07-14')], [false, 0, 3]);
}

export function nothingIsFoundInAnEmptyView() {
  const segments = Segments.from({ seq: 1, day: [], count: [], ratio: [] });
  equal([segments.total, segments.months, segments.has('2019-07-14'), segments.count('1')], [0, [], false, 0]);
  equal(segments.index({ key: '2019-07-14', index: 3 }), 0);
}

export function unknownPhotosHaveTheMeanAndKnownOnesTheirOwnRatio() {
  const segments = Segments.from({ seq: 1, day: [18091, -1], count: [2, 1], ratio: [150, 450] });
  segments.learn(0, [0.1, 1.25]);
  equal(Array.from(segments.ratios, (ratio) => Math.round(ratio * 100)), [40, 125, 320, 320, 320]);
}

export function changedDaysAreAsIfTheyHadAlwaysBeenSo() {
  for (const order of [-1, 1]) {
    always(300, (random) => {
      const before = daysOf(random, order);
      const segments = viewOf(before, order);
      const now = new Map(before);
      const changes = new Map();
      for (let n = random.int(1, 5); n > 0; n--) {
        const day = random.chance(0.5) && before.length ? random.pick(before)[0] : random.int(17000, 19000);
        const count = random.chance(0.3) ? 0 : random.size(1700);
        now.set(day, count);
        changes.set(day, count);
      }
      const days = [...now].filter(([, count]) => count).sort(([a], [b]) => (a - b) * order);
      const changed = segments.changed(answerOf([...changes], 9));
      const fresh = viewOf(days, order);
      equal(changed.keys, fresh.keys);
      equal([...changed.counts], [...fresh.counts]);
      equal([changed.total, changed.seq, changed.months], [fresh.total, 9, fresh.months]);
      equal(segments.keys, viewOf(before, order).keys, 'the old one stays');
    });
  }
}

export function whatIsKnownOfOtherDaysStays() {
  always(100, (random) => {
    const segments = viewOf(daysOf(random, -1));
    for (let i = 0; i < segments.length; i++) {
      segments.learn(i, Array.from({ length: segments.counts[i] }, () => 0.5 + random.next()));
    }
    const day = random.chance(0.7) ? random.pick([...segments.days]) : random.int(17000, 19000);
    const changed = segments.changed(answerOf([[day, random.int(0, 900)]], 2));
    equal(changed.ratios.length, changed.total);
    for (let i = 0; i < segments.length; i++) {
      if (segments.days[i] === day) continue;
      const there = changed.find(segments.keys[i]);
      equal(ratiosOf(changed, there), ratiosOf(segments, i));
    }
  });
}

/** @param {Segments} segments @param {number} i */
const ratiosOf = (segments, i) => [...segments.ratios.subarray(segments.starts[i], segments.starts[i + 1])];
