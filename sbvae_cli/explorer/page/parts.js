// Small parts of the page that several of its controls are made of.

/** An element with properties or attributes and children: make("p", { className: "note" }, "text"). */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (key in node && key !== "style" && key !== "list") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A button that reads as a link. */
export function link(text, onclick, attributes = {}) {
  return make("button", { type: "button", className: "link", textContent: text, onclick, ...attributes });
}

/** Where the page is laid out as for a phone, upright or on its side; style.css and parts.css ask the same. */
export const PHONE = "(max-width: 719px), (max-width: 960px) and (max-height: 560px)";

/** Whether the reader asked for little movement. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Words in a row: "1", "1 and 2", "1, 2 and 3". */
export function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** A number as short as it is read: 0.5, -1.25, 0; never -0. */
export function short(value, digits = 2) {
  const text = Number(value).toFixed(digits);
  return text.includes(".") ? text.replace(/\.?0+$/, "").replace(/^-0$/, "0") : text.replace(/^-0$/, "0");
}

/** A number with all its digits, so that columns stand still; never -0.00. */
export function steady(value, digits = 2) {
  return Number(value).toFixed(digits).replace(/^-(0(?:\.0*)?)$/, "$1");
}

/** A file to keep, by the browser's own dialogue or downloads. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob), anchor = make("a", { href: url, download: name });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Text to the clipboard; where a page from disk may not use it, by way of a selection. Whether it worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { value: text, className: "sr" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
