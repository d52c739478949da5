import { Layout, layoutMonth, measures, tiles } from '../static/js/grid/layout.js';
import { Random, always, equal, ok } from './check.js';
import { daysOf, learnAll, someView, undatedOf, viewOf } from './views.js';

const DESKTOP = measures({ width: 1392, screen: 1440, dated: true });
const PHONE = measures({ width: 390, screen: 390, dated: true });

/** @param {Random} random @param {boolean} dated */
function someMeasures(random, dated) {
  const screen = random.pick([360, 390, 599, 600, 820, 1024, 1440, 2560]);
  const size = random.chance(0.5) ? undefined : random.int(60, 340);
  const beside = screen < 600 ? 0 : screen < 1440 ? 72 + 48 : 224 + 48; // rail and scrubber
  return measures({ width: screen - beside, screen, dated, size });
}

/** @param {Layout} layout */
function* allRows(layout) {
  for (let month = 0; month < layout.segments.months.length; month++) {
    for (let row = 0; row < layout.month(month).n.length; row++) yield layout.row(month, row);
  }
}

export function measuresFitTheScreen() {
  equal(DESKTOP, { gap: 4, dayGap: 24, head: 40, minDay: 112, H: 220, W: 1392, monthHead: 64 });
  equal(PHONE, { H: 110, gap: 2, dayGap: 16, head: 32, minDay: 88, W: 390, monthHead: 64 });
  equal(measures({ width: 700, screen: 820, dated: true }).H, 160);
  equal([1, 150, 999].map((size) => measures({ width: 390, screen: 390, dated: true, size }).H), [72, 150, 200]);
  equal([1, 150, 999].map((size) => measures({ width: 1000, screen: 1440, dated: true, size }).H), [96, 150, 320]);
  const { head, monthHead, minDay } = measures({ width: 1000, screen: 1440, dated: false });
  equal([head, monthHead, minDay], [0, 0, 0]);
}

export function everyPhotoIsInExactlyOneRowInOrder() {
  always(400, (random) => {
    const segments = learnAll(someView(random), random);
    let next = 0;
    for (const { index, n } of allRows(new Layout(segments, someMeasures(random, segments.dated)))) {
      equal(index, next);
      ok(n > 0, 'no row is empty');
      next += n;
    }
    equal(next, segments.total);
  });
}

export function noRowIsWiderThanTheGridAndHeightsAreBounded() {
  const seen = { lowest: 9, highest: 0, rows: 0 };
  always(400, (random) => {
    const segments = learnAll(someView(random), random);
    const chosen = someMeasures(random, segments.dated);
    for (const row of allRows(new Layout(segments, chosen))) {
      const places = tiles(segments, row, chosen);
      const right = places[2 * row.n - 2] + places[2 * row.n - 1];
      ok(right <= chosen.W + 0.01, `row of ${right} in ${chosen.W}`);
      const height = row.h / chosen.H;
      ok(height <= 1.4 + 1e-9, `height ${height}`);
      ok(height >= 0.4 || row.n === 1, `height ${height} of ${row.n}`);
      seen.lowest = Math.min(seen.lowest, height);
      seen.highest = Math.max(seen.highest, height);
      seen.rows++;
    }
  });
  return seen;
}

export function rowsAndTilesNeverOverlap() {
  always(200, (random) => {
    const segments = learnAll(someView(random), random);
    const chosen = someMeasures(random, segments.dated);
    let bottom = 0;
    for (const row of allRows(new Layout(segments, chosen))) {
      ok(row.y >= bottom - 1e-6, 'rows stand under each other');
      bottom = row.y + row.h + chosen.gap;
      const places = tiles(segments, row, chosen);
      for (let i = 1; i < row.n; i++) {
        const gap = places[2 * i] - places[2 * i - 2] - places[2 * i - 1];
        const isNewDay = segments.days[segments.at(row.index + i)] !== segments.days[segments.at(row.index + i - 1)];
        ok(isNewDay ? gap >= chosen.dayGap - 1e-6 : Math.abs(gap - chosen.gap) < 1e-6, `gap of ${gap}`);
        ok(Math.abs(places[2 * i + 1] / row.h - segments.ratios[row.index + i]) < 1e-6, 'shapes are kept');
      }
    }
  });
}

export function everyDayHasRoomForItsDate() {
  always(200, (random) => {
    const segments = learnAll(viewOf(daysOf(random, -1)), random);
    const chosen = someMeasures(random, true);
    const layout = new Layout(segments, chosen);
    for (const row of allRows(layout)) {
      const places = tiles(segments, row, chosen);
      let begun = 0;
      for (let i = 1; i < row.n; i++) {
        const segment = segments.at(row.index + i);
        if (segments.starts[segment] !== row.index + i || segments.parts[segment] > 1) continue;
        ok(places[2 * i] - begun >= chosen.minDay + chosen.dayGap - 1e-6, 'room beside the next date');
        begun = places[2 * i];
      }
      const first = segments.at(row.index);
      if (segments.starts[first] === row.index && segments.parts[first] === 1) {
        const above = row.row ? layout.row(row.month, row.row - 1) : null;
        const room = row.y - (above ? above.y + above.h + chosen.gap : layout.top(row.month) + chosen.monthHead);
        ok(Math.abs(room - chosen.head) < 1e-6, `strip of ${room}`);
      }
    }
  });
}

export function partsOfALargeDayAndOfAnUndatedViewHaveFullRows() {
  always(40, (random) => {
    for (const segments of [viewOf([[18000, random.int(1100, 3000)]]), undatedOf(random.int(1100, 3000))]) {
      learnAll(segments, random);
      const chosen = someMeasures(random, segments.dated);
      const rows = [...allRows(new Layout(segments, chosen))];
      rows.pop();
      for (const row of rows) {
        const places = tiles(segments, row, chosen);
        const right = places[2 * row.n - 2] + places[2 * row.n - 1];
        ok(Math.abs(right - chosen.W) < 0.01, `row ends at ${right} of ${chosen.W}`);
      }
    }
  });
}

export function aChangeMovesNothingButItsMonthAndInALargeDayNothingButItsPart() {
  always(100, (random) => {
    const segments = learnAll(viewOf(daysOf(random, -1)), random);
    const chosen = someMeasures(random, true);
    const layout = new Layout(segments, chosen);
    const before = [...allRows(layout)];
    const changed = random.int(0, segments.length - 1);
    segments.learn(changed, Array.from({ length: segments.counts[changed] }, () => random.ratio()));
    layout.refresh(changed, changed + 1);
    const after = [...allRows(layout)];
    const month = segments.monthOf(changed);
    const isSolid = segments.counts[changed] === 500;
    const inPart = (row) => row.index >= segments.starts[changed] && row.index < segments.starts[changed + 1];
    const kept = (row) => (isSolid ? !inPart(row) : row.month !== month);
    const shape = (row) => [row.month, row.index, row.n, row.h];
    equal(after.filter(kept).map(shape), before.filter(kept).map(shape));
    equal(after.filter((row) => row.month < month), before.filter((row) => row.month < month));
  });
}

export function rowsAreFoundByPhotoAndByHeight() {
  always(200, (random) => {
    const segments = learnAll(someView(random), random);
    const layout = new Layout(segments, someMeasures(random, segments.dated));
    const rows = [...allRows(layout)];
    for (let i = 0; i < 20 && segments.total; i++) {
      const index = random.int(0, segments.total - 1);
      const row = layout.rowOf(index);
      ok(row.index <= index && index < row.index + row.n, 'holds its photo');
      const from = random.next() * layout.height;
      const until = from + 900;
      equal([...layout.rows(from, until)], rows.filter(({ y, h }) => y < until && y + h > from));
    }
  });
}

export function heightsAreGuessedUntilMonthsAreLaidOut() {
  const errors = [];
  for (const dated of [true, false]) {
    always(100, (random) => {
      const days = [];
      for (let day = 18000; day > 16200; day -= random.int(1, 9)) days.push(/** @type {[number, number]} */ ([day, random.size(80)]));
      const segments = dated ? viewOf(days) : undatedOf(random.int(600, 30000));
      const layout = new Layout(segments, someMeasures(random, dated));
      const guess = layout.height;
      const settled = [...layout.settle(random.int(0, segments.months.length - 1))];
      equal([...settled].sort((a, b) => a - b), segments.months.map((_, month) => month), 'each month once');
      const tops = segments.months.map((_, month) => layout.top(month) + layout.month(month).height);
      segments.months.forEach((_, month) => ok(Math.abs(layout.top(month + 1) - tops[month]) < 1e-3, 'one under the other'));
      errors.push(Math.abs(guess / layout.height - 1));
      ok(Math.abs(guess / layout.height - 1) < 0.3, `guess ${guess} of ${layout.height}`);
    });
  }
  return { meanErrorOfTheGuess: errors.reduce((sum, error) => sum + error, 0) / errors.length };
}

export function monthsFarAwayKeepTheirHeightScaled() {
  const random = new Random(4);
  const days = Array.from({ length: 900 }, (_, i) => /** @type {[number, number]} */ ([18000 - 2 * i, random.size(60)]));
  const segments = learnAll(viewOf(days), random);
  const layout = new Layout(segments, DESKTOP);
  for (const _ of layout.settle(0));
  const same = new Layout(segments.changed({ seq: 2, day: [18001], count: [1], ratio: [150] }), DESKTOP, layout);
  equal(same.top(1) > layout.top(1), true, 'one photo more');
  equal(Math.round(same.height - same.top(1)), Math.round(layout.height - layout.top(1)), 'other months');
  const narrow = new Layout(segments, PHONE, layout);
  const guess = narrow.height;
  for (const _ of narrow.settle(0));
  ok(Math.abs(guess / narrow.height - 1) < 0.15, `scaled ${guess} of ${narrow.height}`);
}

export function aMillionPhotosAreLaidOut() {
  const random = new Random(1);
  const days = [];
  for (let day = 18000; day > 10700; day--) days.push(/** @type {[number, number]} */ ([day, random.int(1, 250)]));
  const sparse = learnAll(viewOf(days), random);
  const figures = { photos: sparse.total };
  for (const [name, chosen] of Object.entries({ DESKTOP, PHONE })) {
    for (const turn of ['cold', 'warm']) figures[`${name} ${turn} ms`] = timed(() => new Layout(sparse, chosen));
  }
  const month = learnAll(viewOf([[18000, 75000]]), random);
  figures['a month of 75,000 ms'] = timed(() => new Layout(month, DESKTOP));
  const flat = learnAll(undatedOf(1_000_000), random);
  figures['a million undated ms'] = timed(() => new Layout(flat, { ...DESKTOP, head: 0, monthHead: 0, minDay: 0 }));
  return figures;

  /** @param {() => Layout} make */
  function timed(make) {
    const start = performance.now();
    const layout = make();
    for (const _ of layout.settle(0));
    ok(layout.height > 0, 'laid out');
    return Math.round(performance.now() - start);
  }
}

export function aLayoutOfOneMonthIsPlainNumbers() {
  const ratios = Float32Array.of(1.5, 1.5, 1.5, 1, 1, 1);
  const small = { W: 400, H: 100, gap: 4, dayGap: 24, head: 40, monthHead: 64, minDay: 90 };
  const month = layoutMonth({ days: [3, 2, 1], counts: [1, 1, 4], ratios, open: false }, small);
  equal([[...month.first], [...month.n]], [[0, 2], [2, 4]]);
  equal([...month.y], [64 + 40, 64 + 40 + 100 + 4 + 40]);
  equal([...month.h], [100, (400 - 3 * 4) / 4.5]);
}
