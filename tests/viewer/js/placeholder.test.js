import { rgbaToThumbHash } from '../static/vendor/thumbhash/thumbhash.js';
import { blurred, meanColour } from '../static/js/grid/placeholder.js';
import { equal, ok } from './check.js';

/** The hash of a picture whose left half is one colour and whose right half is another. */
function hashOf(left, right) {
  const rgba = Array.from({ length: 32 * 24 }, (_, i) => [...(i % 32 < 16 ? left : right), 255]).flat();
  return btoa(String.fromCharCode(...rgbaToThumbHash(32, 24, rgba)));
}

export function theMeanColourIsThatOfThePhoto() {
  const [r, g, b] = meanColour(hashOf([200, 40, 40], [200, 40, 40])).match(/\d+/g).map(Number);
  ok(Math.abs(r - 200) < 12 && Math.abs(g - 40) < 12 && Math.abs(b - 40) < 12, `found ${[r, g, b]}`);
}

export async function theBlurredPictureIsOneThatTheBrowserShows() {
  const image = Object.assign(new Image(), { src: blurred(hashOf([255, 255, 255], [0, 0, 0])) });
  await image.decode();
  ok(Math.abs(image.naturalWidth / image.naturalHeight - 4 / 3) < 0.1, 'its shape');
  const canvas = new OffscreenCanvas(32, 24).getContext('2d', { willReadFrequently: true });
  canvas.drawImage(image, 0, 0);
  const [left, right] = [4, 28].map((x) => canvas.getImageData(x, 11, 1, 1).data[0]);
  ok(left > 180 && right < 75, `found ${left} and ${right}`);
}
