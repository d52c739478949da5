/** Icons that the page brings as symbols. */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An icon beside words, or in a control that has a name: it says nothing itself.
 * @param {string} name
 */
export function icon(name) {
  const element = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  element.setAttribute('class', 'icon');
  element.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `#icon-${name}`);
  element.append(use);
  return element;
}
