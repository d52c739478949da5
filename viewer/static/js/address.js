/** Addresses: this page's, and where the gallery is. */

/** What comes before every address of the gallery: empty, or `/photos` where a proxy has it below a prefix. */
export const base = new URL(import.meta.url).pathname.replace(/\/static\/.*/, '');

/**
 * It with other values; those that are null are left out.
 * @param {Record<string, string | null>} values
 */
export function addressOf(values) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  return `${location.pathname}${query.size ? `?${query}` : ''}`;
}
