/**
 * One photo over the grid. PhotoSwipe shows it and moves; which photos there are is the grid's. The photo's id stands in
 * the address: opening adds to the history, moving on replaces, and going back closes.
 */

import { gettext } from '../i18n.js';
import { addressOf } from '../address.js';
import { toggleHeart } from '../favourites.js';
import { isFavourite } from '../grid/photo.js';
import { icon } from '../ui/icon.js';
import { bind, enter, leave } from '../ui/keys.js';
import { tell } from '../ui/notice.js';
import { FLAG } from '../grid/photo.js';
import { move, whenPointedAt } from '../grid/motion.js';
import { canShow, elementOf, itemOf, originalOf } from './media.js';
import { detailOf, fill } from './panel.js';
import { labelOf, secondsOf, Slideshow } from './slideshow.js';

/** @import { PhotoGrid } from '../grid/grid.js' */

const PACKAGE = new URL('../../vendor/photoswipe/dist/photoswipe.esm.min.js', import.meta.url).href;
const STYLE = new URL('../../css/photoswipe.css', import.meta.url).href;
const IDLE_AFTER = 3000; // milliseconds without motion
const PANEL = 360; // pixels
const SHEET = 0.4; // of a phone's screen
const CONTROLS = 72; // pixels at the foot of a video

/** @type {Promise<any> | null} */
let loading = null;

/** PhotoSwipe and its style, fetched when they are first needed. */
function photoSwipe() {
  loading ??= (async () => {
    const style = document.createElement('link');
    style.rel = 'stylesheet';
    style.href = STYLE;
    const styled = new Promise((resolve) => style.addEventListener('load', resolve));
    document.head.append(style);
    const [module] = await Promise.all([import(PACKAGE), styled]);
    return module.default;
  })();
  return loading;
}

/** The photo that an address names. */
const named = () => new URLSearchParams(location.search).get('photo');

export class Lightbox {
  #grid;
  /** @type {Map<string, { key: string, index: number }>} of the photos that were shown, by their ids in addresses */
  #places = new Map();
  /** @type {any} PhotoSwipe while it is open */
  #shown = null;
  #idle = 0;
  #isPanelOpen = false;
  #panel = document.createElement('aside');
  #note = document.createElement('p');
  #live = document.createElement('button');
  /** @type {Slideshow | null} */
  #slideshow = null;
  #wasHeld = false;

  /**
   * @param {PhotoGrid} grid
   * @param {{ key: string, index: number } | null} place of the photo that the page's address names
   */
  constructor(grid, place) {
    this.#grid = grid;
    this.#panel.className = 'details';
    this.#panel.setAttribute('aria-label', gettext('Details'));
    this.#note.className = 'copy-note';
    this.#note.textContent = gettext('Showing the 2,048 px copy');
    this.#live.className = 'live-badge';
    this.#live.type = 'button';
    this.#live.textContent = 'LIVE';
    this.#live.title = gettext('Play');
    this.#live.addEventListener('click', () => this.#play());
    this.#panel.addEventListener('close', () => this.#togglePanel());
    if (place) this.#places.set(String(named()), place);
    grid.root.addEventListener('click', (event) => this.#clicked(event));
    grid.addEventListener('loaded', () => this.#refresh());
    addEventListener('popstate', () => this.#followAddress());
    bind(
      [
        { keys: ['ArrowRight', 'j'], text: gettext('The next photo'), run: () => this.#whenOpen((shown) => shown.next()) },
        { keys: ['ArrowLeft', 'k'], text: gettext('The photo before'), run: () => this.#whenOpen((shown) => shown.prev()) },
        { keys: ['z'], text: gettext('Zoom'), run: () => this.#whenOpen((shown) => shown.toggleZoom()) },
        { keys: ['i'], text: gettext('Details'), run: () => this.#togglePanel() },
        { keys: [' '], text: gettext('Play or pause'), run: () => this.#play() },
        { keys: ['s'], text: gettext('Slideshow'), run: () => this.#whenOpen(() => this.#present()) },
        { keys: ['f'], text: gettext('Favourite'), run: () => this.#toggleHeart() },
        { keys: ['D'], text: gettext('Download'), run: () => this.#download() },
        { keys: ['Escape'], text: gettext('Back to all photos'), run: () => this.#close() },
      ],
      'lightbox',
    );
    if (secondsOf(location.search) !== null && named() === null) this.#showFirst();
    else this.#followAddress();
  }

  /** A slideshow whose address names no photo begins with the first one. */
  #showFirst() {
    const photo = this.#grid.photo(0);
    if (!photo) {
      if (this.#grid.segments.total) this.#grid.addEventListener('loaded', () => this.#showFirst(), { once: true });
      return;
    }
    history.replaceState(history.state, '', addressOf({ photo: String(photo.id) }));
    void this.#open(0, false);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('.tile > .open') : null;
    if (!link) return;
    event.preventDefault();
    const tile = /** @type {HTMLElement} */ (link.parentElement);
    history.pushState({ ...history.state, isOpened: true }, '', addressOf({ photo: tile.dataset.id ?? null }));
    void this.#open(Number(tile.dataset.index), true);
  }

  /** Open or close what the address says. */
  #followAddress() {
    const id = named();
    if (id === null) {
      this.#close();
      return;
    }
    if (String(this.#photo()?.id) === id) return;
    const place = this.#places.get(id);
    if (!place) {
      history.replaceState(history.state, '', addressOf({ photo: null }));
      tell(gettext('This photo is not here any more.'));
      return;
    }
    const index = this.#grid.segments.index(place);
    if (this.#shown) this.#whenOpen((shown) => shown.goTo(index));
    else {
      this.#grid.show(index);
      void this.#open(index, false);
    }
  }

  /**
   * PhotoSwipe takes nothing while it opens.
   * @param {(shown: any) => void} act
   */
  #whenOpen(act) {
    const shown = this.#shown;
    if (shown?.opener.isOpen) act(shown);
    else shown?.on('openingAnimationEnd', () => act(shown));
  }

  #close() {
    this.#whenOpen((shown) => shown.close());
  }

  #photo() {
    return this.#shown ? this.#grid.photo(this.#shown.currIndex) : null;
  }

  /** @param {number} index */
  #image(index) {
    return this.#grid.element(index)?.querySelector('img') ?? null;
  }

  /**
   * @param {number} index
   * @param {boolean} isGrowing out of its tile
   */
  async #open(index, isGrowing) {
    const PhotoSwipe = await photoSwipe();
    if (this.#shown || named() === null) return;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const shown = new PhotoSwipe({
      index,
      loop: false,
      bgOpacity: 1,
      preload: [1, 2],
      showHideAnimationType: still ? 'none' : isGrowing ? 'zoom' : 'fade',
      showAnimationDuration: 240,
      hideAnimationDuration: 240,
      zoomAnimationDuration: still ? 0 : 240,
      arrowKeys: false,
      escKey: false,
      returnFocus: false,
      clickToCloseNonZoomable: false,
      bgClickAction: 'close',
      imageClickAction: 'zoom',
      tapAction: 'toggle-controls',
      doubleTapAction: 'zoom',
      secondaryZoomLevel: 1,
      maxZoomLevel: 4,
      wheelToZoom: true,
      getViewportSizeFn: () => this.#room(),
      closeTitle: gettext('Close'),
      zoomTitle: gettext('Zoom'),
      arrowPrevTitle: gettext('The photo before'),
      arrowNextTitle: gettext('The next photo'),
      errorMsg: gettext('This picture does not come. Is there a connection?'),
    });
    this.#shown = shown;
    this.#feed(shown);
    this.#addControls(shown);
    shown.on('change', () => this.#changed());
    // The keys are all in our own table.
    shown.on('keydown', (/** @type {any} */ event) => {
      if (event.originalEvent.key !== 'Tab') event.preventDefault();
    });
    this.#slideshow = new Slideshow(shown, () => this.#presented());
    shown.on('close', () => this.#closing());
    shown.on('destroy', () => this.#closed(shown.currIndex));
    enter('lightbox');
    shown.init();
    shown.element.setAttribute('aria-label', gettext('Photo'));
    shown.element.append(this.#note, this.#live, this.#panel);
    this.#note.hidden = true;
    this.#live.hidden = !this.#isLive();
    whenPointedAt(shown.element, '.live-badge, .pswp__img', (element, isHeld) => {
      if (!this.#isLive() || (element !== this.#live && !isHeld)) return null;
      this.#wasHeld = isHeld && element !== this.#live;
      return this.#move(!isHeld);
    });
    this.#panel.hidden = !this.#isPanelOpen;
    shown.element.classList.toggle('with-panel', this.#isPanelOpen);
    shown.element.focus({ preventScroll: true }); // at once, or the first keys would move in the grid
    this.#watchMotion(shown.element);
    const seconds = secondsOf(location.search);
    if (seconds !== null) this.#whenOpen(() => this.#slideshow?.start(seconds));
  }

  #isLive() {
    const photo = this.#photo();
    return photo !== null && (photo.flags & FLAG.live) !== 0;
  }

  /** Have the live photo that is shown move. @param {boolean} isSilent */
  #move(isSilent) {
    const { container, content } = this.#shown.currSlide;
    const photo = this.#photo();
    if (!photo || !(content.element instanceof HTMLImageElement)) return null;
    const end = move(container, photo, isSilent);
    const { width, height } = content.element.style;
    const video = /** @type {HTMLElement} */ (container.querySelector('.film'));
    for (const [name, value] of Object.entries({ width, height })) video.style.setProperty(name, value);
    return end;
  }

  /** Begin the slideshow, or end it. */
  #present() {
    if (this.#slideshow?.isOn) this.#slideshow.stop();
    else this.#slideshow?.start();
    this.#named('slideshow', labelOf(Boolean(this.#slideshow?.isOn)));
  }

  /** @param {string} button @param {string} label */
  #named(button, label) {
    const element = this.#shown?.element?.querySelector(`.pswp__button--${button}`);
    element?.setAttribute('title', label);
    element?.setAttribute('aria-label', label);
  }

  /** What the panel leaves of the screen: beside it, or above it on a phone. */
  #room() {
    const { clientWidth } = document.documentElement;
    if (!this.#isPanelOpen) return { x: clientWidth, y: innerHeight };
    return clientWidth < 600 ? { x: clientWidth, y: innerHeight * (1 - SHEET) } : { x: clientWidth - PANEL, y: innerHeight };
  }

  /** Tell PhotoSwipe what there is. @param {any} shown */
  #feed(shown) {
    shown.addFilter('numItems', () => this.#grid.segments.total);
    shown.addFilter('itemData', (/** @type {unknown} */ _, /** @type {number} */ index) => {
      const image = this.#image(index);
      const photo = this.#grid.photo(index);
      return itemOf(photo, image?.complete ? image.currentSrc : undefined);
    });
    shown.addFilter('thumbEl', (/** @type {unknown} */ _, /** @type {unknown} */ _data, /** @type {number} */ index) =>
      this.#image(index ?? shown.currIndex),
    );
    shown.on('thumbBounds', (/** @type {any} */ event) => {
      const box = this.#image(event.index)?.getBoundingClientRect();
      if (box) event.thumbBounds = { x: box.left, y: box.top, w: box.width };
    });
    shown.on('contentLoad', (/** @type {any} */ event) => {
      const { content } = event;
      if (content.type === 'image') return;
      event.preventDefault();
      content.element = elementOf(content.data);
      content.state = 'loaded';
    });
    shown.on('contentDeactivate', (/** @type {any} */ { content }) => content.element?.querySelector?.('video')?.pause());
    // Who held a photo to see it move did not mean to zoom.
    for (const action of ['imageClickAction', 'tapAction']) {
      shown.on(action, (/** @type {any} */ event) => {
        if (this.#wasHeld) event.preventDefault();
        this.#wasHeld = false;
      });
    }
    shown.on('loadComplete', (/** @type {any} */ { slide }) => void this.#measure(slide));
    shown.on('zoomPanUpdate', (/** @type {any} */ { slide }) => this.#sharpen(slide));
    // A video's own controls are not for swiping.
    shown.on('pointerDown', (/** @type {any} */ event) => {
      const { target, clientY } = event.originalEvent;
      if (target instanceof HTMLVideoElement && clientY > target.getBoundingClientRect().bottom - CONTROLS) event.preventDefault();
      if (target instanceof Element && target.closest('a, button, .details')) event.preventDefault();
    });
  }

  /** @param {any} shown */
  #addControls(shown) {
    shown.on('uiRegister', () => {
      shown.ui.registerElement({
        name: 'info',
        order: 9,
        isButton: true,
        title: gettext('Details'),
        onInit: (/** @type {HTMLButtonElement} */ element) => element.append(icon('info')),
        onClick: () => this.#togglePanel(),
      });
      shown.ui.registerElement({
        name: 'slideshow',
        order: 7,
        isButton: true,
        title: labelOf(false),
        onInit: (/** @type {HTMLButtonElement} */ element) => element.append(icon('circle-play')),
        onClick: () => this.#present(),
      });
      shown.ui.registerElement({
        name: 'favourite',
        order: 7,
        isButton: true,
        title: gettext('Favourite'),
        onInit: (/** @type {HTMLButtonElement} */ element) => {
          element.append(icon('heart'));
          const show = () => element.setAttribute('aria-pressed', String(isFavourite(this.#photo() ?? { flags: 0 })));
          shown.on('change', show);
          this.#grid.addEventListener('marked', show);
          shown.on('destroy', () => this.#grid.removeEventListener('marked', show));
        },
        onClick: () => this.#toggleHeart(),
      });
      shown.ui.registerElement({
        name: 'download',
        order: 8,
        isButton: true,
        tagName: 'a',
        title: gettext('Download'),
        onInit: (/** @type {HTMLAnchorElement} */ element) => {
          element.append(icon('download'));
          shown.on('change', () => {
            const photo = this.#photo();
            if (photo) element.href = `${originalOf(photo)}?download`;
          });
        },
      });
    });
  }

  #changed() {
    const index = this.#shown.currIndex;
    const photo = this.#grid.photo(index);
    this.#grid.want(index);
    this.#note.hidden = true;
    this.#live.hidden = !this.#isLive();
    this.#fillPanel();
    if (!photo) return;
    const id = String(photo.id);
    this.#places.set(id, this.#grid.segments.position(index));
    if (named() !== id) history.replaceState(history.state, '', addressOf({ photo: id }));
  }

  /** Photos became known: show those that the lightbox waits for. */
  #refresh() {
    const shown = this.#shown;
    if (!shown) return;
    for (let index = shown.currIndex - 1; index <= shown.currIndex + 1; index++) {
      const content = shown.contentLoader.getContentByIndex(index);
      if (content?.type === 'waiting' && this.#grid.photo(index)) shown.refreshSlideContent(index);
    }
    this.#changed();
  }

  /**
   * Give a slide the shape of its picture, which its ratio told only nearly, and the size of its original if that can
   * be shown, so that 1:1 means the original's pixels.
   * @param {any} slide
   */
  async #measure(slide) {
    const { content } = slide;
    const { naturalWidth, naturalHeight } = content.element ?? {};
    if (!naturalWidth) return;
    resize(slide, naturalWidth, naturalHeight);
    const detail = await detailOf(content.data.photo.id).catch(() => null);
    if (!detail || slide !== this.#shown?.currSlide || !canShow(detail)) return;
    const longer = Math.max(detail.width, detail.height);
    const scale = longer / Math.max(naturalWidth, naturalHeight);
    if (scale <= 1) return;
    content.original = naturalWidth;
    resize(slide, Math.round(naturalWidth * scale), Math.round(naturalHeight * scale));
  }

  /** Fetch the original once one has zoomed in further than the preview goes. @param {any} slide */
  #sharpen(slide) {
    const { content } = slide;
    const preview = content.original ?? content.width;
    const isPast = content.type === 'image' && slide.currZoomLevel * slide.width * devicePixelRatio > preview * 1.2;
    this.#note.hidden = !isPast || content.original !== undefined || slide !== this.#shown?.currSlide;
    if (!isPast || !content.original || content.isSharp) return;
    content.isSharp = true;
    const image = new Image();
    image.addEventListener('load', () => {
      if (content.element instanceof HTMLImageElement) content.element.src = image.src;
    });
    image.src = originalOf(content.data.photo);
  }

  /** The slideshow ended: its address ends with it. */
  #presented() {
    this.#named('slideshow', labelOf(false));
    if (secondsOf(location.search) !== null) history.replaceState(history.state, '', addressOf({ slideshow: null }));
  }

  #togglePanel() {
    this.#isPanelOpen = !this.#isPanelOpen;
    this.#shown.element.classList.toggle('with-panel', this.#isPanelOpen);
    this.#panel.hidden = !this.#isPanelOpen;
    this.#shown.updateSize(true);
    this.#fillPanel();
  }

  #fillPanel() {
    const photo = this.#photo();
    if (!photo || !this.#isPanelOpen) return;
    const isStill = () => this.#photo()?.id === photo.id;
    detailOf(photo.id).then(
      (detail) => {
        if (isStill()) fill(this.#panel, detail);
      },
      (error) => {
        if (isStill()) this.#panel.textContent = error.message;
      },
    );
  }

  #closing() {
    leave('lightbox');
    clearTimeout(this.#idle);
    this.#grid.reveal(this.#shown.currIndex);
    if (named() === null) return;
    if (history.state?.isOpened) history.back();
    else history.replaceState(history.state, '', addressOf({ photo: null }));
  }

  /** @param {number} index */
  #closed(index) {
    this.#shown = null;
    this.#slideshow = null;
    this.#grid.focus(index);
  }

  #play() {
    if (this.#isLive()) {
      this.#move(false);
      return;
    }
    const video = this.#shown?.currSlide?.content.element?.querySelector?.('video');
    if (video?.paused) void video.play();
    else video?.pause();
  }

  #toggleHeart() {
    const photo = this.#photo();
    if (photo) toggleHeart(this.#grid, photo);
  }

  #download() {
    const photo = this.#photo();
    if (photo) location.assign(`${originalOf(photo)}?download`);
  }

  /** Controls go when nothing moves, but never from under the focus. @param {HTMLElement} element */
  #watchMotion(element) {
    const wake = () => {
      element.classList.remove('idle');
      clearTimeout(this.#idle);
      this.#idle = window.setTimeout(() => {
        if (!this.#isPanelOpen && !element.querySelector('.pswp__button:focus-visible')) element.classList.add('idle');
      }, IDLE_AFTER);
    };
    for (const motion of ['pointermove', 'pointerdown', 'keydown', 'focusin']) element.addEventListener(motion, wake);
    wake();
  }
}

/**
 * Give a slide a size in pixels.
 * @param {any} slide
 * @param {number} width
 * @param {number} height
 */
function resize(slide, width, height) {
  const { content } = slide;
  if (content.width === width && content.height === height) return;
  [content.width, content.height] = [width, height];
  const isFitted = slide.currZoomLevel === slide.zoomLevels.initial;
  [slide.width, slide.height] = [width, height];
  slide.calculateSize();
  if (isFitted) {
    slide.currentResolution = 0;
    slide.zoomAndPanToInitial();
    slide.applyCurrentZoomPan();
  }
  slide.updateContentSize(true);
}
