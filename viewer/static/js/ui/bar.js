/** On a phone the bar at the top makes room when one scrolls down, and comes back when one scrolls up. */

const LEAST = 8; // pixels; less is no direction

/** Watch where the page is scrolled to. */
export function hideOnScroll() {
  const bar = document.querySelector('.top');
  let before = scrollY;
  addEventListener(
    'scroll',
    () => {
      if (Math.abs(scrollY - before) < LEAST) return;
      bar?.classList.toggle('away', scrollY > before && scrollY > innerHeight / 4);
      before = scrollY;
    },
    { passive: true },
  );
}
