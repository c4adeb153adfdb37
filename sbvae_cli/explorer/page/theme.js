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
}
