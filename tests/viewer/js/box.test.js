import { around, boxOf, nearest, placed, placeOf, wrapped } from '../static/js/map/box.js';
import { outline } from '../static/js/map/world.js';
import { always, equal, ok } from './check.js';

/** @param {import('./check.js').Random} random @param {number} low @param {number} high */
const between = (random, low, high) => low + random.next() * (high - low);

/** Whether a longitude is in a box that may lie across the date line. @param {number} one @param {number[]} box */
const isIn = (one, [west, , east]) => (west <= east ? west <= one && one <= east : one >= west || one <= east);

export function whatIsInViewIsInTheBox() {
  always(500, (random) => {
    const west = between(random, -180, 180) + 360 * random.int(-3, 3);
    const width = between(random, 0.01, 350);
    const box = boxOf({ west, east: west + width, south: -10, north: 10 }).split(',').map(Number);
    const seen = west + width * random.next();
    ok(isIn(wrapped(seen), box), `${west} ${width} ${seen} ${box}`);
    ok(box.every((one, i) => Math.abs(one) <= (i % 2 ? 90 : 180)), String(box));
  });
}

export function allOfTheWorldIsOneBoxWithBothPoles() {
  equal(boxOf({ west: -200, east: 200, south: -85.06, north: 85.06 }), '-180,-90,180,90');
}

export function aBoxAcrossTheDateLineHasItsWestEastOfItsEast() {
  equal(boxOf({ west: 170, east: 190, south: -20, north: -10 }), '170,-20,-170,-10');
}

export function allPositionsAreInWhatIsAroundThem() {
  always(300, (random) => {
    const positions = Array.from({ length: random.int(1, 8) }, () => [between(random, -85, 85), between(random, -180, 180)]);
    const found = around(positions.map(([one]) => one), positions.map(([, one]) => one));
    if (!found) throw new Error('nothing is around them');
    ok(found.east - found.west < 360, 'it is not wider than the world');
    for (const [north, east] of positions) {
      const shifted = east < found.west - 1e-9 ? east + 360 : east;
      ok(found.south <= north && north <= found.north && shifted <= found.east + 1e-9, `${north} ${east}`);
    }
  });
  equal(around([], []), null);
  const fiji = around([-17, -18], [179, -179]);
  equal(fiji && Math.round(fiji.east - fiji.west), 2);
}

export function aPlaceInTheAddressIsReadAsItWasWritten() {
  always(300, (random) => {
    const place = { latitude: between(random, -85, 85), longitude: between(random, -180, 180), zoom: random.int(1, 11) };
    const read = placeOf(new URLSearchParams(placed(place)));
    const pixel = 360 / 256 / 2 ** place.zoom;
    ok(read && read.zoom === place.zoom, JSON.stringify(placed(place)));
    ok(read && Math.abs(read.latitude - place.latitude) < pixel, 'latitude');
    ok(read && Math.abs(wrapped(read.longitude - place.longitude)) < pixel, 'longitude');
  });
  for (const text of ['', 'center=1,2', 'zoom=3', 'center=91,0&zoom=3', 'center=x,y&zoom=3', 'center=1,2,3&zoom=3']) {
    equal(placeOf(new URLSearchParams(text)), null, text);
  }
}

export function theNearestCopyIsAtMostHalfAWorldAway() {
  always(300, (random) => {
    const [one, middle] = [between(random, -180, 180), between(random, -1000, 1000)];
    const found = nearest(one, middle);
    ok(Math.abs(found - middle) <= 180 + 1e-9, `${one} ${middle}`);
    ok(Math.abs(wrapped(found) - wrapped(one)) < 1e-6, `${one} ${middle}`);
  });
}

export function aCoastGoesOnAcrossTheDateLine() {
  const { line, box } = outline([[178, -16], [-179, -16], [-179, -17], [178, -17], [178, -16]]);
  ok(box[2] - box[0] < 0.01, String(box));
  equal(line.length, 10);
  const pole = outline([[-180, -70], [-60, -75], [60, -72], [170, -70], [-180, -70]]);
  ok(pole.box[2] - pole.box[0] > 0.99 && pole.box[3] > 1, String(pole.box));
}
