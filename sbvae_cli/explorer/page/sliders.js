// A slider for each latent of a model: the ones in use first, the unused ones grey and folded away.
import { link, listed, make, steady } from "parts";
import { rove } from "roving";

const MANY = 24; // latents that are shown at once; of more, the unused ones are behind a button
const MANY_MODELS = 3; // so many models have no room for sliders that change nothing

/** Lowest and highest value of each latent over rows of codes, (2, K) as two arrays. */
export function extents(codes, latents) {
  const low = new Float32Array(latents).fill(Infinity), high = new Float32Array(latents).fill(-Infinity);
  for (let n = 0; n < codes.length; n++) {
    const k = n % latents, v = codes[n];
    if (v < low[k]) low[k] = v;
    if (v > high[k]) high[k] = v;
  }
  return [low, high];
}

/**
 * Range of the sliders of each latent, [low, high]: as wide as the codes, at least -3 to 3. One range for all
 * latents, so that lengths compare; where codes go beyond 10, each has its own, or small ones could not be moved.
 */
export function ranges([low, high]) {
  const own = Array.from(low, (v, k) => (Number.isFinite(v) ? [Math.min(-3, Math.floor(v)), Math.max(3, Math.ceil(high[k]))] : [-3, 3]));
  const whole = [Math.min(...own.map((range) => range[0])), Math.max(...own.map((range) => range[1]))];
  const reach = Math.max(-whole[0], whole[1]);
  return reach <= 10 ? own.map(() => [-reach, reach]) : own;
}

/** Latents in the order of their sliders: by posterior std, or where none is known by how wide their codes lie. */
export function ordered(stds, [low, high]) {
  const key = stds ? Array.from(stds) : Array.from(low, (v, k) => v - high[k]);
  return key.map((_, k) => k).sort((a, b) => key[a] - key[b] || a - b);
}

/** Whether each latent is in use: its posterior is narrower than the prior, or its codes are not all the same. */
export function inUse(stds, [low, high], unusedFrom) {
  return stds ? Array.from(stds, (std) => std < unusedFrom) : Array.from(low, (v, k) => high[k] - v > 1e-6);
}

export function mount(element, store, payload, runtime, m) {
  const model = payload.models[m], latents = model.latents, unusedFrom = payload.unused_from ?? 0.5;
  element.classList.add("sliders");
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", `Latents of ${model.name}`);
  let rows = [];
  const list = make("div", { className: "rows" }), more = link("", () => fold(!element.classList.contains("all"))), note = make("p", { className: "note" });
  const head = make("div", { className: "head", ariaHidden: "true" }, make("span", { textContent: "latent" }),
    make("span", { textContent: model.stds ? "std" : "", title: "Mean posterior std: near 0 the latent is precise, near 1 it carries no information" }),
    make("span"), make("span", { textContent: "value" }));
  element.append(make("h3", { className: "title", textContent: `${model.name}: latents` }), head, list, more, note);

  const build = () => {
    const codes = store.codes(m), spread = extents(codes ?? [], latents);
    const span = ranges(spread), used = inUse(model.stds, spread, unusedFrom);
    rows = ordered(model.stds, spread).map((k) => slider(store, model, m, k, span[k], [spread[0][k], spread[1][k]], used[k]));
    list.replaceChildren(...rows.map((row) => row.label));
    const unused = used.filter((is) => !is).length;
    more.classList.toggle("folding", unused > 0);
    element.classList.toggle("many", (latents > MANY || payload.models.length >= MANY_MODELS) && unused > 0);
    element.classList.toggle("tall", latents > MANY);
    more.dataset.unused = unused;
    fold(false);
    show();
  };
  const renew = rove(list, () => rows.map((row) => row.input), (key) => ({ ArrowUp: -1, ArrowDown: 1 })[key]); // left and right move the slider
  const fold = (open) => {
    element.classList.toggle("all", open);
    more.setAttribute("aria-expanded", String(open));
    const unused = Number(more.dataset.unused);
    if (open) show();
    renew();
    more.textContent = `${open ? "hide" : "show"} ${unused} unused ${unused === 1 ? "latent" : "latents"}`;
  };
  /** Rows that are not folded away, and of a long list those in its window: hundreds at each move would take long. */
  const inSight = () => {
    const { top, bottom } = list.getBoundingClientRect();
    return rows.filter(({ label }) => {
      const box = label.getBoundingClientRect();
      return box.height > 0 && box.bottom > top && box.top < bottom;
    });
  };
  const show = () => {
    const z = store.z(m), held = store.held(m), axes = store.axes[m];
    for (const row of inSight()) row.show(z[row.k], axes.includes(row.k), held.has(row.k));
    const names = [...held].sort((a, b) => a - b).map(String), text = names.join();
    if (note.dataset.text === text) return;
    note.dataset.text = text;
    note.replaceChildren();
    if (!names.length) return;
    note.append(names.length > 4 ? `${names.length} latents are held: ` : `${names.length > 1 ? "latents" : "latent"} ${listed(names)} ${names.length > 1 ? "are" : "is"} held: `,
      link("follow the sheet", () => store.follow(m), { title: "Let these latents take the values of the grid again" }));
  };
  list.addEventListener("scroll", show, { passive: true });
  store.subscribe("slice", build);
  store.subscribe("point", show);
  store.subscribe("axes", show);
  build();
}

/** One row: number, std, slider, value. `show(value, onAxis, isHeld)` brings it up to date. */
function slider(store, model, m, k, [low, high], band, used) {
  const std = model.stds ? steady(model.stds[k]) : "";
  const input = make("input", { type: "range", min: low, max: high, step: 10 ** Math.floor(Math.log10((high - low) / 300)), value: 0 });
  const mark = make("span", { className: "which", textContent: k }), output = make("output");
  const label = make("label", { className: used ? "" : "unused" }, mark, make("span", { className: "std", textContent: std }), input, output);
  const about = used ? `latent ${k}${std && `, mean posterior std ${std}`}` : `latent ${k} is unused: changing it changes little or nothing`;
  input.setAttribute("aria-label", `latent ${k} of ${model.name}${std && `, std ${std}`}${used ? "" : ", unused"}`);
  const share = (v) => Math.min(1, Math.max(0, (v - low) / (high - low))), set = (name, v) => label.style.setProperty(name, v.toFixed(4));
  set("--from", Number.isFinite(band[0]) ? share(band[0]) : 0.5);
  set("--to", Number.isFinite(band[1]) ? share(band[1]) : 0.5);
  input.oninput = () => store.setLatent(m, k, Number(input.value));
  let last = null;
  const show = (value, onAxis, isHeld) => {
    const state = `${value} ${onAxis} ${isHeld}`;
    if (state === last) return;
    last = state;
    input.value = value;
    output.textContent = steady(value);
    set("--a", Math.min(share(0), share(value)));
    set("--b", Math.max(share(0), share(value)));
    label.classList.toggle("axis", onAxis);
    label.classList.toggle("held", isHeld);
    label.title = `${about}; ${onAxis ? "it is an axis: it moves the point, and the latents on no axis follow the sheet" : "set by hand, it is held there"}`;
    input.setAttribute("aria-valuetext", `${steady(value)}${isHeld ? ", held" : ""}`);
  };
  return { k, label, input, show };
}
