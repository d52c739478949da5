/** This page's address. */

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
