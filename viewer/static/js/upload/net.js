/** What the queue asks of the server. Bodies go by XMLHttpRequest, which alone tells how much of them is sent. */

import { get, send } from '../api.js';
import { sha256 } from './hash.js';
import { base } from '../address.js';

/** @import { Net } from './queue.js' */

const HASHED_PARTS = 256 * 2 ** 20; // of larger files the parts are compared, because the whole is not
const SILENCE = 120_000; // milliseconds without a byte sent, or an answer to the last one

/** A part that did not arrive. */
class PartFailure extends Error {
  /**
   * @param {number} status
   * @param {string} [kind]
   * @param {number} [offset]
   */
  constructor(status, kind, offset) {
    super('A part did not arrive.');
    this.status = status;
    this.kind = kind;
    this.offset = offset;
  }
}

/** @type {Net} */
export const net = {
  check: (body) => send('POST', 'uploads/check', body),
  begin: (body) => send('POST', 'uploads', body),
  look: (id) => get(`uploads/${id}`),
  end: (id) => send('DELETE', `uploads/${id}`),
  put: async (id, offset, body, hears, signal) => {
    try {
      return await part(id, offset, body, hears, signal);
    } catch (error) {
      if (!(error instanceof PartFailure) || error.status !== 401) throw error;
      const { signIn } = await import('../ui/again.js');
      if (!(await signIn())) throw error;
      return part(id, offset, body, hears, signal);
    }
  },
};

/**
 * @param {string} id
 * @param {number} offset
 * @param {Blob} body
 * @param {(sent: number) => void} hears
 * @param {AbortSignal} signal
 * @returns {Promise<import('./queue.js').Upload>}
 */
async function part(id, offset, body, hears, signal) {
  const digest = offset > 0 || body.size > HASHED_PARTS ? await digestOf(body) : null;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    /** @type {ReturnType<typeof setTimeout>} */
    let silence;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), SILENCE);
    };
    const fail = () => {
      clearTimeout(silence);
      reject(new PartFailure(0));
    };
    request.open('PUT', `${base}/api/v1/uploads/${id}?offset=${offset}`);
    request.setRequestHeader('X-CSRF-Token', document.body.dataset.csrf ?? '');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    if (digest) request.setRequestHeader('Content-Digest', `sha-256=:${digest}:`);
    request.responseType = 'json';
    request.upload.addEventListener('progress', ({ loaded }) => (heard(), hears(loaded)));
    request.addEventListener('load', () => {
      clearTimeout(silence);
      const answer = request.response;
      if (request.status === 200 && answer?.id) resolve(answer);
      else reject(new PartFailure(request.status === 200 ? 0 : request.status, kindOf(answer), answer?.offset));
    });
    request.addEventListener('error', fail);
    request.addEventListener('abort', fail);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    heard();
    request.send(body);
  });
}

/** @param {Blob} body */
async function digestOf(body) {
  if (!sha256) return null;
  const bytes = (await sha256(body)).match(/../g) ?? [];
  return btoa(bytes.map((byte) => String.fromCharCode(parseInt(byte, 16))).join(''));
}

/**
 * What the server calls a problem; undefined for what something in between said.
 * @param {any} answer
 */
const kindOf = (answer) => (typeof answer?.type === 'string' ? answer.type.split('#')[1] : undefined);
