// An image of the user's: dropped on the page, pasted or chosen; each model encodes it and draws it again.
import { error, fitted, pixels } from "fit";
import { diamond, glassOf } from "layer";
import { link, make, steady } from "parts";
import { shadow } from "walk";

export function mount(element, store, payload, runtime) {
  const able = payload.models.map((_, m) => m).filter((m) => payload.models[m].encoder);
  element.hidden = !able.length || !payload.image;
  if (element.hidden) return;
  element.classList.add("drop");
  const state = { turn: 0, codes: new Map() }, parts = skeleton(element), glass = glassOf(store);
  glass.add((context, plot, colours) => {
    const code = state.codes.get(plot.model);
    if (code) diamond(context, plot.place(...shadow(store, plot.model, code)), 7, colours.pen, colours.page);
  });
  const remove = () => {
    state.turn++;
    state.codes.clear();
    parts.cards.hidden = true;
    parts.note.textContent = "";
    glass.redraw();
  };
  const take = async (file) => {
    const turn = ++state.turn;
    parts.note.textContent = "";
    try {
      const own = await fitted(file, payload.image);
      if (turn !== state.turn) return;
      state.codes.clear();
      parts.cards.replaceChildren(ownCard(file, own, payload.image, remove));
      parts.cards.hidden = false;
      for (const m of able) await encoded(m, own, turn);
      parts.cards.scrollIntoView({ block: "nearest", behavior: "smooth" });
    } catch (failure) {
      if (turn === state.turn) parts.note.textContent = `${failure.message}.`;
    }
  };
  const encoded = async (m, own, turn) => {
    const model = payload.models[m], { mean } = await runtime.encode(m, own.image);
    if (turn !== state.turn) return;
    state.codes.set(m, mean);
    glass.redraw();
    const image = model.decoder ? await runtime.decode(m, mean, { queued: true }) : null;
    if (turn !== state.turn) return;
    parts.cards.append(modelCard(store, payload, m, mean, image, own));
  };
  listen(parts, take);
}

function skeleton(element) {
  const input = make("input", { type: "file", accept: "image/*", className: "sr", tabIndex: -1 });
  input.setAttribute("aria-hidden", "true");
  const button = make("button", { type: "button", className: "tool", textContent: "try your own image", onclick: () => input.click() });
  const hint = make("span", { className: "quiet" }, "The models encode it and draw it again", make("span", { className: "mouse", textContent: "; it can be dropped anywhere here, or pasted" }), ".");
  const note = make("p", { className: "wrong" }), cards = make("div", { className: "cards", hidden: true });
  note.setAttribute("role", "alert");
  const cover = make("div", { className: "cover", ariaHidden: "true" }, make("span", { textContent: "drop the image: the models encode it" }));
  document.body.append(cover);
  element.append(make("div", { className: "tools" }, button, hint, input), note, cards);
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

function modelCard(store, payload, m, mean, image, own) {
  const model = payload.models[m], off = !store.layersAt(m, ...shadow(store, m, mean)).length;
  const lines = [image ? `error ${steady(error(image, own.image), 1)} of 255` : "no decoder", off ? "off the sheet" : null];
  const go = link("go to its point", () => store.placeCode(m, mean), { title: `Move the page's point here and hold every latent of ${model.name} as encoded` });
  return card(model.name, image && pixels(image, payload.image), payload.image, ...lines.filter(Boolean).map((text) => make("span", { textContent: text })), go);
}
