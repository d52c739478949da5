import { Layout, measures } from '../static/js/grid/layout.js';
import {
  anchorOf, boxHeight, changed, jumped, lastPosition, moved, position, rested, scrolled, shiftOf,
} from '../static/js/grid/scroll.js';
import { Random, always, equal, ok } from './check.js';
import { answerOf, daysOf, learnAll, viewOf } from './views.js';

const BOX = 4_000_000;

/** @param {Random} random @returns {import('../static/js/grid/scroll.js').Scroll} */
function someState(random) {
  const h = random.int(300, 1600);
  const L = random.pick([random.int(0, 3000), random.int(3000, BOX), random.int(BOX, 3 * BOX), random.int(BOX, 100 * BOX)]);
  return jumped({ s: 0, o: 0, L, h }, random.next() * L);
}

/** What the browser allows. @param {import('../static/js/grid/scroll.js').Scroll} state @param {number} s */
const withinBox = (state, s) => Math.min(boxHeight(state) - state.h, Math.max(0, s));

/** @param {import('../static/js/grid/scroll.js').Scroll} state */
function mustBeSound(state) {
  ok(state.s >= 0 && state.s <= boxHeight(state) - state.h + 1e-6, `scrollTop ${state.s}`);
  ok(position(state) >= -1e-6 && position(state) <= lastPosition(state) + 1e-6, `position ${position(state)}`);
}

export function theBoxIsAsHighAsTheViewButLimited() {
  equal([0, 500, 9000, 9e9].map((L) => boxHeight({ s: 0, o: 0, L, h: 800 })), [800, 800, 9000, BOX]);
}

export function aSmallViewScrollsPlainly() {
  always(200, (random) => {
    let state = jumped({ s: 0, o: 0, L: random.int(0, BOX), h: 900 }, 0);
    for (let i = 0; i < 20; i++) {
      state = rested(scrolled(state, withinBox(state, random.next() * BOX)));
      equal([state.o, position(state)], [0, state.s]);
    }
  });
}

export function nothingMovesAtRest() {
  always(3000, (random) => {
    let state = someState(random);
    for (let i = 0; i < 20; i++) {
      state = scrolled(state, withinBox(state, state.s + (random.next() - 0.5) * random.pick([500, 50_000, 5_000_000])));
      mustBeSound(state);
      const calm = rested(state);
      ok(Math.abs(position(calm) - position(state)) < 1e-6, 'content stays');
      mustBeSound(calm);
      equal(rested(calm), calm, 'and then there is nothing to do');
      state = calm;
    }
  });
}

export function onePixelOfTheWheelIsOnePixelOfTheView() {
  always(500, (random) => {
    const state = rested(someState(random));
    const s = withinBox(state, state.s + random.int(-500, 500));
    const next = scrolled(state, s);
    const y = position(state) + s - state.s;
    ok(Math.abs(position(next) - Math.min(lastPosition(state), Math.max(0, y))) < 1e-6, 'as far as the view goes');
  });
}

export function bothEndsAreReachedFromAnywhere() {
  always(300, (random) => {
    for (const [way, end] of /** @type {const} */ ([[-1, () => 0], [1, lastPosition]])) {
      let state = someState(random);
      for (let i = 0; i < 400 && Math.abs(position(state) - end(state)) > 1e-6; i++) {
        state = rested(scrolled(state, withinBox(state, state.s + way * 1_500_000)));
      }
      ok(Math.abs(position(state) - end(state)) < 1e-6, `stops at ${position(state)}, not at ${end(state)}`);
      equal(withinBox(state, state.s + way * 10), state.s, 'and the box ends there as well');
    }
  });
}

export function aJumpArrivesAndLeavesRoomOnBothSides() {
  always(1000, (random) => {
    const before = someState(random);
    const y = (random.next() * 1.2 - 0.1) * before.L;
    const state = jumped(before, y);
    mustBeSound(state);
    ok(Math.abs(position(state) - Math.min(lastPosition(state), Math.max(0, y))) < 1e-6, 'is there');
    equal(rested(state), state, 'already at rest');
    const room = [state.s, boxHeight(state) - state.h - state.s];
    const more = [position(state), lastPosition(state) - position(state)];
    for (const i of [0, 1]) ok(room[i] >= Math.min(more[i], BOX / 4 - state.h) - 1e-6, `room of ${room}`);
  });
}

export function changesAboveTheScreenLeaveTheScreenAndScrollTopAlone() {
  always(1000, (random) => {
    const state = someState(random);
    const shift = random.int(-2000, 2000);
    const next = changed(state, { L: state.L + shift, shift });
    mustBeSound(next);
    const stays = position(state) + shift;
    if (stays >= 0 && stays <= lastPosition(next)) ok(Math.abs(position(next) - stays) < 1e-6, 'stays');
    if (state.s <= boxHeight(next) - next.h) equal(next.s, state.s, 'scrollTop');
    mustBeSound(rested(next));
  });
}

export function theAnchorIsTheFirstPhotoFullyInViewAndStaysWhatever() {
  always(200, (random) => {
    let segments = viewOf(daysOf(random, -1));
    let layout = new Layout(segments, measures({ width: 1392, screen: 1440, dated: true }));
    for (const _ of layout.settle(0));
    let state = jumped({ s: 0, o: 0, L: layout.height, h: 900 }, random.next() * layout.height);
    for (let i = 0; i < 6; i++) {
      const anchor = anchorOf(layout, state);
      ok(anchor, 'there is one');
      const row = layout.rowOf(segments.index(anchor));
      equal(row.index, segments.index(anchor), 'first of its row');
      equal(shiftOf(layout, state, anchor), 0);
      const fits = [...layout.rows(position(state), position(state) + 900)].filter(
        ({ y, h }) => y >= position(state) && y + h <= position(state) + 900,
      );
      if (fits.length) equal(row.index, fits[0].index, 'fully in view');
      const kind = random.int(0, 2);
      if (kind === 0) {
        learnAll(segments, random);
        layout.refresh(0, segments.length);
      } else if (kind === 1) {
        const day = random.pick([...segments.days].filter((day) => day !== segments.days[segments.find(anchor.key)]).concat(18500));
        if (day === segments.days[segments.find(anchor.key)]) continue;
        segments = segments.changed(answerOf([[day, random.int(0, 60)]], 2));
        layout = new Layout(segments, layout.measures, layout);
      } else {
        const screen = random.pick([820, 1440, 2560]);
        layout = new Layout(segments, measures({ width: screen - 120, screen, dated: true }), layout);
      }
      for (const _ of layout.settle(segments.monthOf(segments.find(anchor.key)))) {
        state = changed(state, { L: layout.height, shift: shiftOf(layout, state, anchor) });
      }
      const y = layout.rowOf(segments.index(anchor)).y - anchor.below;
      if (y >= 0 && y <= lastPosition(state)) ok(Math.abs(y - position(state)) < 1, `moved by ${y - position(state)}`);
      state = rested(state);
    }
  });
}

export function anEmptyViewHasNoAnchor() {
  const layout = new Layout(viewOf([]), measures({ width: 1000, screen: 1440, dated: true }));
  equal([layout.height, anchorOf(layout, { s: 0, o: 0, L: 0, h: 900 })], [0, null]);
  equal(rested({ s: 0, o: 0, L: 0, h: 900 }), { s: 0, o: 0, L: 0, h: 900 });
}

export function speedIsMeasuredBothWaysAndEndsWithAPause() {
  let motion = { y: 0, time: 0, speed: 0 };
  for (let i = 1; i <= 10; i++) motion = moved(motion, 80 * i, 16 * i);
  ok(Math.abs(motion.speed - 5) < 0.01, `speed ${motion.speed}`);
  for (let i = 1; i <= 10; i++) motion = moved(motion, 800 - 16 * i, 160 + 16 * i);
  ok(Math.abs(motion.speed + 1) < 0.01, `speed ${motion.speed}`);
  equal(moved(motion, 640, 1000).speed, 0);
}
