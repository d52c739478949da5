import * as i18n from '../static/js/i18n.js';
import { equal } from './check.js';

const { gettext, ngettext } = i18n;
const JULY_14 = 18091;
const CLOCK = JULY_14 * 86_400 + 14 * 3600 + 32 * 60;

const RUSSIAN = {
  language: 'ru',
  messages: {
    'Photos': 'Фотографии',
    'Deleted from %(space)s': 'Удалено из «%(space)s»',
    '%(num)d photo': {
      one: '%(num)d фотография', few: '%(num)d фотографии', many: '%(num)d фотографий', other: '%(num)d фотографии',
    },
  },
};

export function textsThatAreNotInTheCatalogueStayEnglish() {
  i18n.speak(RUSSIAN);
  equal([gettext('Photos'), gettext('Folders')], ['Фотографии', 'Folders']);
  equal(ngettext('%(num)d day', '%(num)d days', 3), '3 days');
}

export function placesInTextsAreFilled() {
  i18n.speak(RUSSIAN);
  equal(gettext('Deleted from %(space)s', { space: 'Family $& %(num)d' }), 'Удалено из «Family $& %(num)d»');
  equal(gettext('%(what)s of %(whole)d', { whole: 1234 }), '%(what)s of 1\u00a0234');
}

export function russianHasItsPlurals() {
  i18n.speak(RUSSIAN);
  const said = [1, 2, 5, 11, 21, 1004].map((num) => ngettext('%(num)d photo', '%(num)d photos', num));
  equal(said, [
    '1 фотография', '2 фотографии', '5 фотографий', '11 фотографий', '21 фотография', '1\u00a0004 фотографии',
  ]);
}

export function englishHasTwo() {
  i18n.speak({ language: 'en', messages: {} });
  const said = [0, 1, 1204].map((num) => ngettext('%(num)d photo', '%(num)d photos', num));
  equal(said, ['0 photos', '1 photo', '1,204 photos']);
}

export function sizesAreInDecimalUnitsToThreeDigits() {
  i18n.speak({ language: 'en', messages: {} });
  const said = [0, 999, 1000, 1_234_567, 999_499_999, 15e9, 1.5e12, 2e18].map(i18n.size);
  equal(said, ['0 byte', '999 byte', '1 kB', '1.23 MB', '999 MB', '15 GB', '1.5 TB', '2,000 PB']);
  i18n.speak({ language: 'ru', messages: {} });
  equal(i18n.size(1_234_567).replace(/\s/, ' '), '1,23 МБ');
}

export function daysAreOfThePhotosOwnClockWhereverTheViewerIs() {
  i18n.speak({ language: 'en', messages: {} });
  equal(i18n.date(JULY_14), 'July 14, 2019');
  equal([i18n.dayName(JULY_14), i18n.monthName(JULY_14)], ['Sunday, July 14', 'July 2019'].map((name, i) => i ? name : 'Sun, July 14'));
  equal(i18n.time(CLOCK).replace(/\s/, ' '), '2:32 PM');
  i18n.speak({ language: 'es', messages: {} });
  equal([i18n.date(JULY_14), i18n.time(CLOCK)], ['14 de julio de 2019', '14:32']);
  equal(i18n.dates(JULY_14 - 13, JULY_14), '1–14 de julio de 2019');
}

export function zonesAndDurations() {
  equal([0, 120, -210, 345].map(i18n.zone), ['UTC', 'UTC+2', 'UTC−3:30', 'UTC+5:45']);
  equal([0, 5.4, 65, 3723].map(i18n.duration), ['0:00', '0:05', '1:05', '1:02:03']);
}
