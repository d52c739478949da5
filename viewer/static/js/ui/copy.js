/** Buttons with `data-copy`, the id of what they copy. They say `data-copied` for a moment. */

const A_WHILE = 2000; // milliseconds

/** Have them copy, also those that come later. */
export function copies() {
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('[data-copy]') : null;
    if (button instanceof HTMLElement) void copy(button);
  });
}

/** @param {HTMLElement} button */
async function copy(button) {
  const source = document.getElementById(button.dataset.copy ?? '');
  if (!source) return;
  const text = source instanceof HTMLInputElement ? source.value : (source.textContent ?? '').trim();
  const label = button.querySelector('span') ?? button;
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = button.dataset.copied ?? before;
    setTimeout(() => (label.textContent = before), A_WHILE);
  } catch {
    // Without HTTPS browsers let nobody write there: it is selected, to be copied by hand.
    if (source instanceof HTMLInputElement) source.select();
    else getSelection()?.selectAllChildren(source);
  }
}
