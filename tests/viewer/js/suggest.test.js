import { addressOf } from '../static/js/suggest.js';
import { equal } from './check.js';

const berlin = { name: 'town', text: 'Berlin', count: 3 };

export function aSuggestionTakesThePlaceOfTheWordsThatItStandsFor() {
  equal(addressOf([['q', 'wall ber']], berlin, 'ber'), 'q=wall&town=Berlin');
  equal(addressOf([['q', 'ber']], berlin, 'ber'), 'town=Berlin');
  equal(addressOf([['q', 'ber '], ['camera', 'X100']], berlin, 'ber'), 'camera=X100&town=Berlin');
}

export function aSuggestionIsAskedForOnce() {
  equal(addressOf([['q', 'ber'], ['town', 'Berlin'], ['town', 'Rome']], berlin, 'ber'), 'town=Berlin&town=Rome');
}
