/**
 * One photo after the other, by itself: five seconds each, videos to their end, and from the last one to the first. The
 * screen stays awake and is filled, where the browser allows it.
 */

import { gettext } from '../i18n.js';

const USUAL = 5; // seconds
const LONGEST = 3600;
const LOADING = 10_000; // milliseconds that a picture may take before the next one is tried
const LOOK_AGAIN = 200;

/**
 * How many seconds an address gives each photo: `?slideshow=5`. Null where it asks for no slideshow.
 * @param {string} query
 */
export function secondsOf(query) {
  const value = new URLSearchParams(query).get('slideshow');
  if (value === null) return null;
  const seconds = Number(value);
  return seconds >= 1 && seconds <= LONGEST ? seconds : USUAL;
}

export class Slideshow {
  #shown;
  #ended;
  #seconds = USUAL;
  #timer = 0;
  #isOn = false;
  /** @type {{ release: () => Promise<void> } | null} */
  #awake = null;
  /** @type {HTMLVideoElement | null} */
  #video = null;

  /**
   * @param {any} shown PhotoSwipe
   * @param {() => void} ended
   */
  constructor(shown, ended) {
    this.#shown = shown;
    this.#ended = ended;
    shown.on('change', () => this.#isOn && this.#wait());
    shown.on('close', () => this.stop());
    document.addEventListener('fullscreenchange', this.#screen);
    document.addEventListener('visibilitychange', this.#stayAwake);
    shown.on('destroy', () => {
      document.removeEventListener('fullscreenchange', this.#screen);
      document.removeEventListener('visibilitychange', this.#stayAwake);
    });
  }

  get isOn() {
    return this.#isOn;
  }

  /** @param {number} [seconds] for each photo */
  start(seconds = USUAL) {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#seconds = seconds;
    this.#shown.element.classList.add('slideshow');
    // Browsers refuse it without a hand on the key or the mouse: then it runs in the window.
    document.documentElement.requestFullscreen?.({ navigationUI: 'hide' }).catch(() => {});
    void this.#stayAwake();
    this.#wait();
  }

  stop() {
    if (!this.#isOn) return;
    this.#isOn = false;
    clearTimeout(this.#timer);
    this.#leaveVideo();
    this.#shown.element?.classList.remove('slideshow');
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    this.#awake?.release().catch(() => {});
    this.#awake = null;
    this.#ended();
  }

  #screen = () => {
    if (!document.fullscreenElement) this.stop();
  };

  #stayAwake = async () => {
    if (!this.#isOn || document.hidden) return;
    const { wakeLock } = /** @type {any} */ (navigator);
    const awake = await wakeLock?.request('screen').catch(() => null);
    if (this.#isOn) this.#awake = awake ?? null;
    else awake?.release();
  };

  /** Leave what is shown for its time. */
  #wait() {
    clearTimeout(this.#timer);
    this.#leaveVideo();
    const video = this.#shown.currSlide?.content.element?.querySelector?.('video');
    if (!video?.src) {
      this.#timer = window.setTimeout(() => this.#next(performance.now() + LOADING), this.#seconds * 1000);
      return;
    }
    this.#video = video;
    video.addEventListener('ended', this.#videoEnded);
    video.parentElement?.addEventListener('unplayable', this.#videoFailed);
    // Sound needs a hand first, too.
    video.play().catch(() => {
      video.muted = true;
      video.play().catch(() => this.#videoFailed());
    });
  }

  #videoEnded = () => this.#next(performance.now() + LOADING);

  #videoFailed = () => {
    this.#leaveVideo();
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#next(performance.now() + LOADING), this.#seconds * 1000);
  };

  #leaveVideo() {
    this.#video?.removeEventListener('ended', this.#videoEnded);
    this.#video?.parentElement?.removeEventListener('unplayable', this.#videoFailed);
    this.#video = null;
  }

  /** Go on, as soon as the next one is there. @param {number} latest */
  #next(latest) {
    if (!this.#isOn) return;
    const shown = this.#shown;
    const index = (shown.currIndex + 1) % shown.getNumItems();
    const next = shown.contentLoader.getContentByIndex(index);
    if (next?.isLoading() && performance.now() < latest) {
      this.#timer = window.setTimeout(() => this.#next(latest), LOOK_AGAIN);
      return;
    }
    if (index === shown.currIndex) {
      this.#wait();
      return;
    }
    fadeFrom(shown);
    shown.goTo(index);
  }
}

/** Leave the picture that goes over the one that comes, and fade it. @param {any} shown */
function fadeFrom(shown) {
  const image = shown.currSlide?.content.element;
  if (!(image instanceof HTMLImageElement)) return;
  const { left, top, width, height } = image.getBoundingClientRect();
  const ghost = /** @type {HTMLImageElement} */ (image.cloneNode());
  ghost.className = 'ghost';
  ghost.alt = '';
  ghost.removeAttribute('style');
  for (const [name, value] of Object.entries({ left, top, width, height })) ghost.style.setProperty(name, `${value}px`);
  shown.element.append(ghost);
  ghost.addEventListener('animationend', () => ghost.remove());
  // Where nothing may move there is no animation that could end.
  if (!ghost.getAnimations().length) ghost.remove();
}

/** What the button says. @param {boolean} isOn */
export const labelOf = (isOn) => (isOn ? gettext('End the slideshow') : gettext('Slideshow'));
