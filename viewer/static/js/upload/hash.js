/** SHA-256 of files, which the browser works out beside the page. */

/**
 * In hexadecimal; null where there is none, because the page came over no secure connection.
 * @type {((file: Blob) => Promise<string>) | null}
 */
export const sha256 = globalThis.crypto?.subtle
  ? async (file) => {
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
      return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    }
  : null;
