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
  const label = button.querySelector('span') ?? button;
  const before = label.textContent;
  if (!(await take(source))) return;
  label.textContent = button.dataset.copied ?? before;
  setTimeout(() => (label.textContent = before), A_WHILE);
}

/**
 * Take a text to the clipboard, which pages without encryption may do only in the old way; it stays selected then.
 * @param {HTMLElement} source
 * @returns {Promise<boolean>} false where the person has to copy what is selected
 */
export async function take(source) {
  try {
    await navigator.clipboard.writeText(source instanceof HTMLInputElement ? source.value : (source.textContent ?? '').trim());
    return true;
  } catch {
    if (source instanceof HTMLInputElement) source.select();
    else getSelection()?.selectAllChildren(source);
    return document.execCommand('copy');
  }
}
