/** What people are told about files on their way. */

import { gettext, ngettext, number, size } from '../i18n.js';

/** @import { Item } from './queue.js' */

/** @type {Record<string, () => string>} */
const REASONS = {
  taken: () => gettext('Another file has this name.'),
  full: () => gettext('There is no room for it.'),
  type: () => gettext('This space takes photos and videos only.'),
  size: () => gettext('It is larger than this space allows.'),
  name: () => gettext('A file cannot have this name here.'),
  damaged: () => gettext('It is damaged, or it changed on its way.'),
  forbidden: () => gettext('You may look at this space, but not add to it.'),
  gone: () => gettext('The place it should go to is gone.'),
  folder: () => gettext('A folder, or a file in place of one, is in its way.'),
  locked: () => gettext('Somebody else is using the file that is there.'),
  disk: () => gettext('The server’s disk is full.'),
  busy: () => gettext('The photo store does not answer. It will be tried again.'),
  unreadable: () => gettext('It cannot be read any more. Was it moved or changed?'),
  stopped: () => gettext('Stopped.'),
  here: () => gettext('It is there already.'),
  outside: () => gettext('Its name leads out of the archive.'),
  link: () => gettext('It is only a link to another file.'),
  password: () => gettext('It is locked with a password.'),
  method: () => gettext('It is packed in a way that cannot be opened here.'),
  bomb: () => gettext('It is packed far tighter than any photo.'),
};

/**
 * Why something was not taken, or has to wait.
 * @param {string | null} reason
 */
export const reasonOf = (reason) => (REASONS[reason ?? ''] ?? (() => gettext('It could not be uploaded.')))();

/**
 * How a file is getting on.
 * @param {Item} item
 */
export function stateOf(item) {
  const { upload } = item;
  switch (item.state) {
    case 'looking':
      return gettext('Looking whether it is there already…');
    case 'archive':
      return gettext('An archive');
    case 'taken':
    case 'refused':
      return reasonOf(item.state === 'taken' ? 'taken' : item.reason);
    case 'room':
      return reasonOf('full');
    case 'waiting':
      return gettext('Waiting');
    case 'sending':
      if (item.isPaused) return gettext('No connection. Trying again…');
      return gettext('%(sent)s of %(size)s', { sent: size(item.sent), size: size(item.size) });
    case 'storing':
      if (upload?.reason) return reasonOf(upload.reason);
      if (!item.unpack) return gettext('Putting it together…');
      return upload?.total
        ? gettext('Unpacking %(done)s of %(total)s', { done: number(upload.progress), total: number(upload.total) })
        : gettext('Unpacking…');
    case 'here':
      return gettext('Already there');
    case 'done':
      return item.unpack
        ? ngettext('%(num)d member unpacked', '%(num)d members unpacked', (upload?.progress ?? 0) - (upload?.left_out.length ?? 0))
        : size(item.size);
  }
}

/**
 * How long it will take.
 * @param {number} bytes
 * @param {number} rate bytes a second
 */
export function timeLeft(bytes, rate) {
  if (rate <= 0) return '';
  const seconds = bytes / rate;
  if (seconds < 60) return gettext('less than a minute left');
  if (seconds < 5400) return ngettext('about %(num)d minute left', 'about %(num)d minutes left', Math.round(seconds / 60));
  return ngettext('about %(num)d hour left', 'about %(num)d hours left', Math.round(seconds / 3600));
}
