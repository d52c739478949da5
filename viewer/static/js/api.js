/** Requests to the server, and plain words for what can go wrong with them. */

import { gettext } from './i18n.js';
import { base } from './address.js';

const SMALL = 10_000; // characters; browsers keep at most 64 KB alive
const AGAIN_AFTER = 500; // milliseconds; long enough for a server that was just started anew

/** What the server, or the lack of one, answered. */
export class Problem extends Error {
  /**
   * @param {number} status 0 where there was no answer at all
   * @param {string} message for people
   * @param {string} [kind] what the server calls it, where it does
   */
  constructor(status, message, kind = undefined) {
    super(message);
    this.status = status;
    this.kind = kind;
  }
}

/**
 * Ask for JSON; once more where nothing answered. Problem, or AbortError once the signal says so.
 * @param {string} path below the API
 * @param {Record<string, string | string[] | undefined>} [parameters] those that are undefined are left out
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>} null where there is nothing new
 */
export async function get(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value ?? []].flat()) query.append(name, one);
  }
  const address = `${base}/api/v1/${path}?${query}`;
  return answerOf(
    await signedIn(async () => {
      const response = await asked(address, signal);
      if (response && response.status !== 503) return response;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
      return asked(address, signal);
    }),
  );
}

/**
 * Have something changed; never twice. Problem, or AbortError once the signal says so.
 * @param {string} method
 * @param {string} path below the API
 * @param {unknown} [body] sent as JSON
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>} null where there is nothing to say
 */
export async function send(method, path, body = undefined, signal = undefined) {
  return answerOf(
    await signedIn(() => {
      const headers = { 'X-CSRF-Token': document.body.dataset.csrf ?? '' };
      const json =
        body === undefined ? {} : { body: JSON.stringify(body), headers: { ...headers, 'Content-Type': 'application/json' } };
      // What was decided is told, though the page is left at once; browsers do that for what is small.
      const keepalive = (json.body?.length ?? 0) < SMALL;
      return asked(`${base}/api/v1/${path}`, signal, { method, headers, keepalive, ...json });
    }),
  );
}

/**
 * The answer; where the session has ended, the one after signing in again over the page.
 * @param {() => Promise<Response | null>} ask
 */
async function signedIn(ask) {
  const response = await ask();
  if (response?.status !== 401) return response;
  const { signIn } = await import('./ui/again.js');
  return (await signIn()) ? ask() : response;
}

/** @param {Response | null} response */
async function answerOf(response) {
  if (!response) throw new Problem(0, gettext('No connection. Trying again…'));
  if (response.status === 204) return null;
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => null);
  throw new Problem(response.status, wordsOf(response.status, problem), problem?.type?.split('#')[1]);
}

/**
 * @param {string} address
 * @param {AbortSignal | undefined} signal
 * @param {RequestInit} [options]
 * @returns {Promise<Response | null>} null where nothing answered
 */
async function asked(address, signal, options = {}) {
  try {
    return await fetch(address, { ...options, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    return null;
  }
}

/**
 * @param {number} status
 * @param {{ detail?: string } | null} problem
 */
function wordsOf(status, problem) {
  if (status === 401) return gettext('You are signed out.');
  return problem?.detail ?? gettext('The server did not understand this.');
}
