/** Files as people bring them: dropped, with folders and all that is in them, picked, or pasted. */

/** @typedef {{ name: string, file: File }} Picked `name` is below the folder: folders and a name, joined with slashes */

const LITTER = /^(\._.*|\.DS_Store|Thumbs\.db|desktop\.ini|\.localized)$/i;

/**
 * What lies in a folder only because a system put it there.
 * @param {Picked} picked
 */
const isWanted = ({ name }) => !LITTER.test(name.slice(name.lastIndexOf('/') + 1));

/**
 * Whether something is dragged that could be brought.
 * @param {DataTransfer | null} data
 */
export const hasFiles = (data) => data?.types.includes('Files') ?? false;

/**
 * Everything that was dropped, with its folders. It must be called while the event is handled.
 * @param {DataTransfer} data
 * @returns {Promise<Picked[]>}
 */
export async function dropped(data) {
  const entries = [...data.items].flatMap((item) => (item.kind === 'file' ? (item.webkitGetAsEntry() ?? []) : []));
  const files = entries.length ? (await Promise.all(entries.map(below))).flat() : picked(data.files);
  return files.filter(isWanted);
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<Picked[]>}
 */
async function below(entry) {
  const name = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    try {
      const { file } = { file: /** @type {FileSystemFileEntry} */ (entry) };
      return [{ name, file: await new Promise((resolve, reject) => file.file(resolve, reject)) }];
    } catch {
      return []; // it went away meanwhile
    }
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    // A hundred at a time, until there are none.
    const some = await new Promise((/** @type {(entries: FileSystemEntry[]) => void} */ resolve) =>
      reader.readEntries(resolve, () => resolve([])),
    );
    if (!some.length) return found.flat();
    for (const one of some) found.push(await below(one));
  }
}

/**
 * What a picker gave.
 * @param {Iterable<File>} files
 * @returns {Picked[]}
 */
export const picked = (files) =>
  [...files].map((file) => ({ name: file.webkitRelativePath || file.name, file })).filter(isWanted);

/**
 * What was pasted. A picture that comes from no file gets the time for a name.
 * @param {DataTransfer | null} data
 * @param {Date} now
 * @returns {Picked[]}
 */
export function pasted(data, now) {
  return [...(data?.files ?? [])].map((file) => {
    if (!/^image\.\w+$/.test(file.name)) return { name: file.name, file };
    const time = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString();
    return { name: `${time.slice(0, 10)} ${time.slice(11, 19).replaceAll(':', '.')}${file.name.slice(5)}`, file };
  });
}
