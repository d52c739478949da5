/** What a tile shows until its picture is there, from the photo's ThumbHash as base64. */

import { thumbHashToAverageRGBA, thumbHashToDataURL } from '../../vendor/thumbhash/thumbhash.js';

/** @param {string} hash */
const bytes = (hash) => Uint8Array.from(atob(hash), (character) => character.charCodeAt(0));

/**
 * The mean colour, which costs next to nothing.
 * @param {string} hash
 */
export function meanColour(hash) {
  const { r, g, b } = thumbHashToAverageRGBA(bytes(hash));
  return `rgb(${[r, g, b].map((part) => Math.round(part * 255)).join(' ')})`;
}

/**
 * The blurred picture as an address, which takes about half a millisecond.
 * @param {string} hash
 */
export const blurred = (hash) => thumbHashToDataURL(bytes(hash));
