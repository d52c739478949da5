/** On a phone the bar at the top makes room when one scrolls down, and comes back when one scrolls up. */

const LEAST = 8; // pixels; less is no direction

/** Watch where the page is scrolled to. */
export function hideOnScroll() {
  const bar = document.querySelector('.top');
  const phone = matchMedia('(width < 600px)');
  let before = scrollY;
  addEventListener(
    'scroll',
    () => {
      if (!phone.matches) return; // asking where the page is makes browsers lay it out
      if (Math.abs(scrollY - before) < LEAST) return;
      bar?.classList.toggle('away', scrollY > before && scrollY > innerHeight / 4);
      before = scrollY;
    },
    { passive: true },
  );
}
