// Light and dark: the attribute that the style sheet reads, and its colours for what is drawn on canvases.

const NAMES = ["page", "ink", "quiet", "faint", "accent", "unused", "pen"];
const HELD = { // as in the tool's pictures: held-out points take the ink
  light: { held: [0, 0, 0], heldLine: [70, 70, 76], heldFill: [150, 150, 156] },
  dark: { held: [255, 255, 255], heldLine: [186, 188, 194], heldFill: [150, 150, 160] },
};
let now = null;

/** The page's present colours by name: CSS texts, and [r, g, b] of what is held out. */
export function palette() {
  if (!now) {
    const root = document.documentElement, style = getComputedStyle(root);
    now = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    Object.assign(now, HELD[root.dataset.theme === "dark" ? "dark" : "light"]);
  }
  return now;
}

/** Follow the reader's system, until the button says otherwise. */
export function mountTheme(button, store) {
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const set = (theme) => {
    document.documentElement.dataset.theme = theme;
    now = null;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    store.setTheme(theme);
  };
  prefers.onchange = () => set(prefers.matches ? "dark" : "light");
  button.onclick = () => set(store.theme === "dark" ? "light" : "dark");
  set(prefers.matches ? "dark" : "light");
  printLight(store, set);
}

/**
 * Paper is light: what was drawn for a dark screen is drawn anew, at once, as no frame comes before it is printed.
 * Copies are printed: Chromium leaves a canvas blank that was drawn since its last frame.
 */
function printLight(store, set) {
  let screen = null, copies = [];
  addEventListener("beforeprint", () => {
    if (screen || store.theme === "light") return;
    screen = store.theme;
    set("light");
    for (let round = 0; round < 2; round++) store.settle(); // what follows a redraw too
    copies = Array.from(document.querySelectorAll("canvas"), (canvas) => [canvas, copyOf(canvas)]);
    for (const [canvas, copy] of copies) canvas.replaceWith(copy);
  });
  addEventListener("afterprint", () => {
    for (const [canvas, copy] of copies) copy.replaceWith(canvas);
    if (screen) set(screen);
    screen = null, copies = [];
  });
}

function copyOf(canvas) {
  const copy = canvas.cloneNode();
  if (canvas.width && canvas.height) copy.getContext("2d").drawImage(canvas, 0, 0);
  return copy;
}
