// An image of the user's: dropped on the page, pasted or chosen; each model encodes it and draws it again.
import { error, fitted, pixels, planes } from "fit";
import { glassOf } from "layer";
import { calm, link, make, steady } from "parts";
import { diamond } from "shapes";
import { truths } from "truths";
import { shadow } from "walk";

const COMPARED = 12; // images of the data whose errors tell how unlike them an image is

/** The button goes to `tools`, beside the plots; what came of an image to `element`, which is seen once there is one. */
export function mount(element, tools, store, payload, runtime) {
  const able = payload.models.map((_, m) => m).filter((m) => payload.models[m].encoder);
  if (!able.length || !payload.image) return;
  const state = { turn: 0, codes: new Map() }, usual = errorsOfData(store, payload, runtime), parts = skeleton(element, tools), glass = glassOf(store);
  glass.add((context, plot, colours) => {
    const code = state.codes.get(plot.model);
    if (code) drawPlace(context, plot, plot.place(...shadow(store, plot.model, code)), colours);
  });
  const remove = () => {
    state.turn++;
    state.codes.clear();
    parts.cards.replaceChildren();
    parts.note.replaceChildren();
    element.hidden = true;
    glass.redraw();
  };
  const take = async (file) => {
    let turn = ++state.turn;
    parts.note.replaceChildren();
    try {
      const own = await fitted(file, payload.image);
      if (turn !== state.turn) return;
      remove();
      turn = ++state.turn;
      parts.cards.replaceChildren(ownCard(file, own, payload.image, remove));
      parts.cards.hidden = element.hidden = false;
      for (const m of able) await encoded(m, own, turn);
      element.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
    } catch (failure) {
      if (turn !== state.turn) return;
      remove(); // a line about this file does not stand above what came of another one
      element.hidden = false;
      parts.note.append(`${failure.message}. `, link("close", remove));
      element.scrollIntoView({ block: "nearest" });
    }
  };
  const encoded = async (m, own, turn) => {
    const model = payload.models[m], { mean } = await runtime.encode(m, own.image);
    if (turn !== state.turn) return;
    state.codes.set(m, mean);
    glass.redraw();
    const image = model.decoder ? await runtime.decode(m, mean, { queued: true }) : null;
    if (turn !== state.turn) return;
    const common = image && (await usual(m));
    if (turn !== state.turn) return;
    parts.cards.append(modelCard(store, payload, m, mean, { image, own, common }));
  };
  listen(parts, take);
}

/** A diamond where the image lies; at the edge, hollow, where that is out of sight. */
function drawPlace(context, plot, [x, y], colours) {
  const { x: left, y: top, w, h } = plot.frame(), edge = 9;
  const at = [Math.min(left + w - edge, Math.max(left + edge, x)), Math.min(top + h - edge, Math.max(top + edge, y))];
  diamond(context, at, 7, colours.pen, colours.page);
  if (Math.hypot(at[0] - x, at[1] - y) > edge) diamond(context, at, 3.5, colours.page, colours.page);
}

function skeleton(element, tools) {
  element.classList.add("drop");
  element.hidden = true;
  const input = make("input", { type: "file", accept: "image/*", className: "sr", tabIndex: -1 });
  input.setAttribute("aria-hidden", "true");
  const button = make("button", { type: "button", className: "tool", textContent: "try your own image", onclick: () => input.click() });
  button.title = "The models encode and reconstruct it. It stays in this page.";
  const hint = make("span", { className: "quiet mouse", textContent: "or drop or paste one" });
  const note = make("p", { className: "wrong" }), cards = make("div", { className: "cards", hidden: true });
  note.setAttribute("role", "alert");
  const cover = make("div", { className: "cover", ariaHidden: "true" }, make("span", { textContent: "drop the image: the models encode it" }));
  document.body.append(cover);
  tools.append(button, hint, input);
  element.append(note, cards);
  return { input, note, cards };
}

/** A drop anywhere on the page, a choice, a paste: all end in `take(file)`. */
function listen(parts, take) {
  const html = document.documentElement, files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragover", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    html.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => !event.relatedTarget && html.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    html.classList.remove("dropping");
    if (!files(event)) return;
    event.preventDefault();
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
  addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file) take(file);
  });
  parts.input.onchange = () => {
    if (parts.input.files.length) take(parts.input.files[0]);
    parts.input.value = "";
  };
}

function card(name, data, shape, ...words) {
  const canvas = make("canvas", { width: shape.width, height: shape.height });
  if (data) canvas.getContext("2d").putImageData(data, 0, 0);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", name);
  return make("figure", { className: data ? "card" : "card none" }, make("div", { className: "shot" }, canvas),
    make("figcaption", {}, make("b", { textContent: name }), ...words));
}

function ownCard(file, own, shape, remove) {
  const how = own.how && make("span", { textContent: own.how });
  return card(file.name && file.name !== "image.png" ? file.name : "your image", pixels(own.image, shape), shape, how || null, link("remove it", remove));
}

/**
 * A function from a model to its lowest and highest error over images that the page has, of the grid shown and not held
 * out of training; null where it has none.
 */
function errorsOfData(store, payload, runtime) {
  const known = new Map();
  const range = async (m, { chart, slice }) => {
    const truth = await truths(payload, slice);
    if (!truth) return null;
    const present = Array.from({ length: chart.count }, (_, row) => row).filter((row) => chart.isPresent(row) && !chart.isHeldOut(row));
    const codes = payload.models[m].codes[slice] ?? payload.models[m].point_codes, K = payload.models[m].latents;
    const count = Math.min(COMPARED, present.length), errors = [];
    for (let n = 0; n < count; n++) {
      const row = present[Math.floor(((n + 0.5) * present.length) / count)];
      const image = await runtime.decode(m, codes.slice(row * K, (row + 1) * K), { queued: true });
      errors.push(error(image, planes(truth(row).data, payload.image.channels)));
    }
    return errors.length ? [Math.min(...errors), Math.max(...errors)] : null;
  };
  return async (m) => {
    const key = `${m} ${store.slice}`;
    if (!known.has(key)) known.set(key, await range(m, { chart: store.chart, slice: store.slice }));
    return known.get(key);
  };
}

function modelCard(store, payload, m, mean, { image, own, common }) {
  const model = payload.models[m], off = !store.layersAt(m, ...shadow(store, m, mean)).length;
  const far = image && error(image, own.image);
  const lines = [image ? `error ${steady(far, 1)} of 255` : "no decoder", common && `images of the data: ${steady(common[0], 1)} to ${steady(common[1], 1)}`,
    common && far > common[1] ? "unlike the data" : null, off ? "off the sheet" : null];
  const about = `Mean absolute difference of image and reconstruction, over all pixels and channels; images of the data: ${COMPARED} ${store.chart.kind === "sheet" ? "points of the grid" : "samples"} from training`;
  const go = link("go to its point", () => store.placeCode(m, mean), { title: `Move the page's point here and hold every latent of ${model.name} as encoded` });
  return card(model.name, image && pixels(image, payload.image), payload.image, ...lines.filter(Boolean).map((text) => make("span", { textContent: text, title: /error|data/.test(text) ? about : "" })), go);
}
